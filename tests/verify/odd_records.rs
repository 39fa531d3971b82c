//! Records that are damaged in ways of their own, or sound and wrong.

use std::rc::Rc;

use oh_event_store::backend::{Backend, Clock, Key, Table};
use oh_event_store::error::Error;
use oh_event_store::filter::EventFilter;
use oh_event_store::page::{Origin, Page};
use oh_event_store::store::{Damage, EventStore, Fault, Item, Record, SearchOptions};

use super::support::{ManualClock, Random, all, events, lines, listening, open, run, store};
use super::{contents, ended, memory, options, verified, written};

/// The record with another checksum, as if it had been written so.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 8;
    let sum = xxhash_rust::xxh64::xxh64(&bytes[..body], 0);
    bytes[body..].copy_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn columns_that_do_not_agree_with_the_texts_are_found_and_made_anew() {
    let whole = written(1, false);
    let (events, places) = (contents(&whole), whole.keys().cloned());
    for place in places.filter(|place| place.0 == Table::Pages) {
        let page = Page::decode(whole[&place].clone()).unwrap();
        let flags = 10 + 8 * page.len();
        for (at, bit) in [(flags, 1), (flags + page.len(), 4)] {
            let mut records = whole.clone();
            let mut bytes = records[&place].clone();
            bytes[at] ^= bit;
            records.insert(place.clone(), sealed(bytes));
            let (events, place) = (events.clone(), place.clone());
            run(async move {
                let report = verified(&records).await;
                // How often a copy was replaced is written nowhere else.
                let hidden = at == flags;
                assert_eq!(report.damages.is_empty(), !hidden, "{place:?}");
                let memory = memory(&records);
                let log = open(&memory, &options()).await;
                ended(log.repair()).await;
                assert_eq!(all(&log).await, events);
                assert_eq!(verified(&memory.records()).await.damages, []);
            });
        }
    }
}

#[test]
fn a_page_that_nothing_tells_of_gives_its_events_back() {
    let whole = written(3, false);
    let events = contents(&whole);
    run(async move {
        // The index of an earlier time, with the counts of that time.
        let memory = memory(&whole);
        let log = open(&memory, &options()).await;
        let stale = Item::event(events::message(1000, &"x".repeat(900)), Origin::Live);
        log.append(vec![stale], None).await.unwrap();
        let mut records = memory.records();
        for (place, bytes) in &whole {
            if matches!(place.0, Table::Conversations | Table::Tail) {
                records.insert(place.clone(), bytes.clone());
            }
        }
        let newest = whole.keys().filter(|place| place.0 == Table::Summaries);
        let newest = newest.map(|place| place.1.number).max().unwrap();
        records.retain(|place, _| {
            !matches!(place.0, Table::Summaries | Table::Signatures) || place.1.number <= newest
        });
        for (place, bytes) in whole.iter().filter(|(place, _)| place.0 != Table::Pages) {
            records.insert(place.clone(), bytes.clone());
        }
        let report = verified(&records).await;
        assert!(
            report
                .damages
                .iter()
                .any(|damage| damage.fault == Fault::Orphan),
            "{report:?}"
        );
        memory.restore(records);
        let log = open(&memory, &options()).await;
        ended(log.repair()).await;
        let mut expected = events;
        expected.push((
            1000,
            events::message(1000, &"x".repeat(900)).text.to_string(),
        ));
        assert_eq!(all(&log).await, expected);
        assert_eq!(verified(&memory.records()).await.damages, []);
    });
}

#[test]
fn claims_beyond_the_last_event_are_found_and_taken_back() {
    let whole = written(5, false);
    run(async move {
        let memory = memory(&whole);
        let log = open(&memory, &options()).await;
        let last = log.latest_event_id();
        log.append(vec![], Some((0, last + 10))).await.unwrap();
        let report = verified(&memory.records()).await;
        let ahead = Damage {
            table: Table::Conversations,
            number: 0,
            range: log.record().range,
            fault: Fault::Ahead,
        };
        assert_eq!(report.damages, [ahead]);
        ended(log.repair()).await;
        assert_eq!(log.coverage(), (vec![(0, last)], vec![]));
        assert_eq!(verified(&memory.records()).await.damages, []);
    });
}

#[test]
fn a_page_that_was_read_before_it_was_damaged_is_written_again() {
    let whole = written(2, false);
    let events = contents(&whole);
    run(async move {
        let memory = memory(&whole);
        let log = open(&memory, &options()).await;
        all(&log).await;
        let mut records = memory.records();
        for (_, bytes) in records
            .iter_mut()
            .filter(|(place, _)| place.0 == Table::Pages)
        {
            bytes[40] ^= 1;
        }
        memory.restore(records);
        let report = ended(log.repair()).await;
        assert!(
            report.damages.len() > 3 && report.lost.is_empty(),
            "{report:?}"
        );
        assert_eq!(verified(&memory.records()).await.damages, []);
        assert_eq!(all(&open(&memory, &options()).await).await, events);
    });
}

