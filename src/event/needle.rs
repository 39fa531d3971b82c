//! Exact substring search in linear time, by memchr's two-way search alone: its meta searcher is
//! five times the code.

use memchr::arch::all::twoway::Finder;

/// Bytes to look for.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    bytes: Vec<u8>,
    finder: Finder,
}

impl Needle {
    pub(crate) fn new(bytes: &[u8]) -> Needle {
        Needle {
            finder: Finder::new(bytes),
            bytes: bytes.to_vec(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Where it begins first.
    pub(crate) fn find(&self, haystack: &[u8]) -> Option<usize> {
        self.finder.find(haystack, &self.bytes)
    }

    /// Where it begins and ends, every time; occurrences don't overlap. An empty needle has none.
    pub(crate) fn spans(&self, haystack: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let mut at = if self.bytes.is_empty() { usize::MAX } else { 0 };
        std::iter::from_fn(move || {
            let start = at.checked_add(self.find(haystack.get(at..)?)?)?;
            at = start.saturating_add(self.bytes.len());
            Some((start, at))
        })
    }
}
