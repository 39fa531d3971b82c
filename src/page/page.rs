//! A run of events: header columns, then their texts. The bytes are described in `format.md`.

use std::rc::Rc;

use super::bytes::{CHECKSUM_BYTES, Reader, Writer};
use super::entry::{Entry, FORMAT, Origin, in_range};
use super::signature::Signatures;
use super::strings::{Dictionary, NO_WORD, Strings};
use super::summary::{Class, Summary};
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Kind, Position};
use crate::filter::Matcher;
use crate::sorted_map::SortedMap;

const MAGIC: &[u8; 4] = b"OHPG";
const NO_CODEC: u8 = 0;

/// The most events that a page can hold: each may bring a kind of its own to the dictionary.
pub const MAX_EVENTS: usize = 60_000;

const HIDDEN: u8 = 1;
const NON_FINITE: u8 = 2;
/// The origin's byte lies in the flags from this bit on.
const ORIGIN_SHIFT: u32 = 2;

/// Consecutive events of a log, decoded: columns to test, bytes to scan.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    positions: Vec<Position>,
    flags: Vec<u8>,
    versions: Vec<u16>,
    kinds: Dictionary,
    kind_values: Vec<Kind>,
    sources: Dictionary,
    timestamps: Strings,
    ids: Strings,
    ends: Vec<u32>,
    /// All of it as it is stored.
    record: Vec<u8>,
    /// Where the texts begin in the record, and how long they are.
    texts: (usize, usize),
}

impl Page {
    /// Lays events, ascending by position, out as a page.
    #[must_use]
    pub fn new(entries: &[Entry]) -> Page {
        let headers = || entries.iter().map(|entry| &entry.event.header);
        let mut timestamps = Strings::default();
        let mut ids = Strings::default();
        let mut ends = Vec::with_capacity(entries.len());
        let mut length = 0usize;
        for entry in entries {
            timestamps.push(entry.event.header.timestamp.as_deref());
            ids.push(match &entry.event.header.id {
                Some(EventId::Text(id)) => Some(id.as_bytes()),
                _ => None,
            });
            let end = length.saturating_add(entry.event.text.len());
            ends.push(u32::try_from(end).unwrap_or(u32::MAX));
            length = length.saturating_add(entry.len());
        }
        let kinds = Dictionary::of(headers().map(|header| Some(header.kind.token())));
        let mut page = Page {
            positions: entries.iter().map(|entry| entry.position).collect(),
            flags: entries.iter().map(flags).collect(),
            versions: entries.iter().map(|entry| entry.version).collect(),
            kind_values: kind_values(&kinds),
            kinds,
            sources: Dictionary::of(
                headers().map(|header| header.source.as_deref().map(Into::into)),
            ),
            timestamps,
            ids,
            ends,
            record: Vec::new(),
            texts: (0, length),
        };
        let mut out = page.columns();
        out.len(length);
        page.texts.0 = out.bytes.len();
        for entry in entries {
            out.bytes.extend_from_slice(entry.event.text.as_bytes());
            out.u8(b'\n');
        }
        page.record = out.sealed();
        page
    }

    /// All of the record that comes before the texts.
    fn columns(&self) -> Writer {
        let mut out = Writer::default();
        let columns = self.len().saturating_mul(64).saturating_add(1024);
        out.bytes.reserve(self.texts.1.saturating_add(columns));
        out.bytes.extend_from_slice(MAGIC);
        out.u8(FORMAT);
        out.u8(NO_CODEC);
        out.len(self.positions.len());
        for position in &self.positions {
            out.i64(*position);
        }
        out.bytes.extend_from_slice(&self.flags);
        for version in &self.versions {
            out.u16(*version);
        }
        self.kinds.write(&mut out);
        self.sources.write(&mut out);
        self.timestamps.write(&mut out);
        self.ids.write(&mut out);
        for end in &self.ends {
            out.u32(*end);
        }
        out
    }

    /// The bytes to store.
    #[must_use]
    pub fn record(&self) -> &[u8] {
        &self.record
    }

