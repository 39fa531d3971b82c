//! What is damaged in storage is reported and passed by; everything else is still there, and the
//! log takes in new events.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::backend::{Backend, Clock, Key, Memory, Table};
use oh_event_store::event::{Event, MAX_ID};
use oh_event_store::filter::EventFilter;
use oh_event_store::notice::Notice;
use oh_event_store::page::{Entry, Origin, Page, Summary};
use oh_event_store::store::{EventStore, Item, Log, Outcome, SearchOptions};
use support::{ManualClock, all, events, for_seeds, found, lines, listening, pages, run, text_of};

type Records = BTreeMap<(Table, Key), Vec<u8>>;

async fn listened(records: Records) -> (Rc<Log>, Rc<RefCell<Vec<Notice>>>, Rc<Memory>) {
    let memory = Rc::new(Memory::new());
    memory.restore(records);
    let (reporter, told) = listening();
    let clock: Rc<dyn Clock> = ManualClock::new();
    let backend = Rc::clone(&memory) as Rc<dyn Backend>;
    let store = EventStore::new(backend, clock, reporter, &pages(300, 1000));
    let log = store.conversation("c", None).await.expect("it opens");
    (log, told, memory)
}

/// Forty events, even ids only, in pages and tail.
async fn filled() -> Records {
    filled_to(80).await
}

async fn filled_to(end: i64) -> Records {
    let records = Rc::new(Memory::new());
    let log = support::open(&records, &pages(300, 1000)).await;
    for id in (0..end).step_by(2) {
        let item = Item::event(events::message(id, "words"), Origin::Live);
        log.append(vec![item], None).await.unwrap();
    }
    records.records()
}

/// Ten events, known to be complete.
async fn covered() -> Records {
    let memory = Rc::new(Memory::new());
    memory.restore(filled_to(20).await);
    let log = support::open(&memory, &pages(300, 1000)).await;
    log.append(vec![], Some((0, 20))).await.unwrap();
    memory.records()
}

fn places(records: &Records, table: Table) -> Vec<(Table, Key)> {
    let places = records.keys().filter(|(of, _)| *of == table);
    places.cloned().collect()
}

fn summary(records: &Records, place: &(Table, Key)) -> Summary {
    let page = Page::decode(records[place].clone()).unwrap();
    page.summary(place.1.number)
}

/// Finds all of them by their text.
fn words() -> SearchOptions {
    let query = Some("words".to_owned());
    SearchOptions {
        filter: Some(EventFilter {
            query,
            ..EventFilter::default()
        }),
        ..SearchOptions::default()
    }
}

fn flip(records: &mut Records, place: &(Table, Key)) {
    let bytes = records.get_mut(place).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}

#[test]
fn a_damaged_or_missing_page_is_reported_and_passed_by() {
    run(async {
        let whole = filled().await;
        for place in places(&whole, Table::Pages) {
            for missing in [false, true] {
                for reverse in [false, true] {
                    let mut records = whole.clone();
                    let lost = summary(&records, &place);
                    if missing {
                        records.remove(&place);
                    } else {
                        flip(&mut records, &place);
                    }
                    let (log, told, _) = listened(records).await;
                    let options = SearchOptions {
                        reverse,
                        ..SearchOptions::default()
                    };
                    let mut ids: Vec<i64> = found(&log, &options, 3)
                        .await
                        .into_iter()
                        .map(|(id, _)| id)
                        .collect();
                    if reverse {
                        ids.reverse();
                    }
                    let expected: Vec<i64> = (0..80)
                        .step_by(2)
                        .filter(|id| !lost.contains(*id))
                        .collect();
                    assert_eq!(ids, expected);
                    assert!(
                        lines(&told)
                            .iter()
                            .any(|line| line.contains("a damaged page")),
                        "{:?}",
                        lines(&told)
                    );
                    assert!(text_of(&log, lost.first()).await.is_none());
                }
            }
        }
    });
}

