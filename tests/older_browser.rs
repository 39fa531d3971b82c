//! The fear: what a browser only helps with is needed, and an older one without it reads nothing.
#![cfg(target_arch = "wasm32")]

use std::rc::Rc;

use js_sys::{ArrayBuffer, Object, Reflect};
use oh_event_store::backend::{Backend, Durability, Key, Table, Write, WriteBatch};
use oh_event_store::web::{ConnectionOptions, IndexedDb};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = ArrayBuffer, js_name = prototype)]
    static ARRAY_BUFFER: Object;
}

async fn large_values_come_back(name: &str) {
    let database = IndexedDb::open(ConnectionOptions::new(name)).await.unwrap();
    let id = Rc::from("c");
    let value: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
    for number in 0..4 {
        let put = Write::Put(Table::Pages, Key::new(&id, number), value.clone());
        let batch = WriteBatch {
            expected: None,
            writes: vec![put.clone(), put],
        };
        assert_eq!(database.commit(batch, Durability::Relaxed).await, Ok(()));
    }
    for _ in 0..2 {
        let found = database.get_many(Table::Pages, &id, &[0, 3, 3, 9]).await;
        let there = Some(value.clone());
        assert_eq!(found, Ok(vec![there.clone(), there.clone(), there, None]));
        let found = database.range(Table::Pages, &id, 1, 2).await;
        assert_eq!(found, Ok(vec![(1, value.clone()), (2, value.clone())]));
    }
}

#[wasm_bindgen_test]
async fn large_values_come_back_where_buffers_cant_be_transferred() {
    large_values_come_back("with").await;
    let prototype = ARRAY_BUFFER.with(Object::clone);
    let transfer = Reflect::get(&prototype, &"transfer".into()).unwrap();
    Reflect::delete_property(&prototype, &"transfer".into()).unwrap();
    assert!(ArrayBuffer::new(1).transfer().is_err());
    large_values_come_back("without").await;
    Reflect::set(&prototype, &"transfer".into(), &transfer).unwrap();
}
