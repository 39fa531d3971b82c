//! CRC-32C (Castagnoli), eight bytes at a step. Its tables are made when they are first needed:
//! stored, they would be a tenth of what the browser has to load.

use std::sync::OnceLock;

/// The polynomial with its bits reversed.
const POLYNOMIAL: u32 = 0x82f6_3b78;

type Tables = [[u32; 256]; 8];

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Box<Tables>> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut tables = Box::new([[0; 256]; 8]);
        for byte in 0..=u8::MAX {
            let mut sum = u32::from(byte);
            for table in tables.iter_mut() {
                for _ in 0..8 {
                    sum = (sum >> 1) ^ (POLYNOMIAL & (sum & 1).wrapping_neg());
                }
                if let Some(entry) = table.get_mut(usize::from(byte)) {
                    *entry = sum;
                }
            }
        }
        tables
    })
}

/// The checksum of `bytes`.
// The index of a table of 256 is a byte.
#[allow(clippy::indexing_slicing)]
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    let tables = tables();
    let (chunks, rest) = bytes.as_chunks::<8>();
    let mut sum = !0;
    for chunk in chunks {
        let [a, b, c, d, e, f, g, h] = (u64::from_le_bytes(*chunk) ^ u64::from(sum)).to_le_bytes();
        let [t0, t1, t2, t3, t4, t5, t6, t7] = tables;
        sum = t7[usize::from(a)]
            ^ t6[usize::from(b)]
            ^ t5[usize::from(c)]
            ^ t4[usize::from(d)]
            ^ t3[usize::from(e)]
            ^ t2[usize::from(f)]
            ^ t1[usize::from(g)]
            ^ t0[usize::from(h)];
    }
    for byte in rest {
        let [low, ..] = sum.to_le_bytes();
        sum = tables[0][usize::from(low ^ byte)] ^ (sum >> 8);
    }
    !sum
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::crc32c;

    proptest! {
        #[test]
        fn it_is_castagnolis_checksum(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(crc32c(&bytes), crc32c::crc32c(&bytes));
        }
    }
}
