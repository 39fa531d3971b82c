//! The remote store asks for the same pages and finds the same events as the server's own.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/vectors.rs"]
mod vectors;

use std::path::Path;

use vectors::{Tally, compare};

#[test]
fn it_asks_and_finds_as_the_servers_own_does() {
    let file = "tests/data/vectors/nested/nested.json";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).expect("a readable file");
    let mut tally = Tally::default();
    compare(file, &text, &mut tally).expect("vectors");
    assert!(tally.passed > 400, "{} passed", tally.passed);
    assert_eq!(tally.failed, 0);
}
