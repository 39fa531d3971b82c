//! Little-endian reading and writing, with every bound checked.

use super::checksum::xxh64;
use crate::error::{Error, Result};

/// The bytes of a checksum.
pub(crate) const CHECKSUM_BYTES: usize = 8;

/// Appends fixed-width numbers and strings.
#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// A length, cut to what a `u32` holds, as all lengths here are below 4 GiB by construction.
    pub(crate) fn len(&mut self, value: usize) {
        self.u32(u32::try_from(value).unwrap_or(u32::MAX));
    }

    /// Length and bytes.
    pub(crate) fn string(&mut self, value: &[u8]) {
        self.len(value.len());
        self.bytes.extend_from_slice(value);
    }

    /// A presence byte, then length and bytes where there is one.
    pub(crate) fn optional(&mut self, value: Option<&[u8]>) {
        self.u8(u8::from(value.is_some()));
        if let Some(value) = value {
            self.string(value);
        }
    }

    /// Puts the XXH64 of all that was written before it at the end.
    pub(crate) fn sealed(mut self) -> Vec<u8> {
        let sum = xxh64(&self.bytes);
        self.u64(sum);
        self.bytes
    }
}

/// Takes what [`Writer`] wrote; anything else is [`Error::Corrupt`].
pub(crate) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Reader<'a> {
        Reader { what, rest: bytes }
    }

    /// Checks the XXH64 at the end and reads what comes before it.
    pub(crate) fn checked(what: &'static str, bytes: &'a [u8]) -> Result<Reader<'a>> {
        let body = bytes
            .split_last_chunk::<CHECKSUM_BYTES>()
            .filter(|(body, sum)| xxh64(body) == u64::from_le_bytes(**sum));
        match body {
            Some((body, _)) => Ok(Reader::new(what, body)),
            None => Err(Error::Corrupt(format!("{what}: wrong checksum")).into()),
        }
    }

    pub(crate) fn corrupt(&self, why: &str) -> Box<Error> {
        Error::Corrupt(format!("{}: {why}", self.what)).into()
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.rest.split_first_chunk::<N>() {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(*head)
            }
            None => Err(self.corrupt("cut off")),
        }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        match self.rest.split_at_checked(len) {
            Some((head, rest)) => {
                self.rest = rest;
                Ok(head)
            }
            None => Err(self.corrupt("cut off")),
        }
    }

    pub(crate) fn u8(&mut self) -> Result<u8> {
        self.chunk::<1>().map(|[b]| b)
    }

    pub(crate) fn u16(&mut self) -> Result<u16> {
        self.chunk().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32> {
        self.chunk().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64> {
        self.chunk().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64> {
        self.chunk().map(i64::from_le_bytes)
    }

    /// A length or count of things that take at least `width` bytes each.
    pub(crate) fn len(&mut self, width: usize) -> Result<usize> {
        let len = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if len.saturating_mul(width) > self.rest.len() {
            return Err(self.corrupt("cut off"));
        }
        Ok(len)
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8]> {
        let len = self.len(1)?;
        self.take(len)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str> {
        let bytes = self.string()?;
        std::str::from_utf8(bytes).map_err(|_| self.corrupt("not text"))
    }

    pub(crate) fn optional(&mut self) -> Result<Option<&'a [u8]>> {
        match self.u8()? {
            0 => Ok(None),
            _ => self.string().map(Some),
        }
    }

    /// A count, and as many things, which take at least `width` bytes each.
    pub(crate) fn list<T>(
        &mut self,
        width: usize,
        read: impl Fn(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let count = self.len(width)?;
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// A column of `count` numbers.
    pub(crate) fn column<T, const N: usize>(
        &mut self,
        count: usize,
        read: fn([u8; N]) -> T,
    ) -> Result<Vec<T>> {
        let bytes = self.take(count.saturating_mul(N))?;
        Ok(bytes
            .as_chunks::<N>()
            .0
            .iter()
            .map(|chunk| read(*chunk))
            .collect())
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }
}
