//! The outside world as small traits, each with a twin for tests.
//!
//! A [`Backend`] keeps records in a few tables, ordered by conversation and number, and changes
//! them in atomic batches. [`Memory`] is the reference; the browser's is in `web::indexeddb`;
//! [`Faulty`] is slow and fails, for tests. [`Http`] and [`Sockets`] are the ways to a server; [`Scripted`]
//! stands for one in tests.

mod fallback;
mod faulty;
mod http;
mod memory;
mod scripted;
mod socket;

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;

use crate::error::Result;

pub use fallback::Fallback;
pub use faulty::{Faults, Faulty};
pub use http::{Http, Request, Response};
pub use memory::Memory;
pub use scripted::Scripted;
pub use socket::{LONGEST_MESSAGE, Socket, SocketEvent, SocketListener, Sockets, TOO_LONG};

/// What a table holds. Their names and the shape of their keys are frozen per schema version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// One record per conversation, number 0: cursor, counts, coverage.
    Conversations,
    /// One record per event that is in no page yet, by position.
    Tail,
    /// One record per page, by page number.
    Pages,
    /// What pages hold, many pages to a record, by the first one's number.
    Summaries,
    /// Their signatures, in records of the same pages.
    Signatures,
    /// One record per action that the server doesn't have yet, in the order in which they are sent.
    Outbox,
}

impl Table {
    /// All tables, in the order in which they are created.
    pub const ALL: [Table; 6] = [
        Table::Conversations,
        Table::Tail,
        Table::Pages,
        Table::Summaries,
        Table::Signatures,
        Table::Outbox,
    ];

    /// The object store's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Table::Conversations => "conversations",
            Table::Tail => "tail",
            Table::Pages => "pages",
            Table::Summaries => "summaries",
            Table::Signatures => "signatures",
            Table::Outbox => "outbox",
        }
    }
}

/// Where a record lies within its table. Numbers stay within ±2^53, so that a browser's key,
/// `[conversation, number]`, orders them exactly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The conversation's id.
    pub conversation: Rc<str>,
    /// Position or page number.
    pub number: i64,
}

impl Key {
    /// The least number that a key can have.
    pub const FIRST: i64 = -(1 << 53);
    /// The greatest.
    pub const LAST: i64 = 1 << 53;

    /// The key of `number` in `conversation`.
    #[must_use]
    pub fn new(conversation: &Rc<str>, number: i64) -> Key {
        Key {
            conversation: Rc::clone(conversation),
            number,
        }
    }
}

/// One change of a [`WriteBatch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Writes a record, in place of one that is there.
    Put(Table, Key, Vec<u8>),
    /// Writes a record where there is none; else the batch ends with [`Error::Conflict`], and nothing
    /// of it is written.
    ///
    /// [`Error::Conflict`]: crate::Error::Conflict
    Add(Table, Key, Vec<u8>),
    /// Deletes a record, if it is there.
    Delete(Table, Key),
    /// Deletes all records of the key's conversation from the key's number to the given one, both
    /// included.
    DeleteRange(Table, Key, i64),
}

impl Write {
    /// The table that it is about.
    #[must_use]
    pub fn table(&self) -> Table {
        let (Write::Put(table, ..)
        | Write::Add(table, ..)
        | Write::Delete(table, ..)
        | Write::DeleteRange(table, ..)) = self;
        *table
    }

    /// Makes an addition of it where it was to replace what is there.
    pub(crate) fn add(&mut self) {
        if let Write::Put(table, key, value) = self {
            *self = Write::Add(*table, key.clone(), std::mem::take(value));
        }
    }
}

/// What a batch relies on: the record at `key` is exactly this, or absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The table of the record.
    pub table: Table,
    /// The key of the record.
    pub key: Key,
    /// Its bytes; `None` where there must be no record.
    pub value: Option<Vec<u8>>,
    /// The numbers of all records that the key's conversation has in another table, ascending.
    pub numbers: Option<(Table, Vec<i64>)>,
}

