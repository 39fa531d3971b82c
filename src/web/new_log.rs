//! Has Chromium begin a new log file.
//!
//! A browser that is killed may leave a record of its own log unfinished. At the next start
//! Chromium goes on behind it, and the time after that can't read the file and throws away every
//! database of the origin (google/leveldb#1287). A new file ends that: what the old one holds moves
//! to tables, and the old one goes. Deleting a database has it begun, unless something else is written
//! at that moment: LevelDB forgets about it then, once or twice in a hundred times. So it is begun
//! once more, for which nobody waits.

use std::cell::RefCell;

use futures_util::FutureExt;
use js_sys::{Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
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

thread_local! {
    static BEGINNING: RefCell<Option<Promise>> = RefCell::default();
}

/// Has it begun. Only Chromium's databases have such a log, and only its events tell of lost data.
pub(super) fn begin() {
    let loses = VERSION_CHANGE.with(|event| Reflect::has(event, &"dataLoss".into()));
    if loses == Ok(true) {
        BEGINNING.set(create_and_delete().ok());
        spawn_local(async {
            begun().await;
            if let Ok(again) = create_and_delete() {
                let _ = JsFuture::from(again).await;
            }
        });
    }
}

/// Waits until it is, if that is under way.
pub(super) async fn begun() {
    let Some(beginning) = BEGINNING.with_borrow(Clone::clone) else {
        return;
    };
    let mut begun = JsFuture::from(beginning.clone()).boxed_local();
    within(PATIENCE, &mut begun).await;
    // Another store may have one begun meanwhile.
    BEGINNING.with_borrow_mut(|newest| newest.take_if(|newest| **newest == *beginning));
}

/// Both are asked for at once: whatever becomes of this worker, the browser carries them out.
fn create_and_delete() -> Answer<Promise> {
    let creating = open(MOMENTARY, 1)?;
    let deleting = delete_database(MOMENTARY)?;
    Ok(promise(async move {
        succeeded(&creating).await?;
        creating.result()?.unchecked_into::<IdbDatabase>().close();
        succeeded(&deleting).await
    }))
}

async fn succeeded(request: &IdbOpenDbRequest) -> Answer<JsValue> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    });
    JsFuture::from(promise).await
}
