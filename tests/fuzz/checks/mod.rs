//! What holds for any bytes at all. The fuzzer looks for bytes for which it doesn't; the corpus and
//! what it once found run as plain tests, too.
#![allow(dead_code)]

#[path = "../../support/mod.rs"]
mod support;

pub mod archive;
pub mod feed;
pub mod import;
pub mod python_json;
pub mod scan;

use std::rc::Rc;

use futures::executor::block_on;
use oh_event_store::backend::Memory;
use oh_event_store::event::dumps;
use oh_event_store::store::Log;

/// A log of small pages over these records.
fn open(records: &Rc<Memory>) -> Rc<Log> {
    let options = support::pages(300, 1000);
    block_on(support::open(records, &options))
}

/// All texts of a log, each of which is what Python would write.
fn texts(log: &Rc<Log>) -> Vec<(i64, String)> {
    let all = block_on(support::all(log));
    for (position, text) in &all {
        assert_eq!(dumps(text.as_bytes()).as_ref(), Ok(text), "at {position}");
    }
    all
}