    /// Reads stored bytes, and verifies all that reading relies on.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(record: Vec<u8>) -> Result<Page> {
        let mut reader = Reader::checked("page", &record)?;
        if reader.take(4)? != MAGIC {
            return Err(reader.corrupt("not a page"));
        }
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew {
                what: "page",
                found,
                known,
            }
            .into());
        }
        if reader.u8()? != NO_CODEC {
            return Err(reader.corrupt("unknown codec"));
        }
        let count = reader.len(8)?;
        if count > MAX_EVENTS {
            return Err(reader.corrupt("too many events"));
        }
        let positions = reader.column(count, i64::from_le_bytes)?;
        let flags = reader.take(count)?.to_vec();
        let versions = reader.column(count, u16::from_le_bytes)?;
        let kinds = Dictionary::read(&mut reader, count)?;
        let sources = Dictionary::read(&mut reader, count)?;
        let timestamps = Strings::read(&mut reader, count)?;
        let ids = Strings::read(&mut reader, count)?;
        let ends = reader.column(count, u32::from_le_bytes)?;
        let texts = reader.string()?;
        if !positions.is_sorted_by(|a, b| a < b) || !ends.is_sorted_by(|a, b| a < b) {
            return Err(reader.corrupt("events out of order"));
        }
        if !in_range(&[positions.first(), positions.last()]) {
            return Err(reader.corrupt("no positions"));
        }
        if !texts.is_ascii() || ends.last().is_some_and(|end| *end as usize >= texts.len()) {
            return Err(reader.corrupt("texts don't agree with their ends"));
        }
        let after = reader.rest().len().saturating_add(CHECKSUM_BYTES);
        let end = record.len().saturating_sub(after);
        let texts = (end.saturating_sub(texts.len()), texts.len());
        Ok(Page {
            positions,
            flags,
            versions,
            kind_values: kind_values(&kinds),
            kinds,
            sources,
            timestamps,
            ids,
            ends,
            record,
            texts,
        })
    }

    fn texts(&self) -> &[u8] {
        let (start, len) = self.texts;
        let end = start.saturating_add(len);
        self.record.get(start..end).unwrap_or_default()
    }

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

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let columns = self.len().saturating_mul(64);
        self.record.len().saturating_add(columns)
    }

    /// The events' positions, ascending.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }

    /// Whether a summary may be of this page: its ends and its length say so.
    pub(crate) fn may_be(&self, summary: &Summary) -> bool {
        let ends = self.positions.first().zip(self.positions.last());
        ends == Some((&summary.first(), &summary.last()))
            && self.texts().len() as u64 == summary.bytes
    }

    /// The text of the event at `index`.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let before = index.checked_sub(1).and_then(|i| self.ends.get(i));
        let start = before.map_or(0, |end| (*end as usize).saturating_add(1));
        std::str::from_utf8(self.texts().get(start..end)?).ok()
    }

    /// The bytes of all texts, each with the line feed after it.
    #[must_use]
    pub fn texts_len(&self) -> usize {
        self.texts.1
    }

    /// Whether the event's text holds `NaN` or an infinity.
    #[must_use]
    pub fn non_finite(&self, index: usize) -> bool {
        self.flag(index, NON_FINITE)
    }

    /// The timestamp of the event at `index`, where it has one.
    #[must_use]
    pub fn timestamp(&self, index: usize) -> Option<&[u8]> {
        self.timestamps.get(index)
    }

    /// The string id of the event at `index`, where it has one.
    #[must_use]
    pub fn id(&self, index: usize) -> Option<&[u8]> {
        self.ids.get(index)
    }

    /// How often the event at `index` was replaced by a better copy.
    #[must_use]
    pub fn version(&self, index: usize) -> u16 {
        self.versions.get(index).copied().unwrap_or_default()
    }

    /// Where the copy of the event at `index` came from.
    #[must_use]
    pub fn origin(&self, index: usize) -> Origin {
        Origin::from_byte(
            self.flags
                .get(index)
                .map_or(0, |flags| flags >> ORIGIN_SHIFT),
        )
    }

    fn flag(&self, index: usize, flag: u8) -> bool {
        self.flags.get(index).is_some_and(|flags| flags & flag != 0)
    }

    /// The indices of the events that match, ascending.
    #[must_use]
    pub fn matching(&self, matcher: &Matcher) -> Box<[u16]> {
        let wanted = self.wanted(matcher);
        let mut found = Vec::new();
        let mut take = |index: usize| {
            if wanted(index) {
                found.extend(u16::try_from(index));
            }
        };
        match matcher.query() {
            None => (0..self.len()).for_each(take),
            Some(finder) => {
                // What is looked for has no line feed, so it can't lie across two texts.
                let texts = self.texts();
                let mut from = 0;
                while let Some(at) = texts.get(from..).and_then(|rest| finder.find(rest)) {
                    let at = from.saturating_add(at);
                    let index = self.ends.partition_point(|end| (*end as usize) < at);
                    let Some(end) = self.ends.get(index) else {
                        break;
                    };
                    take(index);
                    from = (*end as usize).saturating_add(1);
                }
            }
        }
        found.into()
    }

    /// Tests all of the event at an index but the query.
    fn wanted<'a>(&'a self, matcher: &'a Matcher) -> impl Fn(usize) -> bool + 'a {
        let kinds: Vec<bool> = self
            .kind_values
            .iter()
            .map(|kind| matcher.kind(kind))
            .collect();
        let sources: Vec<bool> = self
            .sources
            .words
            .iter()
            .map(|word| matcher.source(Some(word)))
            .collect();
        let no_source = matcher.source(None);
        move |index| {
            let word = |column: &Dictionary| column.indices.get(index).copied().unwrap_or(NO_WORD);
            kinds
                .get(usize::from(word(&self.kinds)))
                .is_some_and(|ok| *ok)
                && sources
                    .get(usize::from(word(&self.sources)))
                    .map_or(no_source, |ok| *ok)
                && matcher.hidden(self.flag(index, HIDDEN))
                && matcher.timestamp(self.timestamps.get(index))
                && matcher
                    .text()
                    .is_none_or(|text| self.text(index).is_some_and(|json| text.finds(json)))
        }
    }

    /// Adds its signature under this number to others.
    pub fn sign(&self, number: i64, signatures: &mut Signatures) {
        signatures.add(number, self.texts());
    }

    /// The event at `index` with its header read again.
    ///
    /// # Errors
    /// `Corrupt`, when the text is not an event's.
    pub fn entry(&self, index: usize) -> Result<Entry> {
        let damaged = || Error::Corrupt("page: an event is missing".into());
        let text = self.text(index).ok_or_else(damaged)?;
        let event = Event::from_canonical(text.into())
            .map_err(|why| Error::Corrupt(format!("page: {why}")))?;
        Ok(Entry {
            position: *self.positions.get(index).ok_or_else(damaged)?,
            origin: self.origin(index),
            version: *self.versions.get(index).ok_or_else(damaged)?,
            event: Rc::new(event),
        })
    }

    /// All its events.
    ///
    /// # Errors
    /// `Corrupt`, when a text is not an event's.
    pub fn entries(&self) -> Result<Vec<Entry>> {
        (0..self.len()).map(|index| self.entry(index)).collect()
    }

    /// What it holds, so that a search can pass it by.
    #[must_use]
    pub fn summary(&self, number: i64) -> Summary {
        let stamps = || (0..self.len()).filter_map(|index| self.timestamps.get(index));
        let ids = (0..self.len()).filter_map(|index| self.id(index));
        let mut classes: SortedMap<_, u32> = SortedMap::default();
        for index in 0..self.len() {
            let word = |column: &Dictionary| column.indices.get(index).copied().unwrap_or(NO_WORD);
            let class = (
                word(&self.kinds),
                word(&self.sources),
                self.flag(index, HIDDEN),
            );
            if let Some(count) = classes.or_default(class) {
                *count = count.saturating_add(1);
            }
        }
        let class = |((kind, source, hidden), count)| {
            let word = |column: &Dictionary, index| column.words.get(usize::from(index)).cloned();
            let class = Class {
                kind: word(&self.kinds, kind).unwrap_or_default(),
                source: word(&self.sources, source),
                hidden,
            };
            (Rc::new(class), count)
        };
        Summary {
            number,
            bytes: self.texts().len() as u64,
            runs: Summary::runs_of(&self.positions),
            first_timestamp: stamps().min().map(Into::into),
            last_timestamp: stamps().max().map(Into::into),
            undated: (0..self.len()).any(|index| self.timestamps.get(index).is_none()),
            weakest: (0..self.len())
                .map(|index| self.origin(index))
                .min()
                .unwrap_or(Origin::Remote),
            classes: classes.into_entries().into_iter().map(class).collect(),
            id_hashes: ids.map(Summary::id_hash).collect(),
        }
    }
}

fn kind_values(kinds: &Dictionary) -> Vec<Kind> {
    let values = kinds.words.iter().map(|word| Kind::from_token(word));
    values.collect()
}

fn flags(entry: &Entry) -> u8 {
    let header = &entry.event.header;
    let hidden = if header.hidden { HIDDEN } else { 0 };
    let non_finite = if header.non_finite { NON_FINITE } else { 0 };
    hidden | non_finite | entry.origin.byte() << ORIGIN_SHIFT
}
