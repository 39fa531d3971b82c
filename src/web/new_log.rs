//! Has Chromium begin a new log file.
//!
//! A browser that is killed may leave a record of its own log unfinished. At the next start
//! Chromium goes on behind it, and the time after that can't read the file and throws away every
//! database of the origin (google/leveldb#1287). A new file ends that: what the old one holds moves
//! to tables, and the old one goes. Deleting a database has it begun.

use std::cell::{Cell, RefCell};

use futures_util::FutureExt;
use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbOpenDbRequest};

use super::clock::within;
use super::convert::{Answer, promise};

/// A database that is there for a moment.
const MOMENTARY: &str = "oh-event-store begins a log file";

/// How long is waited for it, in milliseconds. Writing without one is better than not at all.
const PATIENCE: u32 = 1_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = IDBVersionChangeEvent, js_name = prototype)]
    static VERSION_CHANGE: JsValue;
    #[wasm_bindgen(catch, js_namespace = indexedDB)]
    fn open(name: &str, version: u32) -> Answer<IdbOpenDbRequest>;
    #[wasm_bindgen(catch, js_namespace = indexedDB, js_name = deleteDatabase)]
    fn delete_database(name: &str) -> Answer<IdbOpenDbRequest>;
}

/// The new log file of one opening of a database.
#[derive(Default)]
pub(super) struct NewLog {
    begun: Cell<bool>,
    beginning: RefCell<Option<Promise>>,
}

impl NewLog {
    /// Waits until the file is begun; all callers wait for the same one. Only Chromium's databases
    /// have such a log, and only its events tell of lost data.
    pub(super) async fn begun(&self) {
        if self.begun.get() {
            return;
        }
        let beginning = self
            .beginning
            .borrow_mut()
            .get_or_insert_with(|| {
                promise(async {
                    let loses =
                        VERSION_CHANGE.with(|event| Reflect::has(event, &"dataLoss".into()));
                    if loses == Ok(true) {
                        begin_in_time().await;
                    }
                    Ok(JsValue::UNDEFINED)
                })
            })
            .clone();
        let _ = JsFuture::from(beginning).await;
        self.begun.set(true);
    }
}

/// What takes longer is carried through nonetheless: the database must not stay open.
async fn begin_in_time() {
    let mut beginning = begin().boxed_local();
    if within(PATIENCE, &mut beginning).await.is_none() {
        let _ = promise(async {
            let _ = beginning.await;
            Ok(JsValue::UNDEFINED)
        });
    }
}

async fn begin() -> Answer<()> {
    let opening = open(MOMENTARY, 1)?;
    succeeded(&opening).await?;
    opening.result()?.unchecked_into::<IdbDatabase>().close();
    succeeded(&delete_database(MOMENTARY)?).await
}

async fn succeeded(request: &IdbOpenDbRequest) -> Answer<()> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await.map(drop)
}
