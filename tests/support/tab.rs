//! A tab whose database goes and comes.

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{Backend, Faults, Faulty, Memory};
use oh_event_store::notice::Notice;
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, Log, StoreOptions};

use super::{ManualClock, all, events, listening, open, pages};

const GONE: Faults = Faults {
    seed: 0,
    delay: 2,
    read: 0,
    quota: 0,
    abort: 0,
    timeout: 0,
    lost: 0,
    space: None,
    gone: true,
    crash_at: None,
};

/// A tab whose database can go and come.
pub struct Tab {
    pub database: Rc<Faulty>,
    pub store: EventStore,
    pub told: Rc<RefCell<Vec<Notice>>>,
}

impl Tab {
    pub fn new(records: &Rc<Memory>, options: &StoreOptions) -> Tab {
        Tab::of_seed(records, options, 0)
    }

    /// One whose database fails by this seed, once it does.
    pub fn of_seed(records: &Rc<Memory>, options: &StoreOptions, seed: u64) -> Tab {
        let faults = Faults {
            seed,
            ..Faults::default()
        };
        let database = Rc::new(Faulty::new(records, faults));
        let (reporter, told) = listening();
        let backend = Rc::clone(&database) as Rc<dyn Backend>;
        let clock = ManualClock::new();
        let store = EventStore::new(backend, clock, reporter, options);
        Tab {
            database,
            store,
            told,
        }
    }

    pub fn goes(&self) {
        self.database.set_faults(GONE);
    }

    pub fn comes(&self) {
        self.database.set_faults(Faults {
            delay: 2,
            ..Faults::default()
        });
    }

    pub async fn log(&self) -> Rc<Log> {
        self.store.conversation("c", None).await.unwrap()
    }

    /// How often it was told of each.
    pub fn changes(&self) -> (usize, Vec<u64>) {
        let told = self.told.borrow();
        let degraded = told.iter().filter(|n| matches!(n, Notice::Degraded(_)));
        let restored = told.iter().filter_map(|notice| match notice {
            Notice::Restored(events) => Some(*events),
            _ => None,
        });
        (degraded.count(), restored.collect())
    }
}

pub fn live(id: i64, content: &str) -> Item {
    Item::event(events::message(id, content), Origin::Live)
}

pub fn new(content: &str) -> Item {
    let json = format!("{{\"action\": \"message\", \"args\": {{\"content\": \"{content}\"}}}}");
    Item::New {
        json: json.into_bytes().into(),
        id: None,
        timestamp: "2025-08-31T15:23:00.000000".into(),
        source: "user".into(),
    }
}

/// What a new tab reads, as positions and whether they hold a text.
pub async fn stored(records: &Rc<Memory>) -> Vec<(i64, String)> {
    all(&open(records, &pages(300, 1000)).await).await
}

pub fn positions(events: &[(i64, String)]) -> Vec<i64> {
    events.iter().map(|(position, _)| *position).collect()
}
