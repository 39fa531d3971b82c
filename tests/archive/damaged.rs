//! An archive that is not what was written, or was written from a damaged log, says so.

use std::rc::Rc;

use oh_event_store::backend::{Backend, Memory, Table, Write, WriteBatch};
use oh_event_store::error::Error;
use oh_event_store::page::{Origin, Page};
use oh_event_store::store::{ExportFormat, Item, Log, StoreOptions};

use super::support::{Random, events, open, pages, run};
use super::{Fact, archived, facts, restored};

/// Every event of the log is one of the archived, and of every stretch that is said to be complete
/// nothing is missing.
async fn assert_honest(records: &Rc<Memory>, options: &StoreOptions, stored: &[Fact]) {
    let found = facts(records);
    assert!(found.iter().all(|fact| stored.contains(fact)), "{found:?}");
    let log = open(records, options).await;
    for (first, last) in log.coverage().0 {
        for fact in stored
            .iter()
            .filter(|fact| (first..=last).contains(&fact.0))
        {
            assert!(
                found.contains(fact),
                "{fact:?} is missing in {first} to {last}"
            );
        }
    }
}

async fn small() -> (Vec<u8>, Vec<Fact>) {
    let mut random = Random::new(11);
    let (records, options) = (Rc::new(Memory::new()), pages(400, 1000));
    let log = open(&records, &options).await;
    let items = (0..12).map(|id| Item::event(events::v0(&mut random, id * 2), Origin::Live));
    log.append(items.collect(), Some((0, 22))).await.unwrap();
    assert!(facts(&records).len() == 12);
    (archived(&log).await, facts(&records))
}

#[test]
fn an_archive_that_is_cut_off_anywhere_gives_what_it_holds_and_says_so() {
    run(async {
        let (file, stored) = small().await;
        let options = pages(400, 1000);
        let mut partial = 0;
        for len in 0..file.len() {
            let records = Rc::new(Memory::new());
            match restored(&records, &options, None, &file[..len], 57).await {
                Ok((_, report)) => {
                    let found = facts(&records).len() as u64;
                    partial += u64::from(found > 0);
                    assert_eq!(report.accepted, found);
                    assert_eq!(report.rejected, 12 - found, "{len}");
                    let why = &report.faults.last().expect("a fault").1;
                    assert!(why.contains("cut off"), "{why}");
                    assert_honest(&records, &options, &stored).await;
                }
                Err(why) => {
                    assert!(matches!(*why, Error::Corrupt(_)), "{why}");
                    assert!(records.records().is_empty());
                }
            }
        }
        assert!(partial > 100, "{partial}");
    });
}

#[test]
fn a_flipped_bit_anywhere_never_makes_another_event() {
    run(async {
        let (file, stored) = small().await;
        let options = pages(400, 1000);
        let mut partial = 0;
        for at in 0..file.len() {
            let mut file = file.clone();
            file[at] ^= 1 << (at % 8);
            let records = Rc::new(Memory::new());
            match restored(&records, &options, None, &file, 311).await {
                Ok((_, report)) => {
                    assert!(!report.faults.is_empty(), "{at}");
                    partial += u64::from(report.accepted > 0);
                    assert_honest(&records, &options, &stored).await;
                }
                Err(why) => {
                    let known = matches!(*why, Error::Corrupt(_) | Error::VersionTooNew { .. });
                    assert!(known, "{why}");
                    assert!(records.records().is_empty());
                }
            }
        }
        assert!(partial > 100, "{partial}");
    });
}

