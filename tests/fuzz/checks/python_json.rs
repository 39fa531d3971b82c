//! `dumps` writes what Python would, for all that a plain JSON parser reads.

use oh_event_store::event::{EventError, dump, members, string_value};
use serde_json::Value;

use super::support::json::Json;

pub fn check(bytes: &[u8]) {
    let plain: Result<Value, _> = serde_json::from_slice(bytes);
    let dump = match dump(bytes) {
        Ok(dump) => dump,
        Err(EventError::NotUtf8 { offset }) => {
            assert!(std::str::from_utf8(&bytes[..offset]).is_ok());
            return assert!(plain.is_err());
        }
        Err(EventError::Syntax { offset, .. } | EventError::TooDeep { offset }) => {
            assert!(offset <= bytes.len());
            return assert!(plain.is_err());
        }
        Err(other) => panic!("{other:?}"),
    };
    let text = dump.text;
    assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    assert!(text.len() <= bytes.len() * 6, "{} bytes", text.len());
    let again = oh_event_store::event::dump(text.as_bytes()).expect("it is JSON still");
    assert_eq!(again.text, text);
    assert_eq!(again.non_finite, dump.non_finite);
    match plain {
        Ok(plain) => assert_eq!(text, Json::from(&plain).dumps()),
        // What Python reads and others don't.
        Err(why) => assert!(
            dump.non_finite || text.contains("\\ud") || why.to_string().contains("recursion"),
            "{why}: {text}"
        ),
    }
    if text.starts_with('{') {
        let all = members(&text).expect("an object");
        assert!(all.iter().all(|(_, value)| text.contains(value)));
    }
    let is_string = text.starts_with('"');
    assert_eq!(string_value(&text).is_some(), is_string);
}
