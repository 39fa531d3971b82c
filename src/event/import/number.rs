//! Python's `int()` and `float()`, and what pydantic takes for them.

use super::code_points::decoded;
use super::record::string;
use crate::event::float::parse_float;
use crate::event::python_float::push_float;

/// `int(value)` of a JSON value; `pydantic` takes floats and texts without a fraction only.
pub(super) fn integer(json: &str, pydantic: bool) -> Option<String> {
    let text = string(json);
    let digits = match (json, text) {
        ("true", _) => return Some("1".to_owned()),
        ("false", _) => return Some("0".to_owned()),
        (_, Some(text)) => {
            let text = without_padding(text)?;
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
            let no_fraction = !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0');
            if !no_fraction || (!pydantic && whole.len() < text.len()) {
                return None;
            }
            whole.to_owned()
        }
        _ if json.bytes().any(|byte| matches!(byte, b'.' | b'e')) => {
            let value = parse_float(json)?;
            // Python's integer would go on exactly beyond 64 bits.
            if value.abs() >= 9.2e18 || pydantic && value.fract() != 0.0 {
                return None;
            }
            (value as i64).to_string()
        }
        _ => json.to_owned(),
    };
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
    };
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    Some(match digits {
        "" => "0".to_owned(),
        _ => [sign, digits].concat(),
    })
}

/// `float(value)` of a JSON value, as canonical text.
pub(super) fn float(json: &str) -> Option<String> {
    let value: f64 = match (json, string(json)) {
        ("true", _) => 1.0,
        ("false", _) => 0.0,
        (_, Some(text)) => from_text(&without_padding(text)?)?,
        ("NaN" | "Infinity" | "-Infinity", _) => return Some(json.to_owned()),
        // An integer that no float can hold is an error.
        _ => parse_float(json).filter(|value| value.is_finite())?,
    };
    let mut out = String::new();
    push_float(&mut out, value);
    Some(out)
}

/// The texts that Python's `float` reads, and JSON doesn't have.
fn from_text(text: &str) -> Option<f64> {
    let (sign, size) = match text.strip_prefix('-') {
        Some(size) => (-1.0, size),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    let is = |word: &str| size.eq_ignore_ascii_case(word);
    let starts_with_digit = |text: &str| text.starts_with(|char: char| char.is_ascii_digit());
    let value = if is("inf") || is("infinity") {
        f64::INFINITY
    } else if is("nan") {
        f64::NAN
    } else if starts_with_digit(size) {
        parse_float(size)?
    } else if size.strip_prefix('.').is_some_and(starts_with_digit) {
        parse_float(&["0", size].concat())?
    } else {
        return None;
    };
    Some(sign * value)
}

/// A number's text without the white space around it and the underscores between its digits.
fn without_padding(raw: &str) -> Option<String> {
    let text = decoded(raw)?;
    let mut number = String::new();
    let mut before = ' ';
    let mut rest = text.trim().chars();
    while let Some(char) = rest.next() {
        let after = rest.as_str().bytes().next().unwrap_or(b' ');
        match char {
            '_' if before.is_ascii_digit() && after.is_ascii_digit() => {}
            '_' => return None,
            _ => number.push(char),
        }
        before = char;
    }
    Some(number)
}
