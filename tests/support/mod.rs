//! What the native tests of the store have in common.
#![allow(dead_code, unused_imports)]

pub mod clock;
pub mod counting;
pub mod events;
pub mod json;
pub mod oracle;
pub mod random;
pub mod route;
pub mod tab;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use oh_event_store::backend::{Backend, Clock, Memory};
use oh_event_store::event::EventId;
use oh_event_store::notice::{Notice, Reporter};
use oh_event_store::store::{Batch, EventStore, Log, SearchOptions, StoreOptions};

pub use clock::ManualClock;
pub use counting::Counting;
pub use random::{Random, for_seeds};

/// Runs a future to its end. Panics where it waits for something that never comes.
pub fn run<T: 'static>(future: impl Future<Output = T> + 'static) -> T {
    let mut pool = LocalPool::new();
    let task = spawn(&pool, future);
    pool.run_until_stalled();
    task.take().expect("it waits for ever")
}

/// A result that will be there once its task has ended.
pub struct Task<T>(Rc<RefCell<Option<T>>>);

impl<T> Task<T> {
    pub fn take(&self) -> Option<T> {
        self.0.borrow_mut().take()
    }

    pub fn ended(&self) -> bool {
        self.0.borrow().is_some()
    }
}

/// Starts a future on the pool.
pub fn spawn<T: 'static>(pool: &LocalPool, future: impl Future<Output = T> + 'static) -> Task<T> {
    let result = Rc::new(RefCell::new(None));
    let place = Rc::clone(&result);
    pool.spawner()
        .spawn_local(async move {
            let value = future.await;
            *place.borrow_mut() = Some(value);
        })
        .expect("the pool takes tasks");
    Task(result)
}

/// A reporter and what it was told.
pub fn listening() -> (Reporter, Rc<RefCell<Vec<Notice>>>) {
    let told: Rc<RefCell<Vec<Notice>>> = Rc::default();
    let place = Rc::clone(&told);
    (
        Reporter::new(move |notice| place.borrow_mut().push(notice)),
        told,
    )
}

/// The texts of the log lines among notices.
pub fn lines(told: &RefCell<Vec<Notice>>) -> Vec<String> {
    let told = told.borrow();
    let lines = told.iter().filter_map(|notice| match notice {
        Notice::Log(level, message, detail) => {
            Some(format!("{}: {message}: {detail}", level.name()))
        }
        _ => None,
    });
    lines.collect()
}

/// Pages of so many bytes, or so many events.
pub fn pages(page_bytes: usize, page_events: usize) -> StoreOptions {
    StoreOptions {
        page_bytes,
        page_events,
        ..StoreOptions::default()
    }
}

/// A store over a backend, at a clock of its own.
pub fn store(backend: Rc<dyn Backend>, options: &StoreOptions) -> EventStore {
    let clock: Rc<dyn Clock> = ManualClock::new();
    EventStore::new(backend, clock, Reporter::default(), options)
}

/// A log of a new store over these records that tells the reporter what it finds.
pub async fn open_named(
    records: &Rc<Memory>,
    options: &StoreOptions,
    reporter: Reporter,
    id: &str,
) -> Rc<Log> {
    let backend = Rc::clone(records) as Rc<dyn Backend>;
    let store = EventStore::new(backend, ManualClock::new(), reporter, options);
    store.conversation(id, None).await.expect("it opens")
}

/// The log `c` of a new store over these records.
pub async fn open(records: &Rc<Memory>, options: &StoreOptions) -> Rc<Log> {
    let store = store(Rc::clone(records) as Rc<dyn Backend>, options);
    store.conversation("c", None).await.expect("it opens")
}

/// Everything that a search finds, as positions and texts.
pub async fn found(log: &Rc<Log>, options: &SearchOptions, max: usize) -> Vec<(i64, String)> {
    let mut search = log.search(options);
    let mut all = Vec::new();
    while let Some(batch) = search.next(max).await.expect("the search goes on") {
        assert!(batch.len() <= max.max(1));
        all.extend(contents(&batch));
    }
    all
}

/// A batch as positions and texts.
pub fn contents(batch: &Batch) -> Vec<(i64, String)> {
    let texts = batch.texts().map(str::to_owned);
    batch.positions.iter().copied().zip(texts).collect()
}

/// Everything in a log, in order.
pub async fn all(log: &Rc<Log>) -> Vec<(i64, String)> {
    found(log, &SearchOptions::default(), 7).await
}

/// The text of the event with this number.
pub async fn text_of(log: &Log, id: i64) -> Option<String> {
    let batch = log.get_event(&EventId::Number(id)).await.ok()?;
    batch.texts().next().map(str::to_owned)
}
