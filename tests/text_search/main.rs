//! Search for people finds what is read, however it is written, and says where.
#![cfg(not(target_arch = "wasm32"))]

mod against_oracle;

use oh_event_store::event::Event;
use oh_event_store::filter::{EventFilter, MAX_RANGES, Matcher, TextFinder};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

fn nfd(text: &str) -> String {
    text.nfd().collect()
}

fn event(json: &str) -> Event {
    Event::from_json(json.as_bytes()).expect("an event")
}

/// A message with this content.
fn message(content: &str) -> Event {
    event(&json!({"id": 1, "action": "message", "args": {"content": content}}).to_string())
}

fn highlights(query: &str, event: &Event) -> Value {
    let finder = TextFinder::new(query, nfd);
    let found = serde_json::from_str(&finder.highlights(&event.text)).expect("JSON");
    assert_eq!(
        finder.finds(&event.text),
        found != json!([]),
        "{query:?} {}",
        event.text
    );
    found
}

fn finds(query: &str, content: &str) -> bool {
    highlights(query, &message(content)) != json!([])
}

/// The ranges in a message's content, as the texts that they cut out in JavaScript.
fn cut(query: &str, content: &str) -> Vec<String> {
    let units: Vec<u16> = content.encode_utf16().collect();
    let cut = |(start, end): (usize, usize)| String::from_utf16(&units[start..end]);
    let ranges = ranges(query, content).into_iter();
    ranges
        .map(|range| cut(range).expect("whole characters"))
        .collect()
}

fn ranges(query: &str, content: &str) -> Vec<(usize, usize)> {
    let found = highlights(query, &message(content));
    let Some(field) = found.get(0) else {
        return Vec::new();
    };
    assert_eq!(field["path"], json!(["args", "content"]));
    serde_json::from_value(field["ranges"].clone()).expect("ranges")
}

/// The rows of the README's table: an event's args, what is looked for, who finds it.
fn examples() -> Vec<(Value, String, bool, bool)> {
    let readme = include_str!("../../README.md");
    let (_, table) = readme.split_once("| An event's `args`").expect("the table");
    let cell = |cell: &str| cell.trim().trim_matches('`').to_owned();
    let rows = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        let cells: Vec<String> = row.split('|').map(cell).collect();
        let args = serde_json::from_str(&cells[1]).expect("an object");
        let text = serde_json::from_str(&cells[2]).expect("a string");
        (args, text, cells[3] == "yes", cells[4] == "yes")
    })
    .collect()
}

#[test]
fn the_readme_says_what_finds_what() {
    let examples = examples();
    assert!(examples.len() > 10);
    for (args, wanted, text, query) in examples {
        let found = |filter| {
            let event = json!({"id": 1, "action": "run", "args": args});
            Matcher::decomposing(&filter, nfd).matches(&self::event(&event.to_string()))
        };
        let by_text = EventFilter {
            text: Some(wanted.clone()),
            ..EventFilter::default()
        };
        assert_eq!(found(by_text), text, "text {wanted:?} in {args}");
        let by_query = EventFilter {
            query: Some(wanted.clone()),
            ..EventFilter::default()
        };
        assert_eq!(found(by_query), query, "query {wanted:?} in {args}");
    }
}

