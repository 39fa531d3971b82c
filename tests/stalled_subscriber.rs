//! A subscriber that stalls while events come that nobody holds back: it costs places, not texts,
//! and misses nothing.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::LocalPool;
use futures_util::FutureExt;
use oh_event_store::backend::{Backend, Faults, Faulty, Memory};
use oh_event_store::event::FrameForm;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, SearchOptions};
use oh_event_store::stream::{Drops, EventStream, Policy, SubscribeOptions, Subscription};
use peak_alloc::PeakAlloc;
use support::{Random, contents, events, for_seeds, found, open, pages, run, spawn, store};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const EVENTS: i64 = 4_000;

async fn stream() -> Rc<EventStream> {
    stream_on(&Rc::default()).await
}

async fn stream_on(records: &Rc<Memory>) -> Rc<EventStream> {
    let mut options = pages(64 * 1024, 1000);
    options.memory_budget = 1 << 20;
    let log = open(records, &options).await;
    let reporter = Reporter::default();
    Rc::new(EventStream::new(log, reporter, 10, Drops::default()))
}

/// What the process holds after a feed, in bytes, and how many events a stalled subscriber got
/// when it went on at last.
fn fed(stalled: bool) -> (usize, usize) {
    let mut pool = LocalPool::new();
    let stream = pool.run_until(stream());
    let options = SubscribeOptions {
        buffer_size: Some(100),
        ..SubscribeOptions::default()
    };
    let subscription = stalled.then(|| stream.subscribe("s", "c", &options).unwrap());
    let text = "x".repeat(8_000);
    for id in 0..EVENTS {
        let (feeder, frame) = (Rc::clone(&stream), events::frame(id, &text));
        spawn(&pool, async move {
            let feeding = feeder.feed(frame.as_bytes(), FrameForm::Raw);
            drop(frame);
            feeding.await
        });
        if id % 100 == 0 {
            pool.run_until_stalled();
        }
    }
    pool.run_until_stalled();
    assert_eq!(stream.log().latest_event_id(), EVENTS - 1);
    let held = MEMORY.current_usage();
    let mut heard = Vec::new();
    while let Some(subscription) = &subscription
        && heard.len() < EVENTS as usize
    {
        let batch = pool.run_until(subscription.next(64)).unwrap().unwrap();
        assert!(batch.texts().all(|event| event.contains(&text)));
        heard.extend(batch.positions);
    }
    assert!(heard.is_sorted());
    (held, heard.len())
}

#[test]
fn it_holds_no_texts_and_misses_nothing() {
    let (free, _) = fed(false);
    let (held, heard) = fed(true);
    assert_eq!(heard, EVENTS as usize);
    // Of 32 MB of texts its buffer holds 0.8; each call that waits for room takes about 1 KB.
    let more = held.saturating_sub(free);
    assert!(more < 10 << 20, "{more} bytes");

    // The same for random speeds, filters, better copies and rollbacks, against what is stored.
    for_seeds(200, |_, random| one_schedule(random));
}

/// What a subscriber with room for one event gets, one after the other, of the events 0 to 3 when
/// the second is replaced, here or in another tab, before it has taken any.
async fn replaced(in_another_tab: bool) -> Vec<(i64, String)> {
    let records = Rc::default();
    let stream = stream_on(&records).await;
    let options = SubscribeOptions {
        buffer_size: Some(1),
        ..SubscribeOptions::default()
    };
    let subscription = stream.subscribe("s", "c", &options).unwrap();
    let item = |id, content, origin| Item::event(events::message(id, content), origin);
    let live = (0..4).map(|id| item(id, "live", Origin::Live)).collect();
    stream.log().append(live, None).await.unwrap();
    let better = vec![item(1, "better", Origin::Remote)];
    match in_another_tab {
        true => stream_on(&records).await.log().append(better, None).await,
        false => stream.log().append(better, None).await,
    }
    .unwrap();
    stream.log().refresh().await.unwrap();
    let mut heard = Vec::new();
    while let Some(batch) = subscription.next(1).now_or_never() {
        heard.extend(contents(&batch.unwrap().unwrap()));
    }
    heard
}

#[test]
fn a_better_copy_comes_once_in_the_place_of_the_one_that_waited() {
    for in_another_tab in [false, true] {
        let heard = run(replaced(in_another_tab));
        let positions: Vec<i64> = heard.iter().map(|(position, _)| *position).collect();
        assert_eq!(positions, [0, 1, 2, 3], "in another tab: {in_another_tab}");
        assert!(heard[1].1.contains("better"), "{heard:?}");
    }
}

