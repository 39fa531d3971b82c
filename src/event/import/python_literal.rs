//! Python's `ast.literal_eval` of what `repr` writes for values that JSON has.

use crate::event::dumps;
use crate::event::json_string::push_text;

/// The literal as canonical JSON; `None` if it is none that `repr` writes for JSON's values: tuples,
/// sets, bytes and the like.
pub(super) fn literal(python: &str) -> Option<String> {
    let mut out = String::with_capacity(python.len());
    let mut rest = python;
    while let Some(first) = rest.chars().next() {
        let word = WORDS.iter().find(|(word, _)| rest.starts_with(word));
        rest = match (first, word) {
            ('\'' | '"', _) => push_string(&mut out, rest)?,
            (_, Some((word, json))) => {
                out.push_str(json);
                rest.strip_prefix(word)?
            }
            _ => {
                out.push(first);
                rest.strip_prefix(first)?
            }
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
    let mut chars = python.chars();
    let quote = chars.next()?;
    out.push('"');
    loop {
        let char = chars.next()?;
        if char == quote {
            out.push('"');
            return Some(chars.as_str());
        }
        if char == '\n' {
            return None;
        }
        if char != '\\' {
            push_char(out, char);
            continue;
        }
        let digits = match chars.next()? {
            '\n' => continue,
            'x' => 2,
            'u' => 4,
            'U' => 8,
            '0'..='7' | 'N' => return None,
            escape => {
                match ESCAPES.iter().find(|(letter, _)| *letter == escape) {
                    Some((_, meant)) => push_char(out, *meant),
                    None => {
                        push_char(out, '\\');
                        push_char(out, escape);
                    }
                }
                continue;
            }
        };
        let (number, rest) = chars.as_str().split_at_checked(digits)?;
        chars = rest.chars();
        let point = u32::from_str_radix(number, 16).ok()?;
        match char::from_u32(point) {
            Some(char) => push_char(out, char),
            // A surrogate: its last four digits.
            None if point < 0x1_0000 => {
                out.push_str("\\u");
                out.push_str(number.get(digits.saturating_sub(4)..)?);
            }
            None => return None,
        }
    }
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

fn push_char(out: &mut String, char: char) {
    push_text(out, char.encode_utf8(&mut [0; 4]));
}
