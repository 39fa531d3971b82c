//! What a subscriber has not taken yet: bounded in memory, and nothing is dropped unseen.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::event::{Event, Position};
use crate::filter::Matcher;
use crate::page::Entry;
use crate::signal::Signal;
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

/// An event that waits. Past the capacity only its place is kept: it is durable, and is read from
/// the log when its turn comes.
struct Waiting {
    position: Position,
    version: u16,
    event: Option<Rc<Event>>,
}

/// What a subscriber gets next.
pub(crate) enum Next {
    /// Events out of the queue.
    Events(Batch),
    /// Where events lie, ascending, that come before all others and are to be read from the log.
    Behind(Vec<Position>),
}

/// The events that wait for one subscriber.
pub(crate) struct Queue {
    matcher: Matcher,
    from: Position,
    policy: Policy,
    capacity: usize,
    waiting: RefCell<Vec<Waiting>>,
    /// All above this position went, which comes before what waits.
    gone: Cell<Option<Position>>,
    /// Handed over, but not worked through yet.
    taken: Cell<usize>,
    /// Left to be read from the log.
    behind: Cell<usize>,
    closed: Cell<bool>,
    /// Something came, or it was closed.
    came: Signal,
    /// It isn't full any more. Each frame that is under way may wait for it: thousands of them.
    freed: Signal,
}

impl Queue {
    pub(crate) fn new(matcher: Matcher, from: Position, policy: Policy, capacity: usize) -> Queue {
        Queue {
            matcher,
            from,
            policy,
            capacity: capacity.max(1),
            waiting: RefCell::default(),
            gone: Cell::default(),
            taken: Cell::new(0),
            behind: Cell::new(0),
            closed: Cell::new(false),
            came: Signal::default(),
            freed: Signal::default(),
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
        let mut waiting = self.waiting.borrow_mut();
        let before = waiting.len();
        for entry in committed.iter().filter(wanted) {
            let kept = self.policy == Policy::Latest || waiting.len() < self.capacity;
            waiting.push(Waiting {
                position: entry.position,
                version: entry.version,
                event: kept.then(|| Rc::clone(&entry.event)),
            });
        }
        let mut excess = 0;
        if self.policy == Policy::Latest {
            excess = waiting.len().saturating_sub(self.capacity);
            waiting.drain(..excess);
        }
        let grown = waiting.len() != before || self.policy == Policy::Latest;
        drop(waiting);
        if grown {
            self.came.set();
        }
        excess as u64
    }

    fn full(&self) -> bool {
        let elsewhere = self.taken.get().saturating_add(self.behind.get());
        let waiting = self.waiting.borrow().len().saturating_add(elsewhere);
        self.policy != Policy::Latest && waiting > self.capacity && !self.closed.get()
    }

    /// Ends when the queue holds no more than it should.
    pub(crate) async fn room(&self) {
        while self.full() {
            self.freed.changed().await;
        }
    }

    /// Says that there is room, if there is.
    fn tell_room(&self) {
        if !self.full() {
            self.freed.set();
        }
    }

    /// Forgets events that were read from the log, ascending by position, in the version that was
    /// read or an earlier one.
    pub(crate) fn forget(&self, read: &[(Position, u16)]) {
        let known = |entry: &Waiting| {
            let index = read.binary_search_by_key(&entry.position, |(position, _)| *position);
            let found = index.ok().and_then(|index| read.get(index));
            found.is_some_and(|(_, version)| entry.version <= *version)
        };
        self.waiting.borrow_mut().retain(|entry| !known(entry));
        self.tell_room();
    }

    /// Drops what lies above a position, which is no more, and tells of that.
    pub(crate) fn truncate(&self, after: Position) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|entry| entry.position <= after);
        drop(waiting);
        let before = self.gone.get().unwrap_or(after);
        self.gone.set(Some(before.min(after)));
        self.came.set();
        self.tell_room();
    }

    /// Whether there is something to tell of what went.
    pub(crate) fn is_rolled_back(&self) -> bool {
        self.gone.get().is_some()
    }

    /// Tells once of what went: a batch of no events.
    pub(crate) fn rolled_back(&self) -> Option<Batch> {
        let gone = Some(self.gone.take()?);
        Some(Batch {
            gone,
            ..Batch::default()
        })
    }

    /// Those handed over before are worked through.
    pub(crate) fn done(&self) {
        self.taken.set(0);
        self.tell_room();
    }

    /// So many events that were read from the log are handed over.
    pub(crate) fn hand(&self, count: usize) {
        self.behind.set(self.behind.get().saturating_sub(count));
        self.taken.set(count);
    }

    /// Waits for what comes next; `None` once the queue is closed. What had to be read from the log
    /// before is read, or gone from there.
    pub(crate) async fn next(&self, max: usize) -> Option<Next> {
        self.behind.set(0);
        self.tell_room();
        while !self.closed.get() {
            if let Some(next) = self.take(max) {
                return Some(next);
            }
            self.came.changed().await;
        }
        None
    }

    fn take(&self, max: usize) -> Option<Next> {
        if let Some(batch) = self.rolled_back() {
            return Some(Next::Events(batch));
        }
        let mut waiting = self.waiting.borrow_mut();
        let unread = waiting.first()?.event.is_none();
        let most = if unread { waiting.len() } else { max };
        let alike = |entry: &&Waiting| entry.event.is_none() == unread;
        let count = waiting.iter().take(most).take_while(alike).count();
        let mut batch = Batch::default();
        let mut places = Vec::new();
        for Waiting {
            position, event, ..
        } in waiting.drain(..count)
        {
            let Some(event) = event else {
                places.push(position);
                continue;
            };
            batch.push(position, &event.text, event.header.non_finite);
            batch.highlight(self.matcher.text().map(Rc::as_ref), &event.text);
        }
        Some(if unread {
            self.behind.set(count);
            places.sort_unstable();
            Next::Behind(places)
        } else {
            self.taken.set(count);
            Next::Events(batch)
        })
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.get()
    }

    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.waiting.borrow_mut().clear();
        self.came.set();
        self.freed.set();
    }
}