#[test]
fn a_late_event_beside_a_damaged_page_is_kept_and_so_are_the_others_of_its_commit() {
    run(async {
        let whole = filled().await;
        for place in places(&whole, Table::Pages) {
            for missing in [false, true] {
                let mut records = whole.clone();
                let lost = summary(&records, &place);
                if missing {
                    records.remove(&place);
                } else {
                    flip(&mut records, &place);
                }
                let (log, told, memory) = listened(records).await;
                log.append(vec![], Some((0, 78))).await.unwrap();
                let ids = [lost.first() + 1, 101];
                let item = |id: &i64| Item::event(events::message(*id, "late"), Origin::Live);
                let outcomes = log
                    .append(ids.iter().map(item).collect(), None)
                    .await
                    .unwrap();
                for outcome in &outcomes {
                    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
                }
                assert!(lines(&told).iter().any(|line| line.contains("given up")));
                assert_eq!(log.coverage().1[0], (lost.first(), lost.last()));
                // The server's copies fill the gap.
                let copies =
                    (0..40).map(|n| Item::event(events::message(n * 2, "words"), Origin::Remote));
                log.append(copies.collect(), None).await.unwrap();
                let again = support::open(&memory, &pages(300, 1000)).await;
                assert_eq!(all(&again).await.len(), 42);
                assert_eq!(again.record().events, 42);
            }
        }
    });
}

#[test]
fn a_page_that_was_found_damaged_takes_its_events_again() {
    run(async {
        let mut records = filled().await;
        let place = places(&records, Table::Pages)[1].clone();
        flip(&mut records, &place);
        let (log, _, memory) = listened(records).await;
        assert!(all(&log).await.len() < 40);
        let copies = (0..40).map(|n| Item::event(events::message(n * 2, "words"), Origin::Live));
        log.append(copies.collect(), None).await.unwrap();
        assert_eq!(all(&log).await.len(), 40);
        let again = support::open(&memory, &pages(300, 1000)).await;
        assert_eq!(all(&again).await, all(&log).await);
        assert_eq!(again.record().events, 40);
    });
}

#[test]
fn a_damaged_summary_is_made_anew_from_its_page() {
    run(async {
        let mut records = filled().await;
        for place in places(&records, Table::Summaries) {
            flip(&mut records, &place);
        }
        let (log, told, _) = listened(records).await;
        assert_eq!(all(&log).await.len(), 40);
        assert!(
            lines(&told)
                .iter()
                .any(|line| line.contains("summaries are damaged"))
        );
    });
}

#[test]
fn a_damaged_tail_record_is_left_out_and_can_be_written_again() {
    run(async {
        let mut records = filled().await;
        let place = places(&records, Table::Tail)[0].clone();
        flip(&mut records, &place);
        let (log, told, memory) = listened(records).await;
        assert_eq!(all(&log).await.len(), 39);
        assert_eq!(log.count_events(None).await.unwrap(), 39);
        assert!(
            lines(&told)
                .iter()
                .any(|line| line.contains("an event is damaged"))
        );
        let item = Item::event(events::message(place.1.number, "words"), Origin::Live);
        let outcomes = log.append(vec![item], None).await.unwrap();
        assert!(matches!(outcomes[..], [Outcome::Accepted(_)]));
        let again = support::open(&memory, &pages(300, 1000)).await;
        assert_eq!(all(&again).await.len(), 40);
        assert_eq!(again.record().events, 40);
    });
}

