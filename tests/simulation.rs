//! Whatever happens to a browser, nothing that was acknowledged is lost, nothing is there twice,
//! and nothing is out of order. `examples/simulate.rs` runs the same for as long as one likes.
#![cfg(not(target_arch = "wasm32"))]
#![allow(dead_code)]

#[path = "support/clock.rs"]
mod clock;
#[path = "support/events.rs"]
mod events;
#[path = "support/random.rs"]
mod random;
#[path = "support/simulation/mod.rs"]
mod simulation;

use random::for_seeds;
use simulation::{Size, Trace, simulate};

#[test]
fn nothing_is_lost_in_two_thousand_schedules() {
    for_seeds(2000, |seed, _| simulate(seed, Size::SHORT, Trace::none()));
}
