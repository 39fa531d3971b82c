//! A backend that remembers what was asked of it.

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{
    Answer, Backend, Durability, Key, Memory, Numbered, Table, Write, WriteBatch,
};

/// Records in memory, and which of them were read and written.
#[derive(Default)]
pub struct Counting {
    pub memory: Memory,
    read: RefCell<Vec<(Table, i64)>>,
    written: RefCell<Vec<(Table, usize)>>,
}

impl Counting {
    pub fn new() -> Rc<Counting> {
        Rc::default()
    }

    /// The numbers of the records of a table that were read since the last call.
    pub fn read(&self, table: Table) -> Vec<i64> {
        let read = self.read.take();
        let (of_table, others) = read.into_iter().partition(|(of, _)| *of == table);
        *self.read.borrow_mut() = others;
        let of_table: Vec<(Table, i64)> = of_table;
        of_table.into_iter().map(|(_, number)| number).collect()
    }

    /// Forgets what was read.
    pub fn forget(&self) {
        self.read.take();
    }

    /// The tables and sizes of the records that were written since the last call.
    pub fn written(&self) -> Vec<(Table, usize)> {
        self.written.take()
    }

    /// The sizes of all records of a table, by number.
    pub fn sizes(&self, table: Table) -> Vec<usize> {
        let records = self.memory.records();
        let of_table = records.iter().filter(|((of, _), _)| *of == table);
        of_table.map(|(_, value)| value.len()).collect()
    }
}

impl Backend for Counting {
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        let read = numbers.iter().map(|number| (table, *number));
        self.read.borrow_mut().extend(read);
        self.memory.get_many(table, conversation, numbers)
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Numbered> {
        self.read.borrow_mut().push((table, first));
        self.memory.range(table, conversation, first, last)
    }

    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> Answer<'a, Vec<Numbered>> {
        let read = tables.iter().map(|table| (*table, Key::FIRST));
        self.read.borrow_mut().extend(read);
        self.memory.all(tables, conversation)
    }

    fn numbers<'a>(&'a self, table: Table, conversation: &'a Rc<str>) -> Answer<'a, Vec<i64>> {
        self.memory.numbers(table, conversation)
    }

    fn keys(&self, table: Table) -> Answer<'_, Vec<Key>> {
        self.memory.keys(table)
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        self.memory.conversations()
    }

    fn commit(&self, batch: WriteBatch, durability: Durability) -> Answer<'_, ()> {
        let puts = batch.writes.iter().filter_map(|write| match write {
            Write::Put(table, _, value) | Write::Add(table, _, value) => {
                Some((*table, value.len()))
            }
            _ => None,
        });
        self.written.borrow_mut().extend(puts);
        self.memory.commit(batch, durability)
    }

    fn close(&self) {
        self.memory.close();
    }
}
