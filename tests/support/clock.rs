//! A clock that a test turns by hand.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use oh_event_store::backend::Clock;

/// Stands still unless told otherwise.
pub struct ManualClock {
    now: Rc<Cell<f64>>,
    /// How far it was set.
    set: Cell<f64>,
    sleepers: Rc<RefCell<Vec<(f64, Waker)>>>,
}

impl ManualClock {
    pub fn new() -> Rc<ManualClock> {
        Rc::new(ManualClock {
            now: Rc::new(Cell::new(1_756_653_801_500.0)),
            set: Cell::default(),
            sleepers: Rc::default(),
        })
    }

    /// Lets time pass, and wakes who slept no longer than that.
    pub fn advance(&self, milliseconds: f64) {
        let now = self.now.get() + milliseconds;
        self.now.set(now);
        let sleepers = self.sleepers.take();
        let (awake, asleep): (Vec<_>, Vec<_>) =
            sleepers.into_iter().partition(|(until, _)| *until <= now);
        *self.sleepers.borrow_mut() = asleep;
        awake.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Sets it so far from the time that has passed; who sleeps doesn't notice.
    pub fn set(&self, milliseconds: f64) {
        self.set.set(milliseconds);
    }

    /// When the first sleeper wants to be woken, from now, in milliseconds.
    pub fn next(&self) -> Option<f64> {
        let sleepers = self.sleepers.borrow();
        let first = sleepers
            .iter()
            .map(|(until, _)| *until)
            .min_by(f64::total_cmp);
        first.map(|until| (until - self.now.get()).max(0.0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> f64 {
        self.now.get() + self.set.get()
    }

    fn timestamp(&self) -> String {
        format!("2025-08-31T15:23:{:09.6}", self.now.get() / 1000.0 % 60.0)
    }

    fn sleep(&self, milliseconds: u32) -> LocalBoxFuture<'static, ()> {
        let until = self.now.get() + f64::from(milliseconds);
        let (now, sleepers) = (Rc::clone(&self.now), Rc::clone(&self.sleepers));
        let mut yielded = milliseconds > 0;
        poll_fn(move |context| {
            if !yielded {
                yielded = true;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if now.get() >= until {
                return Poll::Ready(());
            }
            sleepers.borrow_mut().push((until, context.waker().clone()));
            Poll::Pending
        })
        .boxed_local()
    }
}
