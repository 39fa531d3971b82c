//! A look at all records finds what is damaged; a repair leaves a sound log with every event that
//! can be read, and none that is wrong.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::backend::{
    Backend, Clock, Faults, Faulty, Http, Key, Memory, Request, Scripted, Table,
};
use oh_event_store::error::Error;
use oh_event_store::event::Event;
use oh_event_store::filter::EventFilter;
use oh_event_store::notice::Reporter;
use oh_event_store::page::{Origin, Page};
use oh_event_store::store::{
    Damage, EventStore, Fault, Item, Log, Record, SearchOptions, StoreOptions, Verify, VerifyReport,
};
use oh_event_store::stream::EventStream;
use oh_event_store::sync::{Server, ServerOptions, Sync};
use support::route::Route;
use support::{
    ManualClock, Random, all, events, for_seeds, lines, listening, open, pages, run, store,
};

type Records = BTreeMap<(Table, Key), Vec<u8>>;
type Place = (Table, Key);

fn options() -> StoreOptions {
    pages(800, 1000)
}

fn memory(records: &Records) -> Rc<Memory> {
    let memory = Rc::new(Memory::new());
    memory.restore(records.clone());
    memory
}

async fn ended(mut verify: Verify) -> VerifyReport {
    for _ in 0..10_000 {
        let (report, ended) = verify.step().await.expect("it goes on");
        if ended {
            return report;
        }
    }
    panic!("it goes on for ever");
}

/// What a new handle finds in these records.
async fn verified(records: &Records) -> VerifyReport {
    let memory = memory(records);
    let report = ended(open(&memory, &options()).await.verify()).await;
    assert_eq!(memory.records(), *records, "verify has written something");
    report
}

/// A conversation with pages, merged records of summaries, late events and a tail, known to be
/// complete.
fn written(seed: u64, is_v1: bool) -> Records {
    let mut random = Random::new(seed);
    let mut ids: Vec<i64> = (0..90).filter(|_| !random.one_in(5)).collect();
    let late: Vec<i64> = ids.extract_if(.., |_| random.one_in(12)).collect();
    ids.extend(late);
    let made = |id: i64, random: &mut Random| match is_v1 {
        true => events::v1(random, &format!("id-{id}")),
        false => events::v0(random, id),
    };
    let items = ids.iter().map(|id| made(*id, &mut random));
    let items: Vec<Event> = items.collect();
    run(async move {
        let memory = Rc::new(Memory::new());
        let log = open(&memory, &options()).await;
        for few in items.chunks(3) {
            let few = few.iter().cloned();
            let few = few.map(|event| Item::event(event, Origin::Live)).collect();
            log.append(few, None).await.unwrap();
        }
        log.append(vec![], Some((0, log.latest_event_id())))
            .await
            .unwrap();
        for number in 0..3 {
            log.queue(&format!("id {number}"), "{}").await.unwrap();
        }
        memory.records()
    })
}

fn contents(records: &Records) -> Vec<(i64, String)> {
    let memory = memory(records);
    run(async move { all(&open(&memory, &options()).await).await })
}

/// The positions of the events in a record.
fn held(records: &Records, place: &Place) -> Vec<i64> {
    match place.0 {
        Table::Pages => {
            let page = Page::decode(records[place].clone()).unwrap();
            page.positions().to_vec()
        }
        Table::Tail => vec![place.1.number],
        _ => vec![],
    }
}

/// Flips a bit, cuts the end off, or takes the record away.
fn damage(random: &mut Random, records: &mut Records, place: &Place) {
    let bytes = records.get_mut(place).unwrap();
    let at = random.below(bytes.len() as u64) as usize;
    match random.below(4) {
        0 => bytes.truncate(at),
        1 => drop(records.remove(place)),
        _ => bytes[at] ^= 1 << random.below(8),
    }
}

fn covers(log: &Log, position: i64) -> bool {
    let known = log.coverage().0;
    known
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&position))
}

