//! An event as it lies in the log, and its record in the tail.

use std::rc::Rc;

use super::bytes::{Reader, Writer};
use crate::error::{Error, Result};
use crate::event::{Event, MAX_ID, Position};

/// The version of tail records and pages that this release writes.
pub const FORMAT: u8 = 1;

/// Where a copy of an event came from. A later variant's copy replaces an earlier one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Made here, by `add_event`; the server's copy replaces it.
    Local,
    /// The live socket, which rewrites some sources.
    Live,
    /// REST, a replay of the log, or an import.
    Remote,
}

impl Origin {
    pub(crate) fn from_byte(byte: u8) -> Origin {
        match byte {
            0 => Origin::Local,
            1 => Origin::Live,
            _ => Origin::Remote,
        }
    }

    pub(crate) fn byte(self) -> u8 {
        match self {
            Origin::Local => 0,
            Origin::Live => 1,
            Origin::Remote => 2,
        }
    }
}

/// An event with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place.
    pub position: Position,
    /// Where this copy came from.
    pub origin: Origin,
    /// How often the copy was replaced by a better one.
    pub version: u16,
    /// The event.
    pub event: Rc<Event>,
}

/// Whether these can be positions: JavaScript holds them exactly, and more come before and after.
pub(super) fn in_range(positions: &[Option<&Position>]) -> bool {
    let range = -MAX_ID..=MAX_ID;
    (positions.iter().flatten()).all(|position| range.contains(*position))
}

impl Entry {
    /// The bytes of a page's text that this event takes.
    pub(crate) fn len(&self) -> usize {
        self.event.text.len().saturating_add(1)
    }

    /// The tail record: see `format.md`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes.reserve(self.len().saturating_add(16));
        out.u8(FORMAT);
        out.u8(self.origin.byte());
        out.u16(self.version);
        out.i64(self.position);
        out.bytes.extend_from_slice(self.event.text.as_bytes());
        out.sealed()
    }

    /// Reads a tail record.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(bytes: &[u8]) -> Result<Entry> {
        let mut reader = Reader::checked("tail record", bytes)?;
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew {
                what: "tail record",
                found,
                known,
            }
            .into());
        }
        let origin = Origin::from_byte(reader.u8()?);
        let version = reader.u16()?;
        let position = reader.i64()?;
        if !in_range(&[Some(&position)]) {
            return Err(reader.corrupt("no position"));
        }
        let text = std::str::from_utf8(reader.rest()).map_err(|_| reader.corrupt("not text"))?;
        let event =
            Event::from_canonical(text.into()).map_err(|why| reader.corrupt(&why.to_string()))?;
        Ok(Entry {
            position,
            origin,
            version,
            event: Rc::new(event),
        })
    }
}
