//! A backend that is slow and fails, as browsers do: for tests, and repeatable by its seed.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use futures_util::FutureExt;

use super::{Answer, Backend, Durability, Key, Memory, Numbered, Table, WriteBatch};
use crate::error::{Error, Result};

/// What goes wrong, and how often.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The most turns of the event loop that a read or a commit takes, before it happens and again
    /// before it is answered.
    pub delay: u32,
    /// Of a hundred reads, how many end with an `UnknownError`.
    pub read: u64,
    /// Of a hundred commits, how many end with `QuotaExceeded`; nothing of them is kept.
    pub quota: u64,
    /// Of a hundred commits, how many end with an `AbortError`; nothing of them is kept.
    pub abort: u64,
    /// Of a hundred commits, how many end with `Timeout`. Some of them take place all the same,
    /// before the answer or after it.
    pub timeout: u64,
    /// Of a hundred commits, how many end with the connection, as an `AbortError`. Some of them
    /// take place all the same.
    pub lost: u64,
    /// The most bytes of values that the database holds; a commit that would exceed them ends with
    /// `QuotaExceeded`.
    pub space: Option<usize>,
    /// Whether the database can't be opened: every call ends with `Unreachable`.
    pub gone: bool,
    /// The commit, counted from 1, in which the tab dies: it is kept or not, is not answered, and
    /// everything after it is refused.
    pub crash_at: Option<u64>,
}

/// The records, and the transactions that nobody waits for any more.
struct Disk {
    records: Rc<Memory>,
    late: RefCell<Vec<WriteBatch>>,
}

/// A [`Memory`] behind a connection that is slow and fails. Several connections may share one.
pub struct Faulty {
    disk: Rc<Disk>,
    faults: Cell<Faults>,
    random: Cell<u64>,
    commits: Cell<u64>,
    crashed: Cell<bool>,
}

impl Faulty {
    /// A connection to these records.
    #[must_use]
    pub fn new(records: &Rc<Memory>, faults: Faults) -> Faulty {
        let disk = Disk {
            records: Rc::clone(records),
            late: RefCell::default(),
        };
        Faulty::connect(Rc::new(disk), faults)
    }

    /// Another connection to the same database: what one was handed late takes place before what
    /// another is handed after that.
    #[must_use]
    pub fn beside(&self, faults: Faults) -> Faulty {
        Faulty::connect(Rc::clone(&self.disk), faults)
    }

    fn connect(disk: Rc<Disk>, faults: Faults) -> Faulty {
        Faulty {
            disk,
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

    /// Carries the transactions out that nobody waits for any more.
    pub fn settle(&self) {
        for batch in self.disk.late.take() {
            let done = self.disk.records.commit(batch, Durability::Relaxed);
            let _ = done.now_or_never();
        }
    }

    /// Forgets the transactions that nobody waits for any more: the browser itself died.
    pub fn lose_late(&self) {
        self.disk.late.take();
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
            Err(Error::Closed("database").into())
        } else {
            Ok(())
        }
    }

    /// At the beginning of a call, before anything of it has taken place.
    fn reached(&self) -> Result<()> {
        self.alive()?;
        match self.faults.get().gone {
            false => Ok(()),
            true => Err(Box::new(Error::Unreachable {
                name: "InvalidStateError".to_owned(),
                message: "it is gone".to_owned(),
            })),
        }
    }

    async fn slowly<T>(&self, read: Answer<'_, T>) -> Result<T> {
        self.turns().await;
        self.reached()?;
        if self.below(100) < self.faults.get().read {
            return Err(storage("UnknownError"));
        }
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
        let chances = [faults.quota, faults.abort, faults.timeout, faults.lost];
        let mut chance = self.below(100);
        let which = chances.iter().position(|of_hundred| {
            let hit = chance < *of_hundred;
            chance = chance.saturating_sub(*of_hundred);
            hit
        })?;
        Some(match which {
            0 => Fault::Refused(Error::QuotaExceeded.into()),
            1 => Fault::Refused(storage("AbortError")),
            2 => Fault::Unknown(
                Error::Timeout {
                    operation: "a commit",
                    milliseconds: 0,
                }
                .into(),
            ),
            _ => Fault::Unknown(storage("AbortError")),
        })
    }

    /// Whether a batch would take the records above the space there is.
    fn exceeds(&self, batch: &WriteBatch) -> bool {
        let Some(space) = self.faults.get().space else {
            return false;
        };
        let after = Memory::new();
        after.restore(self.disk.records.records());
        let before = size(&after);
        let batch = WriteBatch {
            expected: None,
            writes: batch.writes.clone(),
        };
        let _ = after.commit(batch, Durability::Relaxed).now_or_never();
        let after = size(&after);
        after > space && after > before
    }
}

fn size(records: &Memory) -> usize {
    let records = records.records();
    records
        .values()
        .map(Vec::len)
        .fold(0, usize::saturating_add)
}

fn storage(name: &str) -> Box<Error> {
    let (name, message) = (name.into(), String::new());
    Error::Storage { name, message }.into()
}

enum Fault {
    /// Nothing of it is kept.
    Refused(Box<Error>),
    /// Some are kept.
    Unknown(Box<Error>),
    Crash,
}

/// A transaction that was handed to the browser: it takes place even if nobody waits for it.
struct Transaction<'a> {
    backend: &'a Faulty,
    batch: Option<WriteBatch>,
}

