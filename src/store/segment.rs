//! The stretches that a log lies in, in the order of its positions: its pages, then the tail.

use std::rc::Rc;

use super::state::State;
use crate::event::Position;
use crate::page::Summary;

/// A stretch of the log that lies in one place.
pub(super) enum Segment {
    /// The page at this index.
    Page(usize, Rc<Summary>),
    Tail,
}

impl Segment {
    /// Where the next event lies, looking from `at`.
    pub(super) fn next(state: &State, at: Position, reverse: bool) -> Option<Segment> {
        let page = |index: usize| {
            let page = state.pages.get(index)?;
            Some(Segment::Page(index, Rc::clone(page)))
        };
        if reverse {
            if !state.tail.range(..=at).is_empty() {
                return Some(Segment::Tail);
            }
            let after = state.pages.partition_point(|page| page.first() <= at);
            return after.checked_sub(1).and_then(page);
        }
        let index = state.pages.partition_point(|page| page.last() < at);
        page(index).or_else(|| (!state.tail.range(at..).is_empty()).then_some(Segment::Tail))
    }

    /// The positions in it, both ends included; the tail ends at `high`.
    pub(super) fn range(&self, state: &State, high: Position) -> (Position, Position) {
        match self {
            Segment::Page(_, summary) => (summary.first(), summary.last()),
            Segment::Tail => {
                let first = state.tail.entries().first();
                (first.map_or(Position::MAX, |(first, _)| *first), high)
            }
        }
    }
}
