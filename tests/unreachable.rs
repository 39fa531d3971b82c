//! The fear: while the database can't be reached, something is refused, forgotten or shown as if
//! it had never been; and when it is there again, something is missing, twice or out of order.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use futures::executor::{LocalPool, block_on};
use oh_event_store::backend::{Faults, Memory};
use oh_event_store::error::{Error, Result};
use oh_event_store::event::{Dialect, Event, EventId};
use oh_event_store::page::Origin;
use oh_event_store::store::{Change, Item, Outcome, SearchOptions, StoreOptions};
use support::tab::{Tab, live, new, positions, stored};
use support::{Random, all, events, for_seeds, pages, spawn};

fn is_unreachable<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(why) if matches!(**why, Error::Unreachable { .. }))
}

#[test]
fn what_came_in_memory_is_in_the_database_afterwards() {
    block_on(async {
        let records = Rc::new(Memory::new());
        let tab = Tab::new(&records, &pages(300, 1000));
        let log = tab.log().await;
        for id in 0..20 {
            log.append(vec![live(id, "before")], None).await.unwrap();
        }
        tab.goes();
        let before = records.records();
        for id in 20..60 {
            let outcomes = log.append(vec![live(id, "meanwhile")], None).await.unwrap();
            assert!(matches!(outcomes[..], [Outcome::Accepted(_)]));
            let double = log.append(vec![live(id, "again")], None).await.unwrap();
            assert_eq!(double, [Outcome::Double]);
        }
        assert!(tab.store.is_degraded());
        assert_eq!(tab.changes(), (1, vec![]));
        assert_eq!(log.latest_event_id(), 59);
        assert_eq!(log.count_events(None).await, Ok(60));
        assert_eq!(records.records(), before);

        let why = tab.store.return_to_database().await;
        assert!(is_unreachable(&why), "{why:?}");
        assert!(tab.store.is_degraded());

        tab.comes();
        tab.store.return_to_database().await.unwrap();
        assert!(!tab.store.is_degraded());
        assert_eq!(tab.changes(), (1, vec![40]));
        let all_of_them: Vec<i64> = (0..60).collect();
        assert_eq!(positions(&stored(&records).await), all_of_them);
        assert_eq!(stored(&records).await, all(&log).await);
        log.append(vec![live(60, "after")], None).await.unwrap();
        assert_eq!(stored(&records).await.len(), 61);
        // It is back for good, and doing it again changes nothing.
        let before = records.records();
        tab.store.return_to_database().await.unwrap();
        assert_eq!(records.records(), before);
    });
}

#[test]
fn stored_events_that_cannot_be_read_are_an_error_or_a_gap_and_never_an_empty_log() {
    block_on(async {
        let records = Rc::new(Memory::new());
        let options = StoreOptions {
            memory_budget: 0,
            ..pages(300, 1000)
        };
        let tab = Tab::new(&records, &options);
        let log = tab.log().await;
        for id in 0..40 {
            log.append(vec![live(id, "some words")], None)
                .await
                .unwrap();
        }
        tab.goes();
        // A page is asked for: that the database is gone is told at once.
        let mut search = log.search(&SearchOptions::default());
        let answer = search.next(100).await;
        assert!(is_unreachable(&answer), "{answer:?}");
        assert_eq!(tab.changes(), (1, vec![]));
        let answer = log.get_event(&EventId::Number(0)).await;
        assert!(is_unreachable(&answer), "{answer:?}");
        assert_eq!(answer.unwrap_err().code(), "storage");
        let answer = tab.store.conversations().await;
        assert!(is_unreachable(&answer), "{answer:?}");
        // The newest are in memory.
        let newest = log.latest_event().await.unwrap();
        assert_eq!(newest.positions, [39]);

        // One that is opened now does not know what is stored, and says so.
        let other = tab.store.conversation("other", None).await.unwrap();
        assert_eq!(other.coverage().1, [(0, (1 << 53) - 1)]);
        other
            .append(vec![live(7, "x")], Some((7, 7)))
            .await
            .unwrap();
        assert_eq!(other.coverage().1, [(0, 6)]);

        tab.comes();
        tab.store.return_to_database().await.unwrap();
        assert_eq!(all(&log).await.len(), 40);
        assert_eq!(tab.store.conversations().await.unwrap().len(), 2);
    });
}

