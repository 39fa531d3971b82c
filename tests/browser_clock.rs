//! The browser's clock: timestamps in the server's spelling, sleeps that end and let others go.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::join3;
use js_sys::Date;
use oh_event_store::backend::Clock;
use oh_event_store::web::BrowserClock;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
fn a_timestamp_is_local_time_with_microseconds_and_no_zone() {
    let clock = BrowserClock::new();
    let before = Date::now();
    let timestamp = clock.timestamp();
    let after = Date::now();
    let digits = timestamp.replace(|c: char| c.is_ascii_digit(), "0");
    assert_eq!(digits, "0000-00-00T00:00:00.000000", "{timestamp}");
    // JavaScript, too, takes a time without a zone for a local one.
    let time = Date::parse(&timestamp);
    assert!(
        (before - 50.0..=after + 50.0).contains(&time),
        "{timestamp}"
    );
    let now = clock.now();
    assert!((before..=Date::now()).contains(&now));
}

#[wasm_bindgen_test]
fn timestamps_do_not_run_backwards() {
    let clock = BrowserClock::new();
    let timestamps: Vec<String> = (0..5_000).map(|_| clock.timestamp()).collect();
    assert!(timestamps.is_sorted());
}

#[wasm_bindgen_test]
async fn sleeps_end_in_the_order_of_their_lengths() {
    let clock = BrowserClock::new();
    let order = RefCell::new(Vec::new());
    let sleep = async |milliseconds| {
        clock.sleep(milliseconds).await;
        order.borrow_mut().push(milliseconds);
    };
    join3(sleep(120), sleep(0), sleep(40)).await;
    assert_eq!(order.into_inner(), [0, 40, 120]);
}

#[wasm_bindgen_test]
async fn a_sleep_of_nothing_lets_other_work_go_first() {
    let clock = BrowserClock::new();
    let other = Rc::new(RefCell::new(0));
    let counter = Rc::clone(&other);
    spawn_local(async move { *counter.borrow_mut() += 1 });
    clock.sleep(0).await;
    assert_eq!(*other.borrow(), 1);
    for _ in 0..200 {
        clock.sleep(0).await;
    }
}

#[wasm_bindgen_test]
async fn a_sleep_given_up_and_a_very_long_one_disturb_nobody() {
    let clock = BrowserClock::new();
    for milliseconds in [0, 1, u32::MAX] {
        assert_eq!(clock.sleep(milliseconds).now_or_never(), None);
    }
    clock.sleep(30).await;
}
