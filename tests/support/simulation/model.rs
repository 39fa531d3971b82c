//! What is known from outside of a conversation: what was offered to it, what it has acknowledged,
//! what was seen in it. Whatever it answers has to agree.

use std::collections::{BTreeMap, BTreeSet};

use oh_event_store::event::{Event, EventId};
use oh_event_store::page::Origin;

/// What is said of the copy of an event that the log holds.
#[derive(Clone, Debug)]
struct Promise {
    text: String,
    origin: Origin,
    /// The text itself was stored, so only a better copy may take its place; else a copy that is
    /// as good as this one is there.
    stored: bool,
}

/// One conversation from outside.
#[derive(Default)]
pub struct Model {
    /// The origins in which each text was offered, by id.
    offered: BTreeMap<String, BTreeMap<String, BTreeSet<u8>>>,
    promises: BTreeMap<String, Vec<Promise>>,
    /// Where each event was seen.
    places: BTreeMap<String, i64>,
    /// Events made here, of which it is not known whether they are kept, by their mark.
    local: BTreeSet<String>,
    /// What the server has: its ids, and the texts that it gives for good.
    pub server: BTreeMap<i64, String>,
    /// Changes when a deletion begins or may have ended.
    pub epoch: u64,
    /// A deletion is under way.
    pub deleting: bool,
    /// Records of it were damaged.
    pub damaged: bool,
}

/// The id in an event's canonical text.
pub fn id_of(text: &str) -> String {
    let event = Event::from_canonical(text.into()).expect("it is an event");
    match event.header.id.expect("it has an id") {
        EventId::Number(id) => id.to_string(),
        EventId::Text(id) => id.to_string(),
    }
}

/// The mark of an event that was made here.
pub fn mark_of(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("made-here-")?;
    let end = rest.find(|c: char| !c.is_ascii_digit());
    Some(format!("made-here-{}", &rest[..end?]))
}

impl Model {
    /// Takes note that a text may be in the log from now on.
    pub fn offer(&mut self, text: &str, origin: Origin) {
        let copies = self.offered.entry(id_of(text)).or_default();
        copies
            .entry(text.to_owned())
            .or_default()
            .insert(origin as u8);
    }

    /// Takes note that an event with this mark may be in the log from now on.
    pub fn offer_local(&mut self, mark: &str) {
        self.local.insert(mark.to_owned());
    }

    /// The log has stored this copy.
    pub fn stored(&mut self, text: &str, origin: Origin) {
        self.known(text);
        self.promise(text, origin, true);
    }

    /// The log has this copy or a better one.
    pub fn double(&mut self, text: &str, origin: Origin) {
        self.promise(text, origin, false);
    }

    fn promise(&mut self, text: &str, origin: Origin, stored: bool) {
        let promises = self.promises.entry(id_of(text)).or_default();
        let text = text.to_owned();
        promises.push(Promise {
            text,
            origin,
            stored,
        });
    }

    /// The server's copy or one made here; panics where it is neither.
    fn known(&mut self, text: &str) {
        let id = id_of(text);
        if self
            .offered
            .get(&id)
            .is_some_and(|copies| copies.contains_key(text))
        {
            return;
        }
        let mark = mark_of(text).filter(|mark| self.local.remove(mark));
        assert!(mark.is_some(), "an event that nobody wrote: {text}");
        self.offer(text, Origin::Local);
    }

    /// Checks one event that was found, at its place.
    pub fn check_event(&mut self, position: i64, text: &str) {
        self.known(text);
        let id = id_of(text);
        if let Ok(number) = id.parse::<i64>() {
            assert_eq!(number, position, "an event at another one's place: {text}");
        }
        if !self.deleting {
            let place = *self.places.entry(id).or_insert(position);
            assert_eq!(place, position, "an event has moved: {text}");
        }
    }

    /// The event was shown, so it is durable; by a tab that thinks it is alone, in a copy that another
    /// tab's may take precedence over.
    pub fn seen(&mut self, text: &str, thinks_it_is_alone: bool) {
        let least = self.offered[&id_of(text)][text].first();
        let least = *least.expect("it was offered");
        let origin = [Origin::Local, Origin::Live, Origin::Remote][least as usize];
        self.promise(text, origin, !thinks_it_is_alone);
    }