#[test]
fn a_page_without_storage_has_everything_in_memory() {
    block_on(async {
        let records = Rc::new(Memory::new());
        let tab = Tab::new(&records, &pages(300, 1000));
        tab.goes();
        assert_eq!(tab.store.connect().await, Ok(()));
        assert!(tab.store.is_degraded());
        let log = tab.log().await;
        assert!(log.coverage().1.is_empty());
        for n in 0..50 {
            let outcomes = log.append(vec![new(&format!("n{n}"))], None).await.unwrap();
            assert!(matches!(&outcomes[..], [Outcome::Accepted(entry)] if entry.position == n));
        }
        tab.store.pin("c", true).await.unwrap();
        assert_eq!(tab.store.conversations().await.unwrap().len(), 1);
        assert_eq!(log.truncate(29).await, Ok(20));
        assert_eq!(all(&log).await.len(), 30);
        let extra = tab.store.conversation("extra", None).await.unwrap();
        extra.append(vec![live(1, "x")], None).await.unwrap();
        tab.store.delete_conversation("extra").await.unwrap();
        assert!(records.records().is_empty());

        tab.comes();
        tab.store.return_to_database().await.unwrap();
        assert_eq!(stored(&records).await, all(&log).await);
        let stored = tab.store.conversations().await.unwrap();
        assert_eq!(stored.len(), 1);
        assert!(stored[0].record.pinned);
        assert_eq!(stored[0].record.events, 30);
    });
}

#[test]
fn what_was_deleted_meanwhile_is_deleted() {
    block_on(async {
        let records = Rc::new(Memory::new());
        let tab = Tab::new(&records, &pages(300, 1000));
        let log = tab.log().await;
        for id in 0..30 {
            log.append(vec![live(id, "old")], None).await.unwrap();
        }
        tab.goes();
        log.append(vec![live(30, "old")], None).await.unwrap();
        tab.store.delete_conversation("c").await.unwrap();
        let log = tab.log().await;
        log.append(vec![live(3, "new")], None).await.unwrap();
        tab.comes();
        tab.store.return_to_database().await.unwrap();
        let stored = stored(&records).await;
        assert_eq!(positions(&stored), [3]);
        assert!(stored[0].1.contains("new"));
        assert_eq!(all(&log).await, stored);
    });
}

#[test]
fn new_events_of_two_tabs_that_took_the_same_number_are_both_kept() {
    block_on(async {
        let records = Rc::new(Memory::new());
        let (tab, other) = (
            Tab::new(&records, &pages(300, 1000)),
            Tab::new(&records, &pages(300, 1000)),
        );
        let log = tab.log().await;
        log.append(vec![new("first")], None).await.unwrap();
        let theirs = other.log().await;
        tab.goes();
        log.append(vec![new("ours")], None).await.unwrap();
        theirs.append(vec![new("theirs")], None).await.unwrap();
        tab.comes();
        tab.store.return_to_database().await.unwrap();
        let stored = stored(&records).await;
        assert_eq!(positions(&stored), [0, 1, 2]);
        assert!(stored[1].1.contains("theirs") && stored[2].1.contains("ours"));
        assert!(stored[2].1.contains("\"id\": 2,"));
        assert_eq!(all(&log).await, stored);
    });
}

#[test]
fn a_commit_whose_end_is_not_known_is_made_once_more() {
    for_seeds(50, |seed, _| {
        block_on(async {
            let records = Rc::new(Memory::new());
            let tab = Tab::of_seed(&records, &pages(300, 1000), seed);
            let log = tab.log().await;
            let lost = Faults {
                lost: 50,
                ..Faults::default()
            };
            tab.database.set_faults(lost);
            let mut kept = 0;
            for id in 0..40 {
                match log.append(vec![live(id, "x")], None).await {
                    Ok(outcomes) => kept += outcomes.len(),
                    Err(why) => assert!(matches!(*why, Error::Storage { .. }), "{why:?}"),
                }
            }
            // One in four would fail twice in a row.
            assert!(kept > 20, "{kept}");
            tab.comes();
            tab.database.settle();
            assert!(stored(&records).await.len() >= kept);
        });
    });
}

