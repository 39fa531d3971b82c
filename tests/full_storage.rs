//! The fear: when the browser's storage is full, something is half written or an old record lost.
#![cfg(target_arch = "wasm32")]

mod raw_database;

use std::rc::Rc;

use js_sys::Math;
use oh_event_store::backend::{Backend, Durability, Key, Table, Write, WriteBatch};
use oh_event_store::error::{Error, Recovery};
use oh_event_store::web::{ConnectionOptions, IndexedDb};
use raw_database::Bucket;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// A quarter of a megabyte that does not compress.
fn noise() -> Vec<u8> {
    (0..1 << 18)
        .map(|_| (Math::random() * 256.0) as u8)
        .collect()
}

fn batch(number: i64, noise: &[u8]) -> WriteBatch {
    let id = Rc::from("c");
    let halves = noise.split_at(noise.len() / 2);
    WriteBatch {
        expected: None,
        writes: vec![
            Write::Put(Table::Pages, Key::new(&id, number), halves.0.to_vec()),
            Write::Put(Table::Tail, Key::new(&id, number), halves.1.to_vec()),
        ],
    }
}

#[wasm_bindgen_test]
async fn a_full_storage_refuses_a_whole_batch_and_keeps_what_it_has() {
    let bucket = Bucket::open("full", Some(4_000_000.0)).await;
    let database = IndexedDb::open(ConnectionOptions::new("full"))
        .await
        .unwrap();
    let id = Rc::from("c");
    let mut kept = Vec::new();
    let error = loop {
        let noise = noise();
        let batch = batch(kept.len() as i64, &noise);
        match database.commit(batch, Durability::Relaxed).await {
            Ok(()) => kept.push(noise),
            Err(error) => break error,
        }
        assert!(kept.len() < 100, "the quota is not heeded");
    };
    assert_eq!(*error, Error::QuotaExceeded);
    assert_eq!(error.recovery(), Recovery::TellUser);

    let pages = database.range(Table::Pages, &id, 0, 999).await.unwrap();
    let tail = database.range(Table::Tail, &id, 0, 999).await.unwrap();
    assert_eq!((pages.len(), tail.len()), (kept.len(), kept.len()));
    for ((page, rest), noise) in pages.into_iter().zip(tail).zip(&kept) {
        assert!([page.1, rest.1].concat() == *noise);
    }

    // Deleting is possible all the same.
    let everything = |table| Write::DeleteRange(table, Key::new(&id, 0), 999);
    let batch = WriteBatch {
        expected: None,
        writes: vec![everything(Table::Pages), everything(Table::Tail)],
    };
    assert_eq!(database.commit(batch, Durability::Relaxed).await, Ok(()));
    assert_eq!(database.range(Table::Tail, &id, 0, 999).await, Ok(vec![]));
    drop(bucket);
}
