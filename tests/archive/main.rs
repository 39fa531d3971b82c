//! An archive holds a log whole: it comes back the same, byte for byte, and what was done to the
//! file in between is told and never believed.
#![cfg(not(target_arch = "wasm32"))]

mod damaged;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use oh_event_store::backend::{Backend, Memory, Table};
use oh_event_store::error::Result;
use oh_event_store::event::{Event, EventId, Position};
use oh_event_store::page::{Entry, Origin, Page};
use oh_event_store::store::{ExportFormat, ImportReport, Item, Log, Outcome, Record, StoreOptions};
use support::{Random, all, events, for_seeds, open, pages, run, store};

const ORIGINS: [Origin; 3] = [Origin::Local, Origin::Live, Origin::Remote];

/// What there is to know of an event.
type Fact = (Position, Option<EventId>, Origin, u16, String);

async fn archived(log: &Rc<Log>) -> Vec<u8> {
    exported(log, ExportFormat::Archive).await
}

async fn exported(log: &Rc<Log>, format: ExportFormat) -> Vec<u8> {
    let mut export = log.export(format, true);
    let mut file = Vec::new();
    let mut before = 0;
    while let Some(piece) = export.next().await.expect("an export") {
        file.extend(piece);
        let (done, total) = export.progress();
        assert!(before <= done && done <= total, "{before} {done} {total}");
        before = done;
    }
    assert_eq!(export.progress().0, export.progress().1);
    file
}

async fn restored(
    records: &Rc<Memory>,
    options: &StoreOptions,
    id: Option<&str>,
    file: &[u8],
    piece: usize,
) -> Result<(Rc<str>, ImportReport)> {
    let store = store(Rc::clone(records) as Rc<dyn Backend>, options);
    let mut restore = store.restore(id.map(str::to_owned));
    for piece in file.chunks(piece) {
        restore.push(piece).await?;
        let (done, total) = restore.progress();
        assert!(done <= total);
    }
    restore.finish(None).await
}

/// Everything in a log, as it is stored.
fn facts(records: &Memory) -> Vec<Fact> {
    let mut facts = BTreeMap::new();
    let mut add = |entry: Entry| {
        let id = entry.event.header.id.clone();
        let fact = (
            entry.position,
            id,
            entry.origin,
            entry.version,
            entry.event.text.to_string(),
        );
        assert!(facts.insert(entry.position, fact).is_none());
    };
    for ((table, _), bytes) in records.records() {
        match table {
            Table::Tail => add(Entry::decode(&bytes).expect("a tail record")),
            Table::Pages => Page::decode(bytes)
                .and_then(|page| page.entries())
                .expect("a page")
                .into_iter()
                .for_each(&mut add),
            _ => {}
        }
    }
    facts.into_values().collect()
}

/// What an archive keeps of a conversation's record.
fn kept(record: &Record, facts: &[Fact]) -> (Option<oh_event_store::event::Dialect>, u64, u64) {
    let bytes: usize = facts.iter().map(|fact| fact.4.len() + 1).sum();
    assert_eq!(record.events, facts.len() as u64);
    assert_eq!(record.bytes, bytes as u64);
    (record.dialect, record.events, record.bytes)
}

fn options(random: &mut Random) -> StoreOptions {
    let page_events = if random.one_in(3) {
        random.below(6) + 1
    } else {
        1000
    };
    pages(*random.pick(&[1, 300, 1000, 4000]), page_events as usize)
}

fn surrogate(id: &str) -> Event {
    let json = format!(
        "{{\"id\": {id}, \"timestamp\": \"2025-\\udc00\", \"source\": \"\\ud83d\", \"action\": \
         \"message\", \"args\": {{\"content\": \"\\ud800 caf\\u00e9 \\ud83d\\ude00\"}}}}"
    );
    Event::from_json(json.as_bytes()).expect("an event")
}

/// A log with holes, late events, copies from all sides and stretches that are known.
async fn filled(random: &mut Random, records: &Rc<Memory>, options: &StoreOptions) -> Rc<Log> {
    let log = open(records, options).await;
    let is_v0 = random.one_in(2);
    let mut next = 0;
    for _ in 0..random.below(20) {
        let mut items = Vec::new();
        for _ in 0..random.below(8) {
            let origin = *random.pick(&ORIGINS);
            if !is_v0 {
                let id = format!("e{}", random.below(90));
                items.push(Item::event(events::v1(random, &id), origin));
                continue;
            }
            let id = match random.below(4) {
                0 => random.number(0, 60),
                1 => (next - random.number(0, 9)).max(0),
                _ => next + random.number(0, 2),
            };
            next = next.max(id + 1);
            let event = if random.one_in(9) {
                surrogate(&id.to_string())
            } else {
                events::v0(random, id)
            };
            items.push(Item::event(event, origin));
        }
        let first = random.number(-2, 50);
        let covers = random
            .one_in(3)
            .then(|| (first, first + random.number(0, 9)));
        log.append(items, covers).await.expect("it is written");
    }
    log
}