    /// Whether a copy can take another one's place.
    pub fn may_replace(&self, before: &str, after: &str) -> bool {
        let least = self.offered[&id_of(before)][before].first();
        before != after && Some(&self.best(&id_of(after), after)) > least
    }

    /// Whether other copies of an event were offered than this one, or new events that have not been
    /// seen yet: they may have its number.
    pub fn has_others(&self, text: &str) -> bool {
        self.offered[&id_of(text)].len() > 1 || !self.local.is_empty()
    }

    fn best(&self, id: &str, text: &str) -> u8 {
        let origins = &self.offered[id][text];
        *origins.last().expect("it was offered")
    }

    /// Checks everything that the log holds, in the log's order. From now on, it is known to be
    /// there.
    pub fn check_all(&mut self, found: &[(i64, String)]) {
        let mut ids = BTreeSet::new();
        let mut marks = BTreeSet::new();
        let ascending = found.windows(2).all(|pair| pair[0].0 < pair[1].0);
        assert!(ascending, "out of order: {found:?}");
        for (position, text) in found {
            self.check_event(*position, text);
            assert!(ids.insert(id_of(text)), "an event is there twice: {text}");
            if let Some(mark) = mark_of(text) {
                assert!(marks.insert(mark), "an event was made twice: {text}");
            }
        }
        let by_id: BTreeMap<String, &String> =
            found.iter().map(|(_, text)| (id_of(text), text)).collect();
        for (id, promises) in &self.promises {
            let Some(text) = by_id.get(id) else {
                panic!("the event {id} is lost: {promises:?}");
            };
            let best = self.best(id, text);
            for promise in promises {
                let kept = promise.text == **text
                    || best > promise.origin as u8
                    || !promise.stored && best >= promise.origin as u8;
                assert!(
                    kept,
                    "the event {id} is not what was acknowledged: {promise:?}, {text}"
                );
            }
        }
        for (id, text) in by_id {
            // A copy may have been offered by several; the least is what it counts for certain.
            let least = *self.offered[&id][text].first().expect("it was offered");
            let promises = self.promises.entry(id).or_default();
            promises.clear();
            let origin = [Origin::Local, Origin::Live, Origin::Remote][least as usize];
            let text = text.clone();
            promises.push(Promise {
                text,
                origin,
                stored: true,
            });
        }
    }

    /// Whether the server has nothing between two positions that isn't among the found.
    pub fn check_coverage(&self, known: &[(i64, i64)], found: &[(i64, String)]) {
        for (first, last) in known {
            for id in self.server.range(first..=last).map(|(id, _)| id) {
                let there = found.binary_search_by_key(id, |(position, _)| *position);
                assert!(
                    there.is_ok(),
                    "{known:?} is not complete: {id} is not there"
                );
            }
        }
    }

    /// A deletion begins: until everything has come to rest, what is promised is not certain.
    pub fn deletion_begins(&mut self) {
        self.epoch += 1;
        self.deleting = true;
        self.promises.clear();
        self.places.clear();
    }

    /// Everything has come to rest.
    pub fn at_rest(&mut self) {
        if std::mem::take(&mut self.deleting) {
            self.epoch += 1;
            self.promises.clear();
            self.places.clear();
        }
    }

    /// The log was empty at a moment when nothing else was going on.
    pub fn is_gone(&mut self) {
        let server = std::mem::take(&mut self.server);
        let epoch = self.epoch + 1;
        *self = Model {
            server,
            epoch,
            ..Model::default()
        };
    }

    /// These events may be missing from now on: their records were damaged.
    pub fn lose(&mut self, positions: &BTreeSet<i64>) {
        let (places, promises) = (&mut self.places, &mut self.promises);
        places.retain(|id, place| {
            let lost = positions.contains(place);
            if lost {
                promises.remove(id);
            }
            !lost
        });
        self.damaged = true;
    }
}
