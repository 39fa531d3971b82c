//! The bits of all trigrams of a text: by WebAssembly's vectors where they are, else one by one.

/// There are 2^14 bits.
pub(super) const BITS: usize = 1 << 14;

/// What stands for a bit that is set, in a byte of its own.
const SET: u8 = 0x80;

/// The bit of a trigram, whose bytes are the lowest three.
pub(super) fn bit(trigram: u32) -> usize {
    ((trigram << 8).wrapping_mul(GOLDEN) >> SHIFT) as usize
}

const GOLDEN: u32 = 0x9e37_79b1;
const SHIFT: u32 = 32 - BITS.trailing_zeros();

/// The trigram after another one; its bytes are the lowest three.
pub(super) fn following(trigram: u32, byte: u8) -> u32 {
    trigram << 8 | u32::from(byte.to_ascii_lowercase())
}

/// The set of the bits of the trigrams in texts, upper and lower case being the same: eight to a
/// byte, the lowest first.
pub(super) fn bits_of(texts: &[u8]) -> [u8; BITS / 8] {
    let mut seen = [0; BITS];
    // All bytes of all texts go through here: plain loops, with no bound to check in them.
    let done = mark_most(texts, &mut seen);
    let rest = texts.get(done..).unwrap_or_default();
    let (before, rest) = rest.split_at_checked(2).unwrap_or((rest, &[]));
    let mut trigram = before.iter().fold(0, |all, byte| following(all, *byte));
    for byte in rest {
        trigram = following(trigram, *byte);
        mark(&mut seen, bit(trigram));
    }
    let mut bits = [0; BITS / 8];
    let pairs = bits.as_chunks_mut::<2>().0.iter_mut();
    for (pair, seen) in pairs.zip(seen.as_chunks::<16>().0) {
        *pair = pack(seen).to_le_bytes();
    }
    bits
}

fn mark(seen: &mut [u8; BITS], bit: usize) {
    if let Some(seen) = seen.get_mut(bit % BITS) {
        *seen = SET;
    }
}

#[cfg(target_feature = "simd128")]
use vectors::{mark_most, pack};

#[cfg(not(target_feature = "simd128"))]
use scalars::{mark_most, pack};

#[cfg(target_feature = "simd128")]
mod vectors {
    use core::arch::wasm32::{
        i8x16_shuffle, i32x4_mul, u8x16_bitmask, u8x16_le, u8x16_splat, u8x16_sub,
        u32x4_extract_lane, u32x4_shr, u32x4_splat, v128_and, v128_or,
    };

    use super::{BITS, GOLDEN, SHIFT, mark};
    use crate::event::load;

    /// How many trigrams are marked at once.
    const STEP: usize = 12;

    /// Marks those that begin in all but the last bytes; answers where the first of the rest is.
    pub(super) fn mark_most(texts: &[u8], seen: &mut [u8; BITS]) -> usize {
        let mut rest = texts;
        while let Some(chunk) = rest.first_chunk::<16>() {
            let chunk = load(chunk);
            let is_upper = u8x16_le(u8x16_sub(chunk, u8x16_splat(b'A')), u8x16_splat(25));
            let lower = v128_or(chunk, v128_and(is_upper, u8x16_splat(0x20)));
            let zero = u8x16_splat(0);
            // Four trigrams each, as what `bit` multiplies.
            let lanes = [
                i8x16_shuffle::<16, 2, 1, 0, 16, 3, 2, 1, 16, 4, 3, 2, 16, 5, 4, 3>(lower, zero),
                i8x16_shuffle::<16, 6, 5, 4, 16, 7, 6, 5, 16, 8, 7, 6, 16, 9, 8, 7>(lower, zero),
                i8x16_shuffle::<16, 10, 9, 8, 16, 11, 10, 9, 16, 12, 11, 10, 16, 13, 12, 11>(
                    lower, zero,
                ),
            ];
            for four in lanes {
                let bits = u32x4_shr(i32x4_mul(four, u32x4_splat(GOLDEN)), SHIFT);
                mark(seen, u32x4_extract_lane::<0>(bits) as usize);
                mark(seen, u32x4_extract_lane::<1>(bits) as usize);
                mark(seen, u32x4_extract_lane::<2>(bits) as usize);
                mark(seen, u32x4_extract_lane::<3>(bits) as usize);
            }
            rest = rest.get(STEP..).unwrap_or_default();
        }
        texts.len().saturating_sub(rest.len())
    }

    pub(super) fn pack(seen: &[u8; 16]) -> u16 {
        u8x16_bitmask(load(seen))
    }
}

#[cfg(not(target_feature = "simd128"))]
mod scalars {
    use super::BITS;

    /// Leaves all to the loop over single bytes.
    pub(super) fn mark_most(_texts: &[u8], _seen: &mut [u8; BITS]) -> usize {
        0
    }

    pub(super) fn pack(seen: &[u8; 16]) -> u16 {
        let bits = seen.iter().rev();
        bits.fold(0, |bits, bit| bits << 1 | u16::from(*bit != 0))
    }
}
