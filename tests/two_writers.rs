//! Two tabs write to one conversation at the same time: nothing is lost, nothing is there twice.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;

use futures::FutureExt;
use futures::executor::LocalPool;
use oh_event_store::backend::{Backend, Faults, Faulty, Memory};
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, Log, Outcome};
use support::oracle::Oracle;
use support::{Random, all, events, for_seeds, pages, run, spawn, store, text_of};

fn slow(records: &Rc<Memory>, seed: u64) -> EventStore {
    let faults = Faults {
        seed,
        delay: 4,
        ..Faults::default()
    };
    store(Rc::new(Faulty::new(records, faults)), &pages(300, 1000))
}

async fn log(store: &EventStore) -> Rc<Log> {
    store.conversation("c", None).await.unwrap()
}

fn accepted(outcomes: &[Outcome]) -> usize {
    let accepted = |outcome: &&Outcome| matches!(outcome, Outcome::Accepted(_));
    outcomes.iter().filter(accepted).count()
}

#[test]
fn both_tabs_events_are_there_once() {
    for_seeds(150, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let stores = [slow(&records, seed), slow(&records, !seed)];
        let logs = stores.each_ref().map(|store| pool.run_until(log(store)));
        let mut oracle = Oracle::default();
        let texts: Vec<_> = (0..50).map(|id| events::v0(&mut random, id)).collect();
        let mut writers = Vec::new();
        for _ in 0..60 {
            let tab = Rc::clone(random.pick(&logs));
            let event = random.pick(&texts).clone();
            oracle.add(&event, Origin::Live);
            writers.push(spawn(&pool, async move {
                let items = vec![Item::event(event, Origin::Live)];
                tab.append(items, None).await.unwrap()
            }));
            if random.one_in(4) {
                pool.run_until_stalled();
            }
        }
        pool.run_until_stalled();
        let outcomes = writers.iter().map(|writer| writer.take().expect("it ends"));
        let accepted: usize = outcomes.map(|outcomes| accepted(&outcomes)).sum();
        assert_eq!(accepted, oracle.events.len());
        for log in &logs {
            pool.run_until(log.refresh()).unwrap();
            assert_eq!(pool.run_until(all(log)), oracle.texts());
            assert_eq!(log.record().events, oracle.events.len() as u64);
            assert_eq!(log.record().bytes, oracle.bytes());
        }
    });
}

#[test]
fn v1_events_of_both_tabs_have_one_order() {
    for_seeds(80, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let stores = [slow(&records, seed), slow(&records, !seed)];
        let logs = stores.each_ref().map(|store| pool.run_until(log(store)));
        for n in 0..40 {
            let event = events::v1(&mut random, &format!("e{}", n / 2));
            let tab = Rc::clone(&logs[n % 2]);
            spawn(&pool, async move {
                let items = vec![Item::event(event, Origin::Live)];
                tab.append(items, None).await.unwrap();
            });
            if random.one_in(5) {
                pool.run_until_stalled();
            }
        }
        pool.run_until_stalled();
        pool.run_until(logs[0].refresh()).unwrap();
        pool.run_until(logs[1].refresh()).unwrap();
        let found = logs.each_ref().map(|log| pool.run_until(all(log)));
        assert_eq!(found[0], found[1]);
        assert!(found[0].iter().map(|(position, _)| *position).eq(0..20));
    });
}

#[test]
fn a_late_event_is_not_lost_with_a_page_that_another_tab_replaced() {
    run(async {
        let records = Rc::new(Memory::new());
        let (one, two) = (slow(&records, 1), slow(&records, 2));
        let (one, two) = (log(&one).await, log(&two).await);
        let item = |id| vec![Item::event(events::message(id, "some words"), Origin::Live)];
        for id in (0..40).step_by(2) {
            one.append(item(id), None).await.unwrap();
        }
        two.refresh().await.unwrap();
        // Each rewrites pages that the other one still believes in.
        for id in (1..40).step_by(4) {
            one.append(item(id), None).await.unwrap();
            let outcomes = two.append(item(id + 2), None).await.unwrap();
            assert_eq!(accepted(&outcomes), 1);
            assert!(text_of(&two, id + 2).await.is_some());
        }
        let positions = all(&two).await.into_iter().map(|(position, _)| position);
        assert!(positions.eq(0..40));
        // A better copy of an event in a page that is no more.
        let fresh = log(&slow(&records, 3)).await;
        let better = |id| vec![Item::event(events::message(id, "better"), Origin::Remote)];
        one.refresh().await.unwrap();
        assert_eq!(all(&one).await.len(), 40);
        let outcomes = fresh.append(better(4), None).await.unwrap();
        assert!(matches!(outcomes[..], [Outcome::Replaced(_)]));
        let outcomes = one.append(better(5), None).await.unwrap();
        assert!(
            matches!(outcomes[..], [Outcome::Replaced(_)]),
            "{outcomes:?}"
        );
        for id in [4, 5] {
            assert!(text_of(&one, id).await.unwrap().contains("better"));
        }
    });
}