#[test]
fn what_is_the_same_to_a_reader_is_found() {
    assert!(finds("café", "Un Café"));
    assert!(finds("cafe\u{301}", "Un CAFÉ"));
    assert!(finds("café", "Cafe\u{301}s"));
    assert!(!finds("cafe", "café"));
    assert!(!finds("cafe", "cafe\u{301}"));
    assert_eq!(cut("STRASSE", "Die Straße."), ["Straße"]);
    assert_eq!(cut("straße", "STRASSE"), ["STRASSE"]);
    assert_eq!(cut("file", "a ﬁle"), ["ﬁle"]);
    assert_eq!(cut("ὀδυσσεύς", "ὈΔΥΣΣΕΎΣ"), ["ὈΔΥΣΣΕΎΣ"]);
    assert!(!finds("istanbul", "İstanbul"));
    assert_eq!(cut("i\u{307}stanbul", "İSTANBUL"), ["İSTANBUL"]);
    assert!(!finds("가", "각"));
    assert_eq!(
        cut("각", "\u{1100}\u{1161}\u{11a8}"),
        ["\u{1100}\u{1161}\u{11a8}"]
    );
    assert_eq!(cut("42 k", "42 \u{212a}"), ["42 \u{212a}"]);
    assert_eq!(
        cut("first\nsecond", "the first\nSecond line"),
        ["first\nSecond"]
    );
    assert_eq!(cut("say \"hi\"", "Say \"Hi\" \\o/"), ["Say \"Hi\""]);
    assert_eq!(cut("\\o/", "Say \"Hi\" \\o/"), ["\\o/"]);
    assert!(!finds("nsecond", "first\nsecond"));
    assert!(!finds("u00e9", "é"));
    assert_eq!(cut("😀", "ab😀cd😀"), ["😀", "😀"]);
    assert_eq!(ranges("CD", "ab😀cd😀"), [(4, 6)]);
    assert_eq!(cut("❤", "I ❤\u{fe0f} it"), ["❤"]);
    assert_eq!(cut("𐐀", "𐐨"), ["𐐨"]);
}

#[test]
fn half_of_a_character_is_no_hit() {
    assert!(!finds("s", "ß"));
    assert!(!finds("f", "ﬁ"));
    assert!(!finds("\u{301}", "é"));
    assert!(finds("\u{301}", "\u{301}e"));
    assert!(!finds("α", "ᾳ"));
    assert!(finds("αι", "ᾳ"));
    assert!(finds("ᾼ", "αι"));
    // Tibetan: the part after the first never composes, and the whole is decomposed all the same.
    assert!(!finds("\u{f42}", "\u{f43}"));
    assert!(!finds("\u{f42}", "\u{f42}\u{fb7}"));
    assert!(finds("\u{f43}", "\u{f42}\u{fb7}"));
}

