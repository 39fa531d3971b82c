//! The promise: what any release has stored opens for ever, event for event. And the fear: a
//! record's bytes change, and nobody counts up the format.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use oh_event_store::backend::{Key, Memory, Table};
use oh_event_store::page::{Entry, FORMAT, Page, Signatures, Summary};
use oh_event_store::store::{Action, Record, StoreOptions};
use serde_json::Value;
use support::{all, listening, open_named, run};

type Records = BTreeMap<(Table, Key), Vec<u8>>;

/// One directory for each release.
fn releases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/databases");
    let directories = fs::read_dir(root).unwrap();
    directories.map(|entry| entry.unwrap().path()).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let digit = |byte| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("no base64: {byte}"),
    };
    let digits: Vec<u32> = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| u32::from(digit(byte)))
        .collect();
    let bytes = digits.chunks(4).flat_map(|four| {
        let padded = four.iter().chain([0; 3].iter()).take(4);
        let bits = padded.fold(0, |bits, digit| bits << 6 | digit);
        bits.to_be_bytes()[1..four.len()].to_vec()
    });
    bytes.collect()
}

fn records(release: &Path) -> Records {
    let text = fs::read_to_string(release.join("records.jsonl")).unwrap();
    let record = |line| {
        let line: Value = serde_json::from_str(line).unwrap();
        let named = |table: &Table| line["table"] == table.name();
        let table = Table::ALL.into_iter().find(named).expect("a known table");
        let (id, number) = (line["key"][0].as_str(), line["key"][1].as_i64());
        let key = Key::new(&Rc::from(id.unwrap()), number.unwrap());
        ((table, key), base64(line["value"].as_str().unwrap()))
    };
    text.lines().skip(1).map(record).collect()
}

fn conversations(release: &Path) -> Vec<Value> {
    let text = fs::read_to_string(release.join("conversations.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The number of a record's format.
fn format(table: Table, value: &[u8]) -> u8 {
    value[if table == Table::Pages { 4 } else { 0 }]
}

fn intervals(value: &Value) -> Vec<(i64, i64)> {
    let pair = |pair: &Value| (pair[0].as_i64().unwrap(), pair[1].as_i64().unwrap());
    value.as_array().unwrap().iter().map(pair).collect()
}

#[test]
fn every_event_that_a_release_has_stored_is_there() {
    for release in releases() {
        let memory = Rc::new(Memory::new());
        memory.restore(records(&release));
        for kept in conversations(&release) {
            let (memory, release) = (Rc::clone(&memory), release.clone());
            run(async move {
                let (reporter, told) = listening();
                let id = kept["id"].as_str().unwrap();
                let log = open_named(&memory, &StoreOptions::default(), reporter, id).await;
                let file = release.join(kept["file"].as_str().unwrap());
                let text = fs::read_to_string(file).unwrap();
                let found = all(&log).await;
                let texts: String = found.iter().map(|(_, text)| format!("{text}\n")).collect();
                assert_eq!(texts, text, "{id}");
                if kept["dialect"] == "v0" {
                    for (at, text) in &found {
                        assert!(
                            text.starts_with(&format!("{{\"id\": {at}, ")),
                            "{at}: {text}"
                        );
                    }
                }

                let record = log.record();
                assert_eq!(kept["dialect"], log.dialect().name());
                assert_eq!(kept["events"].as_u64(), Some(record.events));
                assert_eq!(kept["bytes"].as_u64(), Some(record.bytes));
                assert_eq!(kept["pinned"].as_bool(), Some(record.pinned));
                assert_eq!(kept["latest"].as_i64(), Some(log.latest_event_id()));
                let coverage = (intervals(&kept["known"]), intervals(&kept["gaps"]));
                assert_eq!(log.coverage(), coverage);

                let mut verify = log.verify();
                let report = loop {
                    if let (report, true) = verify.step().await.unwrap() {
                        break report;
                    }
                };
                assert_eq!(report.damages, []);
                assert_eq!(kept["pages"].as_u64(), Some(report.pages as u64));
                assert!(told.borrow().is_empty(), "{:?}", told.borrow());
            });
        }
    }
}

/// What is written today for what a record holds.
fn written_again(table: Table, value: &[u8]) -> Vec<u8> {
    match table {
        Table::Conversations => Record::decode(value).unwrap().encode(),
        Table::Tail => Entry::decode(value).unwrap().encode(),
        Table::Pages => {
            let page = Page::decode(value.to_vec()).unwrap();
            Page::new(&page.entries().unwrap()).record().to_vec()
        }
        Table::Summaries => {
            let found = Summary::decode(value, &mut |class| class).unwrap();
            let found: Vec<_> = found.into_iter().map(Rc::new).collect();
            Summary::encode(&found)
        }
        Table::Signatures => Signatures::decode(value).unwrap().encode(),
        Table::Outbox => Action::decode(value).unwrap().encode(),
    }
}

#[test]
fn a_records_bytes_change_only_with_the_number_of_the_format() {
    let mut compared = BTreeMap::new();
    for release in releases() {
        let records = records(&release);
        for ((table, key), value) in &records {
            if format(*table, value) == FORMAT {
                let place = format!("{}, {key:?} of {}", table.name(), release.display());
                assert!(written_again(*table, value) == *value, "{place}");
                *compared.entry(*table).or_insert(0) += 1;
            }
        }
    }
    // There is one of each, or the format was counted up and no database of it is kept.
    assert!(compared.keys().copied().eq(Table::ALL), "{compared:?}");
}

#[test]
fn what_is_derived_from_a_page_is_derived_as_it_was() {
    let mut compared = 0;
    for release in releases() {
        let records = records(&release);
        let page = |key: &Key, number| {
            let value = records.get(&(Table::Pages, Key::new(&key.conversation, number)))?;
            (format(Table::Pages, value) == FORMAT).then(|| Page::decode(value.clone()).unwrap())
        };
        for ((table, key), value) in &records {
            if *table != Table::Summaries || format(*table, value) != FORMAT {
                continue;
            }
            let signatures = &records[&(Table::Signatures, key.clone())];
            let signatures = Signatures::decode(signatures).unwrap();
            for summary in Summary::decode(value, &mut |class| class).unwrap() {
                // A page that was replaced is told of until the record is written anew.
                let Some(page) = page(key, summary.number) else {
                    continue;
                };
                let mut signed = Signatures::default();
                page.sign(summary.number, &mut signed);
                assert_eq!(signed.get(summary.number), signatures.get(summary.number));
                assert_eq!(page.summary(summary.number), summary);
                compared += 1;
            }
        }
    }
    assert!(compared > 0, "no page was compared");
}
