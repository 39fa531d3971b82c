//! Runs random schedules of tabs, faults and crashes until one breaks a promise.
//!
//! `cargo run --release --example simulate -- --minutes 10` tries seed after seed, from a random one
//! on, and ends with status 1 and the seed of the first that fails. `--seed N` runs that one alone
//! and prints what happens in it; `--rounds N` and `--calls N` make schedules longer or shorter, and
//! have to be the same for a seed to mean the same.
#![allow(dead_code)]

#[path = "../tests/support/clock.rs"]
mod clock;
#[path = "../tests/support/events.rs"]
mod events;
#[path = "../tests/support/random.rs"]
mod random;
#[path = "../tests/support/simulation/mod.rs"]
mod simulation;

use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use simulation::{Size, Trace, simulate};

/// How often progress is printed.
const EVERY: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    match Arguments::read() {
        Ok(arguments) => run(&arguments),
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}

struct Arguments {
    minutes: f64,
    seed: Option<u64>,
    size: Size,
}

impl Arguments {
    fn read() -> Result<Arguments, String> {
        let mut read = Arguments {
            minutes: 1.0,
            seed: None,
            size: Size::LONG,
        };
        let mut given = std::env::args().skip(1);
        while let Some(name) = given.next() {
            let value = given.next().unwrap_or_default();
            let number = || {
                value
                    .parse()
                    .map_err(|_| format!("{name}: not a number: {value}"))
            };
            match name.as_str() {
                "--minutes" => {
                    let minutes = value.parse().ok().filter(|minutes| *minutes >= 0.0);
                    read.minutes = minutes.ok_or(format!("{name}: not a duration: {value}"))?;
                }
                "--seed" => read.seed = Some(number()?),
                "--rounds" => read.size.rounds = number()?,
                "--calls" => read.size.calls = number()?.max(1),
                _ => return Err(format!("unknown: {name}")),
            }
        }
        Ok(read)
    }
}

fn run(arguments: &Arguments) -> ExitCode {
    if let Some(seed) = arguments.seed {
        attempt(seed, arguments.size, Trace::printing());
        return ExitCode::SUCCESS;
    }
    let (begun, mut told) = (Instant::now(), Instant::now());
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let first = now.map_or(0, |now| now.as_secs()) << 24;
    let mut schedules = 0;
    while begun.elapsed().as_secs_f64() < arguments.minutes * 60.0 {
        attempt(first + schedules, arguments.size, Trace::none());
        schedules += 1;
        if told.elapsed() > EVERY {
            told = Instant::now();
            println!("{schedules} schedules in {} s", begun.elapsed().as_secs());
        }
    }
    println!("{schedules} schedules, none failed");
    ExitCode::SUCCESS
}

/// Runs one schedule. A release build doesn't unwind, so a failure is told where it happens.
fn attempt(seed: u64, size: Size, trace: Trace) {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        eprintln!("{info}");
        let Size { rounds, calls } = size;
        println!("failed: --seed {seed} --rounds {rounds} --calls {calls}");
        std::process::exit(1);
    }));
    simulate(seed, size, trace);
    std::panic::set_hook(tell);
}