/// Tabs whose databases come and go while all of them write: in the end there is every event, once,
/// and whoever listened has heard of every event, and of each copy once.
fn come_and_go(random: &mut Random, dialect: Dialect) {
    let mut random = Random::new(random.next());
    let records = Rc::new(Memory::new());
    let mut pool = LocalPool::new();
    let options = pages(*random.pick(&[200, 400, 100_000]), 1000);
    let tabs: Vec<Rc<Tab>> = (0..3)
        .map(|_| Rc::new(Tab::new(&records, &options)))
        .collect();
    let mut logs = Vec::new();
    let mut heard = Vec::new();
    for tab in &tabs {
        let log = pool
            .run_until(tab.store.conversation("c", Some(dialect)))
            .unwrap();
        let ids = Rc::new(RefCell::new(Vec::new()));
        let place = Rc::clone(&ids);
        log.set_on_commit(Rc::new(move |change| match change {
            Change::Committed(entries) => place
                .borrow_mut()
                .extend(entries.iter().map(|e| e.event.text.to_string())),
            Change::Truncated(after) => panic!("rolled back to {after}"),
        }));
        logs.push(log);
        heard.push(ids);
    }
    let acknowledged = Rc::new(RefCell::new(Vec::new()));
    for n in 0..80 {
        let which = random.below(3) as usize;
        let (tab, log) = (Rc::clone(&tabs[which]), Rc::clone(&logs[which]));
        match random.below(8) {
            0 => tab.goes(),
            1 => {
                tab.comes();
                spawn(&pool, async move { tab.store.return_to_database().await });
            }
            _ => {
                let event = match dialect {
                    Dialect::V0 => events::v0(&mut random, n / 2),
                    Dialect::V1 => events::v1(&mut random, &format!("e{}", n / 2)),
                };
                let (id, place) = (event.header.id.clone(), Rc::clone(&acknowledged));
                spawn(&pool, async move {
                    let answer = log
                        .append(vec![Item::event(event, Origin::Live)], None)
                        .await;
                    // One whose place is in a page that can't be read is refused.
                    match answer {
                        Ok(_) => place.borrow_mut().push(id),
                        Err(why) => assert!(matches!(*why, Error::Unreachable { .. }), "{why:?}"),
                    }
                });
            }
        }
        if random.one_in(2) {
            pool.run_until_stalled();
        }
    }
    pool.run_until_stalled();
    for (tab, log) in tabs.iter().zip(&logs) {
        tab.comes();
        pool.run_until(tab.store.return_to_database()).unwrap();
        assert!(!tab.store.is_degraded());
        pool.run_until(log.refresh()).unwrap();
    }
    let sorted = |ids: Vec<Option<EventId>>| {
        let mut ids: Vec<_> = ids.into_iter().map(|id| format!("{id:?}")).collect();
        ids.sort();
        ids
    };
    let found = pool.run_until(stored(&records));
    let acknowledged = sorted(acknowledged.take());
    for (log, heard) in logs.iter().zip(&heard) {
        pool.run_until(log.refresh()).unwrap();
        assert_eq!(pool.run_until(all(log)), found);
        let heard = heard.take();
        let once: BTreeSet<_> = heard.iter().collect();
        assert_eq!(once.len(), heard.len(), "one was heard of twice");
        let id_of = |text: &String| Event::from_json(text.as_bytes()).unwrap().header.id;
        let ids = |texts: &mut dyn Iterator<Item = &String>| -> BTreeSet<String> {
            texts.map(|text| format!("{:?}", id_of(text))).collect()
        };
        let there = ids(&mut found.iter().map(|(_, text)| text));
        assert_eq!(ids(&mut heard.iter()), there);
        assert!(acknowledged.iter().all(|id| there.contains(id)));
        assert_eq!(log.record().events, found.len() as u64);
    }
}

#[test]
fn tabs_whose_databases_come_and_go_lose_nothing_and_double_nothing() {
    for_seeds(100, |_, random| come_and_go(random, Dialect::V0));
}

#[test]
fn v1_events_are_there_once_wherever_they_came_to_stand() {
    for_seeds(100, |_, random| come_and_go(random, Dialect::V1));
}

#[test]
fn a_database_that_fails_on_the_way_back_is_tried_again() {
    for_seeds(40, |seed, _| {
        block_on(async {
            let records = Rc::new(Memory::new());
            let tab = Tab::of_seed(&records, &pages(300, 10), seed);
            let log = tab.log().await;
            tab.goes();
            for id in 0..30 {
                let other = tab
                    .store
                    .conversation(&format!("c{}", id % 3), None)
                    .await
                    .unwrap();
                log.append(vec![live(id, "x")], None).await.unwrap();
                other.append(vec![live(id, "y")], None).await.unwrap();
            }
            let faults = Faults {
                read: 10,
                quota: 20,
                abort: 10,
                lost: 10,
                ..Faults::default()
            };
            tab.database.set_faults(faults);
            let mut failed = 0;
            while tab.store.return_to_database().await.is_err() {
                failed += 1;
                assert!(failed < 1000, "seed {seed}");
                assert!(tab.store.is_degraded());
                assert_eq!(all(&log).await.len(), 30);
            }
            tab.comes();
            tab.database.settle();
            log.refresh().await.unwrap();
            assert_eq!(
                positions(&stored(&records).await),
                (0..30).collect::<Vec<_>>()
            );
            assert_eq!(all(&log).await.len(), 30);
            assert_eq!(tab.store.conversations().await.unwrap().len(), 4);
            assert_eq!(tab.changes().1.len(), 1);
        });
    });
}
