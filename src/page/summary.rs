//! What a page can hold: enough to know which events are in it, and to skip it in a search.

use super::bytes::{Reader, Writer};
use super::entry::{FORMAT, Origin};
use crate::error::{Error, Result};
use crate::event::{Kind, Position};
use crate::filter::Matcher;

/// The contents of one page in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The page's number: its key, given once and never again.
    pub number: i64,
    /// The bytes of its texts.
    pub bytes: u64,
    /// The positions that it holds, as runs without a hole, both ends included, ascending.
    pub runs: Vec<(Position, Position)>,
    /// The least timestamp in it.
    pub first_timestamp: Option<Box<[u8]>>,
    /// The greatest.
    pub last_timestamp: Option<Box<[u8]>>,
    /// Whether one has none.
    pub undated: bool,
    /// The kinds in it.
    pub kinds: Vec<Kind>,
    /// The sources in it.
    pub sources: Vec<Box<str>>,
    /// Whether one has none.
    pub unsourced: bool,
    /// Whether one is not hidden.
    pub shown: bool,
    /// The origin in it that the most others replace.
    pub weakest: Origin,
    /// A hash of each string id, by position; empty where ids are numbers.
    pub id_hashes: Vec<u64>,
}

impl Summary {
    pub(crate) fn runs_of(positions: &[Position]) -> Vec<(Position, Position)> {
        let mut runs: Vec<(Position, Position)> = Vec::new();
        for position in positions {
            match runs.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(*position) => *last = *position,
                _ => runs.push((*position, *position)),
            }
        }
        runs
    }

    /// The hash of a string id: FNV-1a, which is part of the format.
    #[must_use]
    pub fn id_hash(id: &[u8]) -> u64 {
        id.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    /// The first position in it.
    #[must_use]
    pub fn first(&self) -> Position {
        self.runs.first().map_or(0, |run| run.0)
    }

    /// The last position in it.
    #[must_use]
    pub fn last(&self) -> Position {
        self.runs.last().map_or(0, |run| run.1)
    }

    /// How many events it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        let lengths = self
            .runs
            .iter()
            .map(|(first, last)| last.abs_diff(*first).saturating_add(1));
        lengths.fold(0, u64::saturating_add)
    }

    /// Whether it holds this position.
    #[must_use]
    pub fn contains(&self, position: Position) -> bool {
        let after = self.runs.partition_point(|run| run.0 <= position);
        let run = after.checked_sub(1).and_then(|index| self.runs.get(index));
        run.is_some_and(|run| position <= run.1)
    }

    /// All its positions, ascending.
    pub fn positions(&self) -> impl Iterator<Item = Position> + '_ {
        self.runs.iter().flat_map(|(first, last)| *first..=*last)
    }

    /// Whether an event in it may match, by all but the text. `false` is certain.
    #[must_use]
    pub fn may_match(&self, matcher: &Matcher) -> bool {
        (self.shown || matcher.hidden(true))
            && self.kinds.iter().any(|kind| matcher.kind(kind))
            && (self
                .sources
                .iter()
                .any(|source| matcher.source(Some(source)))
                || self.unsourced && matcher.source(None))
            && (self.undated
                || matcher.timestamps(
                    self.first_timestamp.as_deref().unwrap_or_default(),
                    self.last_timestamp.as_deref().unwrap_or_default(),
                ))
    }

    /// The bytes to store.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u8(FORMAT);
        out.i64(self.number);
        out.u64(self.bytes);
        out.len(self.runs.len());
        for (first, last) in &self.runs {
            out.i64(*first);
            out.i64(*last);
        }
        out.optional(self.first_timestamp.as_deref());
        out.optional(self.last_timestamp.as_deref());
        out.u8(u8::from(self.undated));
        out.len(self.kinds.len());
        for kind in &self.kinds {
            out.string(kind.token().as_bytes());
        }
        out.len(self.sources.len());
        for source in &self.sources {
            out.string(source.as_bytes());
        }
        out.u8(u8::from(self.unsourced));
        out.u8(u8::from(self.shown));
        out.u8(self.weakest.byte());
        out.len(self.id_hashes.len());
        for hash in &self.id_hashes {
            out.u64(*hash);
        }
        out.sealed()
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(bytes: &[u8]) -> Result<Summary> {
        let mut reader = Reader::checked("page summary", bytes)?;
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew {
                what: "page summary",
                found,
                known,
            });
        }
        let number = reader.i64()?;
        let page_bytes = reader.u64()?;
        let runs = reader.list(16, |reader| Ok((reader.i64()?, reader.i64()?)))?;
        if runs.is_empty() || runs.iter().any(|(first, last)| first > last) {
            return Err(reader.corrupt("no positions"));
        }
        let first_timestamp = reader.optional()?.map(Into::into);
        let last_timestamp = reader.optional()?.map(Into::into);
        let undated = reader.u8()? != 0;
        let kinds = reader.list(4, |reader| Ok(Kind::from_token(reader.text()?)))?;
        let sources = reader.list(4, |reader| Ok(reader.text()?.into()))?;
        let unsourced = reader.u8()? != 0;
        let shown = reader.u8()? != 0;
        let weakest = Origin::from_byte(reader.u8()?);
        let hashes = reader.len(8)?;
        let id_hashes = reader.column(hashes, u64::from_le_bytes)?;
        Ok(Summary {
            number,
            bytes: page_bytes,
            runs,
            first_timestamp,
            last_timestamp,
            undated,
            kinds,
            sources,
            unsourced,
            shown,
            weakest,
            id_hashes,
        })
    }
}
