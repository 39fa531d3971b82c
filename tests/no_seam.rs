//! Following a conversation: what was there and what comes, each once, whatever happens meanwhile.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::executor::LocalPool;
use futures_util::FutureExt;
use futures_util::task::noop_waker_ref;
use oh_event_store::backend::{Clock, Faults, Faulty, Memory};
use oh_event_store::event::FrameForm;
use oh_event_store::filter::Matcher;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item};
use oh_event_store::stream::{Drops, EventStream, SubscribeOptions};
use support::{ManualClock, Random, contents, events, for_seeds, pages, run, spawn};

async fn stream(backend: Rc<Faulty>, page_bytes: usize) -> Rc<EventStream> {
    let clock: Rc<dyn Clock> = ManualClock::new();
    let mut options = pages(page_bytes, 1000);
    // Every page is read from the slow backend.
    options.memory_budget = 0;
    let store = EventStore::new(backend, clock, Reporter::default(), &options);
    let log = store.conversation("c", None).await.unwrap();
    Rc::new(EventStream::new(
        log,
        Reporter::default(),
        10,
        Drops::default(),
    ))
}

fn slow(records: &Rc<Memory>, seed: u64) -> Rc<Faulty> {
    let faults = Faults {
        seed,
        delay: 3,
        ..Faults::default()
    };
    Rc::new(Faulty::new(records, faults))
}

#[test]
fn followers_see_every_event_once_while_others_write() {
    for_seeds(150, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let stream = pool.run_until(stream(slow(&records, seed), 300));
        let mut ids: Vec<i64> = (0..60).collect();
        for _ in 0..10 {
            let index = random.below(50) as usize;
            ids.swap(index, index + 9);
        }
        let all: BTreeMap<i64, _> = ids
            .iter()
            .map(|id| (*id, events::v0(&mut random, *id)))
            .collect();
        let (before, after) = ids.split_at(random.below(60) as usize);
        let items = |ids: &[i64]| {
            let item = |id: &i64| Item::event(all[id].clone(), Origin::Live);
            ids.iter().map(item).collect::<Vec<_>>()
        };
        pool.run_until(stream.log().append(items(before), None))
            .unwrap();

        let from = random.one_in(2).then(|| random.number(-1, 40));
        let filter = events::filter(&mut random);
        let end = before.iter().max().copied().unwrap_or(-1);
        let follower = Rc::new(stream.follow(from, Some(filter.clone())));
        let heard: Rc<RefCell<Vec<(i64, String)>>> = Rc::default();
        let max = 1 + random.below(9) as usize;
        let (place, reader) = (Rc::clone(&heard), Rc::clone(&follower));
        let reading = spawn(&pool, async move {
            while let Some(batch) = reader.next(max).await.unwrap() {
                place.borrow_mut().extend(contents(&batch));
            }
        });
        let writers: Vec<_> = after
            .chunks(1 + random.below(4) as usize)
            .map(|ids| {
                let (stream, items) = (Rc::clone(&stream), items(ids));
                spawn(&pool, async move {
                    stream.log().append(items, None).await.unwrap()
                })
            })
            .collect();
        pool.run_until_stalled();
        assert!(writers.iter().all(|writer| writer.ended()));

        let matcher = Matcher::new(&filter);
        let expected: BTreeMap<i64, String> = all
            .iter()
            .filter(|(id, event)| from.is_none_or(|from| **id >= from) && matcher.matches(event))
            .map(|(id, event)| (*id, event.text.to_string()))
            .collect();
        let heard = heard.borrow().clone();
        assert_eq!(heard.len(), expected.len(), "{:?}", heard);
        assert_eq!(heard.iter().cloned().collect::<BTreeMap<_, _>>(), expected);
        let history = heard.iter().take_while(|(id, _)| *id <= end);
        let known: Vec<i64> = before.to_vec();
        let history: Vec<i64> = history
            .map(|(id, _)| *id)
            .filter(|id| known.contains(id))
            .collect();
        assert!(history.is_sorted(), "{history:?}");
        follower.close();
        pool.run_until_stalled();
        assert!(reading.ended());
    });
}

#[test]
fn what_another_tab_writes_is_heard_once_it_is_noticed() {
    for_seeds(100, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let tabs = [
            pool.run_until(stream(slow(&records, seed), 300)),
            pool.run_until(stream(slow(&records, seed + 1000), 300)),
        ];
        let heard: Vec<Rc<RefCell<Vec<i64>>>> = tabs
            .iter()
            .map(|tab| {
                let heard: Rc<RefCell<Vec<i64>>> = Rc::default();
                let (place, reader) = (Rc::clone(&heard), tab.follow(None, None));
                spawn(&pool, async move {
                    while let Some(batch) = reader.next(5).await.unwrap() {
                        place.borrow_mut().extend(&batch.positions);
                    }
                });
                heard
            })
            .collect();
        // Each tab has a socket of its own, on which the same events come.
        for id in 0..40 {
            for tab in &tabs {
                let (tab, frame) = (Rc::clone(tab), events::frame(id, "x"));
                spawn(&pool, async move {
                    tab.feed(frame.as_bytes(), FrameForm::Raw).await.unwrap();
                });
                if random.one_in(3) {
                    pool.run_until_stalled();
                }
            }
        }
        pool.run_until_stalled();
        for (tab, heard) in tabs.iter().zip(heard) {
            pool.run_until(tab.log().refresh()).unwrap();
            pool.run_until_stalled();
            let mut heard = heard.borrow().clone();
            heard.sort_unstable();
            assert_eq!(heard, (0..40).collect::<Vec<_>>());
        }
    });
}

