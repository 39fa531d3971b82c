//! Where an event goes whose neighbor is known: V1 events carry no number, so the order of the
//! server's pages and that of an unbroken connection is all there is.

use super::coverage::Interval;
use super::plan::Plan;
use crate::event::{Dialect, MAX_ID, Position};

/// The positions that are left free where V1 events may be missing, so that each finds its place
/// when it comes.
pub const ROOM: i64 = 1 << 32;

/// What an event comes right after on the server. V0 events bring their place with them: there
/// it only says that the event is just as the server has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing: it is the conversation's first.
    Nothing,
    /// The event at this position.
    Event(Position),
    /// The item before it in the same append.
    Item,
    /// The newest event here: what brought that has brought everything since.
    Newest,
    /// Not known.
    Unknown,
}

impl Plan {
    /// The position that an item follows, where it is known.
    pub(super) fn before(&self, after: After) -> Option<Position> {
        match after {
            After::Nothing => Some(self.next.before_first()),
            After::Event(position) => Some(position),
            After::Item => self.previous,
            After::Newest => self.next.last(),
            After::Unknown => None,
        }
    }

    /// The place of a V1 event that is new.
    pub(super) fn place_after(&self, after: After) -> Option<Position> {
        let place = match (self.before(after), self.next.last()) {
            (Some(before), _) => before.saturating_add(1),
            (None, Some(last)) => last.saturating_add(ROOM),
            (None, None) => 0,
        };
        let free = (-MAX_ID..=MAX_ID).contains(&place) && !self.is_taken(place);
        free.then_some(place)
    }

    /// Takes note of what the place of an event proves; `before`: what it follows.
    pub(super) fn link(&mut self, after: After, before: Option<Position>, at: Position) {
        let of_v0 = self.next.record.dialect == Some(Dialect::V0);
        let interval: Interval = match before.filter(|before| *before < at && !of_v0) {
            Some(_) if after == After::Nothing => (-MAX_ID, at),
            Some(before) => (before, at),
            None => (at, at),
        };
        self.links.push(interval);
        self.previous = Some(at);
    }

    /// The stretches that are complete by these links, as far as what they link is there.
    pub(super) fn linked(&mut self) {
        for (first, last) in std::mem::take(&mut self.links) {
            let whole = first == -MAX_ID || self.next.contains(first);
            if self.next.contains(last) {
                let first = if whole { first } else { last };
                self.next.record.coverage.add(first, last);
            }
        }
    }
}
