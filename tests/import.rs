//! Files of events, whatever wrote them, go into a log in the form that the server sends.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/vectors/store.rs"]
mod store;

use oh_event_store::event::{FileForm, wire_form};
use oh_event_store::store::{ExportFormat, ImportReport, SearchOptions};
use store::{Stored, block_on};

const READ: &str = r#"{"action": "read", "args": {"path": "a", "translated_ipython_code": null}}"#;
const WIRE: &str = concat!(
    r#""message": "Reading file: a", "action": "read", "args": {"path": "a", "start": 0, "#,
    r#""end": -1, "thought": "", "security_risk": -1, "impl_source": "default", "#,
    r#""view_range": null}}"#,
);

fn imported(file: &str) -> (ImportReport, Vec<String>) {
    let stored = Stored::new(Vec::new()).expect("a store");
    let report = block_on(stored.0.import(file.as_bytes(), &mut |_| {})).expect("an import");
    let mut search = stored.0.search(&SearchOptions::default());
    let mut texts = Vec::new();
    while let Some(batch) = block_on(search.next(100)).expect("a search") {
        texts.extend(batch.texts().map(String::from));
    }
    assert_eq!(
        stored
            .search(&SearchOptions::default())
            .map(|ids| ids.len()),
        Ok(texts.len())
    );
    (report, texts)
}

#[test]
fn stored_events_are_kept_in_wire_form() {
    let file = format!("[{}]", READ.replacen('{', r#"{"id": 4, "#, 1));
    let (report, texts) = imported(&file);
    assert_eq!(
        (report.form, report.accepted, report.rejected),
        (FileForm::Trajectory, 1, 0)
    );
    assert_eq!(texts, [format!("{{\"id\": 4, {WIRE}")]);
}

#[test]
fn what_the_server_could_not_load_is_kept_as_it_is() {
    let unknown = r#"{"id": 1, "action": "dance", "args": {"x": 1.0}}"#;
    let missing = r#"{"id": 2, "action": "run", "args": {}}"#;
    let v1 = r#"{"id": "a", "kind": "ActionEvent", "action": {"kind": "RunAction"}}"#;
    let (report, texts) = imported(&format!("{unknown}\n{missing}\n{v1}\n"));
    assert_eq!((report.accepted, report.rejected), (2, 1));
    assert_eq!(texts, [unknown, missing]);
    let (report, texts) = imported(v1);
    assert_eq!((report.accepted, texts), (1, vec![v1.to_owned()]));
}

#[test]
fn events_without_ids_are_counted_on() {
    let five = READ.replacen('{', r#"{"id": 5, "#, 1);
    let minus = READ.replacen('{', r#"{"id": -1, "#, 1);
    let unknown = r#"{"observation": "dance"}"#;
    let (report, texts) = imported(&format!("[{READ}, {five}, {READ}, {unknown}, {minus}]"));
    assert_eq!((report.accepted, report.rejected), (5, 0));
    let ids: Vec<&str> = texts
        .iter()
        .filter_map(|text| text.split(',').next())
        .collect();
    assert_eq!(
        ids,
        [
            "{\"id\": 0",
            "{\"id\": 5",
            "{\"id\": 6",
            "{\"id\": 7",
            "{\"id\": 8"
        ]
    );
    assert_eq!(texts[3], r#"{"id": 7, "observation": "dance"}"#);
}

#[test]
fn an_evaluations_history_of_pairs_is_read_in_its_order() {
    let done = r#"{"observation": "read", "content": "x", "extras": {"path": "a"}}"#;
    let line =
        format!(r#"{{"instance_id": "i", "history": [[{READ}, {done}], [{READ}, {done}]]}}"#);
    let (report, texts) = imported(&format!(
        "{line}\n{{\"instance_id\": \"j\", \"history\": []}}\n"
    ));
    assert_eq!((report.form, report.accepted), (FileForm::JsonLines, 4));
    assert_eq!(texts[2], format!("{{\"id\": 2, {WIRE}"));
    assert!(
        texts[3].starts_with(r#"{"id": 3, "message": "I read the file a.""#),
        "{}",
        texts[3]
    );
}

#[test]
fn what_is_exported_comes_back_identical() {
    let vectors = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/vectors/synth_stored_0.json"
    );
    let file = std::fs::read_to_string(vectors).expect("a readable file");
    let (_, texts) = imported(&file);
    assert!(texts.len() > 40);
    for text in &texts {
        assert_eq!(wire_form(text).as_ref(), Some(text));
    }
    let stored = Stored::new(Vec::new()).expect("a store");
    block_on(stored.0.import(file.as_bytes(), &mut |_| {})).expect("an import");
    let mut export = stored.0.export(ExportFormat::JsonLines, true);
    let mut lines = Vec::new();
    while let Some(part) = block_on(export.next()).expect("an export") {
        lines.extend(part);
    }
    let lines = String::from_utf8(lines).expect("text");
    assert_eq!(imported(&lines).1, texts);
}

#[test]
fn a_fault_is_told_with_its_line_and_the_rest_goes_in() {
    let one = READ.replacen('{', r#"{"id": 1, "#, 1);
    let (report, texts) = imported(&format!(
        "{one}\n{{\"id\": 2, \n\nhello\n[1]\n{{}}\n{READ}\n"
    ));
    assert_eq!((report.accepted, report.rejected), (2, 4));
    let lines: Vec<usize> = report.faults.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 4, 5, 6]);
    assert!(texts[1].starts_with("{\"id\": 2, "));
}
