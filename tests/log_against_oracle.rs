//! A log answers as the simplest store would: whatever comes in, in whatever order, however small
//! its pages, and however often it is opened again.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;

use oh_event_store::backend::Memory;
use oh_event_store::event::{Event, EventId};
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log, Outcome, SearchOptions, StoreOptions};
use support::oracle::{Oracle, Verdict};
use support::{Random, all, contents, events, for_seeds, found, open, pages, run};

const ORIGINS: [Origin; 3] = [Origin::Local, Origin::Live, Origin::Remote];

fn options(random: &mut Random) -> StoreOptions {
    let page_events = if random.one_in(3) {
        random.below(6) + 1
    } else {
        1000
    };
    let mut options = pages(*random.pick(&[1, 300, 1000, 4000]), page_events as usize);
    options.memory_budget = *random.pick(&[0, 2000, 1 << 20]);
    options
}

async fn add(log: &Rc<Log>, oracle: &mut Oracle, items: Vec<(Event, Origin)>) {
    let expected: Vec<Verdict> = items
        .iter()
        .map(|(event, origin)| oracle.add(event, *origin))
        .collect();
    let items = items
        .into_iter()
        .map(|(event, origin)| Item::event(event, origin))
        .collect();
    let outcomes = log.append(items, None).await.expect("it is written");
    let verdict = |outcome: &Outcome| match outcome {
        Outcome::Accepted(_) => Verdict::Accepted,
        Outcome::Replaced(_) => Verdict::Replaced,
        Outcome::Double => Verdict::Double,
        Outcome::Rejected(why) => panic!("rejected: {why}"),
    };
    let outcomes: Vec<Verdict> = outcomes.iter().map(verdict).collect();
    assert_eq!(outcomes, expected);
}

async fn compare(log: &Rc<Log>, oracle: &Oracle, random: &mut Random) {
    assert_eq!(log.record().events, oracle.events.len() as u64);
    assert_eq!(log.record().bytes, oracle.bytes());
    assert_eq!(all(log).await, oracle.texts());
    let last = oracle.events.last_key_value();
    assert_eq!(log.latest_event_id(), last.map_or(-1, |(id, _)| *id));
    match last {
        Some((id, (_, event))) => {
            let found = log.latest_event().await.unwrap();
            assert_eq!(contents(&found), [(*id, event.text.to_string())]);
        }
        None => assert!(log.latest_event().await.is_err()),
    }
    let high = log.latest_event_id() + 3;
    for _ in 0..4 {
        let options = SearchOptions {
            start_id: random.one_in(2).then(|| random.number(-2, high)),
            end_id: random.one_in(2).then(|| random.number(-2, high)),
            reverse: random.one_in(2),
            limit: random.one_in(2).then(|| random.number(-2, 9)),
            filter: random.one_in(2).then(|| events::filter(random)),
        };
        let max = random.below(9) as usize;
        let found = found(log, &options, max).await;
        assert_eq!(found, oracle.search(&options), "{options:?}");
        let filter = options.filter.unwrap_or_default();
        let count = log.count_events(Some(filter.clone())).await.unwrap();
        assert_eq!(count, oracle.matching(&filter).len() as u64, "{filter:?}");
    }
    for _ in 0..4 {
        let position = random.number(-2, high);
        let known = oracle.events.get(&position).map(|(_, event)| event);
        let id = match known.and_then(|event| event.header.id.clone()) {
            Some(id) => id,
            None => EventId::Number(position),
        };
        match log.get_event(&id).await {
            Ok(batch) => assert_eq!(contents(&batch)[0].1, *known.unwrap().text),
            Err(_) => assert!(known.is_none(), "{id}"),
        }
    }
}

