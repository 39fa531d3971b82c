//! Every hit is one of a naive search, in any normal form and however it is written.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use caseless::Caseless;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::{finds, ranges};

/// Characters that fold, decompose, combine or are escaped in ways of their own.
const ODD: &[char] = &[
    'a',
    'e',
    'f',
    'i',
    'I',
    'k',
    'K',
    'n',
    's',
    'S',
    't',
    'A',
    ' ',
    ';',
    '`',
    '\n',
    '"',
    '\\',
    '/',
    '\u{7f}',
    '\u{0}',
    'ß',
    'ẞ',
    'ſ',
    '\u{212a}',
    '\u{212b}',
    'å',
    'Å',
    'İ',
    'ı',
    'ﬁ',
    'ﬀ',
    'ﬃ',
    'ﬅ',
    'ŉ',
    'ʼ',
    'ẚ',
    'ʾ',
    'é',
    'É',
    'ǰ',
    '\u{301}',
    '\u{307}',
    '\u{30c}',
    '\u{323}',
    '\u{334}',
    '\u{345}',
    '\u{30a}',
    'α',
    'Α',
    'ᾳ',
    'ᾼ',
    'ᾴ',
    'ι',
    'σ',
    'ς',
    'Σ',
    '\u{37e}',
    '\u{1fef}',
    '가',
    '각',
    '\u{1100}',
    '\u{1161}',
    '\u{11a8}',
    'か',
    'が',
    '\u{3099}',
    '日',
    '\u{f91d}',
    '欄',
    '𐐀',
    '𐐨',
    '😀',
    '\u{fe0f}',
    '\u{200d}',
    '\u{2028}',
    '\u{1d15e}',
    '\u{1d157}',
    '\u{1d165}',
    'Ա',
    'ա',
    'և',
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(ODD), 1..24).prop_map(String::from_iter)
}

/// The form in which texts are compared.
fn form(text: &str) -> String {
    text.nfd().default_case_fold().nfd().collect()
}

/// What can be part of the character before it, in some canonical form.
static PARTS: LazyLock<BTreeSet<char>> = LazyLock::new(|| {
    let mut parts = BTreeSet::new();
    for char in (0..0x11_0000).filter_map(char::from_u32) {
        parts.extend(char.nfd().skip(1));
    }
    parts
});

/// A character that stands for itself begins here.
fn is_border(text: &str, at: usize) -> bool {
    let next = text[at..].nfd().next();
    let part = |next| canonical_combining_class(next) != 0 || PARTS.contains(&next);
    at == 0 || !next.is_some_and(part)
}

/// Every hit, the first ones first, by trying all pieces of the text.
fn oracle(query: &str, text: &str) -> Vec<(usize, usize)> {
    let wanted = form(query);
    let borders: Vec<usize> = (0..=text.len())
        .filter(|at| text.is_char_boundary(*at) && is_border(text, *at))
        .collect();
    let units = |at: usize| text[..at].encode_utf16().count();
    let mut hits = Vec::new();
    let mut free = 0;
    for (index, start) in borders.iter().enumerate() {
        let mut ends = borders[index + 1..].iter();
        if *start >= free
            && let Some(end) = ends.find(|end| form(&text[*start..**end]) == wanted)
        {
            hits.push((units(*start), units(*end)));
            free = *end;
        }
    }
    hits
}

/// A piece of the text, written otherwise.
fn rewritten(text: &str, from: usize, length: usize, way: u8) -> String {
    let chars: Vec<char> = text.chars().collect();
    let from = from % chars.len();
    let piece: String = chars[from..].iter().take(length).collect();
    match way % 6 {
        0 => piece,
        1 => piece.to_uppercase(),
        2 => piece.to_lowercase(),
        3 => piece.nfc().collect(),
        4 => piece.nfd().collect(),
        _ => form(&piece),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn hits_are_those_of_a_naive_search(
        text in text(),
        other in text(),
        from in 0usize..24,
        length in 1usize..6,
        way: u8,
        foreign in prop::bool::weighted(0.1),
    ) {
        let query = match foreign {
            true => other.chars().take(length).collect(),
            false => rewritten(&text, from, length, way),
        };
        prop_assert_eq!(ranges(&query, &text), oracle(&query, &text), "{:?} in {:?}", query, text);
    }

    #[test]
    fn a_text_is_found_whatever_its_normal_form(text in text(), from in 0usize..24, length in 1usize..6) {
        let query = rewritten(&text, from, length, 0);
        let (composed, decomposed): (String, String) = (text.nfc().collect(), text.nfd().collect());
        let found = finds(&query, &text);
        prop_assert_eq!(finds(&query, &composed), found);
        prop_assert_eq!(finds(&query, &decomposed), found);
        prop_assert_eq!(finds(&query.nfc().collect::<String>(), &text), found);
        prop_assert_eq!(finds(&query.nfd().collect::<String>(), &text), found);
    }

    #[test]
    fn no_key_and_no_escape_is_ever_found(content in text(), query in "[a-z0-9\\\\\"{}:, ]{1,4}") {
        prop_assert_eq!(ranges(&query, &content), oracle(&query, &content));
    }
}
