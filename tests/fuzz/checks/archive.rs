//! An archive comes back identical; one that was changed anywhere gives an error, or some of what
//! was in it and nothing else.

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::block_on;
use oh_event_store::backend::{Backend, Memory};
use oh_event_store::event::FrameForm;
use oh_event_store::notice::Reporter;
use oh_event_store::store::{ExportFormat, ImportReport, Log};
use oh_event_store::stream::{Drops, EventStream};

use super::support::{pages, store};
use super::{open, texts};

/// The first byte says what happens to the archive, the next three where; then come frames, one to
/// a line, or an archive's own bytes.
pub fn check(bytes: &[u8]) {
    let Some((&[how, high, low, size], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let piece = usize::from(size) + 1;
    if how == 0 {
        let _ = restored(&Rc::new(Memory::new()), rest, piece);
        return;
    }
    let log = open(&Rc::new(Memory::new()));
    let stream = EventStream::new(Rc::clone(&log), Reporter::default(), 10, Drops::default());
    for frame in rest.split(|byte| *byte == b'\n') {
        block_on(stream.feed(frame, FrameForm::Raw)).expect("memory answers");
    }
    let mut file = archived(&log);
    let place = usize::from(u16::from_be_bytes([high, low])) % file.len();
    match how % 4 {
        0 => file[place] ^= 1 << (how >> 5),
        1 => file.truncate(place),
        2 => drop(file.splice(place..place, rest.iter().copied().take(piece))),
        _ => {}
    }
    let records = Rc::new(Memory::new());
    let Some(report) = restored(&records, &file, piece) else {
        return assert!(how % 4 != 3);
    };
    let original: BTreeMap<i64, String> = texts(&log).into_iter().collect();
    let copy = open(&records);
    let found = texts(&copy);
    assert_eq!(report.accepted, found.len() as u64);
    for (position, text) in &found {
        assert_eq!(original.get(position), Some(text));
    }
    if how % 4 == 3 {
        assert_eq!(
            (found.len(), report.rejected),
            (original.len(), 0),
            "{report:?}"
        );
        assert_eq!(
            restored(&records, &file, piece).map(|report| report.accepted),
            Some(0)
        );
    }
}

fn archived(log: &Rc<Log>) -> Vec<u8> {
    let mut export = log.export(ExportFormat::Archive, true);
    let mut file = Vec::new();
    while let Some(piece) = block_on(export.next()).expect("memory answers") {
        file.extend(piece);
    }
    file
}

/// Into the conversation that other checks open; `None` where it is no archive.
fn restored(records: &Rc<Memory>, file: &[u8], piece: usize) -> Option<ImportReport> {
    let store = store(Rc::clone(records) as Rc<dyn Backend>, &pages(300, 1000));
    let mut restore = store.restore(Some("c".to_owned()));
    for piece in file.chunks(piece) {
        block_on(restore.push(piece)).ok()?;
    }
    let (_, report) = block_on(restore.finish(None)).ok()?;
    Some(report)
}
