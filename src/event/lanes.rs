//! Bytes looked for sixteen at a time: by WebAssembly's vectors where they are, else one by one in
//! a form that compilers make vectors of.

/// Which byte is looked for: the one that equals `byte` once the bits of `fold` are set in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Letter {
    byte: u8,
    fold: u8,
}

impl Letter {
    /// This byte.
    pub(crate) fn exactly(byte: u8) -> Letter {
        Letter { byte, fold: 0 }
    }

    /// This byte, in either case where it is an ASCII letter.
    pub(crate) fn caseless(byte: u8) -> Letter {
        let byte = byte.to_ascii_lowercase();
        let fold = if byte.is_ascii_lowercase() { 0x20 } else { 0 };
        Letter { byte, fold }
    }

    fn is(self, byte: u8) -> bool {
        byte | self.fold == self.byte
    }
}

/// Where `first` stands and, `apart` bytes after it, `second`.
pub(crate) fn find_pair(
    haystack: &[u8],
    first: Letter,
    second: Letter,
    apart: usize,
) -> Option<usize> {
    let after = haystack.get(apart..)?;
    let chunks = haystack.as_chunks::<16>().0.iter();
    for (index, (a, b)) in chunks.zip(after.as_chunks::<16>().0).enumerate() {
        let both = both(a, b, first, second);
        if both != 0 {
            return index
                .checked_mul(16)?
                .checked_add(both.trailing_zeros() as usize);
        }
    }
    let done = after.len() & !15;
    let rest = haystack.get(done..)?.iter().zip(after.get(done..)?);
    let found = rest.map(|(a, b)| first.is(*a) && second.is(*b));
    found
        .enumerate()
        .find_map(|(at, both)| both.then_some(at))?
        .checked_add(done)
}

/// Where one of two bytes stands first.
pub(crate) fn find_either(haystack: &[u8], one: u8, other: u8) -> Option<usize> {
    let (chunks, rest) = haystack.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let either = either(chunk, one, other);
        if either != 0 {
            return index
                .checked_mul(16)?
                .checked_add(either.trailing_zeros() as usize);
        }
    }
    let found = rest
        .iter()
        .position(|byte| *byte == one || *byte == other)?;
    found.checked_add(haystack.len().checked_sub(rest.len())?)
}

/// How many leading bytes stand for themselves in a JSON string and in its canonical form:
/// `' '..='~'` without quote and backslash.
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<16>();
    for (index, chunk) in chunks.iter().enumerate() {
        let special = special(chunk);
        if special != 0 {
            let within = special.trailing_zeros() as usize;
            return index.saturating_mul(16).saturating_add(within);
        }
    }
    let run = chunks.len().saturating_mul(16);
    run.saturating_add(rest.iter().take_while(|byte| is_plain(**byte)).count())
}

fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

#[cfg(target_feature = "simd128")]
pub(crate) use vectors::load;
#[cfg(target_feature = "simd128")]
use vectors::{both, either, special};

#[cfg(not(target_feature = "simd128"))]
use scalars::{both, either, special};

#[cfg(target_feature = "simd128")]
mod vectors {
    use core::arch::wasm32::{
        i8x16_lt, i8x16_splat, u8x16_bitmask, u8x16_eq, u8x16_splat, u64x2, v128, v128_and, v128_or,
    };

    use super::Letter;

    /// One load: the compiler sees that the halves lie side by side.
    pub(crate) fn load(chunk: &[u8; 16]) -> v128 {
        match chunk.as_chunks::<8>().0 {
            [low, high] => u64x2(u64::from_le_bytes(*low), u64::from_le_bytes(*high)),
            _ => u64x2(0, 0),
        }
    }

    fn is(chunk: &[u8; 16], letter: Letter) -> v128 {
        let folded = v128_or(load(chunk), u8x16_splat(letter.fold));
        u8x16_eq(folded, u8x16_splat(letter.byte))
    }

    /// A bit for each place where both letters stand.
    pub(super) fn both(a: &[u8; 16], b: &[u8; 16], first: Letter, second: Letter) -> u16 {
        u8x16_bitmask(v128_and(is(a, first), is(b, second)))
    }

    /// A bit for each place where one of two bytes stands.
    pub(super) fn either(chunk: &[u8; 16], one: u8, other: u8) -> u16 {
        let [one, other] = [one, other].map(|byte| is(chunk, Letter::exactly(byte)));
        u8x16_bitmask(v128_or(one, other))
    }

    /// A bit for each place where a byte is not plain.
    pub(super) fn special(chunk: &[u8; 16]) -> u16 {
        let [quote, backslash, delete] =
            [b'"', b'\\', 0x7f].map(|byte| is(chunk, Letter::exactly(byte)));
        // As signed numbers, all beyond ASCII are below the space.
        let control = i8x16_lt(load(chunk), i8x16_splat(0x20));
        u8x16_bitmask(v128_or(v128_or(quote, backslash), v128_or(delete, control)))
    }
}

#[cfg(not(target_feature = "simd128"))]
mod scalars {
    use super::Letter;

    fn bits(hits: impl Iterator<Item = bool> + Clone) -> u16 {
        // Most chunks have none, which is quick to see.
        if !hits.clone().fold(false, |any, hit| any | hit) {
            return 0;
        }
        let hits = hits.enumerate();
        hits.fold(0, |bits, (at, hit)| bits | u16::from(hit) << at)
    }

    /// A bit for each place where both letters stand.
    pub(super) fn both(a: &[u8; 16], b: &[u8; 16], first: Letter, second: Letter) -> u16 {
        bits(a.iter().zip(b).map(|(a, b)| first.is(*a) & second.is(*b)))
    }

    /// A bit for each place where one of two bytes stands.
    pub(super) fn either(chunk: &[u8; 16], one: u8, other: u8) -> u16 {
        bits(chunk.iter().map(|byte| (*byte == one) | (*byte == other)))
    }

    /// A bit for each place where a byte is not plain.
    pub(super) fn special(chunk: &[u8; 16]) -> u16 {
        bits(chunk.iter().map(|byte| !super::is_plain(*byte)))
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::{Letter, find_either, find_pair, is_plain, plain_run};

    /// SplitMix64, of few different bytes.
    fn bytes(seed: u64, len: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed >> 40) as usize
        };
        (0..len)
            .map(|_| b"aAbB@`{[\"\\\xc1\xe1 "[next() % 13])
            .collect()
    }

    #[test]
    fn at_every_length_and_place_it_finds_what_a_plain_loop_finds() {
        for len in 0..70 {
            for from in 0..=len.min(17) {
                let all = bytes(len as u64 * 100 + from as u64, len);
                let haystack = &all[from..];
                for apart in [0, 1, 2, 15, 16, 40] {
                    for letter in [Letter::exactly, Letter::caseless] {
                        let (first, second) = (letter(b'a'), letter(b'['));
                        let is = |at: usize| {
                            let after = haystack.get(at + apart);
                            first.is(haystack[at]) && after.is_some_and(|b| second.is(*b))
                        };
                        let naive = (0..haystack.len()).find(|at| is(*at));
                        assert_eq!(find_pair(haystack, first, second, apart), naive);
                    }
                }
                let naive = haystack.iter().position(|b| b"\"\\".contains(b));
                assert_eq!(find_either(haystack, b'"', b'\\'), naive);
                let plain = haystack.iter().take_while(|byte| is_plain(**byte)).count();
                assert_eq!(plain_run(haystack), plain);
            }
        }
    }
}
