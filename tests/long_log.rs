//! A long conversation opens without reading its pages. What it takes is printed, not judged.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;
use std::time::Instant;

use oh_event_store::backend::{Memory, Table};
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, SearchOptions, StoreOptions};
use support::{Random, events, found, run, store};

#[test]
fn thirty_thousand_events_are_opened_by_their_summaries() {
    run(async {
        let records = Rc::new(Memory::new());
        let options = StoreOptions::default();
        let open = || store(Rc::clone(&records) as _, &options);
        let conversation = async |store: &EventStore| store.conversation("c", None).await.unwrap();
        let log = conversation(&open()).await;
        let mut random = Random::new(1);
        for first in (0..30_000).step_by(500) {
            let ids = first..first + 500;
            let items = ids.map(|id| Item::event(events::v0(&mut random, id), Origin::Live));
            log.append(items.collect(), None).await.unwrap();
        }
        let stored = records.records();
        let bytes = |table| {
            let sizes = stored.iter().filter(|((of, _), _)| *of == table);
            sizes.map(|(_, value)| value.len()).sum::<usize>()
        };
        for table in Table::ALL {
            println!("{}: {} bytes", table.name(), bytes(table));
        }
        let since = Instant::now();
        let store = open();
        let log = conversation(&store).await;
        println!("opened in {:?}", since.elapsed());
        assert_eq!(store.cache_stats().pages, 0);
        assert_eq!(log.record().events, 30_000);
        let since = Instant::now();
        let all = found(&log, &SearchOptions::default(), 1000).await;
        println!(
            "read in {:?}; cached: {:?}",
            since.elapsed(),
            store.cache_stats()
        );
        assert!(all.into_iter().map(|(position, _)| position).eq(0..30_000));
    });
}
