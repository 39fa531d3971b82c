//! Carries a replay out: waits until events are due, and reads them from the log.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::future::{Either, select};

use super::replay::{Replay, Status};
use super::time::Recorded;
use super::timeline::Timeline;
use crate::backend::Clock;
use crate::error::{Error, Result};
use crate::event::Position;
use crate::filter::EventFilter;
use crate::signal::Signal;
use crate::store::{Batch, Hit, Log, Search, SearchOptions};

/// The most events in one tick: what is due beyond that comes with the next.
const BATCH: usize = 500;

/// While it plays, its state is told at least so often, in milliseconds.
const HEARTBEAT: f64 = 250.0;

/// How to replay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReplayOptions {
    /// How many times faster than recorded. None: 1.
    pub speed: Option<f64>,
    /// The most idle time between two events, in milliseconds of recorded time. None: as recorded.
    pub max_idle: Option<f64>,
    /// Which events.
    pub filter: Option<EventFilter>,
}

/// Where a replay is.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayState {
    /// `paused`, `playing` or `ended`.
    pub status: &'static str,
    /// How many events were shown.
    pub index: usize,
    /// How many there are.
    pub total: usize,
    /// The position of the last one shown.
    pub position: Option<Position>,
    /// Milliseconds within the shortened time.
    pub time: f64,
    /// Milliseconds of the whole.
    pub duration: f64,
    /// How many times faster than recorded.
    pub speed: f64,
    /// When the last one shown was recorded, where it says so.
    pub recorded: Option<Recorded>,
}

/// What a replay has to tell: events that became due, a command's effect, or how far it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where it is.
    pub state: ReplayState,
    /// The events to show now.
    pub batch: Option<Batch>,
    /// After a seek: what was shown so far no longer holds; everything up to `state.position` is to
    /// be read by a search.
    pub reset: bool,
}

/// A replay of a stored conversation: a [`Replay`] under a clock, with the events read as they
/// become due.
pub struct Player {
    log: Rc<Log>,
    clock: Rc<dyn Clock>,
    filter: Option<EventFilter>,
    replay: RefCell<Replay>,
    /// How many events were handed out, or are passed by; those up to `replay.shown()` follow.
    told: Cell<usize>,
    /// Reads those, where it has begun to.
    due: RefCell<Option<Search>>,
    reset: Cell<bool>,
    /// A command came, or the state was never told.
    news: Cell<bool>,
    closed: Cell<bool>,
    changed: Signal,
}

impl Player {
    /// Reads the timeline and stands at the beginning, paused.
    ///
    /// # Errors
    /// `InvalidArgument` for a speed that is not above 0 or a negative idle time, or what the
    /// backend answers.
    pub async fn open(
        log: &Rc<Log>,
        clock: Rc<dyn Clock>,
        options: ReplayOptions,
    ) -> Result<Player> {
        let speed = checked_speed(options.speed.unwrap_or(1.0))?;
        if options
            .max_idle
            .is_some_and(|idle| idle < 0.0 || idle.is_nan())
        {
            return Err(Error::InvalidArgument("maxIdle is at least 0".into()).into());
        }
        let timeline = Timeline::read(log, options.filter.clone(), options.max_idle).await?;
        Ok(Player {
            log: Rc::clone(log),
            clock,
            filter: options.filter,
            replay: RefCell::new(Replay::new(timeline, speed)),
            told: Cell::new(0),
            due: RefCell::default(),
            reset: Cell::new(false),
            news: Cell::new(true),
            closed: Cell::new(false),
            changed: Signal::default(),
        })
    }

    /// Waits for events that are due or for a change of state; `None` once it is closed. Not to be
    /// called again before it has ended.
    ///
    /// # Errors
    /// What the backend answers while events are read.
    pub async fn next(&self) -> Result<Option<Tick>> {
        loop {
            if self.closed.get() {
                return Ok(None);
            }
            self.replay.borrow_mut().advance(self.clock.now());
            if self.reset.replace(false) {
                self.due.take();
                return Ok(Some(self.tick(None, true)));
            }
            if let Some(mut search) = self.search() {
                let replay = &self.replay;
                let mut known = |hit: &Hit<'_>| replay.borrow().timeline().has(hit.position);
                let found = search.next_of(BATCH, &mut known).await;
                // A seek meanwhile has made what was due pointless, or nobody wants it any more.
                if self.reset.get() || self.closed.get() {
                    continue;
                }
                let batch = found?;
                let last = batch.as_ref().and_then(|batch| batch.positions.last());
                // Without a batch, the rest of those that were due is in the log no more.
                let last = last.copied().or(search.high()).unwrap_or(i64::MAX);
                self.told.set(replay.borrow().timeline().up_to(last));
                *self.due.borrow_mut() = Some(search);
                return Ok(Some(self.tick(batch, false)));
            }
            if self.news.get() {
                return Ok(Some(self.tick(None, false)));
            }
            let wait = self.replay.borrow().next_due(self.clock.now());
            let changed = self.changed.changed();
            match wait {
                None => {
                    changed.await;
                }
                Some(wait) => {
                    if wait > HEARTBEAT {
                        self.news.set(true);
                    }
                    let sleep = self.clock.sleep(wait.min(HEARTBEAT).ceil() as u32);
                    match select(sleep, std::pin::pin!(changed)).await {
                        Either::Left(_) | Either::Right(_) => {}
                    }
                }
            }
        }
    }