#[test]
fn v0_logs_answer_as_the_oracle() {
    for_seeds(60, |_, random| {
        let (records, options) = (Rc::new(Memory::new()), options(random));
        let mut random = Random::new(random.next());
        run(async move {
            let mut log = open(&records, &options).await;
            let mut oracle = Oracle::default();
            let ids = *random.pick(&[8, 40, 200]);
            let mut next = 0;
            for _ in 0..random.below(40) {
                let mut items = Vec::new();
                for _ in 0..random.below(6) {
                    let id = match random.below(4) {
                        0 => random.number(0, ids),
                        1 => (next - random.number(0, 9)).max(0),
                        _ => next + random.number(0, 2),
                    };
                    next = next.max(id + 1);
                    let known = oracle.events.get(&id).filter(|_| random.one_in(3));
                    let event = match known {
                        Some((_, event)) => event.clone(),
                        None => events::v0(&mut random, id),
                    };
                    items.push((event, *random.pick(&ORIGINS)));
                }
                add(&log, &mut oracle, items).await;
                if random.one_in(4) {
                    log = open(&records, &options).await;
                }
                compare(&log, &oracle, &mut random).await;
            }
        });
    });
}

#[test]
fn v1_logs_keep_the_order_of_arrival() {
    for_seeds(40, |_, random| {
        let (records, options) = (Rc::new(Memory::new()), options(random));
        let mut random = Random::new(random.next());
        run(async move {
            let mut log = open(&records, &options).await;
            let mut oracle = Oracle::default();
            for _ in 0..random.below(30) {
                let mut items = Vec::new();
                for _ in 0..random.below(6) {
                    let id = format!("e{}", random.below(80));
                    items.push((events::v1(&mut random, &id), *random.pick(&ORIGINS)));
                }
                add(&log, &mut oracle, items).await;
                if random.one_in(4) {
                    log = open(&records, &options).await;
                }
                compare(&log, &oracle, &mut random).await;
            }
        });
    });
}

#[test]
fn a_v1_event_is_found_by_its_own_id_only() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let mut random = Random::new(5);
        let items = (0..30).map(|n| events::v1(&mut random, &format!("e{n}")));
        let items: Vec<Item> = items
            .map(|event| Item::event(event, Origin::Live))
            .collect();
        log.append(items, None).await.unwrap();
        assert!(log.get_event(&EventId::Text("e7".into())).await.is_ok());
        for id in [
            EventId::Text("e30".into()),
            EventId::Text("".into()),
            EventId::Number(7),
        ] {
            assert!(log.get_event(&id).await.is_err(), "{id}");
        }
    });
}

#[test]
fn history_that_is_loaded_backwards_ends_in_order() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let (mut random, mut oracle) = (Random::new(9), Oracle::default());
        for first in (0..200).rev().step_by(7) {
            let items = (0..7)
                .map(|n| (events::v0(&mut random, first + n), Origin::Remote))
                .collect();
            add(&log, &mut oracle, items).await;
        }
        compare(&log, &oracle, &mut random).await;
        let again = open(&records, &pages(300, 1000)).await;
        compare(&again, &oracle, &mut random).await;
    });
}

#[test]
fn a_rejected_event_changes_nothing() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let event =
            |json: &str| Item::event(Event::from_json(json.as_bytes()).unwrap(), Origin::Live);
        let items = vec![
            event(r#"{"id": -1, "action": "run"}"#),
            event(r#"{"id": 9007199254740993, "action": "run"}"#),
            event(r#"{"action": "run"}"#),
            event(r#"{"id": "x", "action": "run"}"#),
            event(r#"{"id": 1, "kind": "MessageEvent"}"#),
        ];
        let outcomes = log.append(items, None).await.unwrap();
        for outcome in outcomes {
            assert!(matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
        }
        assert!(records.records().is_empty());
        let v1 = vec![
            event(r#"{"id": -1, "action": "run"}"#),
            event(r#"{"id": "a", "kind": "MessageEvent"}"#),
            event(r#"{"id": 1, "action": "run"}"#),
        ];
        let outcomes = log.append(v1, None).await.unwrap();
        assert!(matches!(outcomes[1], Outcome::Accepted(_)), "{outcomes:?}");
        assert!(matches!(outcomes[2], Outcome::Rejected(_)), "{outcomes:?}");
        assert_eq!(log.record().events, 1);
    });
}