#[test]
fn a_better_copy_is_not_lost_behind_the_one_that_was_read() {
    for_seeds(100, |seed, random| {
        let mut random = Random::new(random.next());
        let records = Rc::new(Memory::new());
        let mut pool = LocalPool::new();
        let stream = pool.run_until(stream(slow(&records, seed), 300));
        let copy = |origin, word: &str| {
            let item = |id| Item::event(events::message(id, word), origin);
            (0..30).map(item).collect::<Vec<_>>()
        };
        pool.run_until(stream.log().append(copy(Origin::Live, "live"), None))
            .unwrap();
        let last: Rc<RefCell<BTreeMap<i64, String>>> = Rc::default();
        let count = Rc::new(Cell::new(0));
        let (place, counter) = (Rc::clone(&last), Rc::clone(&count));
        let (reader, max) = (stream.follow(None, None), 1 + random.below(40) as usize);
        spawn(&pool, async move {
            while let Some(batch) = reader.next(max).await.unwrap() {
                counter.set(counter.get() + batch.len());
                place.borrow_mut().extend(contents(&batch));
            }
        });
        let writer = Rc::clone(&stream);
        let items = copy(Origin::Remote, "remote");
        spawn(&pool, async move {
            for item in items {
                writer.log().append(vec![item], None).await.unwrap();
            }
        });
        pool.run_until_stalled();
        let last = last.borrow();
        assert_eq!(last.len(), 30);
        assert!(
            last.values().all(|text| text.contains("remote")),
            "{last:?}"
        );
        assert!((30..=60).contains(&count.get()));
    });
}

#[test]
fn a_reading_that_is_given_up_midway_leaves_no_gap() {
    for_seeds(50, |seed, _| {
        let records = Rc::new(Memory::new());
        run(async move {
            let stream = stream(slow(&records, seed), 300).await;
            let items = (0..40).map(|id| Item::event(events::message(id, "x"), Origin::Live));
            stream.log().append(items.collect(), None).await.unwrap();
            let again = self::stream(slow(&records, seed), 300).await;
            let follower = again.follow(None, None);
            let mut heard = Vec::new();
            while heard.len() < 40 {
                let mut next = Box::pin(follower.next(7));
                let waker = futures_util::task::noop_waker();
                let mut context = Context::from_waker(&waker);
                let mut polls = 0;
                let batch = loop {
                    match next.poll_unpin(&mut context) {
                        Poll::Ready(batch) => break batch.unwrap(),
                        Poll::Pending if polls == seed % 5 => break None,
                        Poll::Pending => polls += 1,
                    }
                };
                drop(next);
                match batch {
                    Some(batch) => heard.extend(batch.positions),
                    // Given up once; now it may take its time.
                    None => {
                        let batch = follower.next(7).await.unwrap().unwrap();
                        heard.extend(batch.positions);
                    }
                }
            }
            assert_eq!(heard, (0..40).collect::<Vec<_>>());
        });
    });
}

#[test]
fn a_closed_subscription_says_nothing_more() {
    run(async {
        let records = Rc::new(Memory::new());
        let stream = stream(slow(&records, 1), 300).await;
        let items = (0..40).map(|id| Item::event(events::message(id, "x"), Origin::Live));
        stream.log().append(items.collect(), None).await.unwrap();
        let options = oh_event_store::stream::SubscribeOptions {
            from: Some(0),
            ..Default::default()
        };
        let subscription = stream.subscribe("s", "c", &options).unwrap();
        assert_eq!(subscription.next(3).await.unwrap().unwrap().len(), 3);
        assert!(stream.unsubscribe("s", "c"));
        assert!(subscription.next(3).await.unwrap().is_none());
        let follower = stream.follow(None, None);
        follower.close();
        assert!(follower.next(3).await.unwrap().is_none());
    });
}

/// The fear: what another tab wrote is told to the stream that was there when it was looked for.
#[test]
fn who_comes_while_another_tabs_events_are_read_hears_of_them() {
    let mut in_between = 0;
    for_seeds(20, |seed, _| {
        for polls in 0..20 {
            let records = Rc::new(Memory::new());
            let first = run(stream(slow(&records, seed), 1));
            let other = run(stream(Rc::new(Faulty::new(&records, Faults::default())), 1));
            let log = Rc::clone(first.log());
            let mut reading = Box::pin(log.refresh());
            let items = (0..3).map(|id| Item::event(events::message(id, "x"), Origin::Live));
            run(async move { other.log().append(items.collect(), None).await }).unwrap();
            let mut context = Context::from_waker(noop_waker_ref());
            if (0..polls).any(|_| reading.as_mut().poll(&mut context).is_ready()) {
                break;
            }
            in_between += 1;
            first.close();
            let next = EventStream::new(Rc::clone(&log), Reporter::default(), 10, Drops::default());
            let subscription = next
                .subscribe("s", "c", &SubscribeOptions::default())
                .unwrap();
            let read = (0..1000).any(|_| reading.as_mut().poll(&mut context).is_ready());
            assert!(read, "it waits for ever");
            let heard = subscription.next(9).now_or_never();
            let heard = heard.expect("it heard of nothing").unwrap().unwrap();
            assert_eq!(heard.positions, [0, 1, 2]);
        }
    });
    assert!(in_between > 20, "{in_between}");
}
