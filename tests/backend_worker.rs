//! IndexedDB keeps the promises of all backends in a dedicated worker.
#![cfg(target_arch = "wasm32")]

mod conformance;

use oh_event_store::web::{ConnectionOptions, IndexedDb};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn indexed_db_keeps_the_promises_of_a_backend() {
    conformance::run(async |name: &str| {
        let options = ConnectionOptions::new(&format!("worker-{name}"));
        IndexedDb::open(options).await.unwrap()
    })
    .await;
}
