//! The bytes of an archive, a whole log in one file: parts, each with a checksum. `format.md` in
//! `src/page/` has them.

use super::coverage::Interval;
use super::plan::LONGEST_EVENT;
use super::record::Record;
use crate::error::{Error, Result};
use crate::page::{CHECKSUM_BYTES, Page, Reader, Writer};

/// What an archive begins with, unpacked.
pub const MAGIC: &[u8; 4] = b"OHAR";
const FORMAT: u8 = 1;

const HEADER: u8 = b'H';
const PAGE: u8 = b'P';
const LOST: u8 = b'L';
const END: u8 = b'E';

/// The bytes before a part's body: its tag and the body's length.
const HEAD: usize = 5;

/// The longest part that is read.
const LONGEST: usize = 1 << 28;

// The columns of a page with one event say no more than its text does.
const _: () = assert!(LONGEST_EVENT * 2 < LONGEST);

/// One part of an archive.
pub(super) enum Part {
    /// Which conversation it is, and what its record was when the archive was begun.
    Header(Box<str>, Record),
    /// A run of its events.
    Page(Box<Page>),
    /// A stretch whose events could not be read when the archive was written.
    Lost(Interval),
    /// Nothing follows; how many events there were.
    End(u64),
    /// One that can't be used, and why.
    Damaged(Box<Error>),
}

/// Begins an archive.
pub(super) fn begin(out: &mut Vec<u8>, id: &str, record: &Record) {
    out.extend_from_slice(MAGIC);
    out.push(FORMAT);
    let mut body = Writer::default();
    body.string(id.as_bytes());
    body.bytes.extend(record.encode());
    part(out, HEADER, &body.bytes);
}

pub(super) fn push_page(out: &mut Vec<u8>, page: &Page) {
    part(out, PAGE, page.record());
}

pub(super) fn push_lost(out: &mut Vec<u8>, (first, last): Interval) {
    let mut body = Writer::default();
    body.i64(first);
    body.i64(last);
    part(out, LOST, &body.bytes);
}

pub(super) fn end(out: &mut Vec<u8>, events: u64) {
    part(out, END, &events.to_le_bytes());
}

fn part(out: &mut Vec<u8>, tag: u8, body: &[u8]) {
    let mut part = Writer::default();
    part.u8(tag);
    part.string(body);
    out.extend(part.sealed());
}

/// The parts of an archive that comes in pieces. It holds no more than a part and a piece.
#[derive(Default)]
pub(super) struct Parts {
    bytes: Vec<u8>,
    /// How many of them are done with.
    at: usize,
    begun: bool,
}

impl Parts {
    /// Takes in the next piece of the file.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// The next part; `None` where more bytes are needed.
    ///
    /// # Errors
    /// `Corrupt` or `VersionTooNew` where nothing more can be read.
    pub(super) fn next(&mut self) -> Result<Option<Part>> {
        if !self.begun {
            let Some((head, _)) = self.bytes.split_at_checked(HEAD) else {
                return Ok(None);
            };
            match head {
                [magic @ .., FORMAT] if magic == MAGIC => {}
                [magic @ .., found] if magic == MAGIC => {
                    return Err(Error::VersionTooNew {
                        what: "archive",
                        found: u32::from(*found),
                        known: u32::from(FORMAT),
                    }
                    .into());
                }
                _ => return Err(Error::Corrupt("no archive".into()).into()),
            }
            self.begun = true;
            self.at = HEAD;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((&[tag, a, b, c, d], _)) = rest.split_first_chunk::<HEAD>() else {
            return Ok(None);
        };
        let body = u32::from_le_bytes([a, b, c, d]) as usize;
        if body > LONGEST {
            return Err(Error::Corrupt("archive: a part is too long".into()).into());
        }
        let len = body.saturating_add(HEAD).saturating_add(CHECKSUM_BYTES);
        let Some((part, _)) = rest.split_at_checked(len) else {
            return Ok(None);
        };
        self.at = self.at.saturating_add(len);
        Ok(Some(read(tag, part).unwrap_or_else(Part::Damaged)))
    }
}

fn read(tag: u8, part: &[u8]) -> Result<Part> {
    let mut reader = Reader::checked("archive part", part)?;
    reader.take(HEAD)?;
    match tag {
        HEADER => {
            let id = reader.text()?.into();
            Ok(Part::Header(id, Record::decode(reader.rest())?))
        }
        PAGE => Page::decode(reader.rest().to_vec()).map(|page| Part::Page(page.into())),
        LOST => Ok(Part::Lost((reader.i64()?, reader.i64()?))),
        END => reader.u64().map(Part::End),
        _ => Err(reader.corrupt("of an unknown kind")),
    }
}
