//! The fear: a database that is occupied, damaged or written by a stranger hangs or crashes us.
#![cfg(target_arch = "wasm32")]

mod raw_database;

use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use oh_event_store::backend::{Backend, Durability, Expected, Key, Table, Write, WriteBatch};
use oh_event_store::error::Error;
use oh_event_store::web::{ConnectionEvent, ConnectionOptions, IndexedDb, schema};
use raw_database as raw;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

fn put(number: i64) -> WriteBatch {
    let key = Key::new(&Rc::from("c"), number);
    WriteBatch {
        expected: None,
        writes: vec![Write::Put(Table::Tail, key, vec![7])],
    }
}

#[wasm_bindgen_test]
async fn an_occupied_database_ends_every_call_with_a_timeout() {
    let (mut options, events) = raw::watched("occupied");
    options.timeout = 1000;
    let database = IndexedDb::open(options).await.unwrap();
    let id = Rc::from("c");
    let stranger = raw::open("occupied", schema::VERSION).await.unwrap();
    let release = raw::occupy(&stranger);
    let timeout = |operation| {
        let milliseconds = 1000;
        Box::new(Error::Timeout {
            operation,
            milliseconds,
        })
    };

    let answer = database.commit(put(1), Durability::Relaxed).await;
    assert_eq!(answer, Err(timeout("commit")));
    let answer = database.get_many(Table::Tail, &id, &[1]).await;
    assert_eq!(answer, Err(timeout("get")));
    let answer = database.range(Table::Tail, &id, 0, 9).await;
    assert_eq!(answer, Err(timeout("range")));
    assert_eq!(
        database.conversations().await,
        Err(timeout("conversations"))
    );
    // Nobody can tell it from a connection that the browser has forgotten: it is given up, except by
    // a call within which it was opened, which had less time.
    assert_eq!(*events.borrow(), vec![ConnectionEvent::Terminated; 2]);

    // What was given up does not happen later.
    raw::call(&release);
    assert_eq!(database.commit(put(2), Durability::Relaxed).await, Ok(()));
    assert_eq!(
        database.range(Table::Tail, &id, 0, 9).await,
        Ok(vec![(2, vec![7])])
    );
    raw::close(&stranger);
}

#[wasm_bindgen_test]
async fn foreign_values_are_empty_and_disturb_no_other() {
    let database = IndexedDb::open(ConnectionOptions::new("foreign"))
        .await
        .unwrap();
    assert_eq!(database.commit(put(0), Durability::Relaxed).await, Ok(()));
    let stranger = raw::open("foreign", schema::VERSION).await.unwrap();
    let id = Rc::from("c");
    let values = [
        JsValue::from("text"),
        JsValue::from(7),
        JsValue::TRUE,
        Array::of1(&7.into()).into(),
        js_sys::Uint16Array::from(&[7_u16][..]).into(),
        Uint8Array::from(&[7_u8][..]).buffer().into(),
        JsValue::NULL,
    ];
    for value in values {
        raw::put(&stranger, "tail", &raw::key("c", 1.0), value.clone()).await;
        let found = database.get_many(Table::Tail, &id, &[0, 1]).await;
        assert_eq!(found, Ok(vec![Some(vec![7]), Some(vec![])]), "{value:?}");
        let range = database.range(Table::Tail, &id, 0, 1).await;
        assert_eq!(range, Ok(vec![(0, vec![7]), (1, vec![])]), "{value:?}");
        let range = database.range(Table::Tail, &id, 0, 0).await;
        assert_eq!(range, Ok(vec![(0, vec![7])]));
        // It is neither absent nor what was expected.
        for expected in [None, Some(vec![7])] {
            let batch = WriteBatch {
                expected: Some(Expected {
                    table: Table::Tail,
                    key: Key::new(&id, 1),
                    value: expected,
                    numbers: None,
                }),
                ..put(3)
            };
            let answer = database.commit(batch, Durability::Relaxed).await;
            assert_eq!(answer, Err(Error::Conflict.into()), "{value:?}");
        }
    }
    // A record can be written anew.
    assert_eq!(database.commit(put(1), Durability::Relaxed).await, Ok(()));
    let range = database.range(Table::Tail, &id, 0, 9).await;
    assert_eq!(range, Ok(vec![(0, vec![7]), (1, vec![7])]));
    raw::close(&stranger);
}

#[wasm_bindgen_test]
async fn foreign_keys_are_passed_by() {
    let database = IndexedDb::open(ConnectionOptions::new("keys"))
        .await
        .unwrap();
    let stranger = raw::open("keys", schema::VERSION).await.unwrap();
    let id: Rc<str> = Rc::from("c");
    let keys = [
        raw::key("c", 1.5),
        Array::of3(&"c".into(), &1.into(), &"more".into()).into(),
    ];
    for key in keys {
        raw::put(&stranger, "tail", &key, Uint8Array::new_with_length(1)).await;
        let range = database.range(Table::Tail, &id, 0, 9).await;
        assert_eq!(range, Ok(vec![]), "{key:?}");
        let batch = WriteBatch {
            expected: None,
            writes: vec![Write::DeleteRange(Table::Tail, Key::new(&id, 0), 9)],
        };
        assert_eq!(database.commit(batch, Durability::Relaxed).await, Ok(()));
        assert_eq!(database.range(Table::Tail, &id, 0, 9).await, Ok(vec![]));
    }
    // Keys that no range of ours reaches.
    for key in [JsValue::from("c"), JsValue::from(1)] {
        raw::put(&stranger, "conversations", &key, "stray").await;
    }
    assert_eq!(database.conversations().await, Ok(vec![]));
    raw::close(&stranger);
}

#[wasm_bindgen_test]
async fn a_strangers_database_without_our_tables_is_an_error() {
    let open = js_sys::eval(
        "new Promise((resolve) => {
            const request = indexedDB.open('stranger', 1);
            request.onsuccess = () => { request.result.close(); resolve(); };
        })",
    );
    wasm_bindgen_futures::JsFuture::from(js_sys::Promise::from(open.unwrap()))
        .await
        .unwrap();
    let database = IndexedDb::open(ConnectionOptions::new("stranger"))
        .await
        .unwrap();
    let answer = database.conversations().await;
    assert!(
        matches!(*answer.unwrap_err(), Error::Storage { ref name, .. } if name == "NotFoundError")
    );
    let answer = database.commit(put(1), Durability::Relaxed).await;
    assert!(
        matches!(*answer.unwrap_err(), Error::Storage { ref name, .. } if name == "NotFoundError")
    );
}
