//! The conversation record: what a log is, in one small record that changes with each commit.

use super::coverage::Coverage;
use crate::error::{Error, Result};
use crate::event::{Dialect, Position};
use crate::page::{FORMAT, Reader, Writer};

/// A conversation's record. Each commit writes it anew, and expects it to be as it was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Counts the commits, so that no two of its states are alike.
    pub generation: u64,
    /// V0 or V1, as soon as it is known.
    pub dialect: Option<Dialect>,
    /// The number that the next page gets.
    pub next_page: i64,
    /// How many events the log holds.
    pub events: u64,
    /// The least and the greatest position.
    pub range: Option<(Position, Position)>,
    /// The bytes of their texts.
    pub bytes: u64,
    /// The least timestamp.
    pub first_timestamp: Option<Box<[u8]>>,
    /// The greatest timestamp.
    pub last_timestamp: Option<Box<[u8]>>,
    /// When the conversation was last opened or written, in milliseconds since the epoch.
    pub last_access: f64,
    /// Marked as one to keep.
    pub pinned: bool,
    /// What is known to be complete.
    pub coverage: Coverage,
}

impl Record {
    /// The bytes to store: see `format.md`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u8(FORMAT);
        out.u64(self.generation);
        out.u8(match self.dialect {
            None => 0,
            Some(Dialect::V0) => 1,
            Some(Dialect::V1) => 2,
        });
        out.i64(self.next_page);
        out.u64(self.events);
        out.u8(u8::from(self.range.is_some()));
        let (first, last) = self.range.unwrap_or_default();
        out.i64(first);
        out.i64(last);
        out.u64(self.bytes);
        out.optional(self.first_timestamp.as_deref());
        out.optional(self.last_timestamp.as_deref());
        out.u64(self.last_access.to_bits());
        out.u8(u8::from(self.pinned));
        out.len(self.coverage.known().len());
        for (first, last) in self.coverage.known() {
            out.i64(*first);
            out.i64(*last);
        }
        out.sealed()
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(bytes: &[u8]) -> Result<Record> {
        let mut reader = Reader::checked("conversation record", bytes)?;
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew {
                what: "conversation record",
                found,
                known,
            }
            .into());
        }
        let generation = reader.u64()?;
        let dialect = match reader.u8()? {
            0 => None,
            1 => Some(Dialect::V0),
            2 => Some(Dialect::V1),
            _ => return Err(reader.corrupt("unknown dialect")),
        };
        Ok(Record {
            generation,
            dialect,
            next_page: reader.i64()?,
            events: reader.u64()?,
            range: {
                let some = reader.u8()? != 0;
                let range = (reader.i64()?, reader.i64()?);
                some.then_some(range)
            },
            bytes: reader.u64()?,
            first_timestamp: reader.optional()?.map(Into::into),
            last_timestamp: reader.optional()?.map(Into::into),
            last_access: f64::from_bits(reader.u64()?),
            pinned: reader.u8()? != 0,
            coverage: Coverage::from_intervals(
                reader.list(16, |reader| Ok((reader.i64()?, reader.i64()?)))?,
            ),
        })
    }
}
