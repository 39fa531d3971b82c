//! Which trigrams occur in a page's texts, as a set of bits: a query that needs another one is not
//! in the page. The signatures of many pages lie together in one record.

use super::bytes::{Reader, Writer};
use super::entry::FORMAT;
use super::trigrams::{BITS, bit, bits_of, following};
use crate::error::{Error, Result};

/// The bytes of one signature.
pub const SIGNATURE_BYTES: usize = BITS / 8;

/// The most trigrams that are asked for.
const MOST: usize = 256;

/// The bits of the trigrams in what is looked for, upper and lower case being the same.
fn bits(needle: &[u8]) -> impl Iterator<Item = usize> {
    let mut trigram = 0;
    let bits = needle.iter().map(move |byte| {
        trigram = following(trigram, *byte);
        bit(trigram)
    });
    bits.skip(2)
}

/// What a query asks of signatures. Some of a long query tell as much as all of it.
#[derive(Clone, Debug, Default)]
pub struct Probe(Vec<usize>);

impl Probe {
    /// The bits of what is looked for, in ASCII; one of fewer than three bytes asks for nothing.
    #[must_use]
    pub fn new(needle: &[u8]) -> Probe {
        Probe(bits(needle).take(MOST).collect())
    }

    /// It asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The signatures of some pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    numbers: Vec<i64>,
    bits: Vec<u8>,
}

impl Signatures {
    /// Adds the signature of the page with this number, greater than those before it.
    pub fn add(&mut self, number: i64, texts: &[u8]) {
        self.numbers.push(number);
        self.bits.extend(bits_of(texts));
    }

    /// The signature of the page with this number, where there is one.
    #[must_use]
    pub fn get(&self, number: i64) -> Option<&[u8]> {
        let index = self.numbers.binary_search(&number).ok()?;
        self.bits.chunks(SIGNATURE_BYTES).nth(index)
    }

    /// Adds those of another record whose page numbers are wanted.
    pub fn append(&mut self, other: &Signatures, wanted: &dyn Fn(i64) -> bool) {
        for (number, bits) in other.numbers.iter().zip(other.bits.chunks(SIGNATURE_BYTES)) {
            if wanted(*number) {
                self.numbers.push(*number);
                self.bits.extend_from_slice(bits);
            }
        }
    }

    /// Whether the page can hold what is looked for. `false` is certain; a page without a
    /// signature here can hold anything.
    #[must_use]
    pub fn may_hold(&self, number: i64, probe: &Probe) -> bool {
        let Some(signature) = self.get(number) else {
            return true;
        };
        probe.0.iter().all(|bit| {
            let byte = signature.get(bit / 8);
            byte.is_none_or(|byte| byte >> (bit % 8) & 1 != 0)
        })
    }

    /// The bytes that it takes in memory.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.bits.len().saturating_add(SIGNATURE_BYTES)
    }

    /// The record: see `format.md`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u8(FORMAT);
        out.len(self.numbers.len());
        for number in &self.numbers {
            out.i64(*number);
        }
        out.bytes.extend_from_slice(&self.bits);
        out.sealed()
    }

    /// Reads a record.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(bytes: &[u8]) -> Result<Signatures> {
        let mut reader = Reader::checked("page signatures", bytes)?;
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew {
                what: "page signatures",
                found,
                known,
            }
            .into());
        }
        let count = reader.len(8 + SIGNATURE_BYTES)?;
        let numbers = reader.column(count, i64::from_le_bytes)?;
        let bits = reader.take(count.saturating_mul(SIGNATURE_BYTES))?.to_vec();
        if !numbers.is_sorted_by(|a, b| a < b) {
            return Err(reader.corrupt("pages out of order"));
        }
        Ok(Signatures { numbers, bits })
    }
}
