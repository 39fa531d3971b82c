//! The fear: what was acknowledged is gone after the database was closed, by us or by the browser.
#![cfg(target_arch = "wasm32")]

mod raw_database;

use std::rc::Rc;

use futures_util::future::{join_all, join3};
use oh_event_store::backend::{Backend, Clock, Durability, Key, Table, Write, WriteBatch};
use oh_event_store::error::{Error, Recovery, Result};
use oh_event_store::web::{BrowserClock, ConnectionEvent, ConnectionOptions, IndexedDb, schema};
use raw_database::{self as raw, Bucket};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

async fn put(database: &IndexedDb, number: i64, value: &str) -> Result<()> {
    let key = Key::new(&Rc::from("c"), number);
    let batch = WriteBatch {
        expected: None,
        writes: vec![Write::Put(Table::Tail, key, value.into())],
    };
    database.commit(batch, Durability::Relaxed).await
}

async fn all(database: &IndexedDb) -> Result<Vec<(i64, Vec<u8>)>> {
    database.range(Table::Tail, &Rc::from("c"), -9, 9).await
}

#[wasm_bindgen_test]
async fn what_was_written_is_there_after_reopening() {
    for round in 0..3 {
        let database = IndexedDb::open(ConnectionOptions::new("reopened"))
            .await
            .unwrap();
        let before: Vec<_> = (0..round)
            .map(|n| (n, n.to_string().into_bytes()))
            .collect();
        assert_eq!(all(&database).await, Ok(before));
        assert_eq!(put(&database, round, &round.to_string()).await, Ok(()));
        database.close();
    }
}

#[wasm_bindgen_test]
async fn a_database_that_is_dropped_stands_in_nobodys_way() {
    let database = IndexedDb::open(ConnectionOptions::new("dropped"))
        .await
        .unwrap();
    assert_eq!(put(&database, 1, "x").await, Ok(()));
    drop(database);
    let newer = raw::open("dropped", schema::VERSION + 1).await.unwrap();
    raw::close(&newer);
}

async fn terminated(events: &raw::Events, times: usize) {
    while events.borrow().len() < times {
        BrowserClock::new().sleep(10).await;
    }
    assert_eq!(*events.borrow(), vec![ConnectionEvent::Terminated; times]);
}

#[wasm_bindgen_test]
async fn a_database_closed_by_the_browser_is_opened_again() {
    let bucket = Bucket::open("closed-once", None).await;
    let (options, events) = raw::watched("once");
    let database = IndexedDb::open(options).await.unwrap();
    assert_eq!(put(&database, 1, "x").await, Ok(()));

    let _bucket = bucket.crash().await;
    terminated(&events, 1).await;
    let id = Rc::from("c");
    let calls = (0..5).map(|_| database.get_many(Table::Tail, &id, &[1]));
    for answer in join_all(calls).await {
        assert_eq!(answer, Ok(vec![None]), "the bucket is a new one");
    }
    assert_eq!(put(&database, 2, "y").await, Ok(()));
    assert_eq!(all(&database).await, Ok(vec![(2, b"y".to_vec())]));
    database.close();
    assert_eq!(all(&database).await, Err(Error::Closed("database").into()));
}

#[wasm_bindgen_test]
async fn a_database_that_is_closed_again_and_again_is_given_a_pause() {
    let mut bucket = Bucket::open("closed-twice", None).await;
    let (options, events) = raw::watched("twice");
    let database = IndexedDb::open(options).await.unwrap();
    for times in 1..=2 {
        assert_eq!(put(&database, 1, "x").await, Ok(()));
        bucket = bucket.crash().await;
        terminated(&events, times).await;
    }
    let error = put(&database, 2, "y").await.unwrap_err();
    assert!(matches!(*error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.recovery(), Recovery::Retry);
    while let Err(error) = put(&database, 2, "y").await {
        assert!(matches!(*error, Error::Unreachable { .. }), "{error:?}");
        BrowserClock::new().sleep(50).await;
    }
    assert_eq!(all(&database).await, Ok(vec![(2, b"y".to_vec())]));
    drop(bucket);
}

#[wasm_bindgen_test]
async fn calls_under_way_when_the_browser_closes_the_database_end() {
    let bucket = Bucket::open("closed-under-way", None).await;
    let (options, events) = raw::watched("under way");
    let database = IndexedDb::open(options).await.unwrap();
    assert_eq!(put(&database, 1, "x").await, Ok(()));
    let crash = async {
        let bucket = bucket.crash().await;
        terminated(&events, 1).await;
        bucket
    };
    let value = "x".repeat(1 << 20);
    let writes = join_all((0..30).map(|n| put(&database, n % 9, &value)));
    let reads = join_all((0..30).map(|_| all(&database)));
    let (bucket, writes, reads) = join3(crash, writes, reads).await;
    // It may be closed once more before it has been healthy: then it is given a pause.
    let is_told = |why: &Error| matches!(why, Error::Storage { .. } | Error::Unreachable { .. });
    for answer in writes {
        if let Err(error) = answer {
            assert!(is_told(&error), "{error:?}");
        }
    }
    for answer in reads {
        if let Err(error) = answer {
            assert!(is_told(&error), "{error:?}");
        }
    }
    drop(bucket);
}

#[wasm_bindgen_test]
async fn a_new_log_file_that_cant_be_begun_holds_nothing_up() {
    let errors = raw::uncaught_errors();
    // Ours is refused by a newer one.
    let newer = raw::open(raw::MOMENTARY, 9).await.unwrap();
    raw::close(&newer);
    let database = IndexedDb::open(ConnectionOptions::new("no log file"))
        .await
        .unwrap();
    assert_eq!(put(&database, 1, "x").await, Ok(()));
    assert_eq!(all(&database).await, Ok(vec![(1, b"x".to_vec())]));
    assert_eq!(errors.to_vec(), Vec::<JsValue>::new());
}

#[wasm_bindgen_test]
async fn a_page_without_storage_is_told_so() {
    for factory in [JsValue::UNDEFINED, JsValue::NULL] {
        let restore = raw::replace_factory(&factory);
        let answer = IndexedDb::open(ConnectionOptions::new("absent"))
            .await
            .map(drop);
        raw::call(&restore);
        let error = answer.unwrap_err();
        assert!(matches!(*error, Error::Unreachable { .. }), "{error:?}");
    }
    let restore = raw::replace_factory(&raw::refusing_factory());
    let answer = IndexedDb::open(ConnectionOptions::new("refused"))
        .await
        .map(drop);
    raw::call(&restore);
    let name = "SecurityError".to_owned();
    assert!(
        matches!(*answer.unwrap_err(), Error::Unreachable { name: ref found, .. } if *found == name)
    );
}
