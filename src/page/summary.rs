//! What a page holds: enough to know which events are in it, to count them without reading it, and
//! to pass it by in a search. The summaries of many pages lie together in one record.

use std::rc::Rc;

use super::bytes::{Reader, Writer};
use super::entry::{FORMAT, Origin, in_range};
use crate::error::{Error, Result};
use crate::event::{Kind, Position};
use crate::filter::Matcher;
use crate::sorted_map::SortedMap;

/// What a filter asks of an event besides its text and its date.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    /// The kind's token.
    pub kind: Box<str>,
    /// The source, where there is one.
    pub source: Option<Box<str>>,
    /// Whether it is hidden.
    pub hidden: bool,
}

impl Class {
    /// Whether such an event is wanted, as far as this says.
    #[must_use]
    pub fn wanted(&self, matcher: &Matcher) -> bool {
        matcher.hidden(self.hidden)
            && matcher.kind(&Kind::from_token(&self.kind))
            && matcher.source(self.source.as_deref())
    }
}

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
    /// How many events of each class it holds. Logs keep equal classes once.
    pub classes: Vec<(Rc<Class>, u32)>,
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

    /// Whether an event in it may pass the filter's dates. `false` is certain.
    #[must_use]
    pub fn in_dates(&self, matcher: &Matcher) -> bool {
        let [first, last] = [&self.first_timestamp, &self.last_timestamp]
            .map(|stamp| stamp.as_deref().unwrap_or_default());
        self.undated || matcher.timestamps(first, last)
    }

    /// Whether all events in it pass the filter's dates. `true` is certain.
    #[must_use]
    pub fn all_in_dates(&self, matcher: &Matcher) -> bool {
        let stamps = [&self.first_timestamp, &self.last_timestamp];
        stamps
            .iter()
            .all(|stamp| matcher.timestamp(stamp.as_deref()))
    }

    /// The record of many summaries: see `format.md`.
    #[must_use]
    pub fn encode(summaries: &[Rc<Summary>]) -> Vec<u8> {
        let mut classes = SortedMap::default();
        for (class, _) in summaries.iter().flat_map(|summary| &summary.classes) {
            classes.insert(Rc::clone(class), ());
        }
        let classes = classes.into_entries();
        let mut out = Writer::default();
        out.u8(FORMAT);
        out.len(classes.len());
        for (class, ()) in &classes {
            out.string(class.kind.as_bytes());
            out.optional(class.source.as_deref().map(str::as_bytes));
            out.u8(u8::from(class.hidden));
        }
        out.len(summaries.len());
        for summary in summaries {
            out.i64(summary.number);
            out.u64(summary.bytes);
            out.len(summary.runs.len());
            for (first, last) in &summary.runs {
                out.i64(*first);
                out.i64(*last);
            }
            out.optional(summary.first_timestamp.as_deref());
            out.optional(summary.last_timestamp.as_deref());
            out.u8(u8::from(summary.undated));
            out.u8(summary.weakest.byte());
            out.len(summary.classes.len());
            for (class, count) in &summary.classes {
                out.len(classes.partition_point(|(known, ())| known < class));
                out.u32(*count);
            }
            out.len(summary.id_hashes.len());
            for hash in &summary.id_hashes {
                out.u64(*hash);
            }
        }
        out.sealed()
    }

    /// Reads a record of summaries. `share` gives the one copy of each class that is kept.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(
        bytes: &[u8],
        share: &mut dyn FnMut(Rc<Class>) -> Rc<Class>,
    ) -> Result<Vec<Summary>> {
        let mut reader = Reader::checked("page summaries", bytes)?;
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew {
                what: "page summaries",
                found,
                known,
            }
            .into());
        }
        let classes = reader.list(6, |reader| {
            Ok(Rc::new(Class {
                kind: reader.text()?.into(),
                source: match reader.u8()? {
                    0 => None,
                    _ => Some(reader.text()?.into()),
                },
                hidden: reader.u8()? != 0,
            }))
        })?;
        let classes: Vec<Rc<Class>> = classes.into_iter().map(share).collect();
        reader.list(40, |reader| Summary::read(reader, &classes))
    }

    fn read(reader: &mut Reader<'_>, known: &[Rc<Class>]) -> Result<Summary> {
        let number = reader.i64()?;
        let bytes = reader.u64()?;
        let runs = reader.list(16, |reader| Ok((reader.i64()?, reader.i64()?)))?;
        let ascending = runs.is_sorted_by(|(_, last), (first, _)| last < first);
        let ends = [
            runs.first().map(|run| &run.0),
            runs.last().map(|run| &run.1),
        ];
        let usable = !runs.is_empty() && ascending && in_range(&ends);
        if !usable || runs.iter().any(|(first, last)| first > last) {
            return Err(reader.corrupt("no positions"));
        }
        let first_timestamp = reader.optional()?.map(Into::into);
        let last_timestamp = reader.optional()?.map(Into::into);
        let undated = reader.u8()? != 0;
        let weakest = Origin::from_byte(reader.u8()?);
        let classes = reader.list(8, |reader| {
            let class = known.get(reader.u32()? as usize);
            let class = class.ok_or_else(|| reader.corrupt("unknown class"))?;
            Ok((Rc::clone(class), reader.u32()?))
        })?;
        let hashes = reader.len(8)?;
        let id_hashes = reader.column(hashes, u64::from_le_bytes)?;
        Ok(Summary {
            number,
            bytes,
            runs,
            first_timestamp,
            last_timestamp,
            undated,
            weakest,
            classes,
            id_hashes,
        })
    }
}
