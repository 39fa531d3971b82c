//! Substring search: from one place where two rare bytes of the needle stand to the next, and in
//! linear time where they turn out not to be rare.

use super::lanes::{Letter, find_pair};

/// Bytes to look for.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    bytes: Vec<u8>,
    letter: fn(u8) -> Letter,
    /// The rarest byte and the next one, in the order of their places, and these places.
    rare: [(usize, u8); 2],
}

/// The bytes that English text and JSON are made of, the most frequent first.
const FREQUENT: &[u8] = b" etaoinsr\"hldcum:,fpgwyb.v0_k1-2/\\jx{}n345q'z6789()[]=<>;*#+!?@$%&`~|^";

fn rank(byte: u8) -> usize {
    let byte = byte.to_ascii_lowercase();
    let place = FREQUENT.iter().position(|frequent| *frequent == byte);
    place.unwrap_or(FREQUENT.len())
}

impl Needle {
    /// To be found as it is.
    pub(crate) fn new(bytes: &[u8]) -> Needle {
        Needle::of(bytes.to_vec(), Letter::exactly)
    }

    /// To be found in upper and lower case, which are the same in ASCII.
    pub(crate) fn caseless(bytes: &[u8]) -> Needle {
        Needle::of(bytes.to_ascii_lowercase(), Letter::caseless)
    }

    fn of(bytes: Vec<u8>, letter: fn(u8) -> Letter) -> Needle {
        let mut rarest = [(0, 0, 0); 2];
        for (at, byte) in bytes.iter().enumerate() {
            let found = (rank(*byte).saturating_add(1), at, *byte);
            let [first, second] = rarest;
            if found.0 > first.0 {
                rarest = [found, first];
            } else if found.0 > second.0 {
                rarest = [first, found];
            }
        }
        let [first, second] = rarest;
        let second = if second.0 == 0 { first } else { second };
        let (first, second) = if first.1 < second.1 {
            (first, second)
        } else {
            (second, first)
        };
        Needle {
            rare: [(first.1, first.2), (second.1, second.2)],
            letter,
            bytes,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What is looked for; in lower case where case is the same.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where it begins first.
    pub(crate) fn find(&self, haystack: &[u8]) -> Option<usize> {
        if self.bytes.is_empty() {
            return Some(0);
        }
        let [(at, first), (after, second)] = self.rare;
        let (first, second) = ((self.letter)(first), (self.letter)(second));
        let apart = after.saturating_sub(at);
        let mut from = 0usize;
        let mut cost = 0usize;
        loop {
            let rest = haystack.get(from.saturating_add(at)..)?;
            let start = from.saturating_add(find_pair(rest, first, second, apart)?);
            let candidate = haystack.get(start..)?;
            if candidate.len() < self.bytes.len() {
                return None;
            }
            let pairs = candidate.iter().zip(&self.bytes);
            let equal = pairs.take_while(|(byte, known)| self.same(**byte, **known));
            let equal = equal.count();
            if equal == self.bytes.len() {
                return Some(start);
            }
            from = start.saturating_add(1);
            cost = cost.saturating_add(equal).saturating_add(16);
            if cost > from.saturating_add(1024) {
                let found = self.find_linear(haystack.get(from..)?)?;
                return Some(from.saturating_add(found));
            }
        }
    }

    fn same(&self, byte: u8, known: u8) -> bool {
        (self.letter)(byte) == (self.letter)(known)
    }

    /// Knuth, Morris and Pratt's: no byte of the haystack is looked at again.
    fn find_linear(&self, haystack: &[u8]) -> Option<usize> {
        // How much of the needle's beginning is also the end of each of its beginnings.
        let mut borders: Vec<u32> = Vec::with_capacity(self.bytes.len());
        let mut border = 0;
        for (at, byte) in self.bytes.iter().enumerate() {
            border = if at == 0 {
                0
            } else {
                self.longer(&borders, border, *byte)
            };
            borders.push(border);
        }
        let mut matched = 0;
        for (at, byte) in haystack.iter().enumerate() {
            matched = self.longer(&borders, matched, *byte);
            if matched as usize == self.bytes.len() {
                return at.checked_add(1)?.checked_sub(self.bytes.len());
            }
        }
        None
    }

    /// How much of the needle is matched by `byte` after as much as `matched`.
    fn longer(&self, borders: &[u32], mut matched: u32, byte: u8) -> u32 {
        loop {
            let next = self.bytes.get(matched as usize);
            if next.is_some_and(|next| self.same(byte, *next)) {
                return matched.saturating_add(1);
            }
            let last = matched.checked_sub(1);
            match last.and_then(|last| borders.get(last as usize)) {
                Some(border) => matched = *border,
                None => return 0,
            }
        }
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

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::Needle;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn it_is_found_where_a_plain_loop_finds_it(
            needle in "[aAbBk\\[{\u{7f}]{0,9}|a{20}b",
            haystack in "[aAbBk\\[{\u{7f}]{0,90}|a{0,300}b?|(a{19}b){0,200}a{20}b",
        ) {
            let (needle, haystack) = (needle.as_bytes(), haystack.as_bytes());
            let naive = |same: fn(&[u8], &[u8]) -> bool| {
                let starts = 0..=haystack.len().saturating_sub(needle.len());
                let at = |start: usize| haystack.get(start..start + needle.len());
                starts.clone().find(|start| at(*start).is_some_and(|part| same(part, needle)))
            };
            let exact = Needle::new(needle);
            prop_assert_eq!(exact.find(haystack), naive(|a, b| a == b));
            prop_assert_eq!(exact.find_linear(haystack).filter(|_| !needle.is_empty()),
                naive(|a, b| a == b).filter(|_| !needle.is_empty()));
            let caseless = Needle::caseless(needle);
            prop_assert_eq!(caseless.find(haystack), naive(|a, b| a.eq_ignore_ascii_case(b)));
        }
    }
}