    /// The search for the events that are due and not handed out, if there are any.
    fn search(&self) -> Option<Search> {
        let begun = self.due.take();
        let (replay, told) = (self.replay.borrow(), self.told.get());
        let last = replay.shown().checked_sub(1).filter(|last| *last >= told)?;
        let end = replay.timeline().position(last)?;
        let mut search = begun.unwrap_or_else(|| {
            self.log.search(&SearchOptions {
                start_id: replay.timeline().position(told),
                end_id: Some(end),
                filter: self.filter.clone(),
                ..SearchOptions::default()
            })
        });
        search.extend(end);
        Some(search)
    }

    fn tick(&self, batch: Option<Batch>, reset: bool) -> Tick {
        self.news.set(false);
        Tick {
            state: self.state(),
            batch,
            reset,
        }
    }

    fn ended(&self) -> bool {
        self.replay.borrow().status_at(self.told.get()) == Status::Ended
    }

    fn command(&self, change: impl FnOnce(&mut Replay, f64)) {
        change(&mut self.replay.borrow_mut(), self.clock.now());
        self.news.set(true);
        self.changed.set();
    }

    /// Events come as they are due from now on; from the beginning where all were shown.
    pub fn play(&self) {
        if self.ended() {
            self.seek(0);
        }
        self.command(Replay::play);
    }

    /// No event comes until it is told to play or step.
    pub fn pause(&self) {
        self.command(Replay::pause);
    }

    /// Shows the next `count` events and pauses; a negative count goes back.
    pub fn step(&self, count: i64) {
        self.pause();
        if count < 0 {
            let back = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let shown = self.replay.borrow().shown().saturating_sub(back);
            self.seek(shown);
            return;
        }
        for _ in 0..count {
            if self.replay.borrow_mut().step(self.clock.now()).is_empty() {
                break;
            }
        }
    }

    /// Goes to a position of the log: the events up to it are shown.
    pub fn seek_position(&self, position: Position) {
        let shown = self.replay.borrow().timeline().up_to(position);
        self.seek(shown);
    }

    /// Goes to a recorded time, as [`Timeline::recorded_by`] takes it.
    pub fn seek_time(&self, time: f64, local: f64) {
        let shown = self.replay.borrow().timeline().recorded_by(time, local);
        self.seek(shown);
    }

    fn seek(&self, shown: usize) {
        if self.ended() {
            self.pause();
        }
        self.reset.set(true);
        self.command(|replay, now| replay.seek(shown, now));
        self.told.set(self.replay.borrow().shown());
    }

    /// Changes how many times faster than recorded it goes, from 0.01 to 10 000; what is beyond is
    /// brought to the nearest of these.
    ///
    /// # Errors
    /// `InvalidArgument` for a speed that is not above 0.
    pub fn set_speed(&self, speed: f64) -> Result<()> {
        let speed = checked_speed(speed)?;
        self.command(|replay, now| replay.set_speed(speed, now));
        Ok(())
    }

    /// Where it is at this moment of its clock.
    #[must_use]
    pub fn state(&self) -> ReplayState {
        let replay = self.replay.borrow();
        let timeline = replay.timeline();
        let index = self.told.get();
        let last = index.checked_sub(1);
        ReplayState {
            status: match replay.status_at(index) {
                Status::Paused => "paused",
                Status::Playing => "playing",
                Status::Ended => "ended",
            },
            index,
            total: timeline.len(),
            position: last.and_then(|last| timeline.position(last)),
            time: replay.time(self.clock.now()),
            duration: timeline.duration(),
            speed: replay.speed(),
            recorded: last.and_then(|last| timeline.recorded(last)),
        }
    }

    /// Ends it; a pending [`next`](Player::next) answers `None`.
    pub fn close(&self) {
        self.closed.set(true);
        self.due.take();
        self.changed.set();
    }
}

fn checked_speed(speed: f64) -> Result<f64> {
    if speed > 0.0 {
        Ok(speed)
    } else {
        Err(Error::InvalidArgument("a speed is above 0".into()).into())
    }
}
