//! Python's `ast.literal_eval` of what `repr` writes for values that JSON has.

use super::code_points::hexadecimal;
use crate::event::dumps;
use crate::event::json_string::push_text;

/// The literal as canonical JSON; `None` if it is none that `repr` writes for JSON's values, or has
/// lone surrogates.
pub(super) fn literal(python: &str) -> Option<String> {
    let mut out = String::with_capacity(python.len());
    let mut rest = python;
    while let Some(first) = rest.as_bytes().first() {
        let word = WORDS.iter().find(|(word, _)| rest.starts_with(word));
        rest = if let Some((word, json)) = word {
            out.push_str(json);
            rest.strip_prefix(word)?
        } else if matches!(first, b'\'' | b'"') {
            push_string(&mut out, rest)?
        } else {
            // Beside strings and words all is ASCII.
            out.push_str(rest.get(..1)?);
            rest.get(1..)?
        };
    }
    // The grammar is JSON's now, and a repeated key has its last value.
    dumps(out.as_bytes()).ok()
}

/// Python's words; those of JSON are none.
const WORDS: [(&str, &str); 8] = [
    ("True", "true"),
    ("False", "false"),
    ("None", "null"),
    ("true", "?"),
    ("false", "?"),
    ("null", "?"),
    ("NaN", "?"),
    ("Infinity", "?"),
];

/// Writes the string that begins here as a JSON string; what follows it.
fn push_string<'a>(out: &mut String, python: &'a str) -> Option<&'a str> {
    let mut text = String::new();
    let mut chars = python.chars();
    let quote = chars.next()?;
    let mut escaped = false;
    loop {
        let char = chars.next()?;
        if !std::mem::replace(&mut escaped, false) {
            match char {
                '\\' => escaped = true,
                '\n' => return None,
                _ if char == quote => break,
                _ => text.push(char),
            }
            continue;
        }
        let digits = match char {
            '\n' => continue,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='7' | 'N' => return None,
            _ => 0,
        };
        if digits > 0 {
            let (number, rest) = chars.as_str().split_at_checked(digits)?;
            chars = rest.chars();
            text.push(char::from_u32(hexadecimal(number)?)?);
        } else if let Some((_, meant)) = ESCAPES.iter().find(|(letter, _)| *letter == char) {
            text.push(*meant);
        } else {
            text.extend(['\\', char]);
        }
    }
    out.push('"');
    push_text(out, &text);
    out.push('"');
    Some(chars.as_str())
}

const ESCAPES: [(char, char); 10] = [
    ('n', '\n'),
    ('r', '\r'),
    ('t', '\t'),
    ('a', '\u{7}'),
    ('b', '\u{8}'),
    ('f', '\u{c}'),
    ('v', '\u{b}'),
    ('\\', '\\'),
    ('\'', '\''),
    ('"', '"'),
];
