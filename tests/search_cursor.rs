//! A search under way stays right while the log changes under it.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::backend::{Faults, Faulty, Memory};
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log, MatchingOptions, SearchOptions};
use support::{Random, all, contents, events, for_seeds, found, open, pages, run, store};

async fn slow(records: &Rc<Memory>, seed: u64, memory_budget: usize) -> Rc<Log> {
    let faults = Faults {
        seed,
        delay: 2,
        ..Faults::default()
    };
    let mut options = pages(300, 1000);
    options.memory_budget = memory_budget;
    let store = store(Rc::new(Faulty::new(records, faults)), &options);
    store.conversation("c", None).await.unwrap()
}

fn items(random: &mut Random, ids: &[i64]) -> Vec<Item> {
    let item = |id: &i64| Item::event(events::v0(random, *id), Origin::Live);
    ids.iter().map(item).collect()
}

#[test]
fn what_was_there_comes_once_whatever_is_written_meanwhile() {
    for_seeds(200, |seed, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let records = Rc::new(Memory::new());
            let tabs = [
                slow(&records, seed, 0).await,
                slow(&records, !seed, 1 << 20).await,
            ];
            let mut ids: Vec<i64> = (0..80).collect();
            random.shuffle(&mut ids);
            let (before, mut after) = ids.split_at(40);
            tabs[0]
                .append(items(&mut random, before), None)
                .await
                .unwrap();
            tabs[1].refresh().await.unwrap();
            let there: BTreeMap<i64, String> = all(&tabs[0]).await.into_iter().collect();

            let reverse = random.one_in(2);
            let mut search = tabs[0].search(&SearchOptions {
                reverse,
                ..SearchOptions::default()
            });
            let mut found = Vec::new();
            while let Some(batch) = search.next(1 + random.below(6) as usize).await.unwrap() {
                found.extend(contents(&batch));
                let count = after.len().min(random.below(5) as usize);
                let (now, later) = after.split_at(count);
                after = later;
                let writer = random.pick(&tabs);
                writer.append(items(&mut random, now), None).await.unwrap();
            }
            let mut positions: Vec<i64> = found.iter().map(|(position, _)| *position).collect();
            if reverse {
                positions.reverse();
            }
            assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
            let found: BTreeMap<i64, String> = found.into_iter().collect();
            for (position, text) in there {
                assert_eq!(found.get(&position), Some(&text), "{position}");
            }
        });
    });
}

#[test]
fn limits_mean_what_they_mean_on_the_server() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let ids: Vec<i64> = (0..150).collect();
        log.append(items(&mut Random::new(1), &ids), None)
            .await
            .unwrap();
        for (limit, count) in [(None, 150), (Some(0), 150), (Some(-7), 1), (Some(3), 3)] {
            let options = SearchOptions {
                limit,
                ..SearchOptions::default()
            };
            assert_eq!(found(&log, &options, 2).await.len(), count, "{limit:?}");
        }
        let matching = |limit| {
            log.matching(MatchingOptions {
                limit,
                ..MatchingOptions::default()
            })
        };
        assert_eq!(matching(None).await.unwrap().len(), 100);
        assert_eq!(matching(Some(7)).await.unwrap().len(), 7);
        for limit in [-1, 0, 101] {
            assert!(matching(Some(limit)).await.is_err(), "{limit}");
        }
    });
}

#[test]
fn ranges_at_the_ends_of_all_numbers_end() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let ids = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, (1 << 53) - 1];
        log.append(items(&mut Random::new(1), &ids), None)
            .await
            .unwrap();
        for reverse in [false, true] {
            for ends in [(i64::MIN, i64::MAX), (-1, 1 << 53), (0, i64::MAX)] {
                let options = SearchOptions {
                    start_id: Some(ends.0),
                    end_id: Some(ends.1),
                    reverse,
                    ..SearchOptions::default()
                };
                assert_eq!(found(&log, &options, 3).await.len(), ids.len());
            }
            let options = SearchOptions {
                start_id: Some(9),
                end_id: Some(3),
                reverse,
                ..SearchOptions::default()
            };
            assert_eq!(found(&log, &options, 3).await, []);
        }
        assert_eq!(log.latest_event_id(), (1 << 53) - 1);
    });
}

#[test]
fn a_batch_stays_small_though_more_was_asked_for() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &Default::default()).await;
        let long = "x".repeat(300_000);
        let item = |id| Item::event(events::message(id, &long), Origin::Live);
        log.append((0..12).map(item).collect(), None).await.unwrap();
        let mut search = log.search(&SearchOptions::default());
        let mut count = 0;
        while let Some(batch) = search.next(1000).await.unwrap() {
            assert!(batch.bytes.len() < (1 << 20) + 310_000);
            count += batch.len();
        }
        assert_eq!(count, 12);
    });
}

#[test]
fn a_search_that_fails_goes_on_where_it_stood() {
    for_seeds(20, |seed, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let records = Rc::new(Memory::new());
            let writer = open(&records, &pages(300, 1000)).await;
            let ids: Vec<i64> = (0..60).collect();
            writer.append(items(&mut random, &ids), None).await.unwrap();
            let log = slow(&records, seed, 0).await;
            let options = SearchOptions {
                limit: Some(50),
                ..SearchOptions::default()
            };
            let mut search = log.search(&options);
            let mut found = Vec::new();
            let waker = futures_util::task::noop_waker();
            let mut context = std::task::Context::from_waker(&waker);
            loop {
                let mut next = Box::pin(search.next(5));
                let mut patience = random.below(60);
                let answer = loop {
                    match futures_util::FutureExt::poll_unpin(&mut next, &mut context) {
                        std::task::Poll::Ready(answer) => break Some(answer.unwrap()),
                        std::task::Poll::Pending if patience == 0 => break None,
                        std::task::Poll::Pending => patience -= 1,
                    }
                };
                match answer {
                    Some(Some(batch)) => found.extend(batch.positions),
                    Some(None) => break,
                    None => {}
                }
            }
            assert_eq!(found, (0..50).collect::<Vec<_>>());
        });
    });
}
