//! Search for people: a text is found in what they read of an event, however it is written.
//!
//! Compared is `fold(NFD(text))`, Unicode's canonical caseless matching (D145): `STRASSE` finds
//! `straße`, and `café` finds `Café` whether its accent stands alone or not. It is NFD and not NFC
//! because folding what is decomposed leaves it decomposed, so that one normalisation does, and
//! because characters that only differ from others by a mark need no folding of their own then.
//!
//! A hit begins and ends between characters, each taken with all that combines with it (accents,
//! the parts of a Hangul syllable): `cafe` doesn't find `café`, however that is stored.

mod caseless;

use caseless::{Caseless, LIKE_ASCII};
pub use caseless::{Decompose, undecomposed};

use super::AsciiFinder;
use crate::event::{Needle, RawString, Step, find_either, push_text, read_texts};

/// The most ranges that are told of one event.
pub const MAX_RANGES: usize = 1000;

/// Finds a text in what people read of an event.
#[derive(Clone, Debug)]
pub struct TextFinder {
    caseless: Caseless,
    /// The text in the form in which it is compared.
    form: Needle,
    /// The same, where it is ASCII.
    ascii: Option<AsciiFinder>,
    /// What stored text that holds no character of [`LIKE_ASCII`] must hold, as it is stored.
    stored: AsciiFinder,
}

impl TextFinder {
    /// Prepares to find `text`.
    #[must_use]
    pub fn new(text: &str, decompose: Decompose) -> TextFinder {
        let caseless = Caseless::new(decompose);
        let bytes = caseless.form(text).bytes;
        let form = str::from_utf8(&bytes).unwrap_or_default();
        let mut stored = String::new();
        push_text(&mut stored, caseless.longest_ascii(form));
        TextFinder {
            stored: AsciiFinder::new(&stored),
            ascii: form.is_ascii().then(|| AsciiFinder::new(form)),
            form: Needle::new(&bytes),
            caseless,
        }
    }

    /// Whether it occurs in an event, which is given by its canonical text.
    #[must_use]
    pub fn finds(&self, json: &str) -> bool {
        let mut found = false;
        if self.may_occur(json) {
            read_texts(json, &mut |_, text| {
                self.each(text, &mut |_, _| {
                    found = true;
                    false
                });
                !found
            });
        }
        found
    }

    /// Where it occurs, as JSON: a list of `{"path": […], "ranges": [[start, end], …]}`, a path
    /// made of keys and of places in lists, a range of UTF-16 units, the end not included. Ranges
    /// don't overlap, and there are at most [`MAX_RANGES`].
    #[must_use]
    pub fn highlights(&self, json: &str) -> String {
        let mut out = String::from("[");
        let mut left = MAX_RANGES;
        read_texts(json, &mut |path, text| {
            let mut first = true;
            self.each(text, &mut |start, end| {
                if first {
                    push_path(&mut out, path);
                } else {
                    out.push(',');
                }
                out.push('[');
                push_number(&mut out, start);
                out.push(',');
                push_number(&mut out, end);
                out.push(']');
                first = false;
                left = left.saturating_sub(1);
                left > 0
            });
            if !first {
                out.push_str("]}");
            }
            left > 0
        });
        out.push(']');
        out
    }

    /// Whether it can occur in stored text, or in the inside of a stored string. `false` is certain.
    fn may_occur(&self, stored: &str) -> bool {
        if self.stored.needle().is_empty() {
            return has_escape(stored, |char| !char.is_ascii());
        }
        self.stored.find(stored.as_bytes()).is_some()
            || has_escape(stored, |char| LIKE_ASCII.chars().any(|like| like == char))
    }

    /// Hands `take` each hit, as places in UTF-16 units, until that says stop.
    fn each(&self, text: RawString<'_>, take: &mut dyn FnMut(u32, u32) -> bool) {
        if !self.may_occur(text.raw) {
            return;
        }
        let decoded = text.decode();
        if decoded.is_ascii() {
            if let Some(finder) = &self.ascii {
                each_of_ascii(finder, &decoded, take);
            }
            return;
        }
        let form = self.caseless.form(&lossy(&decoded));
        let mut at = 0;
        while let Some(found) = form.bytes.get(at..).and_then(|rest| self.form.find(rest)) {
            let start = at.saturating_add(found);
            let end = start.saturating_add(self.form.len());
            at = match (form.place(start), form.place(end)) {
                (Some(start), Some(place)) if !take(start, place) => return,
                (Some(_), Some(_)) => end,
                _ => start.saturating_add(1),
            };
        }
    }
}

fn each_of_ascii(finder: &AsciiFinder, text: &[u8], take: &mut dyn FnMut(u32, u32) -> bool) {
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| finder.find(rest)) {
        let start = at.saturating_add(found);
        at = start.saturating_add(finder.needle().len());
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if !take(place(start), place(at)) {
            return;
        }
    }
}

/// Whether one of the characters that are stored as `\u` and four digits is wanted. Half of a pair
/// stands for itself as U+FFFD.
fn has_escape(stored: &str, wanted: fn(char) -> bool) -> bool {
    let mut rest = stored.as_bytes();
    while let Some(at) = find_either(rest, b'\\', b'\\') {
        rest = rest.get(at.saturating_add(1)..).unwrap_or_default();
        let (hex, after) = match rest {
            [b'u', after @ ..] => after.split_at_checked(4).unwrap_or_default(),
            [_, after @ ..] => (&[][..], after),
            [] => return false,
        };
        rest = after;
        if let Ok(hex) = str::from_utf8(hex)
            && let Ok(unit) = u32::from_str_radix(hex, 16)
            && wanted(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER))
        {
            return true;
        }
    }
    false
}

/// The text with U+FFFD in the place of lone surrogates, of whose three bytes only the first is ED.
fn lossy(wtf8: &[u8]) -> String {
    let mut text = String::with_capacity(wtf8.len());
    for chunk in wtf8.utf8_chunks() {
        text.push_str(chunk.valid());
        if chunk.invalid().first() == Some(&0xed) {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

fn push_path(out: &mut String, path: &[Step<'_>]) {
    out.push_str(if out.len() > 1 {
        ",{\"path\":["
    } else {
        "{\"path\":["
    });
    for (index, step) in path.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match step {
            Step::Key(key) => out.extend(["\"", *key, "\""]),
            Step::Item(place) => push_number(out, *place),
        }
    }
    out.push_str("],\"ranges\":[");
}

fn push_number(out: &mut String, number: u32) {
    out.push_str(&number.to_string());
}
