//! What was acknowledged is there after any fault and any crash; what was not is there wholly or
//! not at all, and the next commit works.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeSet;
use std::rc::Rc;

use futures::executor::LocalPool;
use oh_event_store::backend::{Faults, Faulty, Memory};
use oh_event_store::error::{Error, Recovery};
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log};
use support::oracle::Oracle;
use support::{Random, all, events, for_seeds, open, pages, run, spawn, store};

async fn log(backend: &Rc<Faulty>) -> Rc<Log> {
    let store = store(Rc::clone(backend) as _, &pages(300, 1000));
    store.conversation("c", None).await.unwrap()
}

fn group(random: &mut Random) -> Vec<Item> {
    let mut item = |_| {
        let id = random.number(0, 60);
        let origin = *random.pick(&[Origin::Live, Origin::Remote]);
        Item::event(events::v0(random, id), origin)
    };
    (0..4).map(&mut item).collect()
}

fn add(oracle: &mut Oracle, items: &[Item]) {
    for item in items {
        if let Item::Event(event, origin) = item {
            oracle.add(event, *origin);
        }
    }
}

#[test]
fn a_failed_commit_changes_nothing_and_the_next_one_works() {
    for_seeds(100, |seed, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let records = Rc::new(Memory::new());
            let faults = Faults {
                seed,
                delay: 2,
                quota: 20,
                abort: 20,
                ..Faults::default()
            };
            let backend = Rc::new(Faulty::new(&records, faults));
            let log = log(&backend).await;
            let mut oracle = Oracle::default();
            for _ in 0..20 {
                let (items, before) = (group(&mut random), records.records());
                match log.append(items.clone(), None).await {
                    Ok(_) => add(&mut oracle, &items),
                    Err(why) => {
                        assert!(matches!(*why, Error::QuotaExceeded | Error::Storage { .. }));
                        assert_eq!(records.records(), before);
                    }
                }
                assert_eq!(all(&log).await, oracle.texts());
                assert_eq!(log.record().events, oracle.events.len() as u64);
            }
            backend.set_faults(Faults::default());
            let items = group(&mut random);
            log.append(items.clone(), None).await.unwrap();
            add(&mut oracle, &items);
            assert_eq!(all(&log).await, oracle.texts());
            let again = open(&records, &pages(300, 1000)).await;
            assert_eq!(all(&again).await, oracle.texts());
        });
    });
}

#[test]
fn a_crash_at_any_commit_leaves_what_was_acknowledged_and_no_part_of_the_rest() {
    for_seeds(120, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let faults = Faults {
            seed,
            delay: 3,
            crash_at: Some(1 + seed % 25),
            ..Faults::default()
        };
        let backend = Rc::new(Faulty::new(&records, faults));
        run(async move {
            let tab = log(&backend).await;
            let mut oracle = Oracle::default();
            let mut lost = oracle.clone();
            for _ in 0..30 {
                let items = group(&mut random);
                match tab.append(items.clone(), None).await {
                    Ok(_) => add(&mut oracle, &items),
                    Err(why) => {
                        assert_eq!(why.recovery(), Recovery::Reopen);
                        lost = oracle.clone();
                        add(&mut lost, &items);
                        break;
                    }
                }
            }
            let again = open(&records, &pages(300, 1000)).await;
            let found = all(&again).await;
            assert!(found == oracle.texts() || found == lost.texts());
            assert_eq!(again.record().events, found.len() as u64);
            let items = vec![Item::event(events::message(99, "on"), Origin::Live)];
            again.append(items, None).await.unwrap();
            assert_eq!(all(&again).await.len(), found.len() + 1);
        });
    });
}

#[test]
fn events_fed_together_survive_a_crash_when_they_were_acknowledged() {
    for_seeds(80, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let faults = Faults {
            seed,
            delay: 4,
            quota: 10,
            timeout: 10,
            crash_at: Some(2 + seed % 8),
            ..Faults::default()
        };
        let backend = Rc::new(Faulty::new(&records, faults));
        let tab = pool.run_until(log(&backend));
        let mut ids: Vec<i64> = (0..60).collect();
        random.shuffle(&mut ids);
        let mut tasks = Vec::new();
        for id in ids {
            let (tab, item) = (
                Rc::clone(&tab),
                Item::event(events::message(id, "x"), Origin::Live),
            );
            let task = async move { tab.append(vec![item], None).await.is_ok() };
            tasks.push((id, spawn(&pool, task)));
            if random.one_in(4) {
                pool.try_run_one();
            }
        }
        pool.run_until_stalled();
        let answered = tasks
            .iter()
            .filter(|(_, task)| task.take().expect("it ends"));
        let answered: BTreeSet<i64> = answered.map(|(id, _)| *id).collect();
        let again = pool.run_until(open(&records, &pages(300, 1000)));
        let found = pool.run_until(all(&again));
        let found: BTreeSet<i64> = found.into_iter().map(|(id, _)| id).collect();
        assert!(found.is_superset(&answered), "{answered:?} {found:?}");
    });
}

#[test]
fn after_a_timeout_the_same_events_can_be_written_again() {
    for_seeds(60, |seed, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let records = Rc::new(Memory::new());
            let faults = Faults {
                seed,
                timeout: 50,
                ..Faults::default()
            };
            let backend = Rc::new(Faulty::new(&records, faults));
            let log = log(&backend).await;
            let mut oracle = Oracle::default();
            for _ in 0..15 {
                let items = group(&mut random);
                add(&mut oracle, &items);
                while log.append(items.clone(), None).await.is_err() {}
                assert_eq!(all(&log).await, oracle.texts());
                assert_eq!(log.record().events, oracle.events.len() as u64);
            }
        });
    });
}
