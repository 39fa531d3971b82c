//! The text that is kept is Python's `json.dumps(json.loads(received))`, byte for byte.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/json.rs"]
mod json;
#[allow(dead_code)]
#[path = "support/random.rs"]
mod random;
#[path = "support/vectors.rs"]
mod vectors;

use std::path::Path;

use json::Json;
use oh_event_store::event::{
    Event, EventError, EventId, Frame, FrameForm, MAX_ID, dump, dumps, stamp,
};
use proptest::prelude::*;
use random::{Random, for_seeds};
use serde_json::Value;
use vectors::{Tally, compare};

#[test]
fn wire_events_are_dumped_as_the_server_dumps_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors/canon/canon.json");
    let text = std::fs::read_to_string(path).expect("a readable file");
    let mut tally = Tally::default();
    compare("canon.json", &text, &mut tally).expect("a vector file");
    assert_eq!(tally.failed, 0);
    assert!(tally.passed >= 200, "only {} were compared", tally.passed);
}

fn dumped(json: &str) -> String {
    dumps(json.as_bytes()).expect("JSON")
}

#[test]
fn numbers_are_pythons() {
    for (json, python) in [
        ("1E5", "100000.0"),
        ("1.50", "1.5"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("1e400", "Infinity"),
        ("-1e400", "-Infinity"),
        ("1e16", "1e+16"),
        ("1e15", "1000000000000000.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1e-7", "1e-07"),
        ("1e-400", "0.0"),
        ("123456789012345680.0", "1.2345678901234568e+17"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("2e23", "2e+23"),
        // Halfway between two shortest spellings: the even digit.
        ("-984836597623764.25", "-984836597623764.2"),
        ("984836597623764.75", "984836597623764.8"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
    ] {
        assert_eq!(dumped(json), python, "{json}");
    }
    let long = "9".repeat(10_000);
    assert_eq!(dumped(&long), long);
}

#[test]
fn strings_are_pythons() {
    for (json, python) in [
        (r#""\/""#, r#""/""#),
        (r#""\u0041\u000a\u0022\u005C\u001B""#, r#""A\n\"\\\u001b""#),
        (
            "\"\u{7f}\u{2028}é😀\"",
            r#""\u007f\u2028\u00e9\ud83d\ude00""#,
        ),
        (
            r#""\uD83D\uDE00\uD83D\uD83D""#,
            r#""\ud83d\ude00\ud83d\ud83d""#,
        ),
        (r#""\u007e\u007F""#, r#""~\u007f""#),
    ] {
        assert_eq!(dumped(json), python, "{json}");
    }
}

#[test]
fn a_repeated_key_keeps_its_first_place_and_its_last_value() {
    assert_eq!(
        dumped(r#"{"a":1,"b":2,"\u0061":{"x":1,"x":2}}"#),
        r#"{"a": {"x": 2}, "b": 2}"#
    );
    let nested = r#"{"a":{"a":1,"a":[{"b":1,"b":{"c":1,"c":2}}]},"a":{"z":1,"z":3},"y":0}"#;
    assert_eq!(dumped(nested), r#"{"a": {"z": 3}, "y": 0}"#);
}

#[test]
fn what_python_refuses_is_refused_with_its_place() {
    for (json, at) in [
        ("", 0),
        ("\u{feff}{}", 0),
        ("{\"a\":1,}", 7),
        ("[1,]", 3),
        ("01", 1),
        ("1.", 2),
        ("-", 1),
        (".5", 0),
        ("1e", 2),
        ("+1", 0),
        ("{\"a\" 1}", 5),
        ("\"\t\"", 1),
        ("\"\\x\"", 1),
        ("\"\\u12g4\"", 1),
        ("\"abc", 0),
        ("{} {}", 3),
        ("nul", 0),
        ("'a'", 0),
    ] {
        match dumps(json.as_bytes()) {
            Err(EventError::Syntax { offset, .. }) => assert_eq!(offset, at, "{json:?}"),
            other => panic!("{json:?}: {other:?}"),
        }
    }
    let bad = dumps(b"{\"a\": \"\xff\"}");
    assert_eq!(bad, Err(EventError::NotUtf8 { offset: 7 }));
}

#[test]
fn a_thousand_levels_are_read_and_one_more_is_an_error() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_eq!(dumped(&nested(1000)), nested(1000));
    let error = dumps(nested(1001).as_bytes());
    assert_eq!(error, Err(EventError::TooDeep { offset: 1000 }));
    assert!(matches!(
        dumps("[".repeat(1_000_000).as_bytes()),
        Err(EventError::TooDeep { .. })
    ));
}

#[test]
fn texts_that_only_python_reads_are_told_apart() {
    let non_finite = |json: &str| dump(json.as_bytes()).expect("JSON").non_finite;
    assert!(non_finite("[NaN]"));
    assert!(non_finite("[1e999]"));
    assert!(!non_finite(r#"["NaN", "-Infinity", 1]"#));
    let event = Event::from_json(br#"{"id": 1, "args": {"x": [-Infinity]}}"#).expect("an event");
    assert!(event.header.non_finite);
    let event = Event::from_json(br#"{"id": 1, "args": {"x": "NaN"}}"#).expect("an event");
    assert!(!event.header.non_finite);
}

#[test]
fn a_million_keys_and_deeply_repeated_keys_are_read() {
    let keys: Vec<String> = (0..200_000)
        .map(|n| format!("\"{}\":0", n % 100_000))
        .collect();
    let object = format!("{{{}}}", keys.join(","));
    let text = dumped(&object);
    assert!(text.starts_with("{\"0\": 0, \"1\": 0, "));
    assert!(text.ends_with("\"99999\": 0}"));
    let inside = "x".repeat(1_000_000);
    let nested = format!(
        "{}\"{inside}\"{}",
        "{\"a\":1,\"a\":".repeat(999),
        "}".repeat(999)
    );
    assert_eq!(dumped(&nested).matches("\"a\": ").count(), 999);
}

fn frame(json: &str) -> Result<Frame, EventError> {
    Frame::read(json.as_bytes(), FrameForm::Raw)
}

#[test]
fn only_events_enter_the_log() {
    for json in [
        r#"{"id":0,"action":"run"}"#,
        r#"{"observation":"error","id":9007199254740991}"#,
        r#"{"id":"a","kind":"MessageEvent"}"#,
        r#"{"id":"a","kind":"ConversationStateUpdateEvent","key":"execution_status"}"#,
        r#"{"id":"a","kind":"ActionEvent","action":{"kind":"X"}}"#,
    ] {
        assert!(matches!(frame(json), Ok(Frame::Event(_))), "{json}");
    }
    for json in [
        r#"{"status_update":true,"type":"info","id":"STATUS$READY","message":"x"}"#,
        r#"{"error":true,"message":"x"}"#,
        r#"{"observation":"agent_state_changed","extras":{"agent_state":"stopped"}}"#,
        r#"{"id":-1,"action":"run"}"#,
        r#"{"id":1.0,"action":"run"}"#,
        r#"{"id":true,"action":"run"}"#,
        r#"{"id":"7","action":"run"}"#,
        r#"{"id":1}"#,
        r#"{"id":"a","kind":"StreamingDeltaEvent"}"#,
        r#"{"id":"a","kind":"ServerErrorEvent"}"#,
        r#"{"id":"a","kind":"ConversationStateUpdateEvent","key":"full_state"}"#,
        r#"{}"#,
    ] {
        assert!(matches!(frame(json), Ok(Frame::Status(_))), "{json}");
    }
    for json in ["[]", "1", "null", "\"x\"", "", "not json", r#"{"id":1"#] {
        assert!(frame(json).is_err(), "{json}");
    }
    for id in ["9007199254740992", "99999999999999999999999"] {
        let error = frame(&format!(r#"{{"id":{id},"action":"run"}}"#)).expect_err("too large");
        assert!(error.to_string().contains(id), "{error}");
    }
}

#[test]
fn floats_that_the_schema_knows_are_restored_and_no_others() {
    let json = r#"{"id":1,"action":"run","llm_metrics":{"accumulated_cost":0,
        "max_budget_per_task":10,"costs":[{"cost":1,"timestamp":2,"n":3}],
        "response_latencies":[{"latency":4}],"tokens":5},"args":{"timeout":6},"timeout":120}"#;
    let expected = concat!(
        r#"{"id": 1, "action": "run", "llm_metrics": {"accumulated_cost": 0.0, "#,
        r#""max_budget_per_task": 10.0, "costs": [{"cost": 1.0, "timestamp": 2.0, "n": 3}], "#,
        r#""response_latencies": [{"latency": 4.0}], "tokens": 5}, "args": {"timeout": 6}, "#,
        r#""timeout": 120.0}"#,
    );
    let Ok(Frame::Event(event)) = Frame::read(json.as_bytes(), FrameForm::Parsed) else {
        panic!("no event");
    };
    assert_eq!(&*event.text, expected);
    let Ok(Frame::Event(event)) = frame(json) else {
        panic!("no event");
    };
    assert!(event.text.ends_with("\"timeout\": 120}"));
}

#[test]
fn a_new_event_gets_its_header_first_and_the_servers_order() {
    let json = r#"{"zz":1,"args":{"b":1,"a":2},"timeout":5,"action":"message","id":99,
        "source":"x","cause":null,"timestamp":"y","message":"m"}"#;
    let event = stamp(
        json.as_bytes(),
        &EventId::Number(7),
        "2025-01-01T00:00:00",
        "usér",
    )
    .expect("an event");
    let expected = concat!(
        r#"{"id": 7, "timestamp": "2025-01-01T00:00:00", "source": "us\u00e9r", "message": "m", "#,
        r#""action": "message", "args": {"b": 1, "a": 2}, "timeout": 5.0, "zz": 1}"#,
    );
    assert_eq!(&*event.text, expected);
    assert_eq!(event.header.source.as_deref(), Some("usér"));
    let v1 = stamp(
        br#"{"kind":"K","b":1,"args":null}"#,
        &EventId::Text("i\"d".into()),
        "t",
        "s",
    );
    let expected =
        r#"{"id": "i\"d", "timestamp": "t", "source": "s", "kind": "K", "b": 1, "args": null}"#;
    assert_eq!(&*v1.expect("an event").text, expected);
    for id in [-1, MAX_ID + 1] {
        assert!(stamp(b"{}", &EventId::Number(id), "t", "s").is_err());
    }
    assert!(stamp(b"[]", &EventId::Number(1), "t", "s").is_err());
    let bare = stamp(b"{}", &EventId::Number(1), "t", "s").expect("an event");
    assert_eq!(&*bare.text, r#"{"id": 1, "timestamp": "t", "source": "s"}"#);
}

#[test]
fn dumps_agrees_with_a_reference_over_any_tree() {
    for_seeds(1000, |_, random| {
        let json = Json::random(random, 5);
        let mut input = String::new();
        json.spelled(random, &mut input);
        let text = dumped(&input);
        assert_eq!(text, json.dumps(), "{input}");
        assert_eq!(dumped(&text), text);
        assert!(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    });
}

#[test]
fn a_header_is_the_same_when_it_is_made_while_its_text_is_written() {
    const KEYS: [&str; 13] = [
        "id",
        "timestamp",
        "source",
        "cause",
        "parent_id",
        "action",
        "observation",
        "kind",
        "args",
        "extras",
        "other",
        "\\u0069d",
        "id\\\"",
    ];
    let mut with_id = 0;
    for_seeds(2000, |_, random| {
        let mut members = Vec::new();
        for _ in 0..random.below(9) {
            let mut value = String::new();
            match random.below(3) {
                0 => Json::random(random, 3).spelled(random, &mut value),
                1 => value = random.number(-9, 9).to_string(),
                _ => value = (*random.pick(&["\"run\"", "\"a\\\"b\"", "{\"hidden\":true}"])).into(),
            }
            members.push(format!("\"{}\":{value}", random.pick(&KEYS)));
        }
        let json = format!("{{{}}}", members.join(","));
        let event = Event::from_json(json.as_bytes()).expect("an object");
        let read = Event::from_canonical(event.text.clone()).expect("the same object");
        assert_eq!(event, read, "{json}");
        with_id += u32::from(event.header.id.is_some());
    });
    assert!(with_id > 200, "{with_id}");
}

proptest! {
    #[test]
    fn repeated_keys_agree_with_a_tree(
        members in prop::collection::vec(("[ab\n]{0,2}", prop::collection::vec(("[xy]", 0u8..9), 0..5)), 0..30),
    ) {
        let mut tree = serde_json::Map::new();
        let mut texts = Vec::new();
        for (key, inner) in members {
            let mut object = serde_json::Map::new();
            let mut parts = Vec::new();
            for (name, number) in inner {
                parts.push(format!("\"{name}\":{number}"));
                object.insert(name, Value::from(number));
            }
            texts.push(format!("{}:{{{}}}", Value::from(key.clone()), parts.join(",")));
            tree.insert(key, Value::Object(object));
        }
        let input = format!("{{{}}}", texts.join(","));
        prop_assert_eq!(dumped(&input), Json::from(&Value::Object(tree)).dumps());
    }

    #[test]
    fn floats_read_back_as_themselves(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let text = dumped(&format!("{number:e}"));
        prop_assert_eq!(text.parse::<f64>().expect("a number").to_bits(), bits);
        prop_assert_eq!(dumped(&text), text.clone());
    }
}
