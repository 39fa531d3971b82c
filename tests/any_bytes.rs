//! Whatever bytes come, there is an error value or an event, never a panic.
#![cfg(not(target_arch = "wasm32"))]

use oh_event_store::event::{
    Event, EventId, Frame, FrameForm, Items, Kind, Masking, Secrets, dumps, members, stamp,
    string_value, trajectory, wire_form,
};
use oh_event_store::sync::engine_io::Packet;
use proptest::prelude::*;

/// Everything that takes bytes from outside.
fn feed_to_everything(bytes: &[u8]) {
    for form in [FrameForm::Raw, FrameForm::Parsed] {
        if let Ok(Frame::Event(event)) = Frame::read(bytes, form) {
            let again = Event::from_canonical(event.text.clone()).expect("canonical text");
            assert_eq!(event, again);
        }
    }
    let _ = stamp(bytes, &EventId::Number(1), "t", "user");
    if let Ok(text) = dumps(bytes) {
        assert_eq!(dumps(text.as_bytes()).as_deref(), Ok(text.as_str()));
    }
    if let Ok(event) = Event::from_json(bytes) {
        let token = event.header.kind.token();
        assert_eq!(Kind::from_token(&token), event.header.kind);
        if let Some(wire) = wire_form(&event.text) {
            assert_eq!(dumps(wire.as_bytes()), Ok(wire.clone()));
            let again = wire_form(&wire);
            assert!(again.is_none() || again == Some(wire));
        }
        for screenshots in [true, false] {
            let exported = trajectory(&event.text, screenshots);
            assert_eq!(dumps(exported.as_bytes()).as_deref(), Ok(&*exported));
        }
    }
    let text = String::from_utf8_lossy(bytes);
    for prefix in ["", "0", "4", "42", "43", "44", "42[\"oh_event\","] {
        let _ = Packet::read(&[prefix, &text].concat());
    }
    let _ = Event::from_canonical(text.clone().into());
    let _ = string_value(&text);
    let _ = members(&text);
    if let Ok(items) = Items::of(&text) {
        let _ = items.count();
    }
    for mode in [Masking::Server, Masking::Strict] {
        let pairs = ["a", "", "\"", "é"].map(|value| (String::new(), value.to_owned()));
        let _ = Secrets::new(pairs, mode).mask_text(&text);
    }
}

/// Events of several kinds.
const SAMPLES: [&str; 5] = [
    concat!(
        r#"{"id": 3, "timestamp": "2025-01-01T00:00:00", "source": "agent", "message": "\u00e9","#,
        r#" "cause": 2, "action": "run", "args": {"hidden": [], "command": "l\ud83ds \\ \" \/","#,
        " \"x\": \"é😀\u{7f}\"}, \"n\": [1, -0, 1.5e3, NaN, -Infinity, true, false, null],",
        r#" "n": {"n": 1, "n": {}}, "timeout": 120}"#,
    ),
    concat!(
        r#"{"id": 9007199254740991, "observation": "run", "content": "a\n", "extras": {"command":"#,
        r#" "ls", "metadata": {"exit_code": -1, "pid": 1e2}, "hidden": false}, "success": true,"#,
        r#" "llm_metrics": {"accumulated_cost": 1, "costs": [{"model": "m", "cost": 0.5}]}}"#,
    ),
    r#"{"id":"0b-1","kind":"ActionEvent","parent_id":null,"action":{"kind":"Think","a":"\ud83d"}}"#,
    concat!(
        r#"{"action": "edit", "args": {"path": "/a", "translated_ipython_code":"#,
        r#" "print(file_editor(**{'command': 'view', 'path': \"it's \\\\x41\"}))"}}"#,
    ),
    r#"{"action": "call_tool_mcp", "args": {"name": "n", "arguments": {"a": ["\u200b'", 1e16]}}}"#,
];

#[test]
fn every_truncation_of_an_event_is_an_error() {
    for sample in SAMPLES {
        feed_to_everything(sample.as_bytes());
        for end in 0..sample.len() {
            let part = &sample.as_bytes()[..end];
            assert!(Frame::read(part, FrameForm::Raw).is_err(), "cut at {end}");
            feed_to_everything(part);
        }
    }
}

#[test]
fn every_byte_of_an_event_may_be_any_other() {
    for (number, sample) in SAMPLES.iter().enumerate() {
        // All of them in one, in the others those that mean something to JSON.
        let some = *b"\0\"\\{}[],:0-eN\x80\xed\xff";
        let others = if number == 2 {
            (0..=255).collect()
        } else {
            some.to_vec()
        };
        let mut bytes = sample.as_bytes().to_vec();
        for at in 0..bytes.len() {
            let own = bytes[at];
            for byte in others.iter().copied().filter(|byte| *byte != own) {
                bytes[at] = byte;
                feed_to_everything(&bytes);
            }
            bytes[at] = own;
        }
    }
}

#[test]
fn the_items_of_a_list_are_cut_out_as_they_stand() {
    let items: Result<Vec<_>, _> = Items::of(" [ {\"a\" : NaN}, \"\\ud83d\" ,[1 ], 1.0 ] ")
        .expect("a list")
        .collect();
    assert_eq!(
        items,
        Ok(vec!["{\"a\" : NaN}", "\"\\ud83d\"", "[1 ]", "1.0"])
    );
    assert!(Items::of("{}").is_err());
    for broken in ["[1,", "[1}", "[1] 2", "[1 2]"] {
        let mut items = Items::of(broken).expect("begins as a list");
        assert!(items.any(|item| item.is_err()), "{broken}");
        assert!(items.next().is_none());
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_value_or_an_error(bytes in any::<Vec<u8>>()) {
        feed_to_everything(&bytes);
    }

    #[test]
    fn any_json_like_text_ends_in_a_value_or_an_error(
        text in "([{}\\[\\]\",:\\\\ ]|\"id\"|\"action\"|\"run\"|\\\\u[dD][89a-f][0-9]{2}|1|-|e5|\\.|NaN|null|é){0,60}",
    ) {
        feed_to_everything(text.as_bytes());
    }
}
