//! Room on the disk: who goes when it is spent, who never does, and what happens when there is none.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{Backend, Clock, Faults, Faulty, Memory};
use oh_event_store::error::{Error, Result};
use oh_event_store::notice::{Eviction, Notice};
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, Log, StoreOptions};
use support::{ManualClock, all, events, listening, pages, run};

struct Tab {
    store: EventStore,
    clock: Rc<ManualClock>,
    told: Rc<RefCell<Vec<Notice>>>,
}

impl Tab {
    fn new(backend: Rc<dyn Backend>, storage_budget: Option<u64>) -> Tab {
        let (reporter, told) = listening();
        let clock = ManualClock::new();
        let options = StoreOptions {
            storage_budget,
            ..pages(4000, 1000)
        };
        let store = EventStore::new(
            backend,
            Rc::clone(&clock) as Rc<dyn Clock>,
            reporter,
            &options,
        );
        Tab { store, clock, told }
    }

    async fn open(&self, id: &str) -> Rc<Log> {
        self.clock.advance(1000.0);
        self.store.conversation(id, None).await.unwrap()
    }

    /// Writes a conversation of about a thousand bytes, and closes it.
    async fn write(&self, id: &str) {
        append(&*self.open(id).await, 0, 7).await.unwrap();
    }

    async fn ids(&self) -> Vec<String> {
        let listed = self.store.conversations().await.unwrap();
        listed.iter().map(|info| info.id.to_string()).collect()
    }

    fn evicted(&self) -> Vec<(String, Eviction)> {
        let told = self.told.borrow();
        let evictions = told.iter().filter_map(|notice| match notice {
            Notice::Evicted {
                conversation,
                bytes,
                why,
            } => {
                assert!(*bytes > 0);
                Some((conversation.to_string(), *why))
            }
            _ => None,
        });
        evictions.collect()
    }
}

async fn append(log: &Log, first: i64, count: i64) -> Result<()> {
    let item = |id| Item::event(events::message(id, "some words"), Origin::Live);
    let items = (first..first + count).map(item).collect();
    log.append(items, None).await.map(drop)
}

fn budget(id: &str) -> (String, Eviction) {
    (id.to_owned(), Eviction::Budget)
}

fn quota(id: &str) -> (String, Eviction) {
    (id.to_owned(), Eviction::Quota)
}

#[test]
fn the_least_recently_used_conversation_goes_first() {
    run(async {
        let tab = Tab::new(Rc::new(Memory::new()), Some(3500));
        for id in ["a", "b", "c"] {
            tab.write(id).await;
        }
        assert_eq!(tab.evicted(), []);
        // To look at one is to use it.
        drop(tab.open("a").await);
        tab.write("d").await;
        assert_eq!(tab.evicted(), [budget("b")]);
        tab.write("e").await;
        assert_eq!(tab.evicted(), [budget("b"), budget("c")]);
        assert_eq!(tab.ids().await, ["a", "d", "e"]);
    });
}

#[test]
fn what_is_pinned_open_or_being_written_stays() {
    run(async {
        let tab = Tab::new(Rc::new(Memory::new()), Some(1));
        let open = tab.open("open").await;
        append(&open, 0, 7).await.unwrap();
        let pinned = tab.open("pinned").await;
        append(&pinned, 0, 1).await.unwrap();
        tab.store.pin("pinned", true).await.unwrap();
        drop(pinned);
        tab.write("written").await;
        assert_eq!(tab.evicted(), []);
        tab.store.pin("pinned", false).await.unwrap();
        tab.write("another").await;
        assert_eq!(tab.evicted(), [budget("pinned"), budget("written")]);
        assert_eq!(tab.ids().await, ["another", "open"]);
        assert_eq!(all(&open).await.len(), 7);
    });
}

#[test]
fn a_tab_that_has_it_open_is_told_that_it_went() {
    run(async {
        let memory = Rc::new(Memory::new());
        let (tab, other) = (
            Tab::new(Rc::clone(&memory) as _, Some(1)),
            Tab::new(Rc::clone(&memory) as _, None),
        );
        tab.write("a").await;
        let log = other.open("a").await;
        assert_eq!(log.record().events, 7);
        tab.told.take();
        tab.write("b").await;
        assert_eq!(tab.evicted(), [budget("a")]);
        // As the tabs of a browser tell each other.
        for notice in tab.told.take() {
            if let Notice::Changed(id, again) = notice
                && *id == *log.id()
            {
                log.changed(&again);
                log.refresh().await.unwrap();
            }
        }
        assert_eq!(log.record().events, 0);
    });
}

#[test]
fn without_a_budget_nothing_is_evicted() {
    run(async {
        let tab = Tab::new(Rc::new(Memory::new()), None);
        for id in ["a", "b", "c", "d"] {
            tab.write(id).await;
        }
        assert_eq!(tab.evicted(), []);
        assert_eq!(tab.ids().await.len(), 4);
    });
}

fn full(space: usize) -> Rc<Faulty> {
    let faults = Faults {
        space: Some(space),
        ..Faults::default()
    };
    Rc::new(Faulty::new(&Rc::new(Memory::new()), faults))
}

#[test]
fn when_the_browser_has_no_room_others_go_and_the_write_is_made() {
    run(async {
        let tab = Tab::new(full(6000), Some(1 << 40));
        tab.write("a").await;
        tab.write("b").await;
        tab.store.pin("a", true).await.unwrap();
        let log = tab.open("c").await;
        let mut written = 0;
        while append(&log, written, 7).await.is_ok() {
            written += 7;
            assert!(written < 1000, "the room is endless");
        }
        // `a` is pinned, so when `b` had gone, there was nothing more to be done.
        assert_eq!(tab.evicted(), [quota("b")]);
        assert_eq!(tab.ids().await, ["a", "c"]);
        assert_eq!(all(&log).await.len() as i64, written);
        assert_eq!(all(&tab.open("a").await).await.len(), 7);
    });
}

#[test]
fn without_a_budget_a_write_without_room_is_refused_as_a_whole() {
    run(async {
        let tab = Tab::new(full(3000), None);
        tab.write("a").await;
        let log = tab.open("b").await;
        append(&log, 0, 3).await.unwrap();
        let refused = append(&log, 3, 30).await;
        assert_eq!(refused, Err(Error::QuotaExceeded.into()));
        assert_eq!(all(&log).await.len(), 3);
        assert_eq!(log.record().events, 3);
        assert_eq!(tab.evicted(), []);
        // Room that a person makes is used.
        tab.store.delete_conversation("a").await.unwrap();
        append(&log, 3, 3).await.unwrap();
        assert_eq!(all(&log).await.len(), 6);
    });
}

#[test]
fn one_that_another_tab_has_just_written_is_not_evicted() {
    run(async {
        let records = Rc::new(Memory::new());
        let one = Tab::new(Rc::clone(&records) as Rc<dyn Backend>, Some(3500));
        let two = Tab::new(records, Some(3500));
        for id in ["a", "b", "c"] {
            one.write(id).await;
        }
        two.clock.advance(60_000.0);
        let log = two.open("a").await;
        append(&log, 7, 1).await.unwrap();
        one.clock.advance(120_000.0);
        one.write("d").await;
        assert_eq!(one.evicted(), [budget("b")]);
        assert_eq!(all(&log).await.len(), 8);
    });
}
