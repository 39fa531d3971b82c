//! The server's `EventFilter`, to the letter.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/vectors.rs"]
mod vectors;

use std::path::Path;

use oh_event_store::event::{Event, Kind};
use oh_event_store::filter::{AsciiFinder, EventFilter, Matcher};
use proptest::prelude::*;
use vectors::{Tally, compare};

#[test]
fn searches_give_the_servers_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/vectors");
    let mut tally = Tally::default();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let text = std::fs::read_to_string(&path).expect("a readable file");
            compare(&path.display().to_string(), &text, &mut tally).expect("a vector file");
        }
    }
    assert_eq!(tally.failed, 0);
    assert!(
        tally.passed > 500,
        "only {} answers were compared",
        tally.passed
    );
}

fn event(json: &str) -> Event {
    Event::from_json(json.as_bytes()).expect("an event")
}

fn finds(query: &str, json: &str) -> bool {
    let filter = EventFilter {
        query: Some(query.to_owned()),
        ..EventFilter::default()
    };
    Matcher::new(&filter).matches(&event(json))
}

#[test]
fn a_query_searches_the_dumped_text() {
    let json = r#"{"id":0,"action":"message","args":{"content":"Caf\u00e9 \u212a\n\"quoted\""}}"#;
    assert!(finds("\"id\": 0", json));
    assert!(!finds("\"id\":0", json));
    assert!(finds("caf\\u00E9", json));
    assert!(!finds("café", json));
    assert!(finds("\\\"QUOTED\\\"", json));
    assert!(!finds("\n", json));
    assert!(!finds("\u{7f}", json));
    assert!(finds(" ", json));
    assert!(finds("", json));
}

#[test]
fn the_kelvin_sign_is_a_k_and_no_other_foreign_letter_is_anything() {
    let json = r#"{"id":0,"action":"message","args":{"content":"kelvin istanbul"}}"#;
    assert!(finds("\u{212a}elvin", json));
    assert!(!finds("\u{130}stanbul", json));
    assert!(!finds("\u{17f}tanbul", json));
}

