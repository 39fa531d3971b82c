//! A backend that is slow and fails, as browsers do: for tests, and repeatable by its seed.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use futures_util::FutureExt;

use super::{Answer, Backend, Durability, Memory, Table, WriteBatch};
use crate::error::{Error, Result};

/// What goes wrong, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The most turns of the event loop that a read or a commit takes, before it happens and again
    /// before it is answered.
    pub delay: u32,
    /// Of a hundred commits, how many end with `QuotaExceeded`; nothing of them is kept.
    pub quota: u64,
    /// Of a hundred commits, how many end with an `AbortError`; nothing of them is kept.
    pub abort: u64,
    /// Of a hundred commits, how many end with `Timeout`; every other one of them is kept.
    pub timeout: u64,
    /// The commit, counted from 1, in which the tab dies: it is kept or not, is not answered, and
    /// everything after it is refused.
    pub crash_at: Option<u64>,
}

/// A [`Memory`] behind a connection that is slow and fails. Several connections may share one.
pub struct Faulty {
    records: Rc<Memory>,
    faults: Cell<Faults>,
    random: Cell<u64>,
    commits: Cell<u64>,
    crashed: Cell<bool>,
}

impl Faulty {
    /// A connection to these records.
    #[must_use]
    pub fn new(records: &Rc<Memory>, faults: Faults) -> Faulty {
        Faulty {
            records: Rc::clone(records),
            faults: Cell::new(faults),
            random: Cell::new(faults.seed),
            commits: Cell::new(0),
            crashed: Cell::new(false),
        }
    }

    /// Changes what goes wrong from now on; the seed stays.
    pub fn set_faults(&self, faults: Faults) {
        self.faults.set(faults);
    }

    /// How many commits were begun.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.get()
    }

    /// Leaves the records as they are now and refuses everything from here on.
    pub fn crash(&self) {
        self.crashed.set(true);
    }

    /// SplitMix64.
    fn below(&self, limit: u64) -> u64 {
        let state = self.random.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.random.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).checked_rem(limit).unwrap_or(0)
    }

    async fn turns(&self) {
        let mut left = self.below(u64::from(self.faults.get().delay).saturating_add(1));
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left = left.saturating_sub(1);
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    fn alive(&self) -> Result<()> {
        if self.crashed.get() {
            Err(Error::Closed("database"))
        } else {
            Ok(())
        }
    }

    async fn slowly<T>(&self, read: Answer<'_, T>) -> Result<T> {
        self.turns().await;
        self.alive()?;
        let answer = read.await;
        self.turns().await;
        self.alive()?;
        answer
    }

    fn fault(&self, number: u64) -> Option<Fault> {
        let faults = self.faults.get();
        if faults.crash_at == Some(number) {
            return Some(Fault::Crash);
        }
        let chance = self.below(100);
        let abort = faults.quota.saturating_add(faults.abort);
        if chance < faults.quota {
            Some(Fault::Refused(Error::QuotaExceeded))
        } else if chance < abort {
            Some(Fault::Refused(Error::Storage {
                name: "AbortError".into(),
                message: String::new(),
            }))
        } else {
            (chance < abort.saturating_add(faults.timeout)).then_some(Fault::Timeout)
        }
    }
}

enum Fault {
    Refused(Error),
    Timeout,
    Crash,
}

/// A transaction that was handed to the browser: it takes place even if nobody waits for it.
struct Transaction<'a> {
    backend: &'a Faulty,
    batch: Option<WriteBatch>,
}

impl Transaction<'_> {
    fn complete(&mut self) -> Result<()> {
        self.backend.alive()?;
        let batch = self.batch.take().unwrap_or_default();
        let done = self.backend.records.commit(batch, Durability::Relaxed);
        done.now_or_never().unwrap_or(Err(Error::Conflict))
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.batch.is_some() {
            let _ = self.complete();
        }
    }
}

impl Backend for Faulty {
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        let read = async move { self.records.get_many(table, conversation, numbers).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Vec<(i64, Vec<u8>)>> {
        let read = async move { self.records.range(table, conversation, first, last).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        let read = async move { self.records.conversations().await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn commit(&self, batch: WriteBatch, _durability: Durability) -> Answer<'_, ()> {
        let number = self.commits.get().saturating_add(1);
        self.commits.set(number);
        let fault = self.fault(number);
        let kept =
            !matches!(fault, Some(Fault::Refused(_))) && (fault.is_none() || self.below(2) == 0);
        let mut transaction = Transaction {
            backend: self,
            batch: kept.then_some(batch),
        };
        async move {
            self.turns().await;
            self.alive()?;
            let done = if kept { transaction.complete() } else { Ok(()) };
            self.turns().await;
            self.alive()?;
            match fault {
                None => done,
                Some(Fault::Refused(why)) => Err(why),
                Some(Fault::Timeout) => Err(Error::Timeout {
                    operation: "a commit",
                    milliseconds: 0,
                }),
                Some(Fault::Crash) => {
                    self.crash();
                    Err(Error::Closed("database"))
                }
            }
        }
        .boxed_local()
    }

    fn close(&self) {
        self.crash();
    }
}
