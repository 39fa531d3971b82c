//! Compares everything that is stored and shown with what is known from outside.

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{Clock, Faults};
use oh_event_store::event::{Dialect, Event, EventId};
use oh_event_store::filter::{EventFilter, Matcher};
use oh_event_store::notice::{Level, Notice, Reporter};
use oh_event_store::store::{Batch, EventStore, Log, SearchOptions};

use super::executor::alone;
use super::model::{Model, id_of};
use super::world::{NAMES, SECRET, Tab, World, dialect_of};
use crate::events;
use crate::random::Random;

impl World {
    /// Checks everything: what is stored, as a new tab reads it, and what every open tab shows once
    /// it has looked.
    pub fn check(&mut self) {
        self.rest();
        for tab in &self.tabs {
            tab.backend.set_faults(Faults::default());
        }
        let mut all = Vec::new();
        for index in 0..NAMES.len() {
            let stored = self.check_stored(index);
            for tab in 0..self.tabs.len() {
                self.check_tab(tab, index, &stored);
            }
            all.push(stored);
        }
        self.run();
        for (index, stored) in all.iter().enumerate() {
            for tab in &self.tabs {
                let heard = tab
                    .open
                    .get(&index)
                    .into_iter()
                    .flat_map(|open| &open.heard);
                heard.for_each(|heard| heard.borrow().check(stored));
            }
        }
        for tab in &self.tabs {
            self.check_told(tab);
            tab.backend.set_faults(self.faults);
        }
        let stored = self.memory.records();
        let told = |value: &Vec<u8>| value.windows(SECRET.len()).any(|w| w == SECRET.as_bytes());
        assert!(!stored.values().any(told), "a secret is stored");
    }

    fn check_stored(&mut self, index: usize) -> Vec<(i64, String)> {
        let backend = Rc::new(self.quiet.beside(Faults::default()));
        let clock = Rc::clone(&self.clock) as Rc<dyn Clock>;
        let store = EventStore::new(backend, clock, Reporter::default(), &self.options);
        let opened = store.conversation(NAMES[index], Some(dialect_of(index)));
        let log = alone(opened).expect("it opens");
        let found = everything(&log);
        let mut model = self.models[index].borrow_mut();
        model.check_all(&found);
        // Of V1 a position says nothing of the server's order.
        if dialect_of(index) == Dialect::V0 {
            model.check_coverage(&log.coverage().0, &found);
        }
        let listed = alone(store.conversations()).expect("they are listed");
        let info = listed.iter().find(|info| *info.id == *NAMES[index]);
        assert!(
            info.is_some() || found.is_empty(),
            "the conversation is not listed"
        );
        if let Some(info) = info {
            assert!(!model.damaged || info.record.events >= found.len() as u64);
            if !model.damaged {
                assert_eq!(info.record, log.record());
            }
        }
        drop(model);
        self.check_log(&log, index, &found);
        found
    }

    fn check_tab(&mut self, tab: usize, index: usize, stored: &[(i64, String)]) {
        let Some(open) = self.tabs[tab].open.get(&index) else {
            return;
        };
        let stream = Rc::clone(&open.stream);
        match alone(stream.log().refresh()) {
            Ok(()) => self.check_log(stream.log(), index, stored),
            // It was deleted here.
            Err(why) => {
                assert_eq!(why.code(), "closed");
                stream.close();
                self.tabs[tab].open.remove(&index);
            }
        }
    }

    fn check_log(&mut self, log: &Rc<Log>, index: usize, stored: &[(i64, String)]) {
        let random = &mut self.random;
        assert_eq!(everything(log), stored);
        let record = log.record();
        assert_eq!(record.events, stored.len() as u64);
        let last = stored.last().map_or(-1, |(position, _)| *position);
        assert_eq!(log.latest_event_id(), last);
        let ends = stored.first().zip(stored.last());
        if !self.models[index].borrow().damaged {
            assert_eq!(record.range, ends.map(|(first, last)| (first.0, last.0)));
            let bytes: usize = stored.iter().map(|(_, text)| text.len() + 1).sum();
            assert_eq!(record.bytes, bytes as u64);
        }
        let options = any_search(random, last + 3);
        let found = search(log, &options, 1 + random.below(9) as usize);
        assert_eq!(found, naive(stored, &options), "{options:?}");
        let filter = options.filter.unwrap_or_default();
        let count = alone(log.count_events(Some(filter.clone()))).expect("it counts");
        let all = SearchOptions {
            filter: Some(filter),
            ..SearchOptions::default()
        };
        assert_eq!(count, naive(stored, &all).len() as u64);
        if !stored.is_empty() {
            let (_, text) = random.pick(stored);
            let id = id_of(text);
            let id = match id.parse() {
                Ok(number) => EventId::Number(number),
                Err(_) => EventId::Text(id.as_str().into()),
            };
            let batch = alone(log.get_event(&id)).expect("it is found");
            assert_eq!(contents(&batch)[0].1, *text);
        }
    }

    /// Nothing is called damaged where nothing is.
    fn check_told(&self, tab: &Tab) {
        let suspect =
            |model: &Rc<RefCell<Model>>| model.borrow().epoch > 0 || model.borrow().damaged;
        if self.models.iter().any(suspect) {
            return;
        }
        for notice in &*tab.told.borrow() {
            if let Notice::Log(Level::Error, message, detail) = notice {
                panic!("tab {} said: {message}: {detail}", tab.number);
            }
        }
    }
}

/// A batch as positions and texts.
pub fn contents(batch: &Batch) -> Vec<(i64, String)> {
    let texts = batch.texts().map(str::to_owned);
    batch.positions.iter().copied().zip(texts).collect()
}

fn everything(log: &Rc<Log>) -> Vec<(i64, String)> {
    search(log, &SearchOptions::default(), 50)
}

fn search(log: &Rc<Log>, options: &SearchOptions, max: usize) -> Vec<(i64, String)> {
    let mut search = log.search(options);
    let mut found = Vec::new();
    while let Some(batch) = alone(search.next(max)).expect("the search goes on") {
        found.extend(contents(&batch));
    }
    found
}

/// Any search, the one for everything too.
pub fn any_search(random: &mut Random, high: i64) -> SearchOptions {
    SearchOptions {
        start_id: random.one_in(2).then(|| random.number(-2, high.max(0))),
        end_id: random.one_in(2).then(|| random.number(-2, high.max(0))),
        reverse: random.one_in(2),
        limit: random.one_in(2).then(|| random.number(-2, 9)),
        filter: random.one_in(2).then(|| events::filter(random)),
    }
}

/// The same search, one event after the other.
fn naive(stored: &[(i64, String)], options: &SearchOptions) -> Vec<(i64, String)> {
    let low = options.start_id.unwrap_or(i64::MIN);
    let high = options.end_id.unwrap_or(i64::MAX);
    let filter = options.filter.clone().unwrap_or_default();
    let mut found = stored.to_vec();
    found
        .retain(|(position, text)| low <= *position && *position <= high && matches(&filter, text));
    if options.reverse {
        found.reverse();
    }
    match options.limit {
        None | Some(0) => {}
        Some(limit) if limit < 0 => found.truncate(1),
        Some(limit) => found.truncate(limit as usize),
    }
    found
}

/// Whether the text alone matches.
pub fn matches(filter: &EventFilter, text: &str) -> bool {
    let event = Event::from_canonical(text.into());
    Matcher::new(filter).matches(&event.expect("it is an event"))
}
