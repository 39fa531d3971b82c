//! What arrives while a commit is in flight goes with the next one, and everybody gets an answer.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;
use std::task::{Context, Poll};

use futures::executor::LocalPool;
use futures_util::FutureExt;
use futures_util::task::{noop_waker, noop_waker_ref};
use oh_event_store::backend::{Faults, Faulty, Memory};
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log, Outcome, StoreOptions};
use support::{Task, all, events, for_seeds, pages, run, spawn, store};

fn slow(records: &Rc<Memory>, seed: u64) -> Rc<Faulty> {
    let faults = Faults {
        seed,
        delay: 6,
        ..Faults::default()
    };
    Rc::new(Faulty::new(records, faults))
}

async fn log(backend: &Rc<Faulty>) -> Rc<Log> {
    let store = store(Rc::clone(backend) as _, &pages(1000, 1000));
    store.conversation("c", None).await.unwrap()
}

fn item(id: i64) -> Item {
    Item::event(events::message(id, "x"), Origin::Live)
}

fn new(word: &str) -> Item {
    let json = format!("{{\"action\": \"message\", \"args\": {{\"content\": \"{word}\"}}}}");
    Item::New {
        json: json.into_bytes().into(),
        id: None,
        timestamp: "2025-08-31T15:23:21.000000".into(),
        source: "user".into(),
    }
}

#[test]
fn a_hundred_events_at_once_take_one_transaction() {
    let records = Rc::new(Memory::new());
    let backend = slow(&records, 1);
    let mut pool = LocalPool::new();
    let log = pool.run_until(log(&backend));
    let tasks: Vec<_> = (0..100)
        .map(|n| {
            let log = Rc::clone(&log);
            // Each one brings a double, of its own event or of the one before.
            let items = vec![item(n), item(n), item((n - 1).max(0))];
            spawn(&pool, async move { log.append(items, None).await.unwrap() })
        })
        .collect();
    pool.run_until_stalled();
    for (n, task) in tasks.iter().enumerate() {
        let outcomes = task.take().expect("it ends");
        let [Outcome::Accepted(entry), Outcome::Double, Outcome::Double] = &outcomes[..] else {
            panic!("{n}: {outcomes:?}");
        };
        assert_eq!(entry.position, n as i64);
    }
    assert_eq!(backend.commits(), 1);
    assert_eq!(pool.run_until(all(&log)).len(), 100);
}

#[test]
fn one_bad_event_fails_alone() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = log(&slow(&records, 1)).await;
        let bad = oh_event_store::event::Event::from_json(b"{\"id\": 5}").unwrap();
        let bad = log.append(vec![Item::event(bad, Origin::Live), item(6)], None);
        let good = log.append(vec![item(7)], None);
        let (bad, good) = futures_util::future::join(bad, good).await;
        let bad = bad.unwrap();
        assert!(
            matches!(bad[..], [Outcome::Rejected(_), Outcome::Accepted(_)]),
            "{bad:?}"
        );
        assert!(matches!(good.unwrap()[..], [Outcome::Accepted(_)]));
    });
}

#[test]
fn an_append_that_is_dropped_midway_loses_nothing_and_hangs_nobody() {
    for_seeds(200, |seed, random| {
        let records = Rc::new(Memory::new());
        let backend = slow(&records, seed);
        let mut pool = LocalPool::new();
        let log = pool.run_until(log(&backend));
        let waker = noop_waker();
        let mut context = Context::from_waker(&waker);
        let mut appends: Vec<_> = (0..6)
            .map(|n| Some(log.append(vec![new(&n.to_string())], None).boxed_local()))
            .collect();
        let mut answered = 0;
        for _ in 0..random.below(30) {
            let index = random.below(6) as usize;
            let Some(append) = &mut appends[index] else {
                continue;
            };
            if let Poll::Ready(outcomes) = append.poll_unpin(&mut context) {
                assert!(matches!(outcomes.unwrap()[..], [Outcome::Accepted(_)]));
                answered += 1;
                appends[index] = None;
            } else if random.one_in(5) {
                appends[index] = None;
            }
        }
        let rest = appends.into_iter().flatten();
        for outcomes in pool.run_until(futures_util::future::join_all(rest)) {
            assert!(matches!(outcomes.unwrap()[..], [Outcome::Accepted(_)]));
            answered += 1;
        }
        let last = pool.run_until(log.append(vec![new("last")], None)).unwrap();
        assert!(matches!(last[..], [Outcome::Accepted(_)]));
        let texts = pool.run_until(all(&log));
        assert!(texts.len() > answered, "{} {answered}", texts.len());
        let mut contents: Vec<&str> = texts
            .iter()
            .filter_map(|(_, text)| text.split("\"content\": ").nth(1))
            .collect();
        contents.sort_unstable();
        let count = contents.len();
        contents.dedup();
        assert_eq!(
            contents.len(),
            count,
            "an event was written twice: {texts:?}"
        );
        let ids: Vec<i64> = texts.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, (0..ids.len() as i64).collect::<Vec<_>>());
    });
}