#[test]
fn what_comes_late_to_those_that_wait_is_heard_once() {
    run(async {
        let stream = stream().await;
        let options = SubscribeOptions {
            buffer_size: Some(5),
            ..SubscribeOptions::default()
        };
        let subscription = stream.subscribe("s", "c", &options).unwrap();
        let add = async |ids: &[i64]| {
            let item = |id: &i64| Item::event(events::message(*id, "words"), Origin::Live);
            let items = ids.iter().map(item).collect();
            stream.log().append(items, None).await.unwrap();
        };
        add(&(10..60).map(|n| n * 2).collect::<Vec<_>>()).await;
        add(&[7, 55, 117]).await;
        let mut heard = subscription.next(40).await.unwrap().unwrap().positions;
        assert_eq!(heard, [20, 22, 24, 26, 28], "what there was room for");
        heard.extend(subscription.next(30).await.unwrap().unwrap().positions);
        assert_eq!(heard[5..8], [7, 30, 32], "the order of the log");
        add(&[9, 121]).await;
        while let Some(batch) = subscription.next(30).now_or_never() {
            heard.extend(batch.unwrap().unwrap().positions);
        }
        assert_eq!(heard[heard.len() - 2..], [9, 121]);
        heard.sort_unstable();
        let mut all: Vec<i64> = (10..60).map(|n| n * 2).collect();
        all.extend([7, 55, 117, 9, 121]);
        all.sort_unstable();
        assert_eq!(heard, all);
    });
}

/// One writer that waits for nobody, one slow reader: what it was told of each event last is what
/// the log holds, nothing that matches was left out, and of what was rolled back it knows.
fn one_schedule(random: &mut Random) {
    let mut pool = LocalPool::new();
    let stream = pool.run_until(stream());
    let filter = events::filter(random);
    let subscription = stream
        .subscribe(
            "s",
            "c",
            &SubscribeOptions {
                filter: Some(filter.clone()),
                policy: *random.pick(&[Policy::Block, Policy::Batch]),
                buffer_size: Some(random.below(4) as u32),
                ..SubscribeOptions::default()
            },
        )
        .unwrap();
    let mut told = BTreeMap::new();
    for _ in 0..60 {
        match random.below(6) {
            0..3 => {
                let ids = (0..random.below(6))
                    .map(|_| random.number(0, 80))
                    .collect::<Vec<_>>();
                let origin = *random.pick(&[Origin::Live, Origin::Remote]);
                let items = ids
                    .into_iter()
                    .map(|id| Item::event(events::v0(random, id), origin))
                    .collect();
                let feeder = Rc::clone(&stream);
                spawn(&pool, async move { feeder.log().append(items, None).await });
                pool.run_until_stalled();
            }
            3 if random.one_in(4) => {
                let after = random.number(0, 80);
                pool.run_until(stream.log().truncate(after)).unwrap();
            }
            _ => drop(hear(&subscription, 1 + random.below(5) as usize, &mut told)),
        }
    }
    while hear(&subscription, 1000, &mut told) {}
    let options = SearchOptions {
        filter: Some(filter),
        ..SearchOptions::default()
    };
    let stored = pool.run_until(found(stream.log(), &options, 7));
    for (position, text) in &stored {
        assert_eq!(told.get(position), Some(text), "event {position}");
    }
    // A better copy that doesn't match any more isn't told.
    let all = pool.run_until(found(stream.log(), &SearchOptions::default(), 7));
    for position in told.keys() {
        let is_there = all.iter().any(|(known, _)| known == position);
        assert!(is_there, "event {position} went, which was not told");
    }
}

/// Takes up to `max` events, and tells whether there were any. A wait for more is given up.
fn hear(subscription: &Subscription, max: usize, told: &mut BTreeMap<i64, String>) -> bool {
    let batch = subscription.next(max).now_or_never();
    let Some(Ok(Some(batch))) = batch else {
        assert!(batch.is_none(), "it ended");
        return false;
    };
    assert!(batch.len() <= max);
    if let Some(after) = batch.gone {
        told.retain(|position, _| *position <= after);
    }
    told.extend(contents(&batch));
    true
}

#[test]
fn one_that_is_closed_while_an_event_is_read_ends() {
    let mut pool = LocalPool::new();
    let memory = Rc::new(Memory::new());
    let faults = Faults {
        delay: 3,
        ..Faults::default()
    };
    let backend = Rc::new(Faulty::new(&memory, faults)) as Rc<dyn Backend>;
    // Without a cache each event is read from a page.
    let mut options = pages(100, 1000);
    options.memory_budget = 0;
    let store = store(backend, &options);
    let log = pool.run_until(store.conversation("c", None)).unwrap();
    let stream = EventStream::new(log, Reporter::default(), 10, Drops::default());
    let stream = Rc::new(stream);
    let options = SubscribeOptions {
        buffer_size: Some(1),
        ..SubscribeOptions::default()
    };
    let subscription = Rc::new(stream.subscribe("s", "c", &options).unwrap());
    for id in 0..9 {
        let (feeder, frame) = (Rc::clone(&stream), events::frame(id, "words"));
        spawn(&pool, async move {
            feeder.feed(frame.as_bytes(), FrameForm::Raw).await
        });
    }
    pool.run_until_stalled();
    let first = pool.run_until(subscription.next(1)).unwrap().unwrap();
    assert_eq!(first.positions, [0]);
    let mut reading = Box::pin(subscription.next(5));
    assert!(
        pool.run_until(async { (&mut reading).now_or_never() })
            .is_none()
    );
    stream.close();
    assert_eq!(pool.run_until(reading).unwrap(), None);
}
