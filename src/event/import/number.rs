//! Python's `int()` and `float()`, and what pydantic takes for them.

use super::code_points::decoded;
use super::record::string;
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
            if !no_fraction || (!pydantic && text.contains('.')) {
                return None;
            }
            whole.to_owned()
        }
        _ if json.bytes().any(|byte| matches!(byte, b'.' | b'e')) => {
            let value: f64 = json.parse().ok()?;
            if !value.is_finite() || pydantic && (value.fract() != 0.0 || value.abs() >= 9.2e18) {
                return None;
            }
            format!("{:.0}", value.trunc())
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
        (_, Some(text)) => without_padding(text)?.parse().ok()?,
        ("NaN" | "Infinity" | "-Infinity", _) => return Some(json.to_owned()),
        _ => {
            let value: f64 = json.parse().ok()?;
            // An integer that no float can hold.
            if value.is_infinite() {
                return None;
            }
            value
        }
    };
    let mut out = String::new();
    push_float(&mut out, value);
    Some(out)
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
