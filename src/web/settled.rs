//! How a request or a transaction ends.

use js_sys::{Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Event, EventTarget, IdbDatabase};

/// Listens for the end of a database while something is under way that may never hear of it.
struct Listener<'a> {
    database: &'a IdbDatabase,
    callback: Function,
}

impl Drop for Listener<'_> {
    fn drop(&mut self) {
        let _ = self
            .database
            .remove_event_listener_with_callback("close", &self.callback);
    }
}

/// Waits for the first of two events, or else answers the name of the other one, or `close` when
/// the browser has closed the database meanwhile. Both are listened for from this call on.
pub(super) fn settled<'a>(
    target: &EventTarget,
    [done, failed]: [&str; 2],
    database: &'a IdbDatabase,
) -> impl Future<Output = Result<(), String>> + use<'a> {
    let mut callback = JsValue::UNDEFINED.unchecked_into();
    let promise = Promise::new(&mut |resolve: Function, reject: Function| {
        let _ = target.add_event_listener_with_callback(done, &resolve);
        let _ = target.add_event_listener_with_callback(failed, &reject);
        let _ = database.add_event_listener_with_callback("close", &reject);
        callback = reject;
    });
    let listener = Listener { database, callback };
    async move {
        let answer = JsFuture::from(promise).await;
        drop(listener);
        answer
            .map(drop)
            .map_err(|event| event.unchecked_into::<Event>().type_())
    }
}
