//! Files of events, whatever wrote them, go into a log in the form that the server sends.
#![cfg(not(target_arch = "wasm32"))]

#[path = "support/vectors/store.rs"]
mod store;

use oh_event_store::event::{Event, FileForm, wire_form};
use oh_event_store::page::Origin;
use oh_event_store::store::{After, ExportFormat, ImportReport, Item, SearchOptions};
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
fn what_the_server_could_not_load_is_kept_whatever_its_id_is() {
    for id in ["null", "-1", "1.5", "\"a\"", "[]"] {
        let odd = format!(r#"{{"id": {id}, "action": "dance"}}"#);
        let (report, texts) = imported(&format!("[{READ}, {odd}, {READ}]"));
        assert_eq!((report.accepted, report.rejected), (3, 0), "{id}");
        assert_eq!(texts[1], r#"{"id": 1, "action": "dance"}"#);
        assert!(texts[2].starts_with(r#"{"id": 2, "#), "{id}");
    }
}

#[test]
fn an_id_that_none_can_have_changes_no_other() {
    for id in ["-7", "9007199254740993", "123456789012345678901234567890"] {
        for odd in [READ, r#"{"action": "dance"}"#] {
            let odd = odd.replacen('{', &format!(r#"{{"id": {id}, "#), 1);
            let (report, texts) = imported(&format!("[{READ}, {odd}, {READ}]"));
            assert_eq!((report.accepted, report.rejected), (2, 1), "{odd}");
            assert!(texts[1].starts_with(r#"{"id": 1, "#), "{odd}");
        }
    }
}

#[test]
fn lines_are_read_also_where_the_first_one_cannot_be() {
    let one = READ.replacen('{', r#"{"id": 1, "#, 1);
    for bad in [
        r#"{"id": 0, "action": "run", "args": {"comm"#,
        "{",
        "hello",
        r#"{"id": 0} {"#,
    ] {
        let (report, texts) = imported(&format!("{bad}\n{one}\n{READ}\n"));
        assert_eq!(report.form, FileForm::JsonLines, "{bad}");
        assert_eq!((report.accepted, report.rejected), (2, 1), "{bad}");
        assert!(texts[1].starts_with(r#"{"id": 2, "#), "{bad}");
    }
}

#[test]
fn a_file_proves_nothing_where_it_leaves_numbers_out() {
    // As the server's own export leaves out what is hidden.
    let numbered = |id: i64| READ.replacen('{', &format!("{{\"id\": {id}, "), 1);
    let ids = [0, 1, 2, 5, 6, 9, 6];
    let events: Vec<String> = ids.into_iter().map(numbered).collect();
    for file in [format!("[{}]", events.join(", ")), events.join("\n")] {
        let stored = Stored::new(Vec::new()).expect("a store");
        block_on(stored.0.import(file.as_bytes(), &mut |_| {})).expect("an import");
        let (known, gaps) = stored.0.coverage();
        assert_eq!(known, [(0, 2), (5, 6), (9, 9)]);
        assert_eq!(gaps, [(3, 4), (7, 8)]);
    }
}

#[test]
fn a_zip_file_is_told_as_one() {
    let stored = Stored::new(Vec::new()).expect("a store");
    for file in [&b"PK\x03\x04\x14\0\0\0"[..], b"PK\x03\x04\xff\xfe"] {
        let why = block_on(stored.0.import(file, &mut |_| {})).expect_err("it is refused");
        assert!(why.to_string().contains("a zip file"), "{why}");
    }
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

/// The V1 event with this number.
fn v1(number: usize) -> String {
    format!(
        "{{\"id\": \"e{number}\", \"timestamp\": \"2025-08-{number:02}\", \"kind\": \"MessageEvent\"}}"
    )
}

/// A log that has got these V1 events one by one, each with room before it.
fn with_gaps(numbers: &[usize]) -> Stored {
    let stored = Stored::new(Vec::new()).expect("a store");
    for number in numbers {
        let event = Event::from_json(v1(*number).as_bytes()).expect("an event");
        let item = Item::follows(event, Origin::Live, After::Unknown);
        block_on(stored.0.append(vec![item], None)).expect("it is stored");
    }
    stored
}

fn import(stored: &Stored, file: &[String]) -> ImportReport {
    let file = file.join("\n");
    block_on(stored.0.import(file.as_bytes(), &mut |_| {})).expect("an import")
}

fn texts(stored: &Stored) -> Vec<String> {
    let mut search = stored.0.search(&SearchOptions::default());
    let mut texts = Vec::new();
    while let Some(batch) = block_on(search.next(100)).expect("a search") {
        texts.extend(batch.texts().map(String::from));
    }
    texts
}

#[test]
fn v1_events_take_the_places_that_the_file_has_them_in() {
    let file: Vec<String> = (1..8).map(v1).collect();
    for known in [&[][..], &[1, 3], &[4], &[3, 7], &[7], &[1, 2, 6]] {
        let stored = with_gaps(known);
        assert_eq!(import(&stored, &file).rejected, 0);
        assert_eq!(texts(&stored), file, "{known:?}");
        assert_eq!(stored.0.coverage().1, [], "{known:?}");
    }
}

#[test]
fn v1_events_keep_their_order_across_the_commits_of_an_import() {
    let file: Vec<String> = (1..9)
        .map(|number| {
            let long = format!(", \"long\": \"{}\"}}", "x".repeat(900_000));
            v1(number).replace('}', &long)
        })
        .collect();
    let stored = with_gaps(&[]);
    for line in [&file[0], &file[3], &file[7]] {
        let event = Event::from_json(line.as_bytes()).expect("an event");
        let item = Item::follows(event, Origin::Live, After::Unknown);
        block_on(stored.0.append(vec![item], None)).expect("it is stored");
    }
    import(&stored, &file);
    assert!(texts(&stored) == file, "they are out of order");
    assert_eq!(stored.0.coverage().1, []);
}

#[test]
fn what_cannot_be_read_among_v1_events_is_a_gap() {
    for bad in [
        "7".to_owned(),
        "{".to_owned(),
        READ.replacen('{', "{\"id\": 1, ", 1),
    ] {
        let stored = with_gaps(&[1, 4]);
        let file = [v1(1), v1(2), bad, v1(3), v1(4)];
        assert_eq!(import(&stored, &file).rejected, 1);
        assert_eq!(texts(&stored), (1..5).map(v1).collect::<Vec<_>>());
        assert_eq!(stored.0.coverage().1, [(2, 2)]);
    }
}
