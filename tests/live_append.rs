//! Live events of a store that has the database for itself: each is one record that is added, and
//! nothing else is written. Where another tab was there after all, nothing is lost and nothing is
//! there twice.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{Backend, Memory, Table};
use oh_event_store::event::Event;
use oh_event_store::page::Origin;
use oh_event_store::store::{Change, EventStore, Item, Log, Outcome};
use support::{Counting, all, events, pages, run, store};

fn item(id: i64) -> Item {
    Item::event(events::message(id, "some words"), Origin::Live)
}

fn alone(backend: Rc<dyn Backend>) -> EventStore {
    let store = store(backend, &pages(2_000, 1000));
    store.set_alone(true);
    store
}

async fn log(store: &EventStore) -> Rc<Log> {
    store.conversation("c", None).await.unwrap()
}

async fn feed(log: &Log, ids: impl IntoIterator<Item = i64>) -> Vec<Outcome> {
    let mut all = Vec::new();
    for id in ids {
        all.extend(log.append(vec![item(id)], None).await.unwrap());
    }
    all
}

fn positions(found: &[(i64, String)]) -> Vec<i64> {
    found.iter().map(|(position, _)| *position).collect()
}

fn accepted(outcomes: &[Outcome]) -> bool {
    let accepted = |outcome: &Outcome| matches!(outcome, Outcome::Accepted(_));
    outcomes.iter().all(accepted)
}

#[test]
fn it_writes_one_record_until_a_page_is_full() {
    run(async {
        let backend = Counting::new();
        let store = alone(Rc::clone(&backend) as Rc<dyn Backend>);
        let log = log(&store).await;
        feed(&log, [0]).await;
        backend.written();
        let mut seals = 0;
        for id in 1..100 {
            assert!(accepted(&feed(&log, [id]).await));
            let written: Vec<Table> = backend.written().into_iter().map(|w| w.0).collect();
            match written.contains(&Table::Pages) {
                true => seals += 1,
                false => assert_eq!(written, [Table::Tail], "event {id}"),
            }
        }
        assert!(seals > 3);
    });
}

#[test]
fn who_may_not_be_alone_compares_and_writes_the_record() {
    run(async {
        let backend = Counting::new();
        let store = alone(Rc::clone(&backend) as Rc<dyn Backend>);
        let log = log(&store).await;
        feed(&log, [0, 1]).await;
        store.set_alone(false);
        backend.written();
        feed(&log, [2]).await;
        let written: Vec<Table> = backend.written().into_iter().map(|w| w.0).collect();
        assert_eq!(written, [Table::Tail, Table::Conversations]);
    });
}

#[test]
fn the_list_counts_what_was_only_added() {
    run(async {
        let records: Rc<Memory> = Rc::default();
        feed(
            &*log(&alone(Rc::clone(&records) as Rc<dyn Backend>)).await,
            0..5,
        )
        .await;
        // The tab has died; its record tells of the first event only.
        let store = store(records, &pages(2_000, 1000));
        let listed = store.conversations().await.unwrap();
        assert_eq!(listed.len(), 1);
        let record = &listed[0].record;
        assert_eq!((record.events, record.range), (5, Some((0, 4))));
        let opened = log(&store).await.record();
        assert_eq!(*record, opened);
    });
}

