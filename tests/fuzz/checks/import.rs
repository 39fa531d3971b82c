//! A file's events are each counted once; the same import again changes nothing; what is exported
//! and imported elsewhere is the same log.

use std::rc::Rc;

use futures::executor::block_on;
use oh_event_store::backend::Memory;
use oh_event_store::event::Documents;
use oh_event_store::store::{ExportFormat, ImportReport, Log};

use super::{open, texts};

pub fn check(bytes: &[u8]) {
    let records = Rc::new(Memory::new());
    let log = open(&records);
    let Some(first) = import(&log, bytes) else {
        return assert!(std::str::from_utf8(bytes).is_err());
    };
    let file = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let documents = Documents::of(std::str::from_utf8(file).expect("it was read")).count();
    assert_eq!(
        first.accepted + first.doubles + first.rejected,
        documents as u64
    );
    assert_eq!(first.faults.len() as u64, first.rejected.min(1000));
    let lines = 1 + file.iter().filter(|byte| **byte == b'\n').count();
    assert!(
        first
            .faults
            .iter()
            .all(|(line, _)| (1..=lines).contains(line))
    );
    let stored = texts(&log);
    assert_eq!(stored.len() as u64, log.record().events);
    assert!(first.accepted == stored.len() as u64);

    let before = records.records();
    let again = import(&log, bytes).expect("it was text");
    assert_eq!(again.accepted, 0, "{again:?}");
    assert_eq!(again.doubles, first.accepted + first.doubles);
    assert_eq!(again.rejected, first.rejected);
    assert_eq!(records.records(), before);
    assert_eq!(texts(&open(&records)), stored);

    let mut export = log.export(ExportFormat::JsonLines, true);
    let mut file = Vec::new();
    while let Some(piece) = block_on(export.next()).expect("memory answers") {
        file.extend(piece);
    }
    let other = open(&Rc::new(Memory::new()));
    let report = import(&other, &file).expect("an export is text");
    if stored.iter().all(|(_, text)| is_settled(text)) {
        assert_eq!(report.accepted, first.accepted, "{report:?}");
        // Where a line can't be read, a place is kept free.
        let without_places = |log: Vec<(i64, String)>| -> Vec<String> {
            log.into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(without_places(texts(&other)), without_places(stored));
    }
}

/// The server takes a new output's `command_id` unchecked as its `pid`, and checks it when it
/// reads what it wrote: one that is no integer is another the second time, or refused.
fn is_settled(text: &str) -> bool {
    let pids = text.split(r#""pid": "#).skip(1);
    pids.map(|rest| rest.split([',', '}']).next())
        .all(|pid| pid.is_some_and(|pid| pid.parse::<i128>().is_ok()))
}

fn import(log: &Log, file: &[u8]) -> Option<ImportReport> {
    block_on(log.import(file, &mut |_| {})).ok()
}
