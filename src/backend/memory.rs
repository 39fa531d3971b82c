//! The reference backend. It also serves where the browser gives no storage.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, ready};

use super::{Backend, Durability, Expected, Key, Numbered, Table, Write, WriteBatch};
use crate::error::{Error, Result};
use crate::sorted_map::SortedMap;

/// Tables in memory: what [`Backend`] means, in its simplest form.
#[derive(Default)]
pub struct Memory {
    records: RefCell<SortedMap<(Table, Key), Vec<u8>>>,
    closed: Cell<bool>,
}

impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Memory {
        Memory::default()
    }

    /// All records, for tests that compare or damage what is stored.
    #[must_use]
    pub fn records(&self) -> BTreeMap<(Table, Key), Vec<u8>> {
        self.records.borrow().entries().iter().cloned().collect()
    }

    /// Replaces all records: a store as a crash or a fault left it.
    pub fn restore(&self, records: BTreeMap<(Table, Key), Vec<u8>>) {
        *self.records.borrow_mut() = records.into_iter().collect();
        self.closed.set(false);
    }

    fn open(&self) -> Result<()> {
        if self.closed.get() {
            Err(Error::Closed("database").into())
        } else {
            Ok(())
        }
    }

    /// Whether there is a record under this key.
    pub(super) fn holds(&self, table: Table, key: &Key) -> bool {
        self.records.borrow().contains_key(&(table, key.clone()))
    }

    fn between(&self, table: Table, conversation: &Rc<str>, first: i64, last: i64) -> Numbered {
        if first > last {
            return Vec::new();
        }
        let [first, last] = [first, last].map(|number| (table, Key::new(conversation, number)));
        let records = self.records.borrow();
        let found = records.range(first..=last).iter();
        found
            .map(|((_, key), value)| (key.number, value.clone()))
            .collect()
    }

    fn numbered(&self, table: Table, conversation: &Rc<str>) -> Vec<i64> {
        let bound = |number| (table, Key::new(conversation, number));
        let records = self.records.borrow();
        let found = records.range(bound(Key::FIRST)..=bound(Key::LAST)).iter();
        found.map(|((_, key), _)| key.number).collect()
    }

    fn apply(&self, batch: WriteBatch) -> Result<()> {
        self.open()?;
        let records = self.records.borrow();
        let is_taken = |write: &Write| match write {
            Write::Add(table, key, _) => records.contains_key(&(*table, key.clone())),
            _ => false,
        };
        let as_expected = batch.expected.is_none_or(|expected| {
            let Expected {
                table,
                key,
                value,
                numbers,
            } = expected;
            let found = records.get(&(table, key.clone()));
            let same = |(table, numbers)| self.numbered(table, &key.conversation) == numbers;
            found == value.as_ref() && numbers.is_none_or(same)
        });
        if !as_expected || batch.writes.iter().any(is_taken) {
            return Err(Error::Conflict.into());
        }
        drop(records);
        let mut records = self.records.borrow_mut();
        for write in batch.writes {
            match write {
                Write::Put(table, key, value) | Write::Add(table, key, value) => {
                    records.insert((table, key), value);
                }
                Write::Delete(table, key) => {
                    records.remove(&(table, key));
                }
                Write::DeleteRange(table, key, last) if key.number <= last => {
                    let end = Key::new(&key.conversation, last);
                    records.remove_range((table, key)..=(table, end));
                }
                Write::DeleteRange(..) => {}
            }
        }
        Ok(())
    }
}

impl Backend for Memory {
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> LocalBoxFuture<'a, Result<Vec<Option<Vec<u8>>>>> {
        let records = self.records.borrow();
        let found = numbers
            .iter()
            .map(|n| records.get(&(table, Key::new(conversation, *n))).cloned());
        ready(self.open().map(|()| found.collect())).boxed_local()
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> LocalBoxFuture<'a, Result<Numbered>> {
        let found = self.between(table, conversation, first, last);
        ready(self.open().map(|()| found)).boxed_local()
    }

    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> LocalBoxFuture<'a, Result<Vec<Numbered>>> {
        let found = tables
            .iter()
            .map(|table| self.between(*table, conversation, Key::FIRST, Key::LAST));
        ready(self.open().map(|()| found.collect())).boxed_local()
    }

    fn numbers<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
    ) -> LocalBoxFuture<'a, Result<Vec<i64>>> {
        let numbers = self.numbered(table, conversation);
        ready(self.open().map(|()| numbers)).boxed_local()
    }

    fn keys(&self, table: Table) -> LocalBoxFuture<'_, Result<Vec<Key>>> {
        let records = self.records.borrow();
        let keys = records.entries().iter().map(|(key, _)| key);
        let keys = keys.filter(|(of, _)| *of == table);
        let keys = keys.map(|(_, key)| key.clone()).collect();
        ready(self.open().map(|()| keys)).boxed_local()
    }

    fn conversations(&self) -> LocalBoxFuture<'_, Result<Vec<(Rc<str>, Vec<u8>)>>> {
        let records = self.records.borrow();
        let found = records
            .entries()
            .iter()
            .filter(|((table, key), _)| *table == Table::Conversations && key.number == 0)
            .map(|((_, key), value)| (Rc::clone(&key.conversation), value.clone()))
            .collect();
        ready(self.open().map(|()| found)).boxed_local()
    }

    fn commit(&self, batch: WriteBatch, _durability: Durability) -> LocalBoxFuture<'_, Result<()>> {
        ready(self.apply(batch)).boxed_local()
    }

    fn close(&self) {
        self.closed.set(true);
    }
}
