//! An event in any shape that the server ever stored comes to the form that it sends.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/vectors.rs"]
mod vectors;

use std::fmt::Write as _;
use std::path::Path;

use oh_event_store::event::{dumps, wire_form};
use proptest::prelude::*;
use vectors::{Tally, compare};

/// The answers in one file of vectors, all of which must agree.
fn compared(file: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors");
    let text = std::fs::read_to_string(folder.join(file)).expect("a readable file");
    let mut tally = Tally::default();
    compare(file, &text, &mut tally).expect("a vector file");
    assert_eq!(tally.failed, 0, "{file}");
    tally.passed
}

#[test]
fn stored_events_take_the_servers_wire_form() {
    assert_eq!(compared("canon/canon.json"), 815);
}

#[test]
fn searches_over_stored_events_give_the_servers_answers() {
    for file in 0..4 {
        assert_eq!(compared(&format!("synth_stored_{file}.json")), 27);
    }
}

#[test]
fn a_search_goes_on_where_the_server_can_not_load_an_event() {
    assert!(compared("errors/poison.json") >= 150);
}

#[test]
fn gaps_are_not_searched_by_misaligned_cache_pages() {
    assert_eq!(compared("cachepages/cachepages.json"), 16);
}

#[test]
fn a_store_holds_what_the_socket_has_sent() {
    assert_eq!(compared("connect/connect.json"), 192);
}

fn wire(json: &str) -> Option<String> {
    wire_form(&dumps(json.as_bytes()).expect("JSON"))
}

#[test]
fn what_the_server_can_not_load_has_no_wire_form() {
    for json in [
        "[]",
        "5",
        "{}",
        r#"{"action": "run", "args": {}}"#,
        r#"{"kind": "MessageEvent", "id": "a"}"#,
        r#"{"action": ["run"], "args": {"command": "x"}}"#,
        r#"{"observation": "run", "extras": {"command": "x", "content": ""}}"#,
        r#"{"observation": "null", "extras": []}"#,
        r#"{"action": "null", "args": {"action": null}}"#,
        r#"{"action": "condensation", "args": {"forgotten_events_start_id": 0,
            "forgotten_events_end_id": 1e3}}"#,
        // A server would have no memory for it either.
        r#"{"action": "condensation", "args": {"forgotten_events_start_id": 0,
            "forgotten_events_end_id": 999999999999}}"#,
    ] {
        assert_eq!(wire(json), None, "{json}");
    }
}

