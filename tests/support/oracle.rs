//! A log in the simplest form that can be right.

use std::collections::{BTreeMap, HashMap};

use oh_event_store::event::{Event, EventId};
use oh_event_store::filter::{EventFilter, Matcher};
use oh_event_store::page::Origin;
use oh_event_store::store::SearchOptions;

/// What an item should have become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted,
    Replaced,
    Double,
}

/// Events by position, with nothing else.
#[derive(Clone, Default)]
pub struct Oracle {
    pub events: BTreeMap<i64, (Origin, Event)>,
    ids: HashMap<String, i64>,
}

impl Oracle {
    pub fn add(&mut self, event: &Event, origin: Origin) -> Verdict {
        let next = self.events.last_key_value().map_or(0, |(last, _)| last + 1);
        let position = match event.header.id.as_ref().expect("it has an id") {
            EventId::Number(id) => *id,
            EventId::Text(id) => *self.ids.entry(id.to_string()).or_insert(next),
        };
        let verdict = match self.events.get(&position) {
            None => Verdict::Accepted,
            Some((known, old)) if origin > *known && old.text != event.text => Verdict::Replaced,
            Some(_) => return Verdict::Double,
        };
        self.events.insert(position, (origin, event.clone()));
        verdict
    }

    pub fn search(&self, options: &SearchOptions) -> Vec<(i64, String)> {
        let low = options.start_id.unwrap_or(i64::MIN);
        let high = options.end_id.unwrap_or(i64::MAX);
        let filter = options.filter.clone().unwrap_or_default();
        let mut found = self.matching(&filter);
        found.retain(|(position, _)| low <= *position && *position <= high);
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

    pub fn matching(&self, filter: &EventFilter) -> Vec<(i64, String)> {
        let matcher = Matcher::new(filter);
        let events = self.events.iter();
        let wanted = events.filter(|(_, (_, event))| matcher.matches(event));
        wanted
            .map(|(position, (_, event))| (*position, event.text.to_string()))
            .collect()
    }

    pub fn texts(&self) -> Vec<(i64, String)> {
        self.search(&SearchOptions::default())
    }

    pub fn bytes(&self) -> u64 {
        let texts = self.events.values();
        texts.map(|(_, event)| event.text.len() as u64 + 1).sum()
    }
}