#[test]
fn lone_surrogates_are_replacement_characters() {
    let lone = event(r#"{"id":1,"action":"message","args":{"content":"é\ud800x\udc00"}}"#);
    assert_eq!(highlights("X", &lone)[0]["ranges"], json!([[2, 3]]));
    assert_eq!(
        highlights("\u{fffd}", &lone)[0]["ranges"],
        json!([[1, 2], [3, 4]])
    );
    let half = event(r#"{"id":1,"action":"message","args":{"content":"\ud83d"}}"#);
    assert_eq!(highlights("😀", &half), json!([]));
}

#[test]
fn only_what_a_person_reads_is_searched() {
    let run = event(
        &json!({
            "id": 7, "timestamp": "needle", "source": "needle", "message": "Running command: needle",
            "action": "run", "needle": "needle",
            "tool_call_metadata": {"content": "needle"}, "llm_metrics": {"text": "needle"},
            "args": {"command": "a NEEDLE b needle", "thought": "x", "security_risk": "needle",
                "needle": "y", "confirmation_state": "needle"},
        })
        .to_string(),
    );
    let expected = json!([
        {"path": ["message"], "ranges": [[17, 23]]},
        {"path": ["args", "command"], "ranges": [[2, 8], [11, 17]]},
    ]);
    assert_eq!(highlights("needle", &run), expected);
    for key in ["command", "args", "7", "run", "security", "\"", "{"] {
        let found = highlights(key, &run);
        let message = json!([{"path": ["message"], "ranges": [[8, 15]]}]);
        let of_message = key == "command" && found == message;
        assert!(
            found == json!([]) || of_message || key == "run",
            "{key}: {found}"
        );
    }

    let mcp = event(
        &json!({"id": 8, "observation": "mcp", "content": "42",
            "extras": {"name": "needle", "arguments": {"a.b": ["x", {"kind": "the needle"}]}},
        })
        .to_string(),
    );
    let expected = json!([
        {"path": ["extras", "name"], "ranges": [[0, 6]]},
        {"path": ["extras", "arguments", "a.b", 1, "kind"], "ranges": [[4, 10]]},
    ]);
    assert_eq!(highlights("needle", &mcp), expected);
}

#[test]
fn v1_events_are_read_too() {
    let spoken = event(
        &json!({"id": "needle", "kind": "MessageEvent", "timestamp": "t", "source": "user",
            "llm_message": {"role": "needle", "content": [
                {"type": "image", "image_urls": ["needle"]},
                {"type": "text", "text": "needle", "cache_prompt": false}],
                "reasoning_content": "a needle"},
            "extended_content": [{"type": "text", "text": "needle!"}]})
        .to_string(),
    );
    let expected = json!([
        {"path": ["llm_message", "content", 1, "text"], "ranges": [[0, 6]]},
        {"path": ["llm_message", "reasoning_content"], "ranges": [[2, 8]]},
        {"path": ["extended_content", 0, "text"], "ranges": [[0, 6]]},
    ]);
    assert_eq!(highlights("needle", &spoken), expected);

    let acted = event(
        &json!({"id": "x", "kind": "ActionEvent", "timestamp": "t", "source": "agent",
            "thought": [{"type": "text", "text": "a needle"}], "tool_name": "terminal",
            "tool_call_id": "needle", "tool_call": {"arguments": "needle"},
            "thinking_blocks": [{"type": "thinking", "thinking": "needle", "signature": "needle"}],
            "action": {"kind": "needle", "command": "grep needle"}})
        .to_string(),
    );
    let expected = json!([
        {"path": ["thought", 0, "text"], "ranges": [[2, 8]]},
        {"path": ["thinking_blocks", 0, "thinking"], "ranges": [[0, 6]]},
        {"path": ["action", "command"], "ranges": [[5, 11]]},
    ]);
    assert_eq!(highlights("needle", &acted), expected);

    let failed = json!({"id": "x", "kind": "AgentErrorEvent", "error": "no needle"}).to_string();
    assert!(highlights("NEEDLE", &event(&failed)) != json!([]));
}

#[test]
fn it_is_one_condition_among_others() {
    let json = r#"{"id":1,"action":"message","source":"user","args":{"content":"Größe"}}"#;
    let matches = |filter: EventFilter| Matcher::decomposing(&filter, nfd).matches(&event(json));
    let with = |text: &str| EventFilter {
        text: Some(text.to_owned()),
        ..EventFilter::default()
    };
    assert!(matches(with("GRÖSSE")));
    assert!(matches(with("")));
    assert!(!matches(with(" ")));
    let query = |query: &str| Some(query.to_owned());
    assert!(matches(EventFilter {
        query: query("gr\\u00f6"),
        ..with("größe")
    }));
    assert!(!matches(EventFilter {
        query: query("größe"),
        ..with("größe")
    }));
    assert!(!matches(EventFilter {
        query: query("gr\\u00f6"),
        ..with("args")
    }));
    assert!(!matches(EventFilter {
        source: query("agent"),
        ..with("größe")
    }));
}

#[test]
fn many_hits_are_told_up_to_a_limit() {
    let many = message(&"ab".repeat(5000));
    let found = highlights("A", &many);
    let told = found[0]["ranges"].as_array().expect("ranges").len();
    assert_eq!(told, MAX_RANGES);
}

#[test]
fn without_decomposition_the_same_characters_are_found_in_any_case() {
    let filter = EventFilter {
        text: Some("STRASSE, CAFE\u{301}".into()),
        ..EventFilter::default()
    };
    let matcher = Matcher::new(&filter);
    assert!(matcher.matches(&message("straße, cafe\u{301}")));
    assert!(!matcher.matches(&message("straße, café")));
}
