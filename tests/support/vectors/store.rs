//! A store that holds a vector file's events.

use std::future::{Future, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::LocalBoxFuture;
use oh_event_store::backend::{Clock, Memory};
use oh_event_store::event::{Dialect, Event};
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, Log, Outcome, SearchOptions, StoreOptions};

/// The events of a file in a store of small pages, so that searches go over many of them.
pub struct Stored(pub Rc<Log>);

impl Stored {
    pub fn new(events: Vec<Event>) -> Result<Self, String> {
        let options = StoreOptions {
            page_bytes: 8 * 1024,
            ..StoreOptions::default()
        };
        let backend = Rc::new(Memory::new());
        let store = EventStore::new(backend, Rc::new(StillClock), Reporter::default(), &options);
        let log = block_on(store.conversation("vectors", Some(Dialect::V0)));
        let stored = Self(log.map_err(|error| error.to_string())?);
        for event in events {
            match feed(&stored.0, event.clone(), Origin::Remote)? {
                Outcome::Accepted(_) => {}
                outcome => return Err(format!("{outcome:?}: {}", event.text)),
            }
        }
        Ok(stored)
    }

    pub fn search(&self, options: &SearchOptions) -> Result<Vec<i64>, String> {
        let mut search = self.0.search(options);
        let mut ids = Vec::new();
        while let Some(batch) = block_on(search.next(100)).map_err(|error| error.to_string())? {
            ids.extend(batch.positions);
        }
        Ok(ids)
    }
}

/// Writes one event.
pub fn feed(log: &Log, event: Event, origin: Origin) -> Result<Outcome, String> {
    let outcomes = block_on(log.append(vec![Item::event(event, origin)], None));
    let outcomes = outcomes.map_err(|error| error.to_string())?;
    outcomes.into_iter().next().ok_or("no outcome".to_owned())
}

/// Nothing here waits for time to pass.
pub struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> f64 {
        0.0
    }

    fn timestamp(&self) -> String {
        String::new()
    }

    fn sleep(&self, _milliseconds: u32) -> LocalBoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
}

/// Polls until it is ready: over memory and without a clock nothing waits for anything else.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
