//! Has Chromium begin a new log file.
//!
//! A browser that is killed may leave a record of its own log unfinished. At the next start
//! Chromium goes on behind it, and the time after that can't read the file and throws away every
//! database of the origin (google/leveldb#1287). A new file ends that: what the old one holds moves
//! to tables, and the old one goes. Deleting a database has it begun.

use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{IdbDatabase, IdbOpenDbRequest};

use super::convert::{Answer, promise};

/// A database that is there for a moment.
const MOMENTARY: &str = "oh-event-store begins a log file";

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = IDBVersionChangeEvent, js_name = prototype)]
    static VERSION_CHANGE: JsValue;
    #[wasm_bindgen(catch, js_namespace = indexedDB)]
    fn open(name: &str, version: u32) -> Answer<IdbOpenDbRequest>;
    #[wasm_bindgen(catch, js_namespace = indexedDB, js_name = deleteDatabase)]
    fn delete_database(name: &str) -> Answer<IdbOpenDbRequest>;
}

/// Has it begun while other things go on. Only Chromium's databases have such a log, and only its
/// events tell of lost data.
pub(super) fn begin() {
    let loses = VERSION_CHANGE.with(|event| Reflect::has(event, &"dataLoss".into()));
    if loses == Ok(true) {
        let _ = promise(async {
            // Without one it is as it was.
            let _ = create_and_delete().await;
            Ok(JsValue::UNDEFINED)
        });
    }
}

async fn create_and_delete() -> Answer<()> {
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
