//! A column of strings, and a column of few distinct strings.

use super::bytes::{Reader, Writer};
use crate::error::Result;
use crate::sorted_map::SortedMap;

/// Strings back to back, with the end of each; absent ones are told apart from empty ones.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Strings {
    ends: Vec<u32>,
    bytes: Vec<u8>,
}

/// Set in an end whose string is absent. Columns stay below 2 GiB.
const ABSENT: u32 = 1 << 31;

impl Strings {
    pub(crate) fn push(&mut self, value: Option<&[u8]>) {
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let end = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX) & !ABSENT;
        self.ends
            .push(if value.is_some() { end } else { end | ABSENT });
    }

    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        if end & ABSENT != 0 {
            return None;
        }
        let before = index.checked_sub(1).and_then(|i| self.ends.get(i));
        let start = before.map_or(0, |end| end & !ABSENT);
        self.bytes.get(start as usize..end as usize)
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        for end in &self.ends {
            out.u32(*end);
        }
        out.string(&self.bytes);
    }

    pub(crate) fn read(reader: &mut Reader<'_>, count: usize) -> Result<Strings> {
        let ends = reader.column(count, u32::from_le_bytes)?;
        let bytes = reader.string()?.to_vec();
        let mut last = 0;
        for end in &ends {
            let end = end & !ABSENT;
            if end < last || end as usize > bytes.len() {
                return Err(reader.corrupt("string ends out of order"));
            }
            last = end;
        }
        Ok(Strings { ends, bytes })
    }
}

/// A column of few distinct strings: each event's index into them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dictionary {
    pub(crate) words: Vec<Box<str>>,
    pub(crate) indices: Vec<u16>,
}

/// An index without a word: the value is absent.
pub(crate) const NO_WORD: u16 = u16::MAX;

impl Dictionary {
    pub(crate) fn of<'a>(values: impl Iterator<Item = Option<std::borrow::Cow<'a, str>>>) -> Self {
        let mut dictionary = Dictionary::default();
        let mut seen: SortedMap<Box<str>, u16> = SortedMap::default();
        for value in values {
            let index = value.map_or(NO_WORD, |word| {
                let word: Box<str> = word.into();
                if let Some(index) = seen.get(&word) {
                    return *index;
                }
                let index = u16::try_from(dictionary.words.len()).unwrap_or(NO_WORD);
                dictionary.words.push(word.clone());
                seen.insert(word, index);
                index
            });
            dictionary.indices.push(index);
        }
        dictionary
    }

    pub(crate) fn write(&self, out: &mut Writer) {
        out.len(self.words.len());
        for word in &self.words {
            out.string(word.as_bytes());
        }
        for index in &self.indices {
            out.u16(*index);
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>, count: usize) -> Result<Dictionary> {
        let words: Vec<Box<str>> = reader.list(4, |reader| Ok(reader.text()?.into()))?;
        let indices = reader.column(count, u16::from_le_bytes)?;
        if indices
            .iter()
            .any(|i| *i != NO_WORD && usize::from(*i) >= words.len())
        {
            return Err(reader.corrupt("unknown word"));
        }
        Ok(Dictionary { words, indices })
    }
}
