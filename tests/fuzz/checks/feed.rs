//! Frames, one to a line: what is fed is read back, in this log and in one that is opened anew.

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;
use oh_event_store::backend::Memory;
use oh_event_store::event::{Dialect, EventId, Frame, FrameForm, Masking, Secrets};
use oh_event_store::notice::Reporter;
use oh_event_store::stream::{Drops, EventStream};
use serde_json::Value;

use super::{open, texts};

const SECRETS: [&str; 4] = ["s3cr", "\u{e9}'\"\n", "s3crs3", "\\"];
const MARK: &str = "<secret_hidden>";

pub fn check(bytes: &[u8]) {
    let (first, frames) = bytes.split_first().unwrap_or((&0, &[]));
    let form = if first & 1 == 0 {
        FrameForm::Raw
    } else {
        FrameForm::Parsed
    };
    let secrets = if first & 2 == 0 { &[][..] } else { &SECRETS };
    let pairs = secrets
        .iter()
        .map(|secret| (String::new(), (*secret).to_owned()));
    let secrets = Secrets::new(pairs, Masking::Strict);

    let records = Rc::new(Memory::new());
    let log = open(&records);
    log.set_secrets(secrets.clone());
    let stream = EventStream::new(Rc::clone(&log), Reporter::default(), 10, Drops::default());
    let mut dialect = None;
    let mut expected: BTreeMap<i64, String> = BTreeMap::new();
    let mut ids: BTreeMap<String, i64> = BTreeMap::new();
    for frame in frames.split(|byte| *byte == b'\n') {
        let report = block_on(stream.feed(frame, form)).expect("memory answers");
        let sum = report.accepted + report.doubles + report.status + report.rejected;
        assert_eq!(sum, 1, "{report:?}");
        assert_eq!(report.reason.is_some(), report.rejected == 1);
        let event = match Frame::read(frame, form) {
            Ok(Frame::Event(event)) => event,
            Ok(Frame::Status(_)) => {
                assert_eq!(report.status, 1);
                continue;
            }
            Err(_) => {
                assert_eq!(report.rejected, 1);
                continue;
            }
        };
        if event.dialect() != *dialect.get_or_insert(event.dialect()) {
            assert_eq!(report.rejected, 1);
            continue;
        }
        let next = expected.last_key_value().map_or(0, |(last, _)| last + 1);
        let position = match event.header.id.clone().expect("an event has an id") {
            EventId::Number(id) => id,
            EventId::Text(id) => *ids.entry(id.into()).or_insert(next),
        };
        let is_new = !expected.contains_key(&position);
        assert_eq!(
            (report.accepted, report.doubles),
            if is_new { (1, 0) } else { (0, 1) }
        );
        let masked = secrets.mask(event.into());
        expected
            .entry(position)
            .or_insert(masked.text.clone().into());
    }
    let stored = texts(&log);
    assert_eq!(stored, expected.into_iter().collect::<Vec<_>>());
    assert_eq!(texts(&open(&records)), stored);
    if !stored.is_empty() {
        assert_eq!(log.dialect(), dialect.flatten().unwrap_or(Dialect::V0));
    }
    if !secrets.is_empty() {
        for (_, text) in &stored {
            if let Ok(json) = serde_json::from_str::<Value>(text) {
                no_secret(&json, true);
            }
        }
    }
}

/// Strings that are masked hold no secret between the marks.
fn no_secret(json: &Value, top: bool) {
    let clean = |text: &str| {
        for part in text.split(MARK) {
            assert!(
                SECRETS.iter().all(|secret| !part.contains(secret)),
                "{part:?}"
            );
        }
    };
    match json {
        Value::String(text) => clean(text),
        Value::Array(items) => items.iter().for_each(|item| no_secret(item, false)),
        Value::Object(members) => {
            for (key, value) in members {
                let kept = matches!(
                    key.as_str(),
                    "id" | "timestamp"
                        | "source"
                        | "cause"
                        | "action"
                        | "observation"
                        | "kind"
                        | "parent_id"
                );
                if !top {
                    clean(key);
                }
                if !(top && kept && value.is_string()) {
                    no_secret(value, false);
                }
            }
        }
        _ => {}
    }
}
