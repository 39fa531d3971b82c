//! Python's `str()` and `repr()` of what `json.loads` has read.

use super::code_points::CodePoints;
use super::record::string;
use crate::event::json_string::push_text;

/// Words of JSON and Python's for them.
const WORDS: [(&str, &str); 5] = [
    ("true", "True"),
    ("false", "False"),
    ("null", "None"),
    ("NaN", "nan"),
    ("Infinity", "inf"),
];

/// Writes `str(value)` of canonical JSON, as the inside of a canonical string.
pub(super) fn push_text_of(out: &mut String, json: &str) {
    match string(json) {
        Some(raw) => out.push_str(raw),
        None => push_repr(out, json),
    }
}

/// Writes `repr(value)`: but for strings and words both languages write alike.
pub(super) fn push_repr(out: &mut String, json: &str) {
    let mut rest = json;
    while let Some(first) = rest.chars().next() {
        let word = WORDS.iter().find(|(word, _)| rest.starts_with(word));
        let read = if first == '"' {
            let inside = rest.get(1..).unwrap_or_default();
            let length = length_of_string(inside);
            push_string(out, inside.get(..length).unwrap_or_default());
            length.saturating_add(2)
        } else if let Some((word, python)) = word {
            out.push_str(python);
            word.len()
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = rest.get(read..).unwrap_or_default();
    }
}

/// How many bytes come before the quote that ends a string.
fn length_of_string(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

fn push_string(out: &mut String, raw: &str) {
    let has = |char: char| CodePoints::of(raw).any(|(_, point)| point == u32::from(char));
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut python = String::with_capacity(raw.len().saturating_add(2));
    python.push(quote);
    for (_, point) in CodePoints::of(raw) {
        match char::from_u32(point) {
            Some(char) if char == quote || char == '\\' => python.extend(['\\', char]),
            Some('\n') => python.push_str("\\n"),
            Some('\r') => python.push_str("\\r"),
            Some('\t') => python.push_str("\\t"),
            Some(char) if is_printable(char) => python.push(char),
            _ => push_escape(&mut python, point),
        }
    }
    python.push(quote);
    push_text(out, &python);
}

fn push_escape(out: &mut String, point: u32) {
    let (letter, digits) = match point {
        0..0x100 => ('x', 2),
        0x100..0x1_0000 => ('u', 4),
        _ => ('U', 8),
    };
    out.extend(['\\', letter]);
    for digit in (0..digits).rev() {
        let value = point.checked_shr(4_u32.saturating_mul(digit)).unwrap_or(0) & 0xf;
        out.push(char::from_digit(value, 16).unwrap_or('0'));
    }
}

/// Python's `str.isprintable`, of Unicode 14.
fn is_printable(char: char) -> bool {
    let point = u32::from(char);
    if point < 0x7f {
        return point >= u32::from(' ');
    }
    let is_newer =
        |(first, more): &(u32, u32)| (*first..=first.saturating_add(*more)).contains(&point);
    // After another character, so that a combining one is not escaped for standing alone.
    let text: String = ['a', char].iter().collect();
    text.escape_debug().nth(1) != Some('\\') && !NEWER.iter().any(is_newer)
}

/// What Rust holds printable and Python 3.11 doesn't know yet: the first character, and how many
/// follow.
#[rustfmt::skip]
static NEWER: [(u32, u32); 110] = [
    (0x88f, 0), (0x897, 0), (0xc5c, 0), (0xcdc, 0), (0xcf3, 0), (0xece, 0), (0x1acf, 14),
    (0x1ae0, 11), (0x1b4e, 1), (0x1b7f, 0), (0x1c89, 1), (0x20c1, 0), (0x2427, 2), (0x2b96, 0),
    (0x2ffc, 3), (0x31e4, 1), (0x31ef, 0), (0xa7cb, 4), (0xa7d2, 0), (0xa7d4, 0), (0xa7da, 2),
    (0xa7f1, 0), (0xfbc3, 15), (0xfd90, 1), (0xfdc8, 6), (0x105c0, 51), (0x10940, 25),
    (0x10d40, 37), (0x10d69, 28), (0x10d8e, 1), (0x10ec2, 5), (0x10ed0, 8), (0x10efa, 5),
    (0x1123f, 2), (0x11380, 9), (0x1138b, 0), (0x1138e, 0), (0x11390, 37), (0x113b7, 9),
    (0x113c2, 0), (0x113c5, 0), (0x113c7, 3), (0x113cc, 9), (0x113d7, 1), (0x113e1, 1),
    (0x116d0, 19), (0x11b00, 9), (0x11b60, 7), (0x11bc0, 33), (0x11bf0, 9), (0x11db0, 43),
    (0x11de0, 9), (0x11f00, 16), (0x11f12, 40), (0x11f3e, 28), (0x1342f, 0), (0x13440, 21),
    (0x13460, 3994), (0x16100, 57), (0x16d40, 57), (0x16ea0, 24), (0x16ebb, 24), (0x16ff2, 4),
    (0x187f8, 7), (0x18cff, 0), (0x18d09, 21), (0x18d80, 114), (0x1b132, 0), (0x1b155, 0),
    (0x1cc00, 252), (0x1cd00, 435), (0x1ceba, 22), (0x1cee0, 16), (0x1d2c0, 19), (0x1df25, 5),
    (0x1e030, 61), (0x1e08f, 0), (0x1e4d0, 41), (0x1e5d0, 42), (0x1e5ff, 0), (0x1e6c0, 30),
    (0x1e6e0, 21), (0x1e6fe, 1), (0x1f6d8, 0), (0x1f6dc, 0), (0x1f774, 11), (0x1f7d9, 0),
    (0x1f8b2, 9), (0x1f8c0, 1), (0x1f8d0, 8), (0x1fa54, 3), (0x1fa75, 2), (0x1fa87, 3),
    (0x1fa8e, 1), (0x1faad, 2), (0x1fabb, 4), (0x1fac6, 0), (0x1fac8, 0), (0x1facd, 2),
    (0x1fada, 2), (0x1fadf, 0), (0x1fae8, 2), (0x1faef, 0), (0x1faf7, 1), (0x1fbcb, 36),
    (0x1fbfa, 0), (0x2b739, 6), (0x2cea2, 11), (0x2ebf0, 621), (0x31350, 8489),
];

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn as_many_characters_are_printable_as_in_python() {
        let printable = ('\0'..=char::MAX)
            .filter(|char| is_printable(*char))
            .count();
        assert_eq!(printable, 144516);
    }
}
