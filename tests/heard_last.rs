//! What a subscriber hears last of each place is what is there: late events, better copies, and what
//! comes after a rollback, whichever tab has written it.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures::executor::{LocalPool, block_on};
use oh_event_store::backend::{Backend, Faults, Faulty, Memory};
use oh_event_store::notice::{Notice, Reporter};
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, Log, StoreOptions};
use oh_event_store::stream::{EventStream, Subscription};
use support::{ManualClock, Random, all, contents, events, for_seeds, listening, pages, spawn};

/// Small pages, each of them read from the backend.
fn options() -> StoreOptions {
    StoreOptions {
        memory_budget: 0,
        ..pages(400, 1000)
    }
}

fn store(backend: Rc<dyn Backend>, reporter: Reporter) -> EventStore {
    EventStore::new(backend, ManualClock::new(), reporter, &options())
}

fn slow(records: &Rc<Memory>, seed: u64) -> EventStore {
    let faults = Faults {
        seed,
        delay: 3,
        ..Faults::default()
    };
    store(Rc::new(Faulty::new(records, faults)), Reporter::default())
}

fn stream(log: &Rc<Log>) -> EventStream {
    EventStream::new(Rc::clone(log), Reporter::default(), 10, Rc::default())
}

type Heard = Rc<RefCell<BTreeMap<i64, String>>>;

fn hear(pool: &LocalPool, subscription: Subscription) -> Heard {
    let heard = Heard::default();
    let place = Rc::clone(&heard);
    spawn(pool, async move {
        while let Some(batch) = subscription.next(3).await.unwrap() {
            place.borrow_mut().extend(contents(&batch));
        }
    });
    heard
}

fn is_what_is_there(heard: &Heard, log: &Rc<Log>) {
    let heard = heard.borrow();
    for (position, text) in block_on(all(log)) {
        assert_eq!(heard.get(&position), Some(&text), "at {position}");
    }
}

/// Something that changes a log: mostly events, in any order, and better copies.
async fn change(random: &mut Random, store: &EventStore, step: u64) {
    let log = store.conversation("c", None).await.unwrap();
    match random.below(20) {
        0 => {
            let after = random.below(60) as i64 - 1;
            log.truncate(after).await.unwrap();
        }
        1 => store.delete_conversation("c").await.unwrap(),
        _ => {
            let origin = *random.pick(&[Origin::Live, Origin::Live, Origin::Remote]);
            let first = random.below(60) as i64;
            let ids = first..first + random.below(4) as i64 + 1;
            let event = |id| Item::event(events::message(id, &format!("{step}")), origin);
            log.append(ids.map(event).collect(), None).await.unwrap();
        }
    }
}

#[test]
fn of_what_another_tab_does() {
    for_seeds(200, |seed, random| {
        let records = Rc::new(Memory::new());
        let (reporter, told) = listening();
        let writer = store(Rc::clone(&records) as Rc<dyn Backend>, reporter);
        let reader = slow(&records, seed);
        let mut pool = LocalPool::new();
        let log = pool.run_until(reader.conversation("c", None)).unwrap();
        let stream = stream(&log);
        let heard = hear(&pool, stream.follow(None, None));
        for step in 0..80 {
            block_on(change(random, &writer, step));
            // Messages come in their order, but any time later.
            if random.one_in(3) {
                for notice in told.take() {
                    if let Notice::Changed(_, again) = notice {
                        log.changed(&again);
                    }
                }
                let log = Rc::clone(&log);
                spawn(&pool, async move { log.refresh().await.unwrap() });
            }
            for _ in 0..random.below(30) {
                pool.try_run_one();
            }
        }
        pool.run_until_stalled();
        for notice in told.take() {
            if let Notice::Changed(_, again) = notice {
                log.changed(&again);
            }
        }
        pool.run_until(log.refresh()).unwrap();
        pool.run_until_stalled();
        is_what_is_there(&heard, &log);
    });
}

#[test]
fn of_what_happens_while_it_is_read() {
    for_seeds(200, |seed, random| {
        let records = Rc::new(Memory::new());
        let store = slow(&records, seed);
        let mut pool = LocalPool::new();
        let log = pool.run_until(store.conversation("c", None)).unwrap();
        let stream = stream(&log);
        let events = (0..40).map(|id| Item::event(events::message(id, "old"), Origin::Live));
        pool.run_until(log.append(events.collect(), None)).unwrap();
        let heard = hear(&pool, stream.follow(None, None));
        for _ in 0..3 {
            for _ in 0..random.below(60) {
                pool.try_run_one();
            }
            let (log, after) = (Rc::clone(&log), random.below(40) as i64 - 1);
            let word = format!("{}", random.next());
            spawn(&pool, async move {
                log.truncate(after).await.unwrap();
                let event = |id| Item::event(events::message(id, &word), Origin::Live);
                let events = (after + 1..after + 5).map(event);
                log.append(events.collect(), None).await.unwrap();
            });
        }
        pool.run_until_stalled();
        is_what_is_there(&heard, &log);
    });
}