#[test]
fn the_file_editors_old_calls_become_arguments() {
    let read = |code: &str| {
        let code = serde_json::to_string(code).expect("JSON");
        let path = r#"{"action": "read", "args": {"path": "a", "translated_ipython_code": "#;
        wire(&format!("{path}{code}}}}}")).expect("loadable")
    };
    let of = |code: &str| {
        let wire = read(code);
        let event: serde_json::Value = serde_json::from_str(&wire).expect("JSON");
        event["args"]["path"].to_string()
    };
    let call = |dict: &str| of(&format!("print(file_editor(**{dict}))"));
    assert_eq!(call(r"{'command': 'view', 'path': '/b'}"), r#""/b""#);
    assert_eq!(call(r#"{"command": 'view', 'path': "it's"}"#), r#""it's""#);
    assert_eq!(
        call(r"{'path': '\x41\u00e9\U0001f600\'\n'}"),
        r#""Aé😀'\n""#
    );
    let value = r"{'path': [1, -2.5, None, [True], {'a': False}]}";
    assert_eq!(call(value), r#"[1,-2.5,null,[true],{"a":false}]"#);
    assert_eq!(call(r"{'path': 'b', 'path': 'c'}"), r#""c""#);
    for no_literal in [
        "{",
        "{'path'}",
        "{'path': x}",
        "{'path': 'b'",
        "{'path': b'b'}",
        "{'path': true}",
        "",
    ] {
        assert_eq!(call(no_literal), r#""a""#, "{no_literal}");
    }
    assert_eq!(of("print(1)"), r#""a""#);
}

#[test]
fn an_mcp_call_is_told_in_python() {
    let arguments =
        r#"{"a": [true, null, 1.0, 1e400, "it's", "\"", "\u0301\u200b\u1fae8"], "é": {}}"#;
    let json = format!(
        r#"{{"action": "call_tool_mcp", "args": {{"name": "n", "arguments": {arguments}}}}}"#
    );
    let event: serde_json::Value = {
        let wire = wire(&json).expect("loadable").replace("Infinity", "0");
        serde_json::from_str(&wire).expect("JSON")
    };
    let message = event["message"].as_str().expect("a message");
    let told = r#"{'a': [True, None, 1.0, inf, "it's", '"', '́\u200bᾮ8'], 'é': {}}"#;
    assert!(message.contains(told), "{message}");
}

#[test]
fn python_shows_the_characters_that_it_has_known_since_the_servers_version() {
    let args = r#"{"name": "x", "arguments": {"text": "🫨"}}"#;
    let wire = wire(&format!(
        "{{\"id\": 0, \"action\": \"call_tool_mcp\", \"args\": {args}}}"
    ));
    let wire = wire.expect("an event");
    assert!(wire.contains(r"{'text': '\ud83e\udee8'}"), "{wire}");
}

#[test]
fn what_a_response_has_cost_stays_as_it_was_written() {
    for cost in ["0", "1", "0.5", "\"0.5\"", "true"] {
        let response = format!(
            "{{\"id\": \"i\", \"created\": 1, \"model\": \"m\", \"object\": \"o\", \"choices\": [], \
             \"usage\": {{\"cost\": {cost}}}}}"
        );
        let call = format!(
            "{{\"function_name\": \"f\", \"tool_call_id\": \"c\", \"total_calls_in_response\": 1, \
             \"model_response\": {response}}}"
        );
        let args = "{\"content\": \"x\"}";
        let json = format!(
            "{{\"id\": 0, \"action\": \"message\", \"args\": {args}, \"tool_call_metadata\": {call}}}"
        );
        let wire = wire(&json).expect("an event");
        assert!(wire.contains(&format!("\"cost\": {cost}")), "{wire}");
        assert!(wire.contains("\"prompt_tokens\": 0"), "{wire}");
    }
}

#[test]
fn a_long_event_takes_linear_time() {
    // Quadratic time would be hours.
    let count = 100_000;
    let mut members = String::new();
    let mut literal = String::new();
    for index in 0..count {
        let _ = write!(members, "\"k{index}\": \"\\u00e9\", ");
        let _ = write!(literal, "'k{index}': 'v', ");
    }
    let object = format!("{{{members}\"z\": 0}}");
    let run = format!(r#"{{"observation": "run", "extras": {{{members}"command": {object}}}}}"#);
    assert!(wire(&run).is_some_and(|wire| wire.len() > object.len()));
    let unknown = format!(r#"{{"action": "null", "args": {object}}}"#);
    assert_eq!(wire(&unknown), None);
    let edit = format!(
        r#"{{"action": "edit", "args": {{"path": "a", "translated_ipython_code":
            "print(file_editor(**{{{literal}'z': 0}}))"}}}}"#
    );
    assert_eq!(wire(&edit), None);
    let code = format!(
        "print(file_editor(**{{'path': [{}0]}}))",
        literal.replace(": 'v'", "")
    );
    let edit = format!(
        r#"{{"action": "edit", "args": {{"path": "a", "translated_ipython_code": "{code}"}}}}"#
    );
    assert!(wire(&edit).is_some_and(|wire| wire.len() > code.len()));
    let output = "\\ud83d\\ude00".repeat(count);
    let run =
        format!(r#"{{"observation": "run", "content": "{output}", "extras": {{"command": ""}}}}"#);
    assert!(wire(&run).is_some_and(|wire| wire.len() < 12 * 31_000));
}

/// JSON values of the sorts that matter to a field.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("NaN".to_owned()),
        Just("-0.0".to_owned()),
        any::<i32>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}").replace("inf", "Infinity")),
        "[a-c'\"\\\\\u{e9}\u{1f600}]{0,3}".prop_map(|text| serde_json::json!(text).to_string()),
        Just("\"\\ud83d\"".to_owned()),
        Just("\"3\"".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(("[a-c]", inner), 0..4).prop_map(|members| {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("\"{key}\": {value}"))
                    .collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

const NAMES: [&str; 30] = [
    "id",
    "timestamp",
    "source",
    "cause",
    "timeout",
    "llm_metrics",
    "tool_call_metadata",
    "content",
    "command",
    "code",
    "path",
    "url",
    "query",
    "thought",
    "outputs",
    "task_list",
    "agent_state",
    "name",
    "arguments",
    "metadata",
    "exit_code",
    "command_id",
    "hidden",
    "recall_type",
    "summary",
    "security_risk",
    "is_confirmed",
    "translated_ipython_code",
    "forgotten_event_ids",
    "action",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_event_loads_or_not_and_what_loads_is_canonical(
        family in prop_oneof![Just(("action", "args")), Just(("observation", "extras"))],
        class in prop::sample::select(vec![
            "null", "run", "read", "edit", "finish", "reject", "recall", "message",
            "call_tool_mcp", "task_tracking", "condensation", "browse", "mcp", "think", "error",
        ]),
        outer in prop::collection::vec((prop::sample::select(&NAMES[..8]), value()), 0..3),
        inner in prop::collection::vec((prop::sample::select(&NAMES[8..]), value()), 0..4),
    ) {
        let members = |members: &[(&str, String)]| {
            let members = members.iter().map(|(key, value)| format!("\"{key}\": {value}, "));
            members.collect::<String>()
        };
        let (key, holder) = family;
        let json = format!(
            "{{{}\"{key}\": \"{class}\", \"{holder}\": {{{}\"content\": \"\"}}}}",
            members(&outer), members(&inner),
        );
        let json = [json.clone(), json.replace("\"content\": \"\"}}", "\"thought\": \"\"}}")];
        for json in json {
            if let Some(wire) = wire(&json) {
                prop_assert_eq!(dumps(wire.as_bytes()), Ok(wire.clone()));
            }
        }
    }

    #[test]
    fn no_text_at_all_makes_it_panic(text in any::<String>()) {
        let _ = wire_form(&text);
        let event = [r#"{"observation": "run", "extras": {"command": "#, &text, "}}"].concat();
        let _ = wire_form(&event);
    }
}