#[test]
fn an_archive_comes_back_as_the_identical_log() {
    for_seeds(150, |_, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let (here, there) = (Rc::new(Memory::new()), Rc::new(Memory::new()));
            let source = options(&mut random);
            let log = filled(&mut random, &here, &source).await;
            let file = archived(&log).await;
            let target = options(&mut random);
            let piece = 1 + random.below(3000) as usize;
            let (id, report) = restored(&there, &target, None, &file, piece)
                .await
                .expect("an import");
            assert_eq!((&*id, report.form.name()), ("c", "archive"));
            assert_eq!((report.rejected, report.faults.len()), (0, 0));
            let copy = open(&there, &target).await;
            let stored = facts(&here);
            assert_eq!(facts(&there), stored);
            assert_eq!(kept(&copy.record(), &stored), kept(&log.record(), &stored));
            assert_eq!(copy.coverage(), log.coverage());

            let before = there.records();
            let (_, again) = restored(&there, &target, Some("c"), &file, 1 << 20)
                .await
                .expect("an import");
            assert_eq!((again.accepted, again.rejected), (0, 0));
            assert_eq!(again.doubles, stored.len() as u64);
            assert_eq!(there.records(), before);
        });
    });
}

#[test]
fn an_archive_of_an_archive_is_the_same_file_where_pages_are_cut_alike() {
    run(async {
        let mut random = Random::new(3);
        let options = pages(700, 1000);
        let (here, there) = (Rc::new(Memory::new()), Rc::new(Memory::new()));
        let log = open(&here, &options).await;
        let items = (0..60).map(|id| Item::event(events::v0(&mut random, id), Origin::Remote));
        log.append(items.collect(), Some((0, 59))).await.unwrap();
        let file = archived(&log).await;
        restored(&there, &options, None, &file, 999).await.unwrap();
        let again = archived(&open(&there, &options).await).await;
        assert_eq!(again.len(), file.len());
    });
}

#[test]
fn over_a_log_that_has_some_of_it_an_archive_merges_by_the_logs_own_rules() {
    for_seeds(100, |_, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let (here, there) = (Rc::new(Memory::new()), Rc::new(Memory::new()));
            let options = options(&mut random);
            let log = filled(&mut random, &here, &options).await;
            let other = filled(&mut random, &there, &options).await;
            let before: HashMap<_, _> = facts(&there)
                .into_iter()
                .map(|fact| (fact.1.clone(), fact))
                .collect();
            let file = archived(&log).await;
            let (_, report) = restored(&there, &options, None, &file, 4096)
                .await
                .expect("an import");
            let after: HashMap<_, _> = facts(&there)
                .into_iter()
                .map(|fact| (fact.1.clone(), fact))
                .collect();
            let dialects = (log.record().dialect, other.record().dialect);
            if let (Some(one), Some(two)) = dialects
                && one != two
            {
                assert_eq!(report.rejected, log.record().events);
                assert_eq!(after, before);
                return;
            }
            let mut accepted = 0;
            for (position, id, origin, version, text) in facts(&here) {
                let now = &after[&id];
                let Some(known) = before.get(&id) else {
                    accepted += 1;
                    assert_eq!((now.2, now.3, &now.4), (origin, version, &text));
                    if matches!(id, Some(EventId::Number(_))) {
                        assert_eq!(now.0, position);
                    }
                    continue;
                };
                if origin > known.2 && text != known.4 {
                    accepted += 1;
                    assert_eq!((now.0, now.2, &now.4), (known.0, origin, &text));
                    assert!(now.3 > known.3 && now.3 >= version);
                } else {
                    assert_eq!(now, known);
                }
            }
            assert_eq!(report.accepted, accepted);
            assert!(before.keys().all(|id| after.contains_key(id)));
            let records = there.records();
            let (_, again) = restored(&there, &options, None, &file, 4096)
                .await
                .expect("an import");
            assert_eq!(again.accepted, 0);
            assert_eq!(there.records(), records);
        });
    });
}

