//! Events on their way out: texts back to back, to be cut and parsed by whoever looks at them.

use std::rc::Rc;

use crate::event::Position;
use crate::filter::TextFinder;
use crate::page::Entry;

/// Some events in reading order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Their texts, with nothing between them.
    pub bytes: Vec<u8>,
    /// The end of each text in `bytes`.
    pub ends: Vec<u32>,
    /// The position of each.
    pub positions: Vec<Position>,
    /// The indices of those whose text holds `NaN` or an infinity, which `JSON.parse` refuses.
    pub non_finite: Vec<u32>,
    /// Where a text that was searched for occurs in each, back to back: see
    /// [`TextFinder::highlights`]. Empty where none was.
    pub highlights: Vec<u8>,
    /// The end of each in `highlights`.
    pub highlight_ends: Vec<u32>,
    /// The conversation of each, of a search through all of them; else empty.
    pub conversations: Vec<Rc<str>>,
    /// Of a subscription: before these, all that lay above this position went.
    pub gone: Option<Position>,
}

impl Batch {
    /// How many events it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Adds an event at the end; `non_finite`: its text holds `NaN` or an infinity.
    pub fn push(&mut self, position: Position, text: &str, non_finite: bool) {
        if non_finite {
            self.non_finite
                .push(u32::try_from(self.positions.len()).unwrap_or(u32::MAX));
        }
        self.bytes.extend_from_slice(text.as_bytes());
        self.ends
            .push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        self.positions.push(position);
    }

    /// Says of the event that was added last where a text occurs in it.
    pub(crate) fn highlight(&mut self, finder: Option<&TextFinder>, text: &str) {
        if let Some(finder) = finder {
            let found = finder.highlights(text);
            self.highlights.extend_from_slice(found.as_bytes());
            self.highlight_ends
                .push(u32::try_from(self.highlights.len()).unwrap_or(u32::MAX));
        }
    }

    /// Adds a log's entry at the end.
    pub fn push_entry(&mut self, entry: &Entry) {
        self.push(
            entry.position,
            &entry.event.text,
            entry.event.header.non_finite,
        );
    }

    /// Adds another batch's events at the end.
    pub fn append(&mut self, other: &Batch) {
        let mut flagged = other.non_finite.iter().peekable();
        for (index, (position, text)) in other.positions.iter().zip(other.texts()).enumerate() {
            let non_finite = flagged.next_if(|flag| **flag as usize == index).is_some();
            self.push(*position, text, non_finite);
        }
        let before = u32::try_from(self.highlights.len()).unwrap_or(u32::MAX);
        let ends = other.highlight_ends.iter();
        (self.highlight_ends).extend(ends.map(|end| end.saturating_add(before)));
        self.highlights.extend_from_slice(&other.highlights);
    }

    /// The texts, one by one.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| *end as usize));
        starts.zip(&self.ends).map(|(start, end)| {
            let text = self.bytes.get(start..*end as usize).unwrap_or_default();
            std::str::from_utf8(text).unwrap_or_default()
        })
    }
}
