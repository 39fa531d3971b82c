//! The face of the store: conversations by id.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::cache::{CacheStats, PageCache};
use super::coverage::EVERYTHING;
use super::found::Findings;
use super::journal::{Deed, Journal};
use super::log::{Log, Shared};
use super::record::Record;
use super::retention::{Retention, deletion};
use crate::backend::{
    Backend, Clock, Durability, Expected, Fallback, Key, Table, Write, WriteBatch,
};
use crate::error::{Error, Result};
use crate::event::{Dialect, Position};
use crate::filter::{Decompose, undecomposed};
use crate::notice::{Level, Reporter};
use crate::page::MAX_EVENTS;
use crate::sorted_map::SortedMap;

/// About how many bytes of text a page holds: the largest value that Chromium keeps inside its
/// table.
pub const PAGE_BYTES: usize = 128 * 1024;

/// Which part of the memory budget is for search results.
const FINDINGS: usize = 16;

/// How a store commits, cuts pages, and how much of them it keeps in memory.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// How far a commit goes before it is acknowledged.
    pub durability: Durability,
    /// Bytes of pages, signatures and search results kept in memory.
    pub memory_budget: usize,
    /// Bytes of text at which a page is sealed.
    pub page_bytes: usize,
    /// Events at which a page is sealed: the server's `cache_size`.
    pub page_events: usize,
    /// Canonical decomposition for searches by `text`, which the world outside knows. Without it
    /// only what is written with the same characters is found.
    pub decompose: Decompose,
    /// The bytes of all conversations' texts together at which the least recently used ones are
    /// evicted, save those that are pinned or open here. None: nothing is evicted.
    pub storage_budget: Option<u64>,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions {
            durability: Durability::Relaxed,
            memory_budget: 64 * 1024 * 1024,
            page_bytes: PAGE_BYTES,
            page_events: MAX_EVENTS,
            decompose: undecomposed,
            storage_budget: None,
        }
    }
}

/// All conversations of one database.
pub struct EventStore {
    pub(super) shared: Rc<Shared>,
}

/// A stored conversation in short.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationInfo {
    /// Its id.
    pub id: Rc<str>,
    /// Its counts, dates and flags.
    pub record: Record,
}

impl EventStore {
    /// A store over a backend.
    #[must_use]
    pub fn new(
        backend: Rc<dyn Backend>,
        clock: Rc<dyn Clock>,
        reporter: Reporter,
        options: &StoreOptions,
    ) -> EventStore {
        let findings = options.memory_budget / FINDINGS;
        let fallback = Rc::new(Fallback::new(backend, reporter.clone()));
        let shared = Shared {
            backend: Rc::clone(&fallback) as Rc<dyn Backend>,
            fallback,
            journal: Journal::default(),
            clock,
            reporter,
            cache: PageCache::new(options.memory_budget.saturating_sub(findings)),
            findings: Findings::new(findings),
            durability: options.durability,
            page_bytes: options.page_bytes.max(1),
            page_events: options.page_events.clamp(1, MAX_EVENTS),
            decompose: options.decompose,
            retention: Retention::new(options.storage_budget),
            alone: Cell::default(),
            begun: Cell::default(),
            logs: RefCell::default(),
        };
        EventStore {
            shared: Rc::new(shared),
        }
    }

    /// The log of a conversation; one that isn't there yet is empty, and is stored with its first
    /// event. Two calls with one id share a log.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty id, `VersionTooNew`, or what the backend answers.
    pub async fn conversation(&self, id: &str, dialect: Option<Dialect>) -> Result<Rc<Log>> {
        if id.is_empty() {
            return Err(Error::InvalidArgument("a conversation needs an id".into()).into());
        }
        let id: Rc<str> = id.into();
        let (log, is_new) = self.open(&id, dialect).await?;
        if is_new && self.shared.retention.is_on() && log.record().events > 0 {
            let now = self.shared.clock.now();
            let noted = self.change_record(&id, |record| record.last_access = now);
            if let Err(why) = noted.await {
                log.report(Level::Debug, "its use was not noted", &why);
            }
        }
        Ok(log)
    }

    /// The log of a conversation, and whether this call has opened it; it doesn't count as its use.
    pub(super) async fn open(
        &self,
        id: &Rc<str>,
        dialect: Option<Dialect>,
    ) -> Result<(Rc<Log>, bool)> {
        if let Some(log) = self.shared.open_log(id) {
            return Ok((log, false));
        }
        let opened = match Log::open(Rc::clone(&self.shared), id, dialect).await {
            // It is memory that is read from here on.
            Err(why) if self.shared.fallback.replaces(&why) => {
                Log::open(Rc::clone(&self.shared), id, dialect).await
            }
            opened => opened,
        };
        let log = opened?;
        // Another call may have opened it while this one read.
        if let Some(log) = self.shared.open_log(id) {
            return Ok((log, false));
        }
        self.shared
            .logs
            .borrow_mut()
            .insert(Rc::clone(&log.id), Rc::downgrade(&log));
        Ok((log, true))
    }

