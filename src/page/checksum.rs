//! XXH64 with seed 0: four multiplications at once, no tables. A CRC-32C in WebAssembly, which has
//! no instruction for it, takes six times as long: most of what reading a page would cost.

const P1: u64 = 0x9e37_79b1_85eb_ca87;
const P2: u64 = 0xc2b2_ae3d_27d4_eb4f;
const P3: u64 = 0x1656_67b1_9e37_79f9;
const P4: u64 = 0x85eb_ca77_c2b2_ae63;
const P5: u64 = 0x27d4_eb2f_1656_67c5;

fn round(lane: u64, word: u64) -> u64 {
    let sum = lane.wrapping_add(word.wrapping_mul(P2));
    sum.rotate_left(31).wrapping_mul(P1)
}

/// The checksum of `bytes`.
pub(crate) fn xxh64(bytes: &[u8]) -> u64 {
    let (stripes, rest) = bytes.as_chunks::<32>();
    let mut hash = P5;
    if !stripes.is_empty() {
        let mut lanes = [P1.wrapping_add(P2), P2, 0, P1.wrapping_neg()];
        for stripe in stripes {
            for (lane, word) in lanes.iter_mut().zip(stripe.as_chunks::<8>().0) {
                *lane = round(*lane, u64::from_le_bytes(*word));
            }
        }
        let turned = lanes.iter().zip([1, 7, 12, 18]);
        let turned = turned.map(|(lane, turn)| lane.rotate_left(turn));
        hash = turned.fold(0, u64::wrapping_add);
        for lane in lanes {
            hash = (hash ^ round(0, lane)).wrapping_mul(P1).wrapping_add(P4);
        }
    }
    hash = hash.wrapping_add(bytes.len() as u64);
    let (words, rest) = rest.as_chunks::<8>();
    for word in words {
        let mixed = (hash ^ round(0, u64::from_le_bytes(*word))).rotate_left(27);
        hash = mixed.wrapping_mul(P1).wrapping_add(P4);
    }
    let (halves, rest) = rest.as_chunks::<4>();
    for half in halves {
        let half = u64::from(u32::from_le_bytes(*half)).wrapping_mul(P1);
        let mixed = (hash ^ half).rotate_left(23);
        hash = mixed.wrapping_mul(P2).wrapping_add(P3);
    }
    for byte in rest {
        let mixed = hash ^ u64::from(*byte).wrapping_mul(P5);
        hash = mixed.rotate_left(11).wrapping_mul(P1);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(P2);
    hash = (hash ^ (hash >> 29)).wrapping_mul(P3);
    hash ^ (hash >> 32)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::xxh64;

    proptest! {
        #[test]
        fn it_is_what_others_call_xxh64(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(xxh64(&bytes), xxhash_rust::xxh64::xxh64(&bytes, 0));
        }
    }
}
