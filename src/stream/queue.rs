//! What a subscriber has not taken yet: bounded, and nothing is dropped unseen.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::signal::Signal;
use crate::event::Position;
use crate::filter::Matcher;
use crate::page::Entry;
use crate::store::Batch;

/// What happens when a subscriber is slower than the events come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Whoever adds events waits for it.
    #[default]
    Block,
    /// As `Block`; its events are handed over in bursts.
    Batch,
    /// The oldest ones are dropped, and counted.
    Latest,
}

/// The events that wait for one subscriber.
pub(crate) struct Queue {
    matcher: Matcher,
    from: Position,
    policy: Policy,
    capacity: usize,
    entries: RefCell<Vec<Entry>>,
    /// Handed over, but not worked through yet.
    taken: Cell<usize>,
    closed: Cell<bool>,
    changed: Signal,
}

impl Queue {
    pub(crate) fn new(matcher: Matcher, from: Position, policy: Policy, capacity: usize) -> Queue {
        Queue {
            matcher,
            from,
            policy,
            capacity: capacity.max(1),
            entries: RefCell::default(),
            taken: Cell::new(0),
            closed: Cell::new(false),
            changed: Signal::default(),
        }
    }

    /// Takes in what has just become durable, and tells how many events were dropped for it. Past
    /// the capacity, `room` makes the producer wait.
    pub(crate) fn push(&self, committed: &[Entry]) -> u64 {
        if self.closed.get() {
            return 0;
        }
        let wanted =
            |entry: &&Entry| entry.position >= self.from && self.matcher.matches(&entry.event);
        let mut entries = self.entries.borrow_mut();
        let before = entries.len();
        entries.extend(committed.iter().filter(wanted).cloned());
        let mut excess = 0;
        if self.policy == Policy::Latest {
            excess = entries.len().saturating_sub(self.capacity);
            entries.drain(..excess);
        }
        let grown = entries.len() != before || self.policy == Policy::Latest;
        drop(entries);
        if grown {
            self.changed.set();
        }
        excess as u64
    }

    fn full(&self) -> bool {
        let waiting = self.entries.borrow().len().saturating_add(self.taken.get());
        self.policy != Policy::Latest && waiting > self.capacity && !self.closed.get()
    }

    /// Ends when the queue holds no more than it should.
    pub(crate) async fn room(&self) {
        while self.full() {
            self.changed.changed().await;
        }
    }

    /// Forgets events that were read from the log, ascending by position, in the version that was
    /// read or an earlier one.
    pub(crate) fn forget(&self, read: &[(Position, u16)]) {
        let known = |entry: &Entry| {
            let index = read.binary_search_by_key(&entry.position, |(position, _)| *position);
            let found = index.ok().and_then(|index| read.get(index));
            found.is_some_and(|(_, version)| entry.version <= *version)
        };
        self.entries.borrow_mut().retain(|entry| !known(entry));
        self.changed.set();
    }

    /// Drops what lies above a position: it is no more.
    pub(crate) fn truncate(&self, after: Position) {
        let mut entries = self.entries.borrow_mut();
        entries.retain(|entry| entry.position <= after);
        drop(entries);
        self.changed.set();
    }

    /// Waits for events; `None` once the queue is closed. Asking again says that those handed over
    /// before are worked through.
    pub(crate) async fn next(&self, max: usize) -> Option<Batch> {
        if self.taken.replace(0) > 0 {
            self.changed.set();
        }
        loop {
            if self.closed.get() {
                return None;
            }
            if let Some(batch) = self.take(max) {
                return Some(batch);
            }
            self.changed.changed().await;
        }
    }

    fn take(&self, max: usize) -> Option<Batch> {
        let mut entries = self.entries.borrow_mut();
        let count = entries.len().min(max.max(1));
        let mut batch = Batch::default();
        for entry in entries.drain(..count) {
            batch.push_entry(&entry);
            batch.highlight(self.matcher.text().map(Rc::as_ref), &entry.event.text);
        }
        self.taken.set(count);
        (count > 0).then_some(batch)
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.entries.borrow_mut().clear();
        self.changed.set();
    }
}
