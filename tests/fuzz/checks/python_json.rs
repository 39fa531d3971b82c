//! `dumps` writes what Python would, for all that a plain JSON parser reads.

use oh_event_store::event::{EventError, dump, members, string_value};
use serde_json::Value;

use super::support::json::Json;

pub fn check(bytes: &[u8]) {
    let dump = match dump(bytes) {
        Ok(dump) => dump,
        Err(EventError::NotUtf8 { offset }) => {
            assert!(std::str::from_utf8(&bytes[..offset]).is_ok());
            return assert!(serde_json::from_slice::<Value>(bytes).is_err());
        }
        Err(EventError::Syntax { offset, .. } | EventError::TooDeep { offset }) => {
            assert!(offset <= bytes.len());
            return assert!(serde_json::from_slice::<Value>(bytes).is_err());
        }
        Err(other) => panic!("{other:?}"),
    };
    let text = dump.text;
    assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    assert!(text.len() <= bytes.len() * 6, "{} bytes", text.len());
    let again = oh_event_store::event::dump(text.as_bytes()).expect("it is JSON still");
    assert_eq!(again.text, text);
    assert_eq!(again.non_finite, dump.non_finite);
    if let Some(plain) = plainly_read(bytes).or_else(|| plainly_read(text.as_bytes())) {
        assert_eq!(text, Json::from(&plain).dumps());
    }
    if text.starts_with('{') {
        let all = members(&text).expect("an object");
        assert!(all.iter().all(|(_, value)| text.contains(value)));
    }
    let is_string = text.starts_with('"');
    assert_eq!(string_value(&text).is_some(), is_string);
}

/// What a plain parser reads; `None` where only Python can.
fn plainly_read(bytes: &[u8]) -> Option<Value> {
    let why = match serde_json::from_slice(bytes) {
        Ok(value) => return Some(value),
        Err(why) => why.to_string(),
    };
    let text = String::from_utf8_lossy(bytes);
    let by_python = ["\\ud", "\\uD", "NaN", "Infinity"];
    assert!(
        by_python.iter().any(|part| text.contains(part)) || why.contains("recursion"),
        "{why}: {text}"
    );
    None
}
