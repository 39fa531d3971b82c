//! WebAssembly's vectors find what a plain loop finds, at every length and every place.
#![cfg(target_arch = "wasm32")]

use oh_event_store::event::{Event, dumps};
use oh_event_store::filter::AsciiFinder;
use oh_event_store::page::{SIGNATURE_BYTES, Signatures};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// SplitMix64, of few different bytes.
fn bytes(seed: usize, len: usize) -> Vec<u8> {
    let mut state = seed as u64;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 40) as usize
    };
    (0..len)
        .map(|_| b"aAbB@`{[\x7f\xc1\xe1 "[next() % 12])
        .collect()
}

#[wasm_bindgen_test]
fn a_query_of_any_length_in_bytes_of_any_length() {
    let mut found = 0;
    for len in 0..70 {
        for from in 0..=len.min(17) {
            let all = bytes(len * 100 + from, len);
            let haystack = &all[from..];
            for needle in ["a", "[", "aB", "b[", "@a", "`@", "ab{", "a[@ bB"] {
                let windows = haystack.windows(needle.len());
                let same = |window: &[u8]| window.eq_ignore_ascii_case(needle.as_bytes());
                let naive = windows
                    .enumerate()
                    .find_map(|(at, w)| same(w).then_some(at));
                assert_eq!(
                    AsciiFinder::new(needle).find(haystack),
                    naive,
                    "{haystack:?}"
                );
                found += u32::from(naive.is_some());
            }
            for apart in 1..40 {
                let needle = format!("a{}b", "x".repeat(apart));
                let at = haystack.len().saturating_sub(needle.len());
                let mut other = haystack.to_vec();
                other.truncate(at);
                other.extend_from_slice(needle.to_uppercase().as_bytes());
                assert_eq!(AsciiFinder::new(&needle).find(&other), Some(at));
            }
        }
    }
    assert!(found > 1000, "{found}");
}

#[wasm_bindgen_test]
fn strings_of_any_length_end_where_they_end() {
    for len in 0..70 {
        for escape in 0..=len {
            let (before, after) = ("x".repeat(escape), "y".repeat(len - escape));
            let json = format!("{{\"id\": 1, \"a\": \"{before}\\\"{after}\", \"action\": \"b\"}}");
            assert_eq!(dumps(json.as_bytes()).as_deref(), Ok(json.as_str()));
            let event = Event::from_canonical(json.into()).unwrap();
            assert_eq!(event.header.kind.action_name(), Some("b"));
        }
    }
}

/// As `format.md` says it.
fn signature(texts: &[u8]) -> Vec<u8> {
    let mut bits = vec![0; SIGNATURE_BYTES];
    for window in texts.windows(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(window[at].to_ascii_lowercase()));
        let bit = ((a << 24 | b << 16 | c << 8).wrapping_mul(0x9e37_79b1) >> 18) as usize;
        bits[bit / 8] |= 1 << (bit % 8);
    }
    bits
}

#[wasm_bindgen_test]
fn texts_of_any_length_have_the_signature_that_the_format_says() {
    for len in (0..70).chain([1000, 20_000]) {
        for from in 0..=len.min(17) {
            let all = bytes(len * 100 + from, len);
            let mut signatures = Signatures::default();
            signatures.add(7, &all[from..]);
            assert_eq!(signatures.get(7), Some(&*signature(&all[from..])), "{len}");
        }
    }
}
