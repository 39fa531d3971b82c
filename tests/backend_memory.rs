//! The reference backend keeps the promises of all backends.
#![cfg(not(target_arch = "wasm32"))]

mod conformance;

use futures_util::FutureExt;
use oh_event_store::backend::Memory;

#[test]
fn memory_keeps_the_promises_of_a_backend() {
    conformance::run(async |_: &str| Memory::new())
        .now_or_never()
        .expect("memory never waits");
}
