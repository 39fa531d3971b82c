//! The fear: on the way back to the database something of this tab's or of another's is lost, is there
//! twice or is said to be there; or the way is barred for ever.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::ops::Range;
use std::rc::Rc;

use futures::executor::block_on;
use oh_event_store::backend::{Faults, Memory, Table};
use oh_event_store::error::{Error, Result};
use oh_event_store::event::Position;
use oh_event_store::notice::{Level, Notice};
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log, StoreOptions};
use support::tab::{Tab, live, new, positions, stored};
use support::{all, events, for_seeds, open, pages};

const ACTION: &str = "{\"action\": \"message\"}";

/// Two tabs on the same records.
fn two() -> (Rc<Memory>, Tab, Tab) {
    two_of_seed(0)
}

fn two_of_seed(seed: u64) -> (Rc<Memory>, Tab, Tab) {
    let records = Rc::new(Memory::new());
    let [one, other] = [(), ()].map(|()| Tab::of_seed(&records, &pages(300, 1000), seed));
    (records, one, other)
}

/// Of a hundred commits half end with it not being known whether they took place.
async fn back_with_failures(tab: &Tab) {
    tab.database.set_faults(Faults {
        timeout: 30,
        lost: 20,
        ..Faults::default()
    });
    while tab.store.return_to_database().await.is_err() {}
}

fn run_of(ids: Range<i64>, content: &str) -> Vec<Item> {
    ids.map(|id| live(id, content)).collect()
}

fn page(ids: Range<i64>) -> Vec<Item> {
    let item = |id| Item::event(events::message(id, "x"), Origin::Remote);
    ids.map(item).collect()
}

/// A tab whose database was there before and could not be read when the log was opened.
async fn unread(records: &Rc<Memory>) -> (Tab, Rc<Log>) {
    let tab = Tab::new(records, &pages(300, 1000));
    tab.store.connect().await.unwrap();
    tab.goes();
    let log = tab.log().await;
    (tab, log)
}

async fn back(tab: &Tab) {
    tab.comes();
    tab.store.return_to_database().await.unwrap();
}

fn which(stored: &[(Position, String)], text: &str) -> Vec<Position> {
    let found = stored.iter().filter(|(_, event)| event.contains(text));
    found.map(|(position, _)| *position).collect()
}

#[test]
fn what_was_pinned_and_deleted_in_memory_does_not_bar_the_way_back() {
    block_on(async {
        let (records, tab, _) = two();
        let log = tab.log().await;
        log.append(run_of(0..1, "x"), None).await.unwrap();
        tab.goes();
        let short = tab.store.conversation("short", None).await.unwrap();
        short.append(run_of(0..1, "x"), None).await.unwrap();
        tab.store.pin("short", true).await.unwrap();
        tab.store.delete_conversation("short").await.unwrap();
        log.append(run_of(1..2, "kept"), None).await.unwrap();
        back(&tab).await;
        assert_eq!(stored(&records).await.len(), 2);
    });
}

#[test]
fn what_was_pinned_here_and_deleted_there_does_not_bar_the_way_back() {
    block_on(async {
        let (records, tab, other) = two();
        let log = tab.log().await;
        log.append(run_of(0..1, "x"), None).await.unwrap();
        tab.goes();
        log.append(run_of(1..2, "x"), None).await.unwrap();
        tab.store.pin("c", true).await.unwrap();
        log.truncate(-1).await.unwrap();
        other.store.delete_conversation("c").await.unwrap();
        back(&tab).await;
        assert_eq!(stored(&records).await, []);
    });
}

#[test]
fn a_conversation_of_a_newer_release_is_told_and_does_not_bar_the_way_back() {
    block_on(async {
        let (records, tab, other) = two();
        let log = tab.log().await;
        log.append(run_of(0..1, "x"), None).await.unwrap();
        tab.goes();
        log.append(run_of(1..2, "x"), None).await.unwrap();
        let kept = tab.store.conversation("kept", None).await.unwrap();
        kept.append(run_of(0..3, "x"), None).await.unwrap();
        let mut all = records.records();
        let place = |(table, _): &&(Table, _)| *table == Table::Conversations;
        let place = all.keys().find(place).cloned().unwrap();
        let record = all.get_mut(&place).unwrap();
        record.truncate(record.len() - 8);
        record[0] = 200;
        let sum = xxhash_rust::xxh64::xxh64(record, 0);
        record.extend(sum.to_le_bytes());
        records.restore(all);
        back(&tab).await;
        let kept = other.store.conversation("kept", None).await.unwrap();
        assert_eq!(kept.count_events(None).await, Ok(3));
        let told = support::lines(&tab.told);
        let line = |line: &&String| line.starts_with(Level::Error.name()) && line.contains("c: ");
        assert_eq!(told.iter().filter(line).count(), 1, "{told:?}");
    });
}

#[test]
fn new_events_come_behind_all_others_in_their_order_where_another_tab_took_their_numbers() {
    block_on(async {
        let (records, tab, other) = two();
        let log = tab.log().await;
        log.append(vec![new("first")], None).await.unwrap();
        let theirs = other.log().await;
        tab.goes();
        for item in [new("ours 1"), live(2, "the server's"), new("ours 2")] {
            log.append(vec![item], None).await.unwrap();
        }
        theirs.append(vec![new("theirs")], None).await.unwrap();
        back(&tab).await;
        let stored = stored(&records).await;
        let texts = ["first", "theirs", "the server's", "ours 1", "ours 2"];
        let found: Vec<_> = texts.map(|text| which(&stored, text)).concat();
        assert_eq!(found, [0, 1, 2, 3, 4], "{stored:?}");
        assert_eq!(all(&log).await, stored);
    });
}

