//! IndexedDB without the backend: what other tabs and older programs do to the same database.
#![allow(dead_code, reason = "each test file needs its own part of it")]

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Function};
use oh_event_store::web::{ConnectionEvent, ConnectionOptions};
use wasm_bindgen::prelude::*;

/// The database that a store creates and deletes beside its first write.
pub const MOMENTARY: &str = "oh-event-store begins a log file";

#[wasm_bindgen(module = "/tests/raw_database/raw.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    pub async fn open(name: &str, version: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    pub async fn remove(name: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = put)]
    async fn put_at(
        database: &JsValue,
        store: &str,
        key: &JsValue,
        value: &JsValue,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch, js_name = get)]
    async fn get_at(database: &JsValue, store: &str, key: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = storeNames)]
    pub fn store_names(database: &JsValue) -> String;
    pub fn close(database: &JsValue);
    pub fn occupy(database: &JsValue) -> Function;
    #[wasm_bindgen(js_name = uncaughtErrors)]
    pub fn uncaught_errors() -> Array;
    #[wasm_bindgen(js_name = replaceFactory)]
    pub fn replace_factory(factory: &JsValue) -> Function;
    #[wasm_bindgen(js_name = refusingFactory)]
    pub fn refusing_factory() -> JsValue;
    async fn bucket(name: &str, quota: Option<f64>) -> JsValue;
    #[wasm_bindgen(js_name = deleteBucket)]
    async fn delete_bucket(name: &str);
}

/// The key that the backend gives a record.
pub fn key(conversation: &str, number: f64) -> JsValue {
    Array::of2(&conversation.into(), &number.into()).into()
}

pub async fn put(database: &JsValue, store: &str, key: &JsValue, value: impl Into<JsValue>) {
    put_at(database, store, key, &value.into()).await.unwrap();
}

pub async fn get(database: &JsValue, store: &str, conversation: &str, number: f64) -> JsValue {
    get_at(database, store, &key(conversation, number))
        .await
        .unwrap()
}

pub fn call(function: &Function) {
    function.call0(&JsValue::NULL).unwrap();
}

pub type Events = Rc<RefCell<Vec<ConnectionEvent>>>;

/// Options that write down the connection's events.
pub fn watched(name: &str) -> (ConnectionOptions, Events) {
    let events = Events::default();
    let listener = Rc::clone(&events);
    let mut options = ConnectionOptions::new(name);
    options.on_event = Rc::new(move |event| listener.borrow_mut().push(event));
    (options, events)
}

/// A storage bucket of its own in the place of the origin's: its databases can be closed by force,
/// and it may have a quota, in bytes.
pub struct Bucket {
    name: &'static str,
    restore: Function,
}

impl Bucket {
    pub async fn open(name: &'static str, quota: Option<f64>) -> Bucket {
        let factory = bucket(name, quota).await;
        let restore = replace_factory(&factory);
        Bucket { name, restore }
    }

    /// Closes the databases in it by force, and gives an empty one in its place.
    pub async fn crash(self) -> Bucket {
        // While a database is being created, Chromium may forget those that are open. The momentary
        // one is not any more when another open of it has ended.
        close(&open(MOMENTARY, 1).await.unwrap());
        let name = self.name;
        delete_bucket(name).await;
        drop(self);
        Bucket::open(name, None).await
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        call(&self.restore);
    }
}
