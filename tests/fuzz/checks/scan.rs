//! An event's header says what a plain reading of its JSON says.

use oh_event_store::event::{Event, EventId, Items, Kind, dumps};
use serde_json::Value;

use super::support::json::Json;

pub fn check(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        check_items(text);
    }
    let Ok(event) = Event::from_json(bytes) else {
        return;
    };
    let header = &event.header;
    assert_eq!(
        Event::from_canonical(event.text.clone()).as_ref(),
        Ok(&event)
    );
    assert_eq!(Kind::from_token(&header.kind.token()), header.kind);
    let Ok(plain) = serde_json::from_str::<Value>(&event.text) else {
        return;
    };
    assert!(!header.non_finite);
    let text = |key: &str| plain[key].as_str();
    // With an exponent or a fraction it is no integer; one of more than 64 bits is none of ours.
    let integer = |key: &str| match &plain[key] {
        Value::Number(number) => number.to_string().parse::<i64>().ok(),
        _ => None,
    };
    let id = match (integer("id"), text("id")) {
        (Some(id), _) => Some(EventId::Number(id)),
        (None, Some(id)) => Some(EventId::Text(id.into())),
        (None, None) => None,
    };
    assert_eq!(header.id, id);
    assert_eq!(
        header.timestamp.as_deref(),
        text("timestamp").map(str::as_bytes)
    );
    assert_eq!(header.source.as_deref(), text("source"));
    assert_eq!(header.parent_id.as_deref(), text("parent_id"));
    assert_eq!(header.cause, integer("cause"));

    let has_integer_id = match &plain["id"] {
        Value::Number(number) => !number.to_string().contains(['.', 'e', '+']),
        _ => false,
    };
    let is_v0 = plain.get("action").or(plain.get("observation")).is_some();
    let v1_name = text("kind").filter(|_| !has_integer_id || !is_v0);
    assert_eq!(header.kind.v1_name(), v1_name);
    let name = |key: &str| match v1_name {
        None => text(key),
        Some(_) => None,
    };
    assert_eq!(header.kind.action_name(), name("action"));
    let observation = match plain.get("action") {
        None => name("observation"),
        Some(_) => None,
    };
    assert_eq!(header.kind.observation_name(), observation);
    assert!(header.kind.is_a("Event"));

    let holder = match (name("action"), observation) {
        (Some("run"), _) => &plain["args"],
        (None, Some("run")) => &plain["extras"],
        _ => &Value::Null,
    };
    assert_eq!(header.hidden, is_true(&holder["hidden"]));
}

/// Python's truth.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.to_string().parse() != Ok(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

fn check_items(text: &str) {
    let Ok(items) = Items::of(text) else {
        return;
    };
    let items: Result<Vec<&str>, _> = items.collect();
    if let Ok(plain) = serde_json::from_str::<Vec<Value>>(text) {
        let items = items.expect("it is JSON");
        let dumped: Vec<_> = items.iter().map(|item| dumps(item.as_bytes())).collect();
        let plain = plain.iter().map(|item| Ok(Json::from(item).dumps()));
        assert_eq!(dumped, plain.collect::<Vec<_>>());
    }
}