#[test]
fn what_comes_in_during_an_export_does_not_tear_it() {
    for_seeds(10, |_, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let (here, there) = (Rc::new(Memory::new()), Rc::new(Memory::new()));
            let options = pages(300_000, 1000);
            let log = open(&here, &options).await;
            let long = "x".repeat(60_000);
            let event = |id: i64, tag: &str| {
                let text = format!(
                    "{{\"id\": {id}, \"action\": \"message\", \"args\": {{\"content\": \
                     \"{tag}{long}\"}}}}"
                );
                Item::event(Event::from_json(text.as_bytes()).unwrap(), Origin::Live)
            };
            let items = (0..60).map(|n| event(n * 3, "a")).collect();
            log.append(items, Some((0, 177))).await.unwrap();
            let before = all(&log).await;
            let mut export = log.export(ExportFormat::Archive, true);
            let mut file = Vec::new();
            while let Some(piece) = export.next().await.unwrap() {
                file.extend(piece);
                let late = (0..4).map(|_| event(random.number(0, 200), "b"));
                log.append(late.collect(), None).await.unwrap();
            }
            let (_, report) = restored(&there, &options, None, &file, 1 << 20)
                .await
                .unwrap();
            assert_eq!((report.rejected, report.faults.len()), (0, 0));
            let copy = open(&there, &options).await;
            let copied = all(&copy).await;
            assert!(before.iter().all(|event| copied.contains(event)));
            let now = all(&log).await;
            assert!(copied.iter().all(|event| now.contains(event)));
            assert_eq!(copy.coverage().0, [(0, 177)]);
        });
    });
}

#[test]
fn what_goes_during_an_export_is_not_claimed_to_be_in_it() {
    for deleted in [false, true] {
        run(async move {
            let (here, there) = (Rc::new(Memory::new()), Rc::new(Memory::new()));
            let options = pages(300_000, 1000);
            let store = store(Rc::clone(&here) as Rc<dyn Backend>, &options);
            let log = store.conversation("c", None).await.unwrap();
            let long = "x".repeat(60_000);
            let items = (0..60).map(|n| Item::event(events::message(n, &long), Origin::Live));
            log.append(items.collect(), Some((0, 59))).await.unwrap();
            let mut export = log.export(ExportFormat::Archive, true);
            let mut file = export.next().await.unwrap().unwrap();
            match deleted {
                true => store.delete_conversation("c").await.unwrap(),
                false => drop(log.truncate(30).await.unwrap()),
            }
            while let Some(piece) = export.next().await.unwrap() {
                file.extend(piece);
            }
            let (_, report) = restored(&there, &options, None, &file, 1 << 20)
                .await
                .unwrap();
            assert!(!report.faults.is_empty(), "it does not say what is missing");
            let copy = open(&there, &options).await;
            let last = copy.latest_event_id();
            assert!((1..=30).contains(&last), "{last}");
            assert_eq!(copy.coverage().0, [(0, last)]);
        });
    }
}

#[test]
fn lines_and_trajectories_come_back_with_the_same_texts_and_change_nothing_twice() {
    for_seeds(60, |_, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let (raw, options) = (Rc::new(Memory::new()), options(&mut random));
            let log = filled(&mut random, &raw, &options).await;
            // Events as sockets send them are in wire form, which random ones become here.
            let lines = exported(&log, ExportFormat::JsonLines).await;
            let here = Rc::new(Memory::new());
            let log = open(&here, &options).await;
            log.import(&lines, &mut |_| {}).await.unwrap();
            let stored = all(&log).await;
            assert_eq!(stored.len(), all(&open(&raw, &options).await).await.len());
            for format in [ExportFormat::JsonLines, ExportFormat::Trajectory] {
                let there = Rc::new(Memory::new());
                let copy = open(&there, &options).await;
                let file = exported(&log, format).await;
                let report = copy.import(&file, &mut |_| {}).await.unwrap();
                assert_eq!(report.accepted, stored.len() as u64);
                let texts = |log: Vec<(i64, String)>| log.into_iter().map(|event| event.1);
                assert!(texts(all(&copy).await).eq(texts(stored.clone())));
                let before = there.records();
                let again = copy.import(&file, &mut |_| {}).await.unwrap();
                assert_eq!((again.accepted, again.doubles), (0, stored.len() as u64));
                assert_eq!(there.records(), before);
            }
        });
    });
}

#[test]
fn an_event_that_no_archive_could_hold_is_refused() {
    run(async {
        let log = open(&Rc::new(Memory::new()), &StoreOptions::default()).await;
        let long = |length: usize| {
            let header = events::message(1, "x").header;
            let text = "x".repeat(length).into_boxed_str();
            Item::event(Event { header, text }, Origin::Remote)
        };
        let rest = Item::event(events::message(2, "x"), Origin::Remote);
        let items = vec![long((100 << 20) + 1), rest];
        let outcomes = log.append(items, None).await.unwrap();
        assert!(
            matches!(&outcomes[..], [Outcome::Rejected(why), Outcome::Accepted(_)]
                if why.contains("more than 104857600 bytes"))
        );
    });
}