#[test]
fn a_conversation_that_comes_again_is_not_mixed_with_the_deleted_one() {
    run(async {
        let records = Rc::new(Memory::new());
        let clock = support::ManualClock::new();
        let tab = || {
            let clock = Rc::clone(&clock) as Rc<dyn oh_event_store::backend::Clock>;
            let backend = Rc::new(Faulty::new(&records, Faults::default()));
            EventStore::new(backend, clock, Default::default(), &pages(300, 1000))
        };
        let (one, two) = (tab(), tab());
        let items = |word: &str| {
            let item = |id| Item::event(events::message(id, word), Origin::Live);
            (0..20).map(item).collect::<Vec<_>>()
        };
        let log_one = log(&one).await;
        log_one.append(items("old"), None).await.unwrap();
        let log_two = log(&two).await;
        assert_eq!(all(&log_two).await.len(), 20);
        one.delete_conversation("c").await.unwrap();
        clock.advance(1.0);
        let log_one = log(&one).await;
        log_one.append(items("new"), None).await.unwrap();
        log_two.refresh().await.unwrap();
        let texts = all(&log_two).await;
        assert_eq!(texts, all(&log_one).await);
        assert!(texts.iter().all(|(_, text)| text.contains("new")));
    });
}

#[test]
fn a_page_is_not_taken_for_one_that_had_its_number_before_a_deletion() {
    run(async {
        let records = Rc::new(Memory::new());
        // At clocks that say the same.
        let tab = || store(Rc::clone(&records) as Rc<dyn Backend>, &pages(300, 1000));
        let (one, two) = (tab(), tab());
        let fill = async |store: &EventStore, ids: std::ops::Range<i64>, word: &str| {
            let log = log(store).await;
            let item = |id| Item::event(events::message(id, word), Origin::Live);
            log.append(ids.map(item).collect(), None).await.unwrap();
            all(&log).await
        };
        fill(&one, 0..20, "old").await;
        assert_eq!(all(&log(&two).await).await.len(), 20);
        one.delete_conversation("c").await.unwrap();
        drop(one);
        let new = fill(&tab(), 5..30, "new").await;
        assert_eq!(all(&log(&two).await).await, new);
        let more = fill(&two, 3..5, "new").await;
        assert_eq!((more.len(), &more[2..]), (27, &new[..]));
    });
}

#[test]
fn an_import_claims_nothing_of_what_another_tab_has_taken_away_meanwhile() {
    let records = Rc::new(Memory::new());
    let mut pool = LocalPool::new();
    let tab = || store(Rc::clone(&records) as Rc<dyn Backend>, &pages(300, 1000));
    let [importing, other] = [tab(), tab()].map(|store| pool.run_until(log(&store)));
    // The first two are a commit of their own; one of them is there already.
    let events = [(10, 0), (0, 2 << 20), (20, 0)]
        .map(|(id, more)| events::message(id, &["known", &"x".repeat(more)].concat()));
    let file: String = events
        .iter()
        .map(|event| format!("{}\n", event.text))
        .collect();
    let known = events[0].text.as_bytes();
    pool.run_until(other.import(known, &mut |_| {})).unwrap();
    let mut truncated = false;
    let report = pool.run_until(importing.import(file.as_bytes(), &mut |_| {
        if !std::mem::replace(&mut truncated, true) {
            let mut truncating = other.truncate(5).boxed_local();
            while (&mut truncating).now_or_never().is_none() {}
        }
    }));
    assert!(truncated && report.is_ok(), "{report:?}");
    pool.run_until(importing.refresh()).unwrap();
    for (first, last) in importing.coverage().0 {
        assert!(
            !(first..=last).contains(&10),
            "{first} to {last} is not complete"
        );
    }
}