#[test]
fn a_sound_log_is_found_sound_and_not_written() {
    for seed in 0..6 {
        for is_v1 in [false, true] {
            let whole = written(seed, is_v1);
            let events = contents(&whole);
            run(async move {
                let report = verified(&whole).await;
                assert_eq!(report.damages, []);
                assert_eq!(report.events, events.len() as u64);
                let bytes = events.iter().map(|(_, text)| text.len() as u64 + 1);
                assert_eq!(report.bytes, bytes.sum::<u64>());
                assert_eq!(report.pages, report.total);
                let memory = memory(&whole);
                ended(open(&memory, &options()).await.repair()).await;
                assert_eq!(memory.records(), whole);
            });
        }
    }
}

#[test]
fn whatever_is_damaged_is_found_and_all_the_rest_is_there_after_a_repair() {
    let logs: Vec<_> = (0..6).map(|seed| written(seed, seed % 2 == 1)).collect();
    let logs: Vec<_> = logs.into_iter().map(|log| (contents(&log), log)).collect();
    for_seeds(300, |_, random| {
        let (mut left, whole) = random.pick(&logs).clone();
        let places: Vec<Place> = whole.keys().cloned().collect();
        let mut records = whole.clone();
        let mut damaged: Vec<Place> = Vec::new();
        for _ in 0..random.number(1, 4) {
            // Small tables as often as big ones.
            let table = *random.pick(&Table::ALL);
            let of_table: Vec<&Place> = places.iter().filter(|place| place.0 == table).collect();
            let Some(place) = (!of_table.is_empty()).then(|| (*random.pick(&of_table)).clone())
            else {
                continue;
            };
            if !damaged.contains(&place) {
                damage(random, &mut records, &place);
                damaged.push(place);
            }
        }
        let lost: Vec<i64> = damaged
            .iter()
            .flat_map(|place| held(&whole, place))
            .collect();
        left.retain(|(position, _)| !lost.contains(position));
        run(async move {
            let memory = memory(&records);
            let log = open(&memory, &options()).await;
            assert_eq!(all(&log).await, left, "{damaged:?}");
            let report = verified(&records).await;
            let told = |place: &Place| {
                let mut told = report.damages.iter();
                told.any(|damage| (damage.table, damage.number) == (place.0, place.1.number))
            };
            for place in &damaged {
                // Of what is no more only those tell that should name it, if they can.
                let hit = |table| damaged.iter().any(|place| place.0 == table);
                let gone = !records.contains_key(place);
                let silent = match place.0 {
                    Table::Tail | Table::Outbox => gone,
                    Table::Pages => gone && hit(Table::Summaries),
                    Table::Summaries => gone && hit(Table::Signatures),
                    Table::Signatures => hit(Table::Summaries),
                    Table::Conversations => false,
                };
                assert!(
                    told(place) || silent,
                    "{place:?} of {damaged:?}: {report:?}"
                );
            }
            // Nothing counts the records of an outbox.
            let seen = |place: &Place| place.0 != Table::Outbox || records.contains_key(place);
            assert!(
                !damaged.iter().any(seen) || !report.damages.is_empty(),
                "{damaged:?}"
            );

            let repaired = ended(log.repair()).await;
            assert_eq!(all(&log).await, left, "{damaged:?}");
            assert_eq!(
                log.count_events(None).await,
                Ok(left.len() as u64),
                "{damaged:?} {repaired:?}"
            );
            assert_eq!(repaired.events, left.len() as u64);
            let (after, again) = (memory.records(), open(&memory, &options()).await);
            assert_eq!(verified(&after).await.damages, [], "{damaged:?}");
            assert_eq!(all(&again).await, left, "{damaged:?}");
            assert_eq!(again.record().events, left.len() as u64);
            assert_eq!(again.record(), log.record());
            for position in &lost {
                assert!(!covers(&again, *position), "{position} of {damaged:?}");
            }
            ended(again.repair()).await;
            assert_eq!(memory.records(), after, "a second repair writes again");
        });
    });
}