/// Changes that happen together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WriteBatch {
    /// Compared inside the same transaction; another value ends it with [`Error::Conflict`], and
    /// nothing is written. It keeps two tabs from overwriting each other.
    ///
    /// [`Error::Conflict`]: crate::Error::Conflict
    pub expected: Option<Expected>,
    /// The changes, applied in order.
    pub writes: Vec<Write>,
}

impl WriteBatch {
    /// The tables that it reads or writes, each once.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let written = |table: &Table| self.writes.iter().any(|write| write.table() == *table);
        let read = |table: &Table| {
            self.expected.as_ref().is_some_and(|expected| {
                let numbers = expected.numbers.as_ref().map(|numbers| numbers.0);
                expected.table == *table || numbers == Some(*table)
            })
        };
        Table::ALL
            .into_iter()
            .filter(|table| read(table) || written(table))
            .collect()
    }

    /// The one record that it adds, where it does nothing else and relies on nothing.
    #[must_use]
    pub fn lone_addition(&self) -> Option<(Table, &Key, &[u8])> {
        match (&self.expected, &*self.writes) {
            (None, [Write::Add(table, key, value)]) => Some((*table, key, value)),
            _ => None,
        }
    }
}

/// How far a commit goes before it is acknowledged, IndexedDB's `durability`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// Handed to the operating system.
    #[default]
    Relaxed,
    /// Flushed to the disk.
    Strict,
}

/// Records by number.
pub type Numbered = Vec<(i64, Vec<u8>)>;

/// What a backend's calls give: an answer or an error, in time.
pub type Answer<'a, T> = LocalBoxFuture<'a, Result<T>>;

/// Ordered tables with atomic batches.
///
/// Every method ends: with an answer or with an error, never with a hang.
pub trait Backend {
    /// The records at `numbers` of one conversation, in the order asked for.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout`.
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> Answer<'a, Vec<Option<Vec<u8>>>>;

    /// All records of one conversation with numbers from `first` to `last`, both included,
    /// ascending.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout`.
    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Numbered>;

    /// All records that a conversation has in some tables, all as they are at one moment: for each
    /// table numbers and values, ascending.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout`.
    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> Answer<'a, Vec<Numbered>>;

    /// The numbers of all records of one conversation, ascending; none of them is read.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout`.
    fn numbers<'a>(&'a self, table: Table, conversation: &'a Rc<str>) -> Answer<'a, Vec<i64>>;

    /// The keys of all records of a table, ascending by conversation and number; none of them is
    /// read.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout`.
    fn keys(&self, table: Table) -> Answer<'_, Vec<Key>>;

    /// The conversation records, by id, ascending.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout`.
    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>>;

    /// Applies a batch. Acknowledged means that the transaction is complete. An empty batch reaches
    /// for the database at once, where other calls leave one alone that was lost a moment ago.
    ///
    /// # Errors
    /// `Conflict` when what it expects is not so; `QuotaExceeded`, `Storage`, `Closed` or
    /// `Timeout`. Nothing of the batch is there then, except that after a timeout or a lost
    /// connection all of it may be, now or a little later.
    fn commit(&self, batch: WriteBatch, durability: Durability) -> Answer<'_, ()>;

    /// Closes the connection. Calls after it answer `Closed`.
    fn close(&self);
}

/// Time, as the browser or a test tells it.
pub trait Clock {
    /// Milliseconds since the Unix epoch.
    fn now(&self) -> f64;

    /// The time as the server spells timestamps: local, ISO 8601 with microseconds, no zone
    /// (Python's `datetime.now().isoformat()`).
    fn timestamp(&self) -> String;

    /// Ends after so many milliseconds. With zero it lets other work of the event loop go first.
    fn sleep(&self, milliseconds: u32) -> LocalBoxFuture<'static, ()>;
}