    /// The stored conversations, by id.
    ///
    /// # Errors
    /// What the backend answers. A damaged record is reported and made anew from what is there; one
    /// of a newer release is reported and left out.
    pub async fn conversations(&self) -> Result<Vec<ConversationInfo>> {
        let mut found = Vec::new();
        let stored = self.shared.backend.conversations().await?;
        // Of each conversation the newest event that is in no page.
        let newest = self.shared.backend.keys(Table::Tail).await?;
        let newest = newest.into_iter().map(|key| (key.conversation, key.number));
        let mut newest: SortedMap<Rc<str>, Position> = newest.collect();
        for (id, bytes) in stored {
            let newest = newest.remove(&id);
            let open = self.shared.open_log(&id).map(|log| log.record());
            let record = match Record::decode(&bytes) {
                Ok(record) if open.as_ref().map(|o| o.generation) == Some(record.generation) => {
                    Some(open.unwrap_or(record))
                }
                Ok(record) if newest <= record.range.map(|range| range.1) => Some(record),
                // Its record is damaged, or not yet written anew.
                _ => self.readable(&id).await?,
            };
            found.extend(record.map(|record| ConversationInfo { id, record }));
        }
        // Another tab has deleted these while events came to them.
        for (id, _) in newest.into_entries() {
            let record = self.readable(&id).await?;
            found.extend(record.map(|record| ConversationInfo { id, record }));
        }
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    /// The record as its log has it; none where a newer release wrote a part of that.
    async fn readable(&self, id: &Rc<str>) -> Result<Option<Record>> {
        match self.open(id, None).await {
            Err(why) if matches!(*why, Error::VersionTooNew { .. }) => {
                let line = format_args!("{id}: {why}");
                let message = "a conversation is unreadable";
                self.shared.reporter.log(Level::Error, message, line);
                Ok(None)
            }
            opened => opened.map(|(log, _)| Some(log.record())),
        }
    }

    /// Deletes a conversation in one transaction. Handles to it are empty then, and can be used.
    ///
    /// # Errors
    /// What the backend answers; the conversation is whole then.
    pub async fn delete_conversation(&self, id: &str) -> Result<()> {
        let id: Rc<str> = id.into();
        let open = self.shared.open_log(&id);
        let _writing = match &open {
            Some(log) => Some(log.exclusive().await),
            None => None,
        };
        let batch = WriteBatch {
            expected: None,
            writes: deletion(&id, &Table::ALL),
        };
        self.shared
            .backend
            .commit(batch, self.shared.durability)
            .await?;
        self.shared.done(&id, Deed::Delete, vec![EVERYTHING]);
        self.shared.forget(&id);
        match (&open, self.shared.open_log(&id)) {
            (Some(log), _) => log.empty(),
            // It was opened meanwhile.
            (None, Some(log)) => {
                let _writing = log.exclusive().await;
                log.empty();
                log.load().await?;
            }
            (None, None) => {}
        }
        Ok(())
    }

    /// Marks a conversation as one to keep when others are evicted, or takes the mark away.
    ///
    /// # Errors
    /// `InvalidArgument` when it isn't stored, or what the backend answers.
    pub async fn pin(&self, id: &str, pinned: bool) -> Result<()> {
        let change = |record: &mut Record| record.pinned = pinned;
        let id = id.into();
        self.change_record(&id, change).await?;
        self.shared.done(&id, Deed::Pin(pinned), Vec::new());
        Ok(())
    }

    async fn change_record(&self, id: &Rc<str>, change: impl FnOnce(&mut Record)) -> Result<()> {
        let open = self.shared.open_log(id);
        let _writing = match &open {
            Some(log) => Some(log.exclusive().await),
            None => None,
        };
        let key = Key::new(id, 0);
        let found = self
            .shared
            .backend
            .get_many(Table::Conversations, id, &[0])
            .await?;
        let Some(stored) = found.into_iter().next().flatten() else {
            return Err(Error::InvalidArgument(format!("no conversation {id} is stored")).into());
        };
        let mut record = match (Record::decode(&stored), &open) {
            (Err(why), Some(log)) if matches!(*why, Error::Corrupt(_)) => log.record(),
            (Err(why), None) if matches!(*why, Error::Corrupt(_)) => {
                self.open(id, None).await?.0.record()
            }
            (record, _) => record?,
        };
        change(&mut record);
        record.generation = record.generation.saturating_add(1);
        let value = record.encode();
        let expected = Expected {
            table: Table::Conversations,
            key: key.clone(),
            value: Some(stored),
            numbers: None,
        };
        let batch = WriteBatch {
            expected: Some(expected),
            writes: vec![Write::Put(Table::Conversations, key, value)],
        };
        self.shared.write(id, batch).await?;
        match &open {
            Some(log) => log.load().await,
            None => Ok(()),
        }
    }

    /// Says whether this is the only store on its database, as far as is known. Then live events are
    /// added to a log without a look at what others may have written. Where that is wrong nothing is
    /// lost or doubled: but of an event that two stores add at once both may say that it was new.
    pub fn set_alone(&self, alone: bool) {
        self.shared.alone.set(alone);
    }

    /// Whether this is the only store on its database, as far as is known.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.shared.alone.get()
    }

    /// What the page cache has done so far.
    #[must_use]
    pub fn cache_stats(&self) -> CacheStats {
        self.shared.cache.stats()
    }

    /// The clock that the store goes by.
    #[must_use]
    pub fn clock(&self) -> Rc<dyn Clock> {
        Rc::clone(&self.shared.clock)
    }

    /// Closes the backend's connection.
    pub fn close(&self) {
        self.shared.backend.close();
    }
}

impl ConversationInfo {
    /// How many stretches are not known to be complete, from the first event to the last.
    #[must_use]
    pub fn gaps(&self) -> usize {
        match self.record.range {
            Some((first, last)) => self.record.coverage.gaps(first.min(0), last).len(),
            None => 0,
        }
    }
}