#[test]
fn new_events_get_consecutive_ids_from_all_tabs() {
    for_seeds(60, |seed, random| {
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let backends = [slow(&records, seed), slow(&records, !seed)];
        let logs = backends
            .each_ref()
            .map(|backend| pool.run_until(log(backend)));
        let tasks: Vec<_> = (0..30)
            .map(|n| {
                let log = Rc::clone(random.pick(&logs));
                let items = vec![new(&n.to_string())];
                let task = spawn(&pool, async move { log.append(items, None).await.unwrap() });
                if random.one_in(3) {
                    pool.run_until_stalled();
                }
                task
            })
            .collect();
        pool.run_until_stalled();
        let mut ids: Vec<i64> = tasks
            .iter()
            .map(|task| match &task.take().expect("it ends")[..] {
                [Outcome::Accepted(entry)] => entry.position,
                other => panic!("{other:?}"),
            })
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..30).collect::<Vec<_>>());
    });
}

#[test]
fn a_new_event_whose_commit_was_dropped_and_lost_is_not_made_twice() {
    for_seeds(60, |seed, random| {
        let records = Rc::new(Memory::new());
        let backend = slow(&records, seed);
        let mut pool = LocalPool::new();
        let log = pool.run_until(log(&backend));
        backend.set_faults(Faults {
            delay: 6,
            lost: 100,
            ..Faults::default()
        });
        let mut adding = log.append(vec![new("once")], None).boxed_local();
        let mut context = Context::from_waker(noop_waker_ref());
        for _ in 0..=random.below(8) {
            if adding.poll_unpin(&mut context).is_ready() {
                break;
            }
        }
        drop(adding);
        // It is not known whether it took place, now or a little later.
        let refreshing = Rc::clone(&log);
        pool.run_until(async move { refreshing.refresh().await })
            .unwrap();
        backend.settle();
        backend.set_faults(Faults::default());
        let later = Rc::clone(&log);
        pool.run_until(async move { later.append(vec![new("later")], None).await })
            .unwrap();
        let texts = pool.run_until(all(&log));
        let once = texts.iter().filter(|(_, text)| text.contains("once"));
        assert!(once.count() <= 1, "{texts:?}");
        assert!(texts.iter().any(|(_, text)| text.contains("later")));
    });
}

/// The fear: who finds out whether a commit took place waits for itself, where another tab has just
/// replaced the page.
#[test]
fn a_commit_made_once_more_ends_while_another_tab_rewrites_the_pages() {
    for_seeds(60, |seed, random| {
        let records = Rc::new(Memory::new());
        let faults = |seed| Faults {
            seed,
            delay: 4,
            lost: 40,
            ..Faults::default()
        };
        let first = Faulty::new(&records, faults(seed));
        let tabs = [first.beside(faults(seed + 1)), first].map(Rc::new);
        let mut pool = LocalPool::new();
        let options = StoreOptions {
            memory_budget: 0,
            ..pages(200, 3)
        };
        let mut tasks = Vec::new();
        for tab in tabs {
            let store = store(tab as _, &options);
            let log = pool.run_until(store.conversation("c", None)).unwrap();
            let ids: Vec<i64> = (0..40).map(|_| random.number(0, 40)).collect();
            tasks.push(spawn(&pool, async move {
                for id in ids {
                    let _ = log.append(vec![item(id)], None).await;
                }
            }));
        }
        pool.run_until_stalled();
        assert!(tasks.iter().all(Task::ended), "an append waits for ever");
    });
}

#[test]
fn what_goes_with_a_new_event_is_made_once_more_where_that_cannot_be() {
    for_seeds(60, |seed, random| {
        let records = Rc::new(Memory::new());
        let backend = slow(&records, seed);
        let mut pool = LocalPool::new();
        let log = pool.run_until(log(&backend));
        pool.run_until(log.append(vec![item(0)], None)).unwrap();
        backend.set_faults(Faults {
            delay: 6,
            lost: 100,
            ..Faults::default()
        });
        let before = random.one_in(2);
        let mut appends = [vec![item(7), item(0)], vec![new("added")], vec![item(5)]];
        if before {
            appends.swap(0, 1);
        }
        let appends = appends.map(|items| log.append(items, None));
        let mut appends = futures_util::future::join_all(appends);
        let mut context = Context::from_waker(noop_waker_ref());
        while backend.commits() < 2 {
            assert!(appends.poll_unpin(&mut context).is_pending());
        }
        backend.set_faults(Faults::default());
        let mut answers = pool.run_until(appends);
        if before {
            answers.swap(0, 1);
        }
        let [fed, added, other] = answers.try_into().expect("three answers");
        assert!(added.is_err(), "it is not known");
        let fed = fed.expect("it is stored");
        assert!(
            matches!(fed[..], [Outcome::Accepted(_), Outcome::Double]),
            "{fed:?}"
        );
        let other = other.expect("it is stored");
        assert!(matches!(other[..], [Outcome::Accepted(_)]), "{other:?}");
        backend.settle();
        let ids = pool.run_until(all(&log)).into_iter().map(|(id, _)| id);
        let fed: Vec<i64> = ids.filter(|id| [0, 5, 7].contains(id)).collect();
        assert_eq!(fed, [0, 5, 7]);
    });
}
