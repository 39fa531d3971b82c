use crate::event::Needle;

/// Finds an ASCII text in bytes, upper and lower case being the same.
#[derive(Clone, Debug)]
pub struct AsciiFinder(Needle);

impl AsciiFinder {
    /// Prepares to find `needle`. An empty one is found at once, one that is not ASCII only as it
    /// is.
    #[must_use]
    pub fn new(needle: &str) -> Self {
        Self(Needle::caseless(needle.as_bytes()))
    }

    /// What is looked for, in lower case.
    #[must_use]
    pub fn needle(&self) -> &[u8] {
        self.0.bytes()
    }

    /// Where the needle begins first.
    #[must_use]
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        self.0.find(haystack)
    }
}
