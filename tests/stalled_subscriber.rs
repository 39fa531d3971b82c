//! A subscriber that stalls while events come that nobody holds back: it costs places, not texts,
//! and misses nothing.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::LocalPool;
use futures_util::FutureExt;
use oh_event_store::backend::{Backend, Clock, Memory};
use oh_event_store::event::FrameForm;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, SearchOptions};
use oh_event_store::stream::{Drops, EventStream, Policy, SubscribeOptions, Subscription};
use peak_alloc::PeakAlloc;
use support::{ManualClock, Random, contents, events, for_seeds, found, pages, spawn};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const EVENTS: i64 = 4_000;

async fn stream() -> Rc<EventStream> {
    let clock: Rc<dyn Clock> = ManualClock::new();
    let backend: Rc<dyn Backend> = Rc::new(Memory::new());
    let mut options = pages(64 * 1024, 1000);
    options.memory_budget = 1 << 20;
    let store = EventStore::new(backend, clock, Reporter::default(), &options);
    let log = store.conversation("c", None).await.unwrap();
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

/// One writer that waits for nobody, one slow reader: what it was told of each event last is what
/// the log holds, and nothing that matches was left out.
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
                    .map(|id| Item::Event(events::v0(random, id), origin))
                    .collect();
                let feeder = Rc::clone(&stream);
                spawn(&pool, async move { feeder.append(items, None).await });
                pool.run_until_stalled();
            }
            3 if random.one_in(4) => {
                let after = random.number(0, 80);
                pool.run_until(stream.log().truncate(after)).unwrap();
                told.retain(|position, _| *position <= after);
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
    for (position, text) in stored {
        assert_eq!(told.get(&position), Some(&text), "event {position}");
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
    told.extend(contents(&batch));
    true
}
