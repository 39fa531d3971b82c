//! Secrets never reach the storage.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/vectors.rs"]
mod vectors;

use std::path::Path;

use oh_event_store::event::{Event, Masking, Secrets, dumps};
use proptest::prelude::*;
use vectors::{Tally, compare};

#[test]
fn server_mode_masks_as_the_server_does() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/data/vectors/secrets/secrets.json");
    let text = std::fs::read_to_string(path).expect("a readable file");
    let mut tally = Tally::default();
    compare("secrets.json", &text, &mut tally).expect("a vector file");
    assert_eq!(tally.failed, 0);
    assert_eq!(tally.passed, 137);
}

fn mask(mode: Masking, values: &[&str], json: &str) -> String {
    let pairs = values
        .iter()
        .map(|value| ("NAME".to_owned(), (*value).to_owned()));
    let event = Event::from_json(json.as_bytes()).expect("an event");
    Secrets::new(pairs, mode)
        .mask(event.into())
        .text
        .clone()
        .into()
}

#[test]
fn strict_mode_leaks_neither_through_lists_nor_keys_nor_the_message() {
    let json = r#"{"id":1,"message":"my s3cr","args":{"l":["s3cr",{"s3cr":["s3cr"]}]}}"#;
    let masked = mask(Masking::Strict, &["s3cr"], json);
    let mark = "<secret_hidden>";
    let expected = format!(
        r#"{{"id": 1, "message": "my {mark}", "args": {{"l": ["{mark}", {{"{mark}": ["{mark}"]}}]}}}}"#
    );
    assert_eq!(masked, expected);
}

#[test]
fn strict_mode_looks_into_a_v1_action_and_leaves_what_the_log_needs() {
    let json = r#"{"id":"s3cr","kind":"s3cr","source":"s3cr","action":{"command":"s3cr"}}"#;
    let masked = mask(Masking::Strict, &["s3cr"], json);
    let expected = r#"{"id": "s3cr", "kind": "s3cr", "source": "s3cr", "action": {"command": "<secret_hidden>"}}"#;
    assert_eq!(masked, expected);
}

#[test]
fn a_secret_unhides_nothing() {
    let json =
        r#"{"id":1,"action":"run","args":{"command":"hidden","hidden":true,"x":{"hidden":1}}}"#;
    let masked = mask(Masking::Strict, &["hidden"], json);
    let mark = "<secret_hidden>";
    let args = format!(r#"{{"command": "{mark}", "hidden": true, "x": {{"{mark}": 1}}}}"#);
    assert!(masked.contains(&args), "{masked}");
    let event = Event::from_json(masked.as_bytes()).expect("an event");
    assert!(event.header.hidden);
}

#[test]
fn a_short_secret_does_not_show_the_rest_of_a_long_one() {
    let json = r#"{"content":"abcdef bcdxyz"}"#;
    let masked = mask(Masking::Strict, &["abc", "abcdef", "cdxyz"], json);
    assert_eq!(masked, r#"{"content": "<secret_hidden> b<secret_hidden>"}"#);
}

#[test]
fn an_empty_secret_is_no_secret_in_strict_mode() {
    let json = r#"{"content":"abc"}"#;
    assert_eq!(mask(Masking::Strict, &[""], json), r#"{"content": "abc"}"#);
    assert!(Secrets::new([(String::new(), String::new())], Masking::Strict).is_empty());
}

#[test]
fn a_secret_is_found_however_it_is_escaped() {
    let json = r#"{"content":"p\u0061ss\"\u00e9\ud83d\ude00\n!"}"#;
    let masked = mask(Masking::Strict, &["pass\"é😀\n"], json);
    assert_eq!(masked, r#"{"content": "<secret_hidden>!"}"#);
    let half = mask(Masking::Strict, &["n"], r#"{"content":"\n"}"#);
    assert_eq!(half, r#"{"content": "\n"}"#);
}

#[test]
fn lone_surrogates_survive_masking() {
    let json = r#"{"content":"\ud83dKEY\ude00 \udfff"}"#;
    let masked = mask(Masking::Server, &["KEY"], json);
    assert_eq!(
        masked,
        r#"{"content": "\ud83d<secret_hidden>\ude00 \udfff"}"#
    );
}

#[test]
fn status_messages_are_masked() {
    let secrets = Secrets::new([("A".to_owned(), "s3cr".to_owned())], Masking::Strict);
    let masked = secrets.mask_text(r#"{"status_update": true, "message": "no s3cr here"}"#);
    assert_eq!(
        masked,
        r#"{"status_update": true, "message": "no <secret_hidden> here"}"#
    );
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let text = "[A-Cé\"\\\\\n😀]{0,12}";
    let leaf = prop_oneof![
        text.prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::hash_map(text, inner, 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn strings_below(json: &serde_json::Value, found: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| strings_below(item, found)),
        serde_json::Value::Object(members) => {
            for (key, value) in members {
                found.push(key.clone());
                strings_below(value, found);
            }
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn strict_masking_leaves_no_secret_in_the_text(
        args in json(),
        values in prop::collection::vec("[A-Cé\"\\\\\n😀]{1,4}", 1..5),
    ) {
        let event = serde_json::json!({ "id": 1, "message": "ABC", "args": args });
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let masked = mask(Masking::Strict, &values, &event.to_string());
        prop_assert_eq!(dumps(masked.as_bytes()).expect("JSON"), masked.clone());
        let masked: serde_json::Value = serde_json::from_str(&masked).expect("JSON");
        let mut strings = Vec::new();
        strings_below(&masked["args"], &mut strings);
        strings_below(&masked["message"], &mut strings);
        for text in strings {
            for value in &values {
                prop_assert!(!text.contains(value), "{:?} in {:?}", value, text);
            }
        }
    }

    #[test]
    fn server_masking_is_one_replacement_after_the_other(
        content in "[a-d<_é]{0,20}",
        values in prop::collection::vec("[a-d<_é]{0,2}", 0..3),
    ) {
        let event = serde_json::json!({ "content": content });
        let refs: Vec<&str> = values.iter().map(String::as_str).collect();
        let masked = mask(Masking::Server, &refs, &event.to_string());
        let expected = values.iter().fold(content, |text, value| {
            text.replace(value.as_str(), "<secret_hidden>")
        });
        let masked: serde_json::Value = serde_json::from_str(&masked).expect("JSON");
        prop_assert_eq!(masked["content"].as_str(), Some(expected.as_str()));
    }
}