#[test]
fn a_conversation_whose_record_is_damaged_is_listed_opened_and_written() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let whole = written(seed % 3, seed % 2 == 1);
        let events = contents(&whole);
        let place = (Table::Conversations, Key::new(&"c".into(), 0));
        let mut records = whole.clone();
        let bytes = records.get_mut(&place).unwrap();
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
        run(async move {
            let memory = memory(&records);
            let (reporter, told) = listening();
            let clock: Rc<dyn Clock> = ManualClock::new();
            let backend = Rc::clone(&memory) as Rc<dyn Backend>;
            let store = EventStore::new(backend, clock, reporter, &options());
            let [found] = &store.conversations().await.unwrap()[..] else {
                panic!("it is not listed")
            };
            let before = Record::decode(&whole[&place]).unwrap();
            let is = |record: &Record| {
                let Record {
                    events,
                    range,
                    bytes,
                    next_page,
                    ..
                } = *record;
                let stamps = (&record.first_timestamp, &record.last_timestamp);
                assert_eq!(
                    (events, range, bytes),
                    (before.events, before.range, before.bytes)
                );
                assert_eq!(stamps, (&before.first_timestamp, &before.last_timestamp));
                assert_eq!(
                    (record.dialect, next_page),
                    (before.dialect, before.next_page)
                );
            };
            is(&found.record);
            let line = "a conversation's record is made anew";
            assert!(lines(&told).iter().any(|told| told.contains(line)));
            store.pin("c", true).await.unwrap();
            let log = store.conversation("c", None).await.unwrap();
            assert_eq!(all(&log).await, events);
            is(&log.record());
            assert!(log.record().pinned);
            assert_eq!(verified(&memory.records()).await.damages, []);
        });
    }
}

#[test]
fn what_a_newer_release_wrote_is_refused_and_left_as_it_is() {
    for is_v1 in [false, true] {
        let whole = written(0, is_v1);
        for place in whole.keys() {
            let mut records = whole.clone();
            let bytes = records.get_mut(place).unwrap();
            let format = if place.0 == Table::Pages { 4 } else { 0 };
            bytes[format] = 9;
            *bytes = sealed(bytes.clone());
            let place = place.clone();
            run(async move {
                let memory = memory(&records);
                let store = store(Rc::clone(&memory) as Rc<dyn Backend>, &options());
                let refused = |why: &Error| {
                    assert!(
                        matches!(why, Error::VersionTooNew { found: 9, .. }),
                        "{why:?}"
                    );
                };
                let mut too_new = 0;
                match store.conversation("c", None).await {
                    Err(why) => {
                        refused(&why);
                        too_new += 1;
                    }
                    Ok(log) => {
                        // Reads first, so that a page is known to be unreadable when it is written.
                        let mut search = log.search(&SearchOptions::default());
                        loop {
                            match search.next(100).await {
                                Ok(Some(_)) => {}
                                Ok(None) => break,
                                Err(why) => {
                                    refused(&why);
                                    too_new += 1;
                                    break;
                                }
                            }
                        }
                        let query = EventFilter {
                            query: Some("salt".to_owned()),
                            ..EventFilter::default()
                        };
                        if let Err(why) = log.count_events(Some(query)).await {
                            refused(&why);
                            too_new += 1;
                        }
                        for mut run in [log.verify(), log.repair()] {
                            loop {
                                match run.step().await {
                                    Ok((_, ended)) => assert!(!ended, "{place:?}"),
                                    Err(why) => {
                                        refused(&why);
                                        too_new += 1;
                                        break;
                                    }
                                }
                            }
                        }
                        if place.0 == Table::Pages {
                            // A late event beside it.
                            let page = Page::decode(sealed_as(&records[&place], 1)).unwrap();
                            let late = page.positions().windows(2).find(|two| two[1] - two[0] > 1);
                            if let Some(two) = late.filter(|_| !is_v1) {
                                let event = events::message(two[0] + 1, "late");
                                let item = Item::event(event, Origin::Live);
                                refused(&log.append(vec![item], None).await.unwrap_err());
                            }
                        }
                    }
                }
                assert!(too_new > 0, "{place:?}");
                let after = memory.records();
                assert!(after == records, "{place:?} was written");
            });
        }
    }
}

fn sealed_as(page: &[u8], format: u8) -> Vec<u8> {
    let mut bytes = page.to_vec();
    bytes[4] = format;
    sealed(bytes)
}

#[test]
fn a_conversation_record_under_a_wrong_key_is_passed_by_and_goes() {
    for keeps_its_own in [true, false] {
        let mut records = written(3, false);
        let key = |number| (Table::Conversations, Key::new(&"c".into(), number));
        let own = records[&key(0)].clone();
        // An older state of it.
        let mut other = Record::decode(&own).unwrap();
        other.generation -= 1;
        records.insert(key(-5), other.encode());
        records.insert(key(7), own);
        if !keeps_its_own {
            records.remove(&key(0));
        }
        run(async move {
            let memory = memory(&records);
            let store = store(Rc::clone(&memory) as _, &options());
            let listed = store.conversations().await.unwrap();
            assert!(listed.len() <= 1, "it is listed {} times", listed.len());
            let log = store.conversation("c", None).await.unwrap();
            let item = Item::event(events::message(500, "x"), Origin::Live);
            log.append(vec![item], None)
                .await
                .expect("it can be written");
            let report = ended(log.verify()).await;
            let damages = report
                .damages
                .iter()
                .map(|one| (one.table, one.number, one.fault));
            let strays = [-5, 7].map(|number| (Table::Conversations, number, Fault::Orphan));
            assert_eq!(damages.collect::<Vec<_>>(), strays);
            assert!(report.lost.is_empty());
            let before = all(&log).await;
            ended(log.repair()).await;
            assert!(ended(log.verify()).await.damages.is_empty());
            assert_eq!(all(&log).await, before);
        });
    }
}