#[test]
fn a_new_event_of_a_log_that_could_not_be_read_is_kept() {
    block_on(async {
        let (records, _, other) = two();
        let theirs = other.log().await;
        theirs.append(run_of(0..5, "server"), None).await.unwrap();
        let (tab, log) = unread(&records).await;
        log.append(vec![new("mine")], None).await.unwrap();
        back(&tab).await;
        let stored = stored(&records).await;
        assert_eq!(which(&stored, "server"), [0, 1, 2, 3, 4]);
        assert_eq!(which(&stored, "mine"), [5]);
    });
}

#[test]
fn new_events_are_there_once_however_often_the_way_back_fails() {
    for_seeds(100, |seed, random| {
        block_on(async {
            let (records, tab, other) = two_of_seed(seed);
            let log = tab.log().await;
            log.append(vec![new("first")], None).await.unwrap();
            let theirs = other.log().await;
            theirs.refresh().await.unwrap();
            tab.goes();
            for n in 0..3 {
                log.append(vec![new(&format!("ours {n}"))], None)
                    .await
                    .unwrap();
                // So that each is a deed of its own.
                tab.store.pin("c", true).await.unwrap();
            }
            let newest = random.number(2, 4);
            for item in [new("theirs"), live(newest, "theirs")] {
                theirs.append(vec![item], None).await.unwrap();
            }
            back_with_failures(&tab).await;
            let stored = stored(&records).await;
            let ours = [0, 1, 2].map(|n| which(&stored, &format!("ours {n}")));
            assert!(ours.iter().all(|found| found.len() == 1), "{stored:?}");
            // Where the other tab has left numbers free, they are taken.
            assert!(newest > 2 || ours.is_sorted(), "{stored:?}");
            assert_eq!(stored.len(), 6);
        });
    });
}

#[test]
fn what_was_complete_in_memory_is_not_where_another_tab_deleted_it() {
    block_on(async {
        let (records, tab, other) = two();
        let log = tab.log().await;
        log.append(page(0..10), None).await.unwrap();
        tab.goes();
        // The server's page: ten doubles, one new event.
        log.append(page(0..11), Some((0, 10))).await.unwrap();
        log.append(page(11..13), Some((11, 12))).await.unwrap();
        other.store.delete_conversation("c").await.unwrap();
        back(&tab).await;
        let fresh = open(&records, &pages(300, 1000)).await;
        assert_eq!(positions(&all(&fresh).await), [10, 11, 12]);
        assert_eq!(fresh.coverage(), (vec![(11, 12)], vec![(0, 10)]));
    });
}

#[test]
fn a_log_that_can_not_be_read_is_not_rolled_back_in_vain() {
    block_on(async {
        let (records, _, other) = two();
        let theirs = other.log().await;
        theirs.append(run_of(0..20, "x"), None).await.unwrap();
        let (tab, log) = unread(&records).await;
        let answer: Result<u64> = log.truncate(4).await;
        assert!(matches!(*answer.unwrap_err(), Error::Unreachable { .. }));
        back(&tab).await;
        assert_eq!(stored(&records).await.len(), 20);
        assert_eq!(log.truncate(4).await, Ok(15));
    });
}

#[test]
fn nothing_is_evicted_while_what_is_stored_is_out_of_reach() {
    block_on(async {
        let records = Rc::new(Memory::new());
        let options = StoreOptions {
            storage_budget: Some(4000),
            ..pages(300, 1000)
        };
        let tab = Tab::new(&records, &options);
        let old = tab.store.conversation("old", None).await.unwrap();
        old.append(run_of(0..15, "x"), None).await.unwrap();
        drop(old);
        let log = tab.log().await;
        tab.goes();
        log.append(run_of(0..1, "x"), None).await.unwrap();
        // It can be read again, and the store doesn't know yet.
        tab.comes();
        log.append(run_of(1..30, "x"), None).await.unwrap();
        let evictions = || {
            let told = tab.told.borrow();
            let evictions = told.iter().filter(|n| matches!(n, Notice::Evicted { .. }));
            evictions.count()
        };
        assert_eq!(evictions(), 0);
        tab.store.return_to_database().await.unwrap();
        assert_eq!(stored(&records).await.len(), 30);
        log.append(run_of(30..31, "x"), None).await.unwrap();
        assert_eq!(evictions(), 1);
    });
}

/// The ids of what waits, in its order.
async fn waiting(log: &Log) -> Vec<String> {
    let queued = log.outbox().await.unwrap();
    queued.iter().map(|it| it.action.id.to_string()).collect()
}

#[test]
fn actions_of_two_tabs_that_took_the_same_numbers_are_all_kept_in_their_order() {
    for_seeds(100, |seed, random| {
        block_on(async {
            let (_, tab, other) = two_of_seed(seed);
            let (ours, theirs) = (tab.log().await, other.log().await);
            ours.append(run_of(0..1, "x"), None).await.unwrap();
            ours.queue("before", ACTION).await.unwrap();
            tab.goes();
            // At the same millisecond each.
            for n in 0..random.below(4) {
                ours.queue(&format!("ours {n}"), ACTION).await.unwrap();
            }
            for n in 0..random.below(4) {
                theirs.queue(&format!("theirs {n}"), ACTION).await.unwrap();
            }
            let mut expected = waiting(&ours).await;
            expected.extend(waiting(&theirs).await);
            back_with_failures(&tab).await;
            let left = waiting(&theirs).await;
            for of in ["ours", "theirs"] {
                let only = |ids: &[String]| {
                    let ids = ids.iter().filter(|id| id.starts_with(of));
                    ids.cloned().collect::<Vec<_>>()
                };
                assert_eq!(only(&left), only(&expected), "{left:?}");
            }
            assert_eq!(left.len(), expected.len());
        });
    });
}
