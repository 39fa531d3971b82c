//! Many tabs on one database that is slow, fails and is killed at any moment: what was acknowledged
//! is there, once and in order, and nothing else is.

mod check;
mod executor;
mod model;
mod operations;
mod subscriber;
mod world;
mod writing;

use world::World;

/// How much a schedule does.
#[derive(Clone, Copy)]
pub struct Size {
    /// Moments of rest, at which everything is checked.
    pub rounds: u64,
    /// The most calls between two of them.
    pub calls: u64,
}

impl Size {
    /// Many of them are tried in little time.
    pub const SHORT: Size = Size {
        rounds: 3,
        calls: 10,
    };

    /// Logs grow to many pages.
    pub const LONG: Size = Size {
        rounds: 12,
        calls: 40,
    };
}

/// Who is told what happens.
#[derive(Clone, Copy)]
pub struct Trace {
    prints: bool,
}

impl Trace {
    /// Nobody.
    pub fn none() -> Trace {
        Trace { prints: false }
    }

    /// Standard output.
    pub fn printing() -> Trace {
        Trace { prints: true }
    }

    fn say(self, line: impl FnOnce() -> String) {
        if self.prints {
            println!("{}", line());
        }
    }
}

/// Runs the schedule of a seed. Panics when a promise is broken.
pub fn simulate(seed: u64, size: Size, trace: Trace) {
    let mut world = World::new(seed, trace);
    world.open_tab();
    for round in 0..size.rounds {
        world.say(|| format!("round {round}"));
        for _ in 0..=world.random.below(size.calls) {
            operations::any(&mut world);
            for _ in 0..world.random.below(12) {
                world.step();
            }
        }
        if world.random.one_in(6) {
            operations::end(&mut world);
        }
        world.check();
        if world.tabs.is_empty() {
            world.open_tab();
        }
    }
}