#[test]
fn a_damaged_part_is_a_gap_and_the_parts_after_it_go_in() {
    run(async {
        let (mut file, stored) = small().await;
        let second = file
            .windows(4)
            .enumerate()
            .filter(|(_, window)| window == b"OHPG")
            .nth(1);
        let at = second.expect("a second page").0 + 40;
        file[at] ^= 4;
        let (records, options) = (Rc::new(Memory::new()), pages(400, 1000));
        let (_, report) = restored(&records, &options, None, &file, 1000)
            .await
            .unwrap();
        let found = facts(&records);
        assert_eq!(report.accepted + report.rejected, 12);
        assert_eq!(found.first(), stored.first());
        assert_eq!(found.last(), stored.last());
        let (line, why) = &report.faults[0];
        assert_eq!((*line, why.contains("checksum")), (3, true), "{why}");
        let log = open(&records, &options).await;
        let lost: Vec<_> = stored.iter().filter(|fact| !found.contains(fact)).collect();
        let gaps = log.coverage().1;
        assert_eq!(gaps.len(), 1);
        for fact in &lost {
            assert!((gaps[0].0..=gaps[0].1).contains(&fact.0));
        }
        assert_eq!(report.rejected, lost.len() as u64);

        // The whole file fills the gap.
        let (file, _) = small().await;
        restored(&records, &options, None, &file, 1000)
            .await
            .unwrap();
        assert_eq!(facts(&records), stored);
        let log = open(&records, &options).await;
        assert_eq!(log.coverage(), (vec![(0, 22)], vec![]));
    });
}

#[test]
fn a_page_that_was_lost_before_is_a_gap_in_the_copy() {
    run(async {
        let (here, there) = (Rc::new(Memory::new()), Rc::new(Memory::new()));
        let options = pages(400, 1000);
        let log = open(&here, &options).await;
        let mut random = Random::new(5);
        let items = (0..30).map(|id| Item::event(events::v0(&mut random, id), Origin::Live));
        log.append(items.collect(), Some((0, 29))).await.unwrap();
        let records = here.records();
        let keys: Vec<_> = records
            .keys()
            .filter(|(table, _)| *table == Table::Pages)
            .collect();
        let (table, key) = keys[1].clone();
        let lost = Page::decode(records[keys[1]].clone()).unwrap();
        let batch = WriteBatch {
            expected: None,
            writes: vec![Write::Put(table, key, b"damaged".to_vec())],
        };
        let durability = StoreOptions::default().durability;
        here.commit(batch, durability).await.unwrap();
        let log = open(&here, &options).await;
        let file = archived_lossy(&log).await;
        let (_, report) = restored(&there, &options, None, &file, 999).await.unwrap();
        assert_eq!(report.accepted, 30 - lost.len() as u64);
        assert_eq!(report.faults.len(), 1);
        let gap = (lost.positions()[0], *lost.positions().last().unwrap());
        assert_eq!(open(&there, &options).await.coverage().1, [gap]);
    });
}

async fn archived_lossy(log: &Rc<Log>) -> Vec<u8> {
    let mut export = log.export(ExportFormat::Archive, true);
    let mut file = Vec::new();
    while let Some(piece) = export.next().await.expect("an export") {
        file.extend(piece);
    }
    file
}

#[test]
fn lengths_that_lie_and_versions_to_come_are_errors() {
    run(async {
        let (file, _) = small().await;
        let options = StoreOptions::default();
        let into = || Rc::new(Memory::new());
        let mut newer = file.clone();
        newer[4] = 2;
        let why = restored(&into(), &options, None, &newer, 100).await;
        assert!(why.is_err_and(|why| matches!(*why, Error::VersionTooNew { found: 2, .. })));
        for len in [u32::MAX, 1 << 30, 1 << 27] {
            let mut lying = file.clone();
            lying[6..10].copy_from_slice(&len.to_le_bytes());
            let why = restored(&into(), &options, None, &lying, 100).await;
            assert!(why.is_err_and(|why| matches!(*why, Error::Corrupt(_))));
        }
        for other in [&b"OHAR\x01"[..], b"OHAR", b"OH", b""] {
            let why = restored(&into(), &options, None, other, 100).await;
            assert!(why.is_err_and(|why| matches!(*why, Error::Corrupt(_))));
        }
    });
}
