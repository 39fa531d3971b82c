//! Python's `str()` and `repr()` of what `json.loads` has read.

use super::code_points::CodePoints;
use super::record::string;
use crate::event::json_string::push_text;
use crate::event::numbers::Numbers;

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
    while let Some(first) = rest.get(..1) {
        let word = WORDS.iter().find(|(word, _)| rest.starts_with(word));
        let read = if first == "\"" {
            let inside = rest.get(1..).unwrap_or_default();
            let length = length_of_string(inside);
            push_string(out, inside.get(..length).unwrap_or_default());
            length.saturating_add(2)
        } else if let Some((word, python)) = word {
            out.push_str(python);
            word.len()
        } else {
            out.push_str(first);
            1
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
    let has = |char: char| CodePoints::of(raw).any(|point| point == u32::from(char));
    let quote = if has('\'') && !has('"') { '"' } else { '\'' };
    let mut python = String::with_capacity(raw.len().saturating_add(2));
    python.push(quote);
    for point in CodePoints::of(raw) {
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

/// Python 3.12's `str.isprintable`, of Unicode 15.
fn is_printable(char: char) -> bool {
    let point = u32::from(char);
    if point < 0x80 {
        return matches!(char, ' '..='~');
    }
    let mut end: u32 = 0x80;
    let mut printable = false;
    for length in Numbers::of(PRINTABLE) {
        end = end.saturating_add(length);
        if point < end {
            return printable;
        }
        printable = !printable;
    }
    printable
}

/// The lengths of runs by turns not printable and printable; `scripts/server/printable.py` has
/// written them and tells how.
static PRINTABLE: &[u8] = include_bytes!("printable.bin");

#[cfg(test)]
mod tests {
    use super::is_printable;

    #[test]
    fn as_many_characters_are_printable_as_in_python() {
        let every_17th = (0..=0x10_ffff).step_by(17).filter_map(char::from_u32);
        let printable = every_17th.filter(|char| is_printable(*char)).count();
        assert_eq!(printable, 8_765);
    }
}
