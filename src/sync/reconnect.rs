//! When to try again, and when a connection that says nothing is dead.

/// The longest pause before the first try, in milliseconds; it doubles with each.
const FIRST: f64 = 500.0;

/// The longest pause there is.
const LONGEST: f64 = 30_000.0;

/// A connection that held so long was a good one: the pauses are short again after it.
pub(crate) const STEADY: f64 = 5_000.0;

/// How much later than asked a timer may ring and still count as on time. Timers of hidden tabs
/// are throttled, and machines sleep.
const LATE: f64 = 1_000.0;

/// How long what has arrived meanwhile has to be handed over after a late timer.
const GRACE: f64 = 5_000.0;

/// Exponential backoff with full jitter: a pause is anything from nothing to a limit that doubles
/// with each try, so that clients don't come back together.
pub(crate) struct Backoff {
    tries: u32,
    /// SplitMix64's state.
    chance: u64,
}

impl Backoff {
    pub(crate) fn new(seed: u64) -> Backoff {
        Backoff {
            tries: 0,
            chance: seed,
        }
    }

    /// The pause before the next try, in milliseconds.
    pub(crate) fn pause(&mut self) -> f64 {
        let limit = (FIRST * f64::from(1u32 << self.tries.min(16))).min(LONGEST);
        self.tries = self.tries.saturating_add(1);
        self.chance = self.chance.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.chance ^ (self.chance >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let chance = (mixed ^ (mixed >> 31)) >> 40;
        limit * (chance as f64) / f64::from(1u32 << 24)
    }

    /// The server is overloaded: the next pauses are long ones.
    pub(crate) fn slow_down(&mut self) {
        self.tries = self.tries.max(6);
    }

    /// All is well again.
    pub(crate) fn reset(&mut self) {
        self.tries = 0;
    }
}

/// Watches for the peer's signs of life.
pub(crate) struct Heartbeat {
    /// The longest silence of a living peer, in milliseconds.
    pub(crate) silence: f64,
    heard: f64,
    grace: bool,
}

impl Heartbeat {
    pub(crate) fn new(silence: f64, now: f64) -> Heartbeat {
        Heartbeat {
            silence,
            heard: now,
            grace: false,
        }
    }

    /// It said something.
    pub(crate) fn hear(&mut self, now: f64) {
        self.heard = now;
        self.grace = false;
    }

    /// When it has been silent for too long.
    pub(crate) fn deadline(&self) -> f64 {
        self.heard + self.silence
    }

    /// Whether it is dead. Who comes late has not listened: then it has a little more time, once.
    pub(crate) fn is_dead(&mut self, now: f64) -> bool {
        let overdue = now - self.deadline();
        if overdue > LATE && !self.grace {
            self.heard = now + GRACE - self.silence;
            self.grace = true;
        }
        now >= self.deadline()
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, GRACE, Heartbeat, LONGEST};

    #[test]
    fn pauses_grow_to_the_cap_and_are_left_to_chance() {
        let longest = |tries: usize| {
            let pauses = (0..500).map(|seed| {
                let mut backoff = Backoff::new(seed);
                (0..tries).map(|_| backoff.pause()).last().unwrap()
            });
            pauses.fold((f64::MAX, 0.0f64), |(low, high), pause| {
                (low.min(pause), high.max(pause))
            })
        };
        let (low, high) = longest(1);
        assert!(low < 25.0 && high > 475.0 && high <= 500.0, "{low} {high}");
        let (low, high) = longest(3);
        assert!(
            low < 100.0 && high > 1900.0 && high <= 2000.0,
            "{low} {high}"
        );
        let (low, high) = longest(40);
        assert!(
            low < 1500.0 && high > 28_500.0 && high <= LONGEST,
            "{low} {high}"
        );
    }

    #[test]
    fn silence_is_death_unless_nobody_listened() {
        let mut beat = Heartbeat::new(45_000.0, 0.0);
        assert!(!beat.is_dead(44_999.0));
        assert!(beat.is_dead(45_000.0));
        // A tab that slept for an hour.
        let mut beat = Heartbeat::new(45_000.0, 0.0);
        assert!(!beat.is_dead(3_600_000.0));
        assert!(!beat.is_dead(3_600_000.0 + GRACE - 1.0));
        assert!(beat.is_dead(3_600_000.0 + GRACE));
        // It slept, and then heard of it.
        let mut beat = Heartbeat::new(45_000.0, 0.0);
        assert!(!beat.is_dead(3_600_000.0));
        beat.hear(3_601_000.0);
        assert!(!beat.is_dead(3_645_999.0));
        assert!(beat.is_dead(3_646_000.0));
    }
}