impl Transaction<'_> {
    fn complete(&mut self) -> Result<()> {
        self.backend.settle();
        let batch = self.batch.take().unwrap_or_default();
        if self.backend.exceeds(&batch) {
            return Err(Error::QuotaExceeded.into());
        }
        let done = self.backend.disk.records.commit(batch, Durability::Relaxed);
        done.now_or_never().unwrap_or(Err(Error::Conflict.into()))
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if let Some(batch) = self.batch.take()
            && self.backend.alive().is_ok()
        {
            self.backend.disk.late.borrow_mut().push(batch);
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
        let records = &self.disk.records;
        let read = async move { records.get_many(table, conversation, numbers).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Numbered> {
        let records = &self.disk.records;
        let read = async move { records.range(table, conversation, first, last).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> Answer<'a, Vec<Numbered>> {
        let read = async move { self.disk.records.all(tables, conversation).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn numbers<'a>(&'a self, table: Table, conversation: &'a Rc<str>) -> Answer<'a, Vec<i64>> {
        let records = &self.disk.records;
        let read = async move { records.numbers(table, conversation).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn keys(&self, table: Table) -> Answer<'_, Vec<Key>> {
        let read = async move { self.disk.records.keys(table).await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        let read = async move { self.disk.records.conversations().await };
        self.slowly(read.boxed_local()).boxed_local()
    }

    fn commit(&self, batch: WriteBatch, _durability: Durability) -> Answer<'_, ()> {
        let number = self.commits.get().saturating_add(1);
        self.commits.set(number);
        let fault = self.fault(number);
        // Before the answer, after it, or never.
        let (now, later) = match &fault {
            None => (true, false),
            Some(Fault::Refused(_)) => (false, false),
            Some(Fault::Unknown(_) | Fault::Crash) => (self.below(2) == 0, self.below(2) == 0),
        };
        let mut transaction = Transaction {
            backend: self,
            batch: (now || later).then_some(batch),
        };
        async move {
            self.turns().await;
            if let Err(why) = self.reached() {
                transaction.batch.take();
                return Err(why);
            }
            let done = if now { transaction.complete() } else { Ok(()) };
            self.turns().await;
            self.alive()?;
            match fault {
                None => done,
                Some(Fault::Refused(why) | Fault::Unknown(why)) => Err(why),
                Some(Fault::Crash) => {
                    self.crash();
                    Err(Error::Closed("database").into())
                }
            }
        }
        .boxed_local()
    }

    fn close(&self) {
        self.crash();
    }
}
