//! The inside of a JSON string literal: read piece by piece, written canonically or decoded.

use std::borrow::Cow;

use super::lanes::plain_run;

/// The text between the quotes of a JSON string whose escapes have been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RawString<'a> {
    pub(crate) raw: &'a str,
    /// `raw` is already what Python's `json.dumps` writes.
    pub(crate) canonical: bool,
}

enum Piece<'a> {
    Plain(&'a str),
    /// An escape: one UTF-16 unit, perhaps half of a pair.
    Unit(u16),
    /// A character written as itself that the canonical form escapes.
    Char(char),
}

struct Pieces<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let run = plain_run(self.rest.as_bytes());
        if run > 0 {
            let (plain, rest) = self.rest.split_at_checked(run)?;
            self.rest = rest;
            return Some(Piece::Plain(plain));
        }
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        if first != '\\' {
            self.rest = chars.as_str();
            return Some(Piece::Char(first));
        }
        let unit = match chars.next()? {
            'b' => 0x08,
            'f' => 0x0c,
            'n' => 0x0a,
            'r' => 0x0d,
            't' => 0x09,
            'u' => {
                let (hex, rest) = chars.as_str().split_at_checked(4)?;
                chars = rest.chars();
                u16::from_str_radix(hex, 16).ok()?
            }
            itself => u16::try_from(u32::from(itself)).ok()?,
        };
        self.rest = chars.as_str();
        Some(Piece::Unit(unit))
    }
}

impl<'a> RawString<'a> {
    fn pieces(&self) -> Pieces<'a> {
        Pieces { rest: self.raw }
    }

    /// Appends the string as `json.dumps` writes it, without quotes.
    pub(crate) fn write_canonical(&self, out: &mut String) {
        if self.canonical {
            out.push_str(self.raw);
            return;
        }
        for piece in self.pieces() {
            match piece {
                Piece::Plain(plain) => out.push_str(plain),
                Piece::Unit(unit) => push_unit(out, unit),
                Piece::Char(char) => push_char(out, char),
            }
        }
    }

    /// The string that is meant, as WTF-8: UTF-8 in which a lone surrogate has three bytes, so
    /// that the order of bytes is Python's order of code points.
    pub(crate) fn decode(&self) -> Cow<'a, [u8]> {
        if plain_run(self.raw.as_bytes()) == self.raw.len() {
            return Cow::Borrowed(self.raw.as_bytes());
        }
        let mut bytes = Vec::with_capacity(self.raw.len());
        let mut high: Option<u16> = None;
        for piece in self.pieces() {
            if let (Some(lead), Piece::Unit(trail @ 0xdc00..=0xdfff)) = (high, &piece)
                && let Some(Ok(pair)) = char::decode_utf16([lead, *trail]).next()
            {
                high = None;
                bytes.extend_from_slice(pair.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            if let Some(lone) = high.take() {
                bytes.extend_from_slice(&surrogate(lone));
            }
            match piece {
                Piece::Plain(plain) => bytes.extend_from_slice(plain.as_bytes()),
                Piece::Char(char) => {
                    bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
                Piece::Unit(lead @ 0xd800..=0xdbff) => high = Some(lead),
                Piece::Unit(unit) => match char::from_u32(u32::from(unit)) {
                    Some(char) => {
                        bytes.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                    None => bytes.extend_from_slice(&surrogate(unit)),
                },
            }
        }
        if let Some(lone) = high {
            bytes.extend_from_slice(&surrogate(lone));
        }
        Cow::Owned(bytes)
    }

    /// The string that is meant; one with lone surrogates stays in its canonical escaped form.
    pub(crate) fn to_text(self) -> Box<str> {
        match String::from_utf8(self.decode().into_owned()) {
            Ok(text) => text.into_boxed_str(),
            Err(_) => {
                let mut escaped = String::new();
                self.write_canonical(&mut escaped);
                escaped.into_boxed_str()
            }
        }
    }
}

/// A lone surrogate's three bytes in WTF-8.
fn surrogate(unit: u16) -> [u8; 3] {
    let [high, low] = unit.to_be_bytes();
    [
        0xe0 | (high >> 4),
        0x80 | ((high & 0x0f) << 2) | (low >> 6),
        0x80 | (low & 0x3f),
    ]
}

fn push_unit(out: &mut String, unit: u16) {
    match u8::try_from(unit) {
        Ok(b'"') => out.push_str("\\\""),
        Ok(b'\\') => out.push_str("\\\\"),
        Ok(0x08) => out.push_str("\\b"),
        Ok(0x0c) => out.push_str("\\f"),
        Ok(b'\n') => out.push_str("\\n"),
        Ok(b'\r') => out.push_str("\\r"),
        Ok(b'\t') => out.push_str("\\t"),
        Ok(byte @ b' '..=b'~') => out.push(char::from(byte)),
        _ => {
            out.push_str("\\u");
            for shift in [12, 8, 4, 0] {
                let digit = u32::from((unit >> shift) & 0xf);
                out.push(char::from_digit(digit, 16).unwrap_or('0'));
            }
        }
    }
}

/// Appends a character as `json.dumps` writes it.
pub(crate) fn push_char(out: &mut String, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        push_unit(out, *unit);
    }
}

/// Appends `text` as `json.dumps` writes it, without quotes.
pub(crate) fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((plain, tail)) = rest.split_at_checked(plain_run(rest.as_bytes())) {
        out.push_str(plain);
        let mut chars = tail.chars();
        let Some(char) = chars.next() else { break };
        push_char(out, char);
        rest = chars.as_str();
    }
}

/// Appends WTF-8 bytes as `json.dumps` writes the string that they mean, without quotes.
pub(crate) fn push_wtf8(out: &mut String, bytes: &[u8]) {
    let mut rest = bytes;
    loop {
        let valid = match std::str::from_utf8(rest) {
            Ok(text) => return push_text(out, text),
            Err(error) => error.valid_up_to(),
        };
        let (text, tail) = rest.split_at_checked(valid).unwrap_or((rest, &[]));
        push_text(out, std::str::from_utf8(text).unwrap_or_default());
        rest = match tail {
            [0xed, second, third, after @ ..] => {
                let low = (u16::from(second & 0x3f) << 6) | u16::from(third & 0x3f);
                push_unit(out, 0xd000 | low);
                after
            }
            [_, after @ ..] => {
                push_char(out, char::REPLACEMENT_CHARACTER);
                after
            }
            [] => return,
        };
    }
}