#[test]
fn any_one_flipped_byte_leaves_all_other_events() {
    let whole = run(covered());
    for_seeds(20_000, |_, random| {
        let mut records = whole.clone();
        let places: Vec<_> = records.keys().cloned().collect();
        let place = random.pick(&places).clone();
        let bytes = records.get_mut(&place).unwrap();
        let at = random.below(bytes.len() as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
        let lost: Vec<i64> = match place.0 {
            Table::Pages => summary(&whole, &place).positions().collect(),
            Table::Tail => vec![place.1.number],
            _ => vec![],
        };
        let reopened = random.one_in(4);
        run(async move {
            let text = |id: i64| events::message(id, "words").text.to_string();
            let left = (0..20).step_by(2).filter(|id| !lost.contains(id));
            let mut left: Vec<_> = left.map(|id| (id, text(id))).collect();
            let (log, told, memory) = listened(records).await;
            assert_eq!(all(&log).await, left);
            assert_eq!(found(&log, &words(), 7).await, left);
            let absent = words().filter.map(|filter| EventFilter {
                query: Some("absent".to_owned()),
                ..filter
            });
            // Counting asks all signatures.
            assert_eq!(log.count_events(absent).await.unwrap(), 0);
            assert!(!lines(&told).is_empty(), "nothing was said of {place:?}");
            let complete = |log: &Log, id: &i64| {
                let known = log.coverage().0;
                known.iter().any(|(first, last)| first <= id && id <= last)
            };
            assert!(!lost.iter().any(|id| complete(&log, id)), "{place:?}");
            if place.0 != Table::Conversations {
                assert!(left.iter().all(|(id, _)| complete(&log, id)), "{place:?}");
            }
            let new = events::message(81, "new");
            left.push((81, new.text.to_string()));
            let item = Item::event(new, Origin::Live);
            log.append(vec![item], None).await.unwrap();
            assert_eq!(all(&log).await, left);
            // The gap is written down with that.
            if !reopened {
                return;
            }
            let again = support::open(&memory, &pages(300, 1000)).await;
            assert!(!lost.iter().any(|id| complete(&again, id)), "{place:?}");
            assert_eq!(all(&again).await, left);
        });
    });
}

/// Their checksums are right: whoever wrote them counted wrong.
#[test]
fn a_position_that_nothing_can_come_after_is_damage() {
    for position in [i64::MAX, i64::MAX - 1, 1 << 53, -(1 << 53), i64::MIN] {
        run(async move {
            let json = r#"{"id": "a", "kind": "MessageEvent", "source": "agent"}"#;
            let event = Event::from_json(json.as_bytes()).unwrap();
            let entry = Entry {
                position,
                origin: Origin::Remote,
                version: 0,
                event: Rc::new(event),
            };
            let page = Page::new(std::slice::from_ref(&entry));
            let summaries = Summary::encode(&[Rc::new(page.summary(5))]);
            let page = page.record().to_vec();
            let key = |number| Key::new(&"c".into(), number);
            for places in [
                vec![(Table::Pages, 5, page.clone())],
                vec![(Table::Tail, 5, entry.encode())],
                vec![(Table::Pages, 5, page), (Table::Summaries, 5, summaries)],
            ] {
                let records = places.into_iter();
                let records = records.map(|(table, number, bytes)| ((table, key(number)), bytes));
                let (log, told, _) = listened(records.collect()).await;
                assert_eq!(all(&log).await, []);
                assert!(!lines(&told).is_empty());
                let item = Item::event(events::message(1, "x"), Origin::Live);
                log.append(vec![item], None)
                    .await
                    .expect("it can be written");
                assert_eq!(all(&log).await.len(), 1);
            }
        });
    }
}

#[test]
fn an_event_is_refused_where_there_is_no_position_left() {
    run(async {
        let log = support::open(&Rc::new(Memory::new()), &pages(300, 1000)).await;
        let event = |id: &str| {
            let json = format!("{{\"id\": \"{id}\", \"kind\": \"MessageEvent\"}}");
            Event::from_json(json.as_bytes()).unwrap()
        };
        let last = Entry {
            position: MAX_ID,
            origin: Origin::Remote,
            version: 0,
            event: Rc::new(event("a")),
        };
        let items = vec![Item::Entry(last), Item::event(event("b"), Origin::Live)];
        let outcomes = log.append(items, None).await.unwrap();
        assert!(matches!(
            outcomes[..],
            [Outcome::Accepted(_), Outcome::Rejected(_)]
        ));
        assert_eq!(all(&log).await.len(), 1);
    });
}
