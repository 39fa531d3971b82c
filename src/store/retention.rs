//! How much is kept: a budget for all conversations of a database, and who goes when it is spent or
//! the browser gives no more room.

use std::cell::Cell;
use std::rc::{Rc, Weak};

use super::coverage::EVERYTHING;
use super::log::{Log, Shared};
use super::record::Record;
use crate::backend::{Expected, Key, Table, Write, WriteBatch};
use crate::error::{Error, Result};
use crate::notice::{Eviction, Level, Notice};

/// The budget, and what is known of how much of it is left.
pub(crate) struct Retention {
    /// Bytes, as the records count them.
    budget: Option<u64>,
    /// How much may be written before the records are looked at again.
    room: Cell<i64>,
    looking: Cell<bool>,
}

/// One that may go.
struct Candidate {
    id: Rc<str>,
    stored: Vec<u8>,
    record: Record,
}

impl Retention {
    pub(crate) fn new(budget: Option<u64>) -> Retention {
        Retention {
            budget,
            room: Cell::new(0),
            looking: Cell::new(false),
        }
    }

    /// Takes note that a conversation has grown or shrunk.
    pub(crate) fn changed(&self, before: u64, after: u64) {
        let grown = after.cast_signed().saturating_sub(before.cast_signed());
        self.room.set(self.room.get().saturating_sub(grown));
    }

    /// Whether conversations may be evicted at all.
    pub(crate) fn is_on(&self) -> bool {
        self.budget.is_some()
    }
}

impl Shared {
    /// Commits a batch of a conversation. Where the browser has no room for it, others go first if
    /// a budget allows that, and it is tried once more.
    pub(crate) async fn write(&self, id: &str, batch: WriteBatch) -> Result<()> {
        let again = self.retention.is_on().then(|| batch.clone());
        match (self.backend.commit(batch, self.durability).await, again) {
            (Err(why), Some(batch)) if matches!(*why, Error::QuotaExceeded) => {
                let needed = size(&batch);
                if self.evict(id, needed, Eviction::Quota).await? == 0 {
                    return Err(Error::QuotaExceeded.into());
                }
                self.backend.commit(batch, self.durability).await
            }
            (answer, _) => answer,
        }
    }

    /// Evicts until the budget is kept, after a conversation was written.
    pub(crate) async fn keep_budget(&self, id: &str) {
        let Some(budget) = self.retention.budget else {
            return;
        };
        // What goes from memory alone makes no room on disk.
        if self.fallback.hides_records()
            || self.retention.room.get() >= 0
            || self.retention.looking.replace(true)
        {
            return;
        }
        let _looking = Looking(&self.retention.looking);
        if let Err(why) = self.spend(id, budget).await {
            self.reporter
                .log(Level::Warn, "the storage budget could not be kept", why);
        }
    }

    async fn spend(&self, id: &str, budget: u64) -> Result<()> {
        let total = self
            .candidates()
            .await?
            .iter()
            .fold(0, |total: u64, one| total.saturating_add(one.record.bytes));
        let over = total.saturating_sub(budget);
        let freed = match over {
            0 => 0,
            _ => self.evict(id, over, Eviction::Budget).await?,
        };
        let left = budget.saturating_add(freed).saturating_sub(total);
        // Where nothing can go, it is not asked again at every commit.
        let room = left.max(budget / 16);
        self.retention
            .room
            .set(i64::try_from(room).unwrap_or(i64::MAX));
        Ok(())
    }

    /// Deletes the least recently used conversations, each in one transaction, until so many bytes
    /// are free. Those that are pinned or open here stay. Answers how many bytes went.
    async fn evict(&self, keep: &str, bytes: u64, why: Eviction) -> Result<u64> {
        let mut candidates = self.candidates().await?;
        candidates.retain(|one| !one.record.pinned && *one.id != *keep && !self.is_open(&one.id));
        let mut freed = 0u64;
        while freed < bytes {
            let used = candidates.iter().map(|one| one.record.last_access);
            let Some((least, _)) = used
                .enumerate()
                .min_by(|one, other| one.1.total_cmp(&other.1))
            else {
                break;
            };
            let one = candidates.swap_remove(least);
            // A user's actions stay until the server has them.
            let actions = self.backend.numbers(Table::Outbox, &one.id).await?;
            // It may have been opened meanwhile, here or in another tab, which wrote that down.
            if self.is_open(&one.id) || !actions.is_empty() {
                continue;
            }
            let batch = WriteBatch {
                expected: Some(Expected {
                    table: Table::Conversations,
                    key: Key::new(&one.id, 0),
                    value: Some(one.stored),
                    numbers: None,
                }),
                // Should an action come at this moment, it is kept.
                writes: deletion(&one.id, &LOG),
            };
            self.fallback.readable()?;
            match self.backend.commit(batch, self.durability).await {
                Err(why) if matches!(*why, Error::Conflict) => continue,
                answer => answer?,
            }
            self.forget(&one.id);
            freed = freed.saturating_add(one.record.bytes.max(1));
            // Another tab may have it open.
            (self.reporter).tell(Notice::Changed(Rc::clone(&one.id), vec![EVERYTHING]));
            self.reporter.tell(Notice::Evicted {
                conversation: one.id,
                bytes: one.record.bytes,
                why,
            });
        }
        Ok(freed)
    }

    /// The conversations whose record can be read.
    async fn candidates(&self) -> Result<Vec<Candidate>> {
        let mut found = Vec::new();
        for (id, stored) in self.backend.conversations().await? {
            if let Ok(record) = Record::decode(&stored) {
                found.push(Candidate { id, stored, record });
            }
        }
        Ok(found)
    }

    /// Lets go of what is in memory of a conversation that was deleted.
    pub(crate) fn forget(&self, id: &Rc<str>) {
        self.cache.remove_conversation(id);
        self.findings.remove_conversation(id);
    }

    fn is_open(&self, id: &Rc<str>) -> bool {
        self.open_log(id).is_some()
    }

    /// The log of a conversation that is in use here.
    pub(crate) fn open_log(&self, id: &Rc<str>) -> Option<Rc<Log>> {
        self.logs.borrow().get(id).and_then(Weak::upgrade)
    }
}

/// The tables that a log lies in.
const LOG: [Table; 5] = [
    Table::Conversations,
    Table::Tail,
    Table::Pages,
    Table::Summaries,
    Table::Signatures,
];

/// What deletes a conversation in some tables.
pub(crate) fn deletion(id: &Rc<str>, tables: &[Table]) -> Vec<Write> {
    let all = |table: &Table| Write::DeleteRange(*table, Key::new(id, Key::FIRST), Key::LAST);
    tables.iter().map(all).collect()
}

fn size(batch: &WriteBatch) -> u64 {
    let sizes = batch.writes.iter().map(|write| match write {
        Write::Put(_, _, value) | Write::Add(_, _, value) => value.len() as u64,
        Write::Delete(..) | Write::DeleteRange(..) => 0,
    });
    sizes.fold(0, u64::saturating_add)
}

struct Looking<'a>(&'a Cell<bool>);

impl Drop for Looking<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