#[test]
fn of_two_that_think_they_are_alone_neither_loses_an_event() {
    run(async {
        let records: Rc<Memory> = Rc::default();
        let stores = [(); 2].map(|()| alone(Rc::clone(&records) as Rc<dyn Backend>));
        let (one, two) = (log(&stores[0]).await, log(&stores[1]).await);
        feed(&one, [0, 2]).await;
        two.refresh().await.unwrap();
        // The first seals pages that the second doesn't know of.
        feed(&one, (4..80).step_by(2)).await;
        let heard = Rc::new(RefCell::new(Vec::new()));
        let place = Rc::clone(&heard);
        two.set_on_commit(Rc::new(move |change| {
            if let Change::Committed(entries) = change {
                place
                    .borrow_mut()
                    .extend(entries.iter().map(|e| e.position));
            }
        }));
        // One of these is in a page by now, the others belong between its events.
        assert!(accepted(&feed(&two, [3, 5, 6, 7]).await));
        let tail = |records: &Memory| {
            let keys = records.records().into_keys();
            let tail = keys.filter(|(table, _)| *table == Table::Tail);
            tail.map(|(_, key)| key.number).collect::<Vec<_>>()
        };
        assert!(tail(&records).starts_with(&[3, 5, 6, 7]));

        let mut all_ids: Vec<i64> = (0..80).step_by(2).chain([3, 5, 7]).collect();
        all_ids.sort();
        one.refresh().await.unwrap();
        assert_eq!(positions(&all(&one).await), all_ids);
        two.refresh().await.unwrap();
        assert_eq!(positions(&all(&two).await), all_ids);
        assert_eq!(two.record().events, all_ids.len() as u64);
        // They lie in pages, and each was told of once.
        assert!(!tail(&records).iter().any(|id| [3, 5, 6, 7].contains(id)));
        let mut heard = heard.take();
        heard.sort();
        let mut told = all_ids.clone();
        told.retain(|id| ![0, 2].contains(id));
        assert_eq!(heard, told);
        // A third finds the same.
        let fresh = log(&alone(Rc::clone(&records) as Rc<dyn Backend>)).await;
        assert_eq!(positions(&all(&fresh).await), all_ids);
    });
}

#[test]
fn an_event_that_comes_after_another_tabs_deletion_is_kept_and_listed() {
    run(async {
        let records: Rc<Memory> = Rc::default();
        let [here, there] = [(); 2].map(|()| alone(Rc::clone(&records) as Rc<dyn Backend>));
        let log_here = log(&here).await;
        feed(&log_here, [0, 1]).await;
        there.delete_conversation("c").await.unwrap();
        assert!(accepted(&feed(&log_here, [2]).await));
        let listed = there.conversations().await.unwrap();
        assert_eq!(listed[0].record.range, Some((2, 2)));
        log_here.refresh().await.unwrap();
        assert!(accepted(&feed(&log_here, [3, 4]).await));
        let again = log(&alone(Rc::clone(&records) as Rc<dyn Backend>)).await;
        assert_eq!(positions(&all(&again).await), [2, 3, 4]);
        assert_eq!(again.record().events, 3);
    });
}

#[test]
fn a_number_that_another_tab_has_given_away_is_not_given_again() {
    run(async {
        let records: Rc<Memory> = Rc::default();
        let [here, there] = [(); 2].map(|()| alone(Rc::clone(&records) as Rc<dyn Backend>));
        let (here, there) = (log(&here).await, log(&there).await);
        feed(&here, [0, 1]).await;
        there.refresh().await.unwrap();
        feed(&here, [2, 3]).await;
        let new = Item::New {
            json: b"{\"action\": \"message\", \"args\": {\"content\": \"new\"}}"[..].into(),
            id: None,
            timestamp: "2025-08-31T15:23:21".to_owned(),
            source: "user".to_owned(),
        };
        let outcomes = there.append(vec![new], None).await.unwrap();
        let Outcome::Accepted(entry) = &outcomes[0] else {
            panic!("{outcomes:?}");
        };
        assert_eq!(entry.position, 4);
    });
}

#[test]
fn a_record_that_tells_of_fewer_events_is_sound() {
    run(async {
        let records: Rc<Memory> = Rc::default();
        let store = alone(Rc::clone(&records) as Rc<dyn Backend>);
        let log = log(&store).await;
        // Each is older than the one before it.
        for id in 0..60_i64 {
            let text = format!(
                "{{\"id\": {id}, \"timestamp\": \"2025-08-{:02}T10:00:00\", \"source\": \"user\", \
                 \"action\": \"message\", \"args\": {{\"content\": \"{}\"}}}}",
                30 - id / 2,
                "words ".repeat(10)
            );
            let event = Event::from_canonical(text.into()).unwrap();
            let item = Item::event(event, Origin::Live);
            log.append(vec![item], None).await.unwrap();
            let mut verify = log.verify();
            let report = loop {
                let (report, ended) = verify.step().await.unwrap();
                if ended {
                    break report;
                }
            };
            assert!(report.damages.is_empty(), "event {id}: {report:?}");
            assert_eq!(report.events, id as u64 + 1);
        }
        let first = log.record().first_timestamp.unwrap();
        assert_eq!(&*first, b"2025-08-01T10:00:00");
        let again = store.conversations().await.unwrap();
        assert_eq!(again[0].record, log.record());
    });
}
