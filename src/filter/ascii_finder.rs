use memchr::{memchr, memchr2};

use crate::event::Needle;

/// Finds an ASCII text in bytes, upper and lower case being the same.
///
/// Jumps from one occurrence of the needle's rarest byte to the next. Where that byte turns out
/// not to be rare, the rest is lower-cased block by block and searched in linear time.
#[derive(Clone, Debug)]
pub struct AsciiFinder {
    lower: Vec<u8>,
    /// The rarest byte, both ways.
    rare: (u8, u8),
    /// Its place in the needle.
    rare_at: usize,
    linear: Needle,
}

/// How many bytes of the haystack are lower-cased at a time.
const BLOCK: usize = 32 * 1024;

/// The bytes that English text and JSON are made of, the most frequent first.
const FREQUENT: &[u8] = b" etaoinsr\"hldcum:,fpgwyb.v0_k1-2/\\jx{}n345q'z6789()[]=<>;*#+!?@$%&`~|^";

fn rank(byte: u8) -> usize {
    let place = FREQUENT.iter().position(|frequent| *frequent == byte);
    place.unwrap_or(FREQUENT.len())
}

impl AsciiFinder {
    /// Prepares to find `needle`. An empty one is found at once, one that is not ASCII only as it
    /// is.
    #[must_use]
    pub fn new(needle: &str) -> Self {
        let lower = needle.to_ascii_lowercase().into_bytes();
        let rarest = lower
            .iter()
            .copied()
            .enumerate()
            .max_by_key(|(_, byte)| rank(*byte));
        let (rare_at, rare) = rarest.unwrap_or((0, 0));
        Self {
            rare: (rare, rare.to_ascii_uppercase()),
            rare_at,
            linear: Needle::new(&lower),
            lower,
        }
    }

    /// What is looked for, in lower case.
    #[must_use]
    pub fn needle(&self) -> &[u8] {
        &self.lower
    }

    /// Where the needle begins first.
    #[must_use]
    pub fn find(&self, haystack: &[u8]) -> Option<usize> {
        if self.lower.is_empty() {
            return Some(0);
        }
        let mut from = self.rare_at;
        let mut cost: usize = 0;
        loop {
            let found = from.saturating_add(self.next_rare(haystack.get(from..)?)?);
            let start = found.saturating_sub(self.rare_at);
            let candidate = haystack.get(start..)?;
            let equal = candidate
                .iter()
                .zip(&self.lower)
                .take_while(|(byte, lower)| byte.to_ascii_lowercase() == **lower)
                .count();
            if equal == self.lower.len() {
                return Some(start);
            }
            from = found.saturating_add(1);
            cost = cost.saturating_add(equal).saturating_add(16);
            if cost > from.saturating_add(1024) {
                let tail = haystack.get(start.saturating_add(1)..)?;
                let found = self.find_linear(tail)?;
                return Some(start.saturating_add(1).saturating_add(found));
            }
        }
    }

    fn next_rare(&self, haystack: &[u8]) -> Option<usize> {
        match self.rare {
            (lower, upper) if lower == upper => memchr(lower, haystack),
            (lower, upper) => memchr2(lower, upper, haystack),
        }
    }

    fn find_linear(&self, haystack: &[u8]) -> Option<usize> {
        let overlap = self.lower.len().saturating_sub(1);
        let step = BLOCK.max(self.lower.len());
        let mut block = Vec::with_capacity(step.saturating_add(overlap).min(haystack.len()));
        let mut at = 0;
        loop {
            let rest = haystack.get(at..).filter(|rest| rest.len() > overlap)?;
            let end = step.saturating_add(overlap).min(rest.len());
            block.clear();
            block.extend(rest.get(..end)?.iter().map(u8::to_ascii_lowercase));
            if let Some(found) = self.linear.find(&block) {
                return Some(at.saturating_add(found));
            }
            at = at.saturating_add(step);
        }
    }
}
