use std::rc::Rc;

use super::{AsciiFinder, Decompose, EventFilter, TextFinder, undecomposed};
use crate::event::{Event, Header, Kind};

/// An [`EventFilter`] made ready to be asked often.
///
/// Each part can be asked alone, so that what a page knows of all its events decides first and
/// the text last.
#[derive(Clone, Debug)]
pub struct Matcher {
    include_types: Vec<String>,
    exclude_types: Vec<String>,
    source: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    exclude_hidden: bool,
    query: Option<AsciiFinder>,
    text: Option<Rc<TextFinder>>,
    never: bool,
}

impl Matcher {
    /// Compiles a filter. Empty strings filter nothing, as on the server.
    #[must_use]
    pub fn new(filter: &EventFilter) -> Self {
        Self::decomposing(filter, undecomposed)
    }

    /// As [`new`](Self::new); texts for people are compared as `decompose` spells them.
    #[must_use]
    pub fn decomposing(filter: &EventFilter, decompose: Decompose) -> Self {
        let non_empty = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let query = non_empty(&filter.query);
        let text = non_empty(&filter.text);
        let needle = query.as_deref().map(searchable);
        let excludes_all = filter.exclude_types.iter().any(|class| class == "Event");
        Self {
            include_types: filter.include_types.clone(),
            exclude_types: filter.exclude_types.clone(),
            source: non_empty(&filter.source),
            start_date: non_empty(&filter.start_date),
            end_date: non_empty(&filter.end_date),
            exclude_hidden: filter.exclude_hidden,
            never: excludes_all || needle == Some(None),
            query: needle.flatten().map(|needle| AsciiFinder::new(&needle)),
            text: text.map(|text| Rc::new(TextFinder::new(&text, decompose))),
        }
    }

    /// No event at all can match.
    #[must_use]
    pub fn never(&self) -> bool {
        self.never
    }

    /// The event's class is wanted.
    #[must_use]
    pub fn kind(&self, kind: &Kind) -> bool {
        (self.include_types.is_empty() || self.include_types.iter().any(|class| kind.is_a(class)))
            && !self.exclude_types.iter().any(|class| kind.is_a(class))
    }

    /// The event's source is wanted; an event without one passes no source filter.
    #[must_use]
    pub fn source(&self, source: Option<&str>) -> bool {
        self.source.is_none() || source == self.source.as_deref()
    }

    /// The event's timestamp, in the bytes of [`Header::timestamp`], is within both dates.
    #[must_use]
    pub fn timestamp(&self, timestamp: Option<&[u8]>) -> bool {
        let Some(timestamp) = timestamp else {
            return true;
        };
        let start = self.start_date.as_deref().map(str::as_bytes);
        let end = self.end_date.as_deref().map(str::as_bytes);
        start.is_none_or(|start| timestamp >= start) && end.is_none_or(|end| timestamp <= end)
    }

    /// Some timestamp between these two, both included, is wanted.
    #[must_use]
    pub fn timestamps(&self, first: &[u8], last: &[u8]) -> bool {
        let start = self.start_date.as_deref().map(str::as_bytes);
        let end = self.end_date.as_deref().map(str::as_bytes);
        start.is_none_or(|start| last >= start) && end.is_none_or(|end| first <= end)
    }

    /// An event that is hidden, or not, is wanted.
    #[must_use]
    pub fn hidden(&self, hidden: bool) -> bool {
        !(self.exclude_hidden && hidden)
    }

    /// All but the text is wanted.
    #[must_use]
    pub fn header(&self, header: &Header) -> bool {
        self.hidden(header.hidden)
            && self.kind(&header.kind)
            && self.source(header.source.as_deref())
            && self.timestamp(header.timestamp.as_deref())
    }

    /// What has to occur in the text, if anything has to.
    #[must_use]
    pub fn query(&self) -> Option<&AsciiFinder> {
        self.query.as_ref()
    }

    /// What has to occur in what a person reads, if anything has to.
    #[must_use]
    pub fn text(&self) -> Option<&Rc<TextFinder>> {
        self.text.as_ref()
    }

    /// Whether the header alone doesn't decide.
    #[must_use]
    pub fn reads_text(&self) -> bool {
        self.query.is_some() || self.text.is_some()
    }

    /// The event's canonical text is wanted.
    #[must_use]
    pub fn body(&self, json: &str) -> bool {
        let query = self.query.as_ref();
        query.is_none_or(|query| query.find(json.as_bytes()).is_some())
            && self.text.as_ref().is_none_or(|text| text.finds(json))
    }

    /// The event matches: the server's `EventFilter.include`.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        !self.never && self.header(&event.header) && self.body(&event.text)
    }
}

/// A query as it can occur in canonical text; `None` if it can't.
fn searchable(query: &str) -> Option<String> {
    const KELVIN_SIGN: char = '\u{212a}';
    query
        .chars()
        .map(|char| match char {
            KELVIN_SIGN => Some('k'),
            ' '..='~' => Some(char.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}
