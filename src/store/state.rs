//! What a log is at one moment: its record, its pages and its tail.

use std::rc::Rc;

use super::blocks::Block;
use super::coverage::Interval;
use super::neighbors::ROOM;
use super::record::Record;
use crate::event::Position;
use crate::page::{Entry, Summary};
use crate::sorted_map::SortedMap;

/// A log at one moment. Every event in it is durable.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) record: Record,
    /// The record as it is stored: what the next commit expects to find.
    pub(crate) stored: Option<Vec<u8>>,
    /// The pages by position; their ranges don't overlap.
    pub(crate) pages: Rc<Vec<Rc<Summary>>>,
    /// How many events they hold, and how many bytes of text.
    pub(crate) paged: (u64, u64),
    /// The records that their summaries and signatures lie in, by key.
    pub(crate) blocks: Vec<Block>,
    /// The events above the last page.
    pub(crate) tail: SortedMap<Position, Entry>,
    pub(crate) tail_bytes: usize,
    /// The numbers of all records of the tail as they are stored, damaged ones too.
    pub(crate) tail_numbers: Vec<i64>,
    /// Events of the tail's records that belong into pages, with the records' numbers: another tab has
    /// added them without knowing of these.
    pub(crate) strays: Vec<Stray>,
    /// Something was found damaged, which its record doesn't say yet.
    pub(crate) unsaid: bool,
}

impl State {
    /// The greatest position, or `None` in an empty log.
    pub(crate) fn last(&self) -> Option<Position> {
        let tail = self.tail.entries().last().map(|(position, _)| *position);
        tail.or_else(|| self.pages.last().map(|page| page.last()))
    }

    /// The least position.
    pub(crate) fn first(&self) -> Option<Position> {
        let pages = self.pages.first().map(|page| page.first());
        pages.or_else(|| self.tail.entries().first().map(|(position, _)| *position))
    }

    /// The positions of its events in a stretch.
    pub(crate) fn within(&self, stretch: Interval) -> impl Iterator<Item = Position> {
        let (first, last) = stretch;
        let pages = self.pages.iter();
        let pages = pages.filter(move |page| page.first() <= last && first <= page.last());
        let tail = self.tail.entries().iter().map(|(position, _)| *position);
        let all = pages.flat_map(|page| page.positions()).chain(tail);
        all.filter(move |position| (first..=last).contains(position))
    }

    /// The position before an event that comes before all others, with room for more between.
    pub(crate) fn before_first(&self) -> Position {
        let first = self.first().map_or(0, |first| first.saturating_sub(ROOM));
        first.saturating_sub(1)
    }

    /// The index of the page whose range `position` lies in or next to; `None` where it belongs
    /// to the tail.
    pub(crate) fn page_for(&self, position: Position) -> Option<usize> {
        let last = self.pages.last()?;
        if position > last.last() {
            return None;
        }
        let after = self.pages.partition_point(|page| page.first() <= position);
        Some(after.saturating_sub(1))
    }

    /// How many events it holds.
    pub(crate) fn events(&self) -> u64 {
        self.paged.0.saturating_add(self.tail.len() as u64)
    }

    /// How many bytes its texts have, with a line feed after each.
    pub(crate) fn bytes(&self) -> u64 {
        self.paged.1.saturating_add(self.tail_bytes as u64)
    }

    /// Takes pages whose ranges don't overlap, in their order.
    pub(crate) fn set_pages(&mut self, pages: Vec<Rc<Summary>>) {
        let sum = |of: fn(&Summary) -> u64| {
            let each = pages.iter().map(|page| of(page));
            each.fold(0, u64::saturating_add)
        };
        self.paged = (sum(Summary::count), sum(|page| page.bytes));
        self.pages = Rc::new(pages);
    }

    /// Puts a page in its place.
    pub(crate) fn add_page(&mut self, page: Rc<Summary>) {
        let (events, bytes) = self.paged;
        self.paged = (
            events.saturating_add(page.count()),
            bytes.saturating_add(page.bytes),
        );
        let pages = Rc::make_mut(&mut self.pages);
        let place = pages.partition_point(|other| other.first() < page.first());
        pages.insert(place, page);
    }

    /// Takes a page away.
    pub(crate) fn remove_page(&mut self, number: i64) -> Option<Rc<Summary>> {
        let place = self.pages.iter().position(|page| page.number == number)?;
        let page = Rc::make_mut(&mut self.pages).remove(place);
        let (events, bytes) = self.paged;
        self.paged = (
            events.saturating_sub(page.count()),
            bytes.saturating_sub(page.bytes),
        );
        Some(page)
    }

    pub(crate) fn contains(&self, position: Position) -> bool {
        let page = self
            .page_for(position)
            .and_then(|index| self.pages.get(index));
        page.is_some_and(|page| page.contains(position)) || self.tail.contains_key(&position)
    }

    /// Whether who listens has heard of what is at a position.
    pub(crate) fn is_told(&self, position: Position) -> bool {
        let mut strays = self.strays.iter();
        self.contains(position)
            || strays.any(|stray| stray.is_told && stray.entry.position == position)
    }

    /// The event that is to be put at a position.
    pub(crate) fn stray(&self, position: Position) -> Option<&Entry> {
        let mut strays = self.strays.iter().map(|stray| &stray.entry);
        strays.find(|entry| entry.position == position)
    }
}

/// An event in the tail that has its place among those of a page.
#[derive(Clone)]
pub(crate) struct Stray {
    /// The number of its record.
    pub(crate) number: i64,
    pub(crate) entry: Entry,
    /// It was in its place here before another tab wrote the page.
    pub(crate) is_told: bool,
}