#[test]
fn what_is_written_during_a_look_is_not_called_damaged() {
    for_seeds(60, |seed, random| {
        let mut random = Random::new(random.next());
        let whole = written(seed % 3, false);
        run(async move {
            let memory = memory(&whole);
            let (log, other) = (
                open(&memory, &options()).await,
                open(&memory, &options()).await,
            );
            let writers = [&log, &other];
            for mut look in [log.verify(), log.repair()] {
                loop {
                    let (report, ended) = look.step().await.unwrap();
                    assert_eq!((report.damages, report.lost), (vec![], vec![]));
                    if ended {
                        break;
                    }
                    // A page full of it, now and then among the others.
                    for _ in 0..random.below(4) {
                        let long = "x".repeat(random.number(1, 900) as usize);
                        let id = log.latest_event_id() + random.number(-20, 2);
                        let item = Item::event(events::message(id.max(0), &long), Origin::Live);
                        let writer = *random.pick(&writers);
                        writer.append(vec![item], None).await.unwrap();
                    }
                }
            }
            assert_eq!(verified(&memory.records()).await.damages, []);
        });
    });
}

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
fn with_a_server_the_log_is_the_servers_again() {
    for_seeds(60, |_, random| {
        let mut served = Route::default();
        for id in 0..random.number(20, 120) {
            if !random.one_in(6) {
                served.0.insert(id, events::v0(random, id).text.to_string());
            }
        }
        let mut random = Random::new(random.next());
        run(async move {
            let http = {
                let served = served.clone();
                Scripted::new(move |request: &Request<'_>| Some(Ok(served.answer(request.url))))
            };
            let http: Rc<dyn Http> = Rc::new(http);
            let memory = Rc::new(Memory::new());
            let sync = async |log: Rc<Log>| {
                let clock: Rc<dyn Clock> = ManualClock::new();
                let (http, reporter) = (Rc::clone(&http), Reporter::default());
                let server = Server::new(http, clock, reporter, ServerOptions::default());
                let stream = EventStream::new(log, Reporter::default(), 10, Rc::default());
                let mut sync = Sync::new(server.unwrap());
                while !sync.step(&stream).await.unwrap().1 {}
            };
            sync(open(&memory, &options()).await).await;
            let texts = served.0.iter().map(|(id, text)| (*id, text.clone()));
            let texts: Vec<_> = texts.collect();
            let mut records = memory.records();
            let places: Vec<Place> = records.keys().cloned().collect();
            for _ in 0..4 {
                let place = random.pick(&places);
                if records.contains_key(place) {
                    damage(&mut random, &mut records, place);
                }
            }
            memory.restore(records);
            let log = open(&memory, &options()).await;
            assert!(all(&log).await.iter().all(|event| texts.contains(event)));
            ended(log.repair()).await;
            sync(Rc::clone(&log)).await;
            assert_eq!(all(&log).await, texts);
            assert_eq!(log.coverage().1, []);
            assert_eq!(all(&open(&memory, &options()).await).await, texts);
            assert_eq!(verified(&memory.records()).await.damages, []);
        });
    });
}

#[test]
fn a_tab_that_dies_in_a_repair_leaves_a_log_that_the_next_one_repairs() {
    let whole = written(4, false);
    let events = contents(&whole);
    for_seeds(60, |seed, random| {
        let mut records = whole.clone();
        let mut lost = Vec::new();
        for table in Table::ALL {
            let places: Vec<&Place> = whole.keys().filter(|place| place.0 == table).collect();
            for _ in 0..2 {
                let place = *random.pick(&places);
                if records[place] != whole[place] {
                    continue;
                }
                lost.extend(held(&whole, place));
                let bytes = records.get_mut(place).unwrap();
                let middle = bytes.len() / 2;
                bytes[middle] ^= 1 << random.below(8);
            }
        }
        let mut left = events.clone();
        left.retain(|(position, _)| !lost.contains(position));
        run(async move {
            let memory = memory(&records);
            let mut deaths = 0;
            for crash_at in 1.. {
                let faults = Faults {
                    seed,
                    crash_at: Some(crash_at),
                    ..Faults::default()
                };
                let backend = Rc::new(Faulty::new(&memory, faults));
                let store = store(Rc::clone(&backend) as Rc<dyn Backend>, &options());
                let log = store.conversation("c", None).await.unwrap();
                let mut repair = log.repair();
                let ended = loop {
                    match repair.step().await {
                        Ok((_, true)) => break true,
                        Ok(_) => {}
                        Err(_) => break false,
                    }
                };
                backend.settle();
                let found = all(&open(&memory, &options()).await).await;
                assert_eq!(found, left);
                if ended {
                    break;
                }
                deaths += 1;
            }
            assert!(deaths > 0, "it was repaired without a commit");
            assert_eq!(verified(&memory.records()).await.damages, []);
        });
    });
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
