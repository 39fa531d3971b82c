//! The tables of `src/filter/text/` say what Unicode's data say. With `WRITE_TABLES=1` they are
//! written anew, which is due when `caseless` or `unicode-normalization` knows a newer Unicode.
//!
//! Numbers have seven bits a byte, the lowest first, the eighth bit on all but a number's last byte.
#![cfg(not(target_arch = "wasm32"))]

use std::path::Path;

use caseless::Caseless;
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

fn every_char() -> impl Iterator<Item = char> {
    (0..=u32::from(char::MAX)).filter_map(char::from_u32)
}

fn decomposed(char: char) -> Vec<char> {
    let mut parts = Vec::new();
    decompose_canonical(char, |part| parts.push(part));
    parts
}

fn push(out: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        out.push(number as u8 & 0x7f | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// What folds to one other character, and the distance to that; but for ASCII's letters and what is
/// decomposed before it is folded.
fn folds() -> Vec<(u32, i32)> {
    let mut found = Vec::new();
    for char in every_char().filter(|char| !char.is_ascii() && decomposed(*char) == [*char]) {
        let folded: Vec<char> = std::iter::once(char).default_case_fold().collect();
        if let [folded] = folded[..]
            && folded != char
        {
            found.push((char as u32, folded as i32 - char as i32));
        }
    }
    found
}

/// Runs of such characters. Of each: the distance of its first character from the last one of the
/// run before; the count, times two, plus one if only every second character belongs to it; the
/// distance to what they fold to, times two, from -1 on in the other direction if it is negative.
fn folding() -> Vec<u8> {
    let folds = folds();
    let mut out = Vec::new();
    let (mut at, mut last) = (0, 0);
    while let Some((first, distance)) = folds.get(at).copied() {
        let count = |step: u32| {
            let run = (0..).zip(&folds[at..]);
            run.take_while(|(index, fold)| **fold == (first + step * index, distance))
                .count()
        };
        let step = if count(2) > count(1) { 2 } else { 1 };
        let count = count(step);
        push(&mut out, first - last);
        push(&mut out, count as u32 * 2 + step - 1);
        push(&mut out, ((distance << 1) ^ (distance >> 31)) as u32);
        at += count;
        last = folds[at - 1].0;
    }
    out
}

/// Characters that combine with what stands before them in some canonical form, as the lengths of
/// runs by turns of those that don't and those that do.
fn extending() -> Vec<u8> {
    let mut extends = vec![false; 0x11_0000];
    for char in every_char() {
        extends[char as usize] |= canonical_combining_class(char) != 0;
        for part in &decomposed(char)[1..] {
            extends[*part as usize] = true;
        }
    }
    for char in every_char() {
        extends[char as usize] |= extends[decomposed(char)[0] as usize];
    }
    let mut out = Vec::new();
    let (mut start, mut inside) = (0, false);
    for (point, extends) in (0..).zip(extends) {
        if extends != inside {
            push(&mut out, point - start);
            (start, inside) = (point, extends);
        }
    }
    out
}

#[test]
fn the_tables_are_those_of_unicode() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/filter/text");
    for (name, table) in [("folding.bin", folding()), ("extending.bin", extending())] {
        let file = folder.join(name);
        if std::env::var_os("WRITE_TABLES").is_some() {
            std::fs::write(&file, &table).expect("the table can be written");
        }
        let stored = std::fs::read(&file).expect("the table is there");
        assert!(stored == table, "{name}: WRITE_TABLES=1 writes it anew");
    }
}
