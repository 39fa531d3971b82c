//! A look at all records finds what is damaged; a repair leaves a sound log with every event that
//! can be read, and none that is wrong.
#![cfg(not(target_arch = "wasm32"))]

mod odd_records;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::backend::{
    Backend, Clock, Faults, Faulty, Http, Key, Memory, Request, Scripted, Table,
};
use oh_event_store::event::Event;
use oh_event_store::notice::Reporter;
use oh_event_store::page::{Origin, Page};
use oh_event_store::store::{Item, Log, StoreOptions, Verify, VerifyReport};
use oh_event_store::stream::EventStream;
use oh_event_store::sync::{Server, ServerOptions, Sync};
use support::route::Route;
use support::{ManualClock, Random, all, events, for_seeds, open, pages, run, store};

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