#[test]
fn null_and_absent_lists_filter_nothing() {
    let filter: EventFilter =
        serde_json::from_str(r#"{"includeTypes":null,"excludeHidden":null,"query":null}"#)
            .expect("a filter");
    assert_eq!(filter, EventFilter::default());
    let filter: EventFilter =
        serde_json::from_str(r#"{"includeTypes":["Action"],"startDate":"2025"}"#)
            .expect("a filter");
    assert_eq!(filter.include_types, ["Action"]);
    assert_eq!(filter.start_date.as_deref(), Some("2025"));
}

#[test]
fn an_unloadable_event_is_found_by_its_key_and_its_raw_name() {
    let unknown = event(r#"{"id":4,"action":"nope"}"#).header.kind;
    for class in ["nope", "Action", "Event"] {
        assert!(unknown.is_a(class), "{class}");
    }
    assert!(!unknown.is_a("Observation"));
    assert!(
        event(r#"{"id":4,"observation":5}"#)
            .header
            .kind
            .is_a("Observation")
    );
    assert!(event(r#"{"id":4,"observation":5}"#).header.kind.is_a("5"));
    let null = event(r#"{"id":4,"action":null}"#).header.kind;
    assert!(!null.is_a("NullAction"));
    assert_eq!(
        event(r#"{"id":4,"message":"x"}"#).header.kind,
        Kind::untyped()
    );
    assert!(
        event(r#"{"id":4,"action":"run","observation":"read"}"#)
            .header
            .kind
            .is_a("CmdRunAction")
    );
}

#[test]
fn a_kind_comes_back_from_its_token() {
    for json in [
        r#"{"action":"run"}"#,
        r#"{"action":"a:b=c"}"#,
        r#"{"action":5}"#,
        r#"{"action":"5"}"#,
        r#"{"action":[1]}"#,
        r#"{"observation":"mcp"}"#,
        r#"{"observation":""}"#,
        r#"{"id":"x","kind":"MessageEvent","action":{"kind":"Think"}}"#,
        r#"{}"#,
    ] {
        let kind = event(json).header.kind;
        assert_eq!(Kind::from_token(&kind.token()), kind, "{json}");
    }
    assert_eq!(Kind::from_token("nonsense"), Kind::untyped());
    assert_ne!(
        event(r#"{"action":5}"#).header.kind,
        event(r#"{"action":"5"}"#).header.kind
    );
}

#[test]
fn hidden_is_pythons_truth() {
    let run = |hidden: &str| {
        event(&format!(
            r#"{{"action":"run","args":{{"hidden":{hidden}}}}}"#
        ))
        .header
        .hidden
    };
    for yes in [
        "true",
        "1",
        "\"false\"",
        "[0]",
        "{\"a\":0}",
        "0.1",
        "NaN",
        "-1",
        "1e400",
    ] {
        assert!(run(yes), "{yes}");
    }
    for no in [
        "false", "0", "-0", "0.0", "-0.0", "\"\"", "[]", "{}", "null", "1e-400", "[ ]",
    ] {
        assert!(!run(no), "{no}");
    }
    assert!(
        event(r#"{"extras":{"hidden":1},"observation":"run"}"#)
            .header
            .hidden
    );
    assert!(
        !event(r#"{"args":{"hidden":1},"observation":"run"}"#)
            .header
            .hidden
    );
    assert!(
        !event(r#"{"args":{"hidden":1},"action":"read"}"#)
            .header
            .hidden
    );
    assert!(!event(r#"{"args":[1],"action":"run"}"#).header.hidden);
}

#[test]
fn dates_are_compared_by_code_point() {
    let passes = |start: &str, json: &str| {
        let filter = EventFilter {
            start_date: Some(start.to_owned()),
            ..EventFilter::default()
        };
        Matcher::new(&filter).matches(&event(json))
    };
    assert!(passes("\u{ffff}", r#"{"timestamp":"\ud83d\ude00"}"#));
    assert!(!passes("\u{ffff}", r#"{"timestamp":"\ud83d"}"#));
    assert!(passes("\u{d7ff}", r#"{"timestamp":"\ud83d"}"#));
    assert!(passes("2025", r#"{"timestamp":1735689600}"#));
    assert!(passes("2025", r"{}"));
    assert!(passes("2025-01-01", r#"{"timestamp":"2025-01-01"}"#));
    assert!(!passes(
        "2025-01-02",
        r#"{"timestamp":"2025-01-01T23:59:59"}"#
    ));
}

/// What the filter says, read off the decoded JSON with nothing of the crate but `is_a`.
fn naive(filter: &EventFilter, json: &serde_json::Value, text: &str, kind: &Kind) -> bool {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let query = given(&filter.query)
        .is_none_or(|query| text.to_lowercase().contains(&query.to_lowercase()));
    let include = filter.include_types.is_empty()
        || filter.include_types.iter().any(|class| kind.is_a(class));
    let exclude = filter.exclude_types.iter().any(|class| kind.is_a(class));
    let source = given(&filter.source).is_none_or(|source| json["source"] == source.as_str());
    let timestamp = json["timestamp"].as_str();
    let start = given(&filter.start_date)
        .zip(timestamp)
        .is_none_or(|(start, t)| t >= &*start);
    let end = given(&filter.end_date)
        .zip(timestamp)
        .is_none_or(|(end, t)| t <= &*end);
    let hidden = match (json["action"].as_str(), json["observation"].as_str()) {
        (Some("run"), _) => json["args"]["hidden"] == true,
        (None, Some("run")) => json["extras"]["hidden"] == true,
        _ => false,
    };
    query && include && !exclude && source && start && end && !(filter.exclude_hidden && hidden)
}

fn any_event() -> impl Strategy<Value = serde_json::Value> {
    let source = prop::option::of(prop::sample::select(vec!["agent", "user", "environment"]));
    let date = prop::option::of("2025-0[1-3]-0[12]T1[01]");
    let family = prop::sample::select(vec!["action", "observation"]);
    let name = prop::sample::select(vec!["run", "read", "message", "error", "nope"]);
    (
        0i64..100,
        source,
        date,
        family,
        name,
        any::<bool>(),
        "[ a-cK-M\"\\\\é\n]{0,12}",
    )
        .prop_map(|(id, source, date, family, name, hidden, content)| {
            let mut event = serde_json::json!({ "id": id });
            if let Some(date) = date {
                event["timestamp"] = date.into();
            }
            if let Some(source) = source {
                event["source"] = source.into();
            }
            event[family] = name.into();
            event["args"] = serde_json::json!({ "hidden": hidden, "content": content });
            event["extras"] = serde_json::json!({ "hidden": !hidden });
            event
        })
}

fn any_filter() -> impl Strategy<Value = EventFilter> {
    let class = || {
        prop::sample::select(vec![
            "Event",
            "Action",
            "Observation",
            "CmdRunAction",
            "FileReadObservation",
            "nope",
            "run",
        ])
        .prop_map(str::to_owned)
    };
    (
        prop::option::of("[ a-cK-m\"\\\\:éK]{0,3}"),
        prop::collection::vec(class(), 0..3),
        prop::collection::vec(class(), 0..2),
        prop::option::of(prop::sample::select(vec!["", "agent", "user", "Agent"])),
        prop::option::of("(2025-0[1-3]-0[12](T1[01])?)?"),
        prop::option::of("(2025-0[1-3]-0[12](T1[01])?)?"),
        any::<bool>(),
    )
        .prop_map(
            |(query, include, exclude, source, start, end, exclude_hidden)| EventFilter {
                query,
                include_types: include,
                exclude_types: exclude,
                source: source.map(str::to_owned),
                start_date: start,
                end_date: end,
                exclude_hidden,
                text: None,
            },
        )
}

proptest! {
    #[test]
    fn the_matcher_agrees_with_a_naive_reading(json in any_event(), filter in any_filter()) {
        let event = event(&json.to_string());
        let matcher = Matcher::new(&filter);
        let expected = naive(&filter, &json, &event.text, &event.header.kind);
        prop_assert_eq!(matcher.matches(&event), expected);
        prop_assert!(!(matcher.never() && expected));
    }

    #[test]
    fn the_finder_agrees_with_lowering_both(needle in "[a-cA-C\" \\\\]{0,4}", hay in "[a-cA-C\" \\\\]{0,300}") {
        let expected = hay.to_ascii_lowercase().find(&needle.to_ascii_lowercase());
        prop_assert_eq!(AsciiFinder::new(&needle).find(hay.as_bytes()), expected);
    }

    #[test]
    fn the_finder_finds_what_lies_far_away(
        needle in "[a-cA-C]{1,40}",
        filler in "[a-c]{1,6}",
        times in 0usize..20_000,
    ) {
        let hay = format!("{}{needle}{filler}", filler.repeat(times));
        let expected = hay.to_ascii_lowercase().find(&needle.to_ascii_lowercase());
        prop_assert_eq!(AsciiFinder::new(&needle.to_ascii_uppercase()).find(hay.as_bytes()), expected);
    }
}
