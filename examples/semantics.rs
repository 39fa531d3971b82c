//! Compares this crate with answers that the OpenHands server gave.
//!
//! `cargo run --release --example semantics -- FILE…` reads vector files of searches, canonical
//! texts and secrets. Every difference is a line; the last line is `N passed, N failed`; the exit
//! status is 1 if anything failed or could not be read.

#[path = "../tests/support/vectors.rs"]
mod vectors;

use std::process::ExitCode;

use vectors::{Tally, compare};

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut tally = Tally::default();
    if files.is_empty() {
        tally.fail("no vector files were named");
    }
    for file in &files {
        let read = std::fs::read_to_string(file).map_err(|error| error.to_string());
        if let Err(error) = read.and_then(|text| compare(file, &text, &mut tally)) {
            tally.fail(&format!("{file}: can't be read as vectors: {error}"));
        }
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    ExitCode::from(u8::from(tally.failed > 0))
}
