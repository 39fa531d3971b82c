//! Time travel as a state machine: commands and the time go in, the events that are due come out.

use std::ops::Range;

use super::timeline::Timeline;

/// What a replay is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing comes until it is told to play or step.
    Paused,
    /// Events come as they are due.
    Playing,
    /// All events were shown.
    Ended,
}

/// A replay of a timeline. All times are milliseconds; `now` is any clock that doesn't go back.
#[derive(Clone, Debug)]
pub struct Replay {
    timeline: Timeline,
    playing: bool,
    speed: f64,
    /// Time within the timeline, as of `since`.
    time: f64,
    since: f64,
    shown: usize,
}

/// The slowest and the fastest that a replay goes.
const SPEEDS: (f64, f64) = (0.01, 10_000.0);

impl Replay {
    /// A paused replay at the beginning; nothing is shown yet.
    #[must_use]
    pub fn new(timeline: Timeline, speed: f64) -> Replay {
        let mut replay = Replay {
            timeline,
            playing: false,
            speed: 1.0,
            time: 0.0,
            since: 0.0,
            shown: 0,
        };
        replay.set_speed(speed, 0.0);
        replay
    }

    /// The events that it replays, and when they are due.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Whether it is paused, plays, or has shown everything.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status_at(self.shown)
    }

    /// The same, where so many events were handed out of those that it has shown.
    pub(super) fn status_at(&self, shown: usize) -> Status {
        if shown >= self.timeline.len() {
            Status::Ended
        } else if self.playing {
            Status::Playing
        } else {
            Status::Paused
        }
    }

    /// How many times faster than recorded it goes.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// How many events were shown.
    #[must_use]
    pub fn shown(&self) -> usize {
        self.shown
    }

    /// Where it is within the timeline, in milliseconds.
    #[must_use]
    pub fn time(&self, now: f64) -> f64 {
        let passed = if self.playing {
            (now - self.since).max(0.0) * self.speed
        } else {
            0.0
        };
        (self.time + passed).min(self.timeline.duration())
    }

    fn settle(&mut self, now: f64) {
        self.time = self.time(now);
        self.since = now;
    }

    /// Goes on.
    pub fn play(&mut self, now: f64) {
        self.settle(now);
        self.playing = true;
    }

    /// Nothing becomes due from now on.
    pub fn pause(&mut self, now: f64) {
        self.settle(now);
        self.playing = false;
    }

    /// Changes the speed, which is a number; one that is too low or too high is brought to the
    /// nearest that isn't.
    pub fn set_speed(&mut self, speed: f64, now: f64) {
        self.settle(now);
        self.speed = speed.clamp(SPEEDS.0, SPEEDS.1);
    }

    /// Pauses, and shows the next event whatever the time. The range of what to show is empty at
    /// the end.
    pub fn step(&mut self, now: f64) -> Range<usize> {
        self.pause(now);
        let before = self.shown;
        self.shown = before.saturating_add(1).min(self.timeline.len());
        self.time = self
            .shown
            .checked_sub(1)
            .and_then(|last| self.timeline.due(last))
            .unwrap_or(0.0);
        before..self.shown
    }

    /// Goes to where so many events were shown, forward or back, playing or not as before.
    pub fn seek(&mut self, shown: usize, now: f64) {
        self.shown = shown.min(self.timeline.len());
        let last = self
            .shown
            .checked_sub(1)
            .and_then(|last| self.timeline.due(last));
        self.time = last.unwrap_or(0.0);
        self.since = now;
    }

    /// The events that have become due, each once.
    pub fn advance(&mut self, now: f64) -> Range<usize> {
        let before = self.shown;
        if self.playing {
            self.settle(now);
            self.shown = before.max(self.timeline.due_by(self.time));
        }
        before..self.shown
    }

    /// In how many milliseconds the next event is due, if it is playing.
    #[must_use]
    pub fn next_due(&self, now: f64) -> Option<f64> {
        if !self.playing {
            return None;
        }
        let due = self.timeline.due(self.shown)?;
        Some(((due - self.time(now)) / self.speed).max(0.0))
    }
}
