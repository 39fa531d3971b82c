//! A database with memory beside it, for as long as it can't be reached.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::FutureExt;

use super::{Answer, Backend, Durability, Key, Memory, Numbered, Table, WriteBatch};
use crate::error::{Error, Result};
use crate::notice::{Notice, Reporter};
use crate::sorted_map::SortedMap;

/// A backend that goes on in memory from the first call on that finds the database unreachable,
/// until it is told to go [`back`](Fallback::back). What was read from the database before stays
/// valid meanwhile: memory holds what was written since.
pub struct Fallback {
    disk: Rc<dyn Backend>,
    memory: RefCell<Option<Rc<Memory>>>,
    /// Whether the database has ever answered. Where it never did, there is nothing in it to miss.
    known: Cell<bool>,
    /// How often records went elsewhere from then on.
    turn: Cell<u32>,
    /// Who hears of it. Without one there is no falling back.
    reporter: Option<Reporter>,
}

impl Fallback {
    /// A database that is expected to work; `reporter` hears when it doesn't.
    #[must_use]
    pub fn new(disk: Rc<dyn Backend>, reporter: Reporter) -> Fallback {
        Fallback {
            disk,
            memory: RefCell::default(),
            known: Cell::new(false),
            turn: Cell::new(0),
            reporter: Some(reporter),
        }
    }

    /// A database that answers for itself: nothing is ever in memory only.
    #[must_use]
    pub fn none(disk: Rc<dyn Backend>) -> Fallback {
        Fallback {
            disk,
            memory: RefCell::default(),
            known: Cell::new(false),
            turn: Cell::new(0),
            reporter: None,
        }
    }

    /// The database itself.
    #[must_use]
    pub fn disk(&self) -> Rc<dyn Backend> {
        Rc::clone(&self.disk)
    }

    /// Whether everything goes to memory.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.memory.borrow().is_some()
    }

    /// Whether what an unreachable database has refused can be done in memory instead.
    #[must_use]
    pub fn replaces(&self, why: &Error) -> bool {
        self.is_degraded() && matches!(why, Error::Unreachable { .. })
    }

    /// Another number from each time on at which records begin to go elsewhere.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.turn.get()
    }

    /// Whether there may be records that can't be read now.
    #[must_use]
    pub fn hides_records(&self) -> bool {
        self.is_degraded() && self.known.get()
    }

    /// An error as long as there may be such records.
    ///
    /// # Errors
    /// `Unreachable`.
    pub fn readable(&self) -> Result<()> {
        match self.hides_records() {
            false => Ok(()),
            true => Err(Box::new(Error::Unreachable {
                name: "InvalidStateError".to_owned(),
                message: "what is stored can't be looked through now".to_owned(),
            })),
        }
    }

    /// Goes back to the database. What is in memory is forgotten.
    pub fn back(&self) {
        self.memory.take();
        self.turn.set(self.turn.get().wrapping_add(1));
        self.known.set(true);
    }

    fn memory(&self) -> Option<Rc<Memory>> {
        self.memory.borrow().clone()
    }

    /// Takes note of what the database has answered.
    fn note<T>(&self, answer: Result<T>) -> Result<T> {
        match (&answer, &self.reporter) {
            (Err(why), Some(reporter))
                if matches!(**why, Error::Unreachable { .. }) && !self.is_degraded() =>
            {
                self.memory.replace(Some(Rc::default()));
                self.turn.set(self.turn.get().wrapping_add(1));
                reporter.tell(Notice::Degraded(why.to_string()));
            }
            (Ok(_), _) => self.known.set(true),
            _ => {}
        }
        answer
    }
}

impl Backend for Fallback {
    /// Records that are not in memory may be read from the database, if that is possible.
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        let Some(memory) = self.memory() else {
            let read = self.disk.get_many(table, conversation, numbers);
            return read.map(|answer| self.note(answer)).boxed_local();
        };
        let read = async move {
            let mut found = memory.get_many(table, conversation, numbers).await?;
            // Signatures only save time: one that is missing says nothing.
            let needed = table != Table::Signatures && self.known.get();
            if needed && found.iter().any(Option::is_none) {
                let stored = self.disk.get_many(table, conversation, numbers).await?;
                for (found, stored) in found.iter_mut().zip(stored) {
                    *found = found.take().or(stored);
                }
            }
            Ok(found)
        };
        read.boxed_local()
    }

    /// In memory only what was written there: a part of a log, which says so itself.
    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Numbered> {
        let Some(memory) = self.memory() else {
            let read = self.disk.range(table, conversation, first, last);
            return read.map(|answer| self.note(answer)).boxed_local();
        };
        async move { memory.range(table, conversation, first, last).await }.boxed_local()
    }

    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> Answer<'a, Vec<Numbered>> {
        let Some(memory) = self.memory() else {
            let read = self.disk.all(tables, conversation);
            return read.map(|answer| self.note(answer)).boxed_local();
        };
        async move { memory.all(tables, conversation).await }.boxed_local()
    }

    fn numbers<'a>(&'a self, table: Table, conversation: &'a Rc<str>) -> Answer<'a, Vec<i64>> {
        let Some(memory) = self.memory() else {
            let read = self.disk.numbers(table, conversation);
            return read.map(|answer| self.note(answer)).boxed_local();
        };
        async move { memory.numbers(table, conversation).await }.boxed_local()
    }

    /// Those of the database, where there is one.
    fn keys(&self, table: Table) -> Answer<'_, Vec<Key>> {
        let Some(memory) = self.memory() else {
            let read = self.disk.keys(table);
            return read.map(|answer| self.note(answer)).boxed_local();
        };
        match self.known.get() {
            true => self.disk.keys(table),
            false => async move { memory.keys(table).await }.boxed_local(),
        }
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        let Some(memory) = self.memory() else {
            let read = self.disk.conversations();
            return read.map(|answer| self.note(answer)).boxed_local();
        };
        let read = async move {
            // Without those that are stored the list would be wrong.
            let stored = match self.known.get() {
                true => self.disk.conversations().await?,
                false => Vec::new(),
            };
            let mut all: SortedMap<_, _> = stored.into_iter().collect();
            all.extend(memory.conversations().await?);
            Ok(all.into_entries())
        };
        read.boxed_local()
    }

    fn commit(&self, mut batch: WriteBatch, durability: Durability) -> Answer<'_, ()> {
        let Some(memory) = self.memory() else {
            let write = self.disk.commit(batch, durability);
            return write.map(|answer| self.note(answer)).boxed_local();
        };
        // No other tab writes to this memory, and what a batch relies on may not be in it. But to an
        // outbox there several may write at once.
        batch.expected = batch.expected.filter(|expected| {
            expected.table == Table::Outbox && memory.holds(expected.table, &expected.key)
        });
        async move { memory.commit(batch, durability).await }.boxed_local()
    }

    fn close(&self) {
        if let Some(memory) = self.memory() {
            memory.close();
        }
        self.disk.close();
    }
}
