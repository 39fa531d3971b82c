//! The browser's [`Backend`]: IndexedDB.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::FutureExt;
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{IdbKeyRange, IdbObjectStore, IdbRequest, IdbTransaction};

use super::check::Check;
use super::clock::within;
use super::connection::{Connection, ConnectionOptions, exception, not_open};
use super::convert;
use super::record::{bytes, key, parts, span};
use super::transaction::{BROKEN, Committing, Running, apply, begin, finish, is_exception};
use crate::backend::{Answer, Backend, Durability, Key, Numbered, Table, Write, WriteBatch};
use crate::error::{Error, Result};
use crate::sorted_map::SortedMap;

/// Makes the requests of a transaction, all in one go.
type Issue<'a> = &'a dyn Fn(&IdbTransaction) -> convert::Answer<Vec<IdbRequest>>;

/// A record as it lies in the database: its conversation, its number and its value.
type Found = (String, (i64, Vec<u8>));

/// Tables in the browser's database. Tabs may share one; `expected` keeps them apart.
pub struct IndexedDb {
    connection: Rc<Connection>,
}

impl IndexedDb {
    /// Opens the database and creates it if need be.
    ///
    /// # Errors
    /// `VersionTooNew`, with the data untouched; `Blocked` or `Timeout` when the time is up;
    /// `Unreachable` where the browser has no storage for this page.
    pub async fn open(options: ConnectionOptions) -> Result<IndexedDb> {
        let database = IndexedDb::new(options);
        database.connection.database().await?;
        Ok(database)
    }

    /// The same; it is opened at the first call.
    #[must_use]
    pub fn new(options: ConnectionOptions) -> IndexedDb {
        IndexedDb {
            connection: Connection::new(options),
        }
    }

    async fn in_time(
        &self,
        operation: &'static str,
        mut work: Answer<'_, Vec<IdbRequest>>,
    ) -> Result<Vec<IdbRequest>> {
        let (milliseconds, answers) = (self.connection.timeout(), self.connection.answers());
        if let Some(answer) = within(milliseconds, &mut work).await {
            return answer;
        }
        self.connection.unanswered(answers);
        Err(Error::Timeout {
            operation,
            milliseconds,
        }
        .into())
    }

    /// Makes requests within a transaction. The answer comes with the last of those that `issue`
    /// hands back, or, where it hands none back, with the end of the transaction. On a connection
    /// that turns out to be closed nothing has begun, so that it is opened once more.
    fn transact<'a>(
        &'a self,
        tables: &'a [Table],
        mode: &'static str,
        durability: Durability,
        issue: Issue<'a>,
    ) -> Answer<'a, Vec<IdbRequest>> {
        let work = async move {
            let mut reopened = false;
            loop {
                let database = self.connection.database().await?;
                if mode == "readwrite" {
                    self.connection.writes().await;
                }
                let transaction = match begin(&database, tables, mode, durability) {
                    Err(why) if is_exception(&why, &BROKEN) => {
                        self.connection.lost(&database);
                        if reopened {
                            return Err(not_open());
                        }
                        reopened = true;
                        continue;
                    }
                    transaction => transaction?,
                };
                let mut running = Running(Some(&transaction));
                let requests = issue(&transaction).map_err(exception)?;
                let finished = finish(&transaction, &database, requests.last()).await;
                self.connection.answered();
                if let Err(why) = &finished
                    && is_exception(why, &BROKEN)
                {
                    self.connection.lost(&database);
                }
                finished?;
                if requests.is_empty() {
                    running.0 = None;
                }
                return Ok(requests);
            }
        };
        work.boxed_local()
    }

    /// Reads from tables; once more when the connection breaks meanwhile.
    async fn read(
        &self,
        operation: &'static str,
        tables: &[Table],
        issue: &dyn Fn(&IdbObjectStore, &mut Vec<IdbRequest>) -> convert::Answer<()>,
    ) -> Result<Vec<IdbRequest>> {
        let issue: Issue<'_> = &|transaction| {
            let mut requests = Vec::new();
            for table in tables {
                issue(&transaction.object_store(table.name())?, &mut requests)?;
            }
            Ok(requests)
        };
        let (mode, durability) = ("readonly", Durability::Relaxed);
        let work = async {
            match self.transact(tables, mode, durability, issue).await {
                Err(why) if is_exception(&why, &["AbortError", "UnknownError"]) => {
                    self.transact(tables, mode, durability, issue).await
                }
                answer => answer,
            }
        };
        self.in_time(operation, work.boxed_local()).await
    }

    /// The records of each table in a range, in the order of their keys.
    async fn records(
        &self,
        operation: &'static str,
        tables: &[Table],
        range: Option<IdbKeyRange>,
    ) -> Result<Vec<Vec<Found>>> {
        let issue = |store: &IdbObjectStore, requests: &mut Vec<IdbRequest>| {
            if let Some(range) = &range {
                requests.push(store.get_all_keys_with_key(range)?);
                requests.push(store.get_all_with_key(range)?);
            }
            Ok(())
        };
        let requests = self.read(operation, tables, &issue).await?;
        let mut pairs = requests.as_chunks::<2>().0.iter();
        let mut all = Vec::with_capacity(tables.len());
        for _ in tables {
            let mut records = Vec::new();
            if let Some([keys, values]) = pairs.next() {
                let keys = Array::from(&keys.result().map_err(exception)?);
                let values = Array::from(&values.result().map_err(exception)?);
                for index in 0..keys.length() {
                    if let Some((conversation, number)) = parts(&keys.get(index)) {
                        records.push((conversation, (number, bytes(&values.get(index)))));
                    }
                }
            }
            all.push(records);
        }
        Ok(all)
    }

    /// Whether something else lies where a batch of one addition was to put its record: Firefox doesn't
    /// say why it has aborted what was being committed.
    async fn is_taken(&self, batch: &WriteBatch) -> bool {
        let Some((table, key, value)) = batch.lone_addition() else {
            return false;
        };
        let numbers = [key.number];
        let found = self.get_many(table, &key.conversation, &numbers).await;
        matches!(found.as_deref(), Ok([Some(there)]) if there != value)
    }

    async fn write(&self, batch: &WriteBatch, durability: Durability) -> Result<()> {
        let tables = batch.tables();
        if tables.is_empty() {
            self.connection.hurry();
            return self.connection.database().await.map(drop);
        }
        let (check, added) = (RefCell::new(None), RefCell::new(None));
        // An addition that relies on nothing relies on what was read before the browser closed the
        // database.
        let added_blindly =
            batch.expected.is_none() && matches!(batch.writes.first(), Some(Write::Add(..)));
        let (turn, moved) = (self.connection.turn(), Cell::new(false));
        let issue: Issue<'_> = &|transaction| {
            moved.set(added_blindly && self.connection.turn() != turn);
            if moved.get() {
                return Err(JsValue::UNDEFINED);
            }
            if let Some(expected) = &batch.expected {
                check.replace(Some(Check::issue(transaction, expected)?));
            }
            for write in &batch.writes {
                added.replace(apply(transaction, write)?);
            }
            // What is added may happen later than it is waited for: it is the same then. More than
            // one request could not be taken back: in Firefox, one that fails does not abort what is
            // being committed.
            if batch.lone_addition().is_some() {
                transaction.unchecked_ref::<Committing>().commit()?;
            }
            Ok(Vec::new())
        };
        let work = self.transact(&tables, "readwrite", durability, issue);
        let answer = self.in_time("commit", work).await;
        let refused = added
            .into_inner()
            .and_then(|added| added.error().ok().flatten());
        let differs = match (check.into_inner(), &answer) {
            (_, Ok(_)) if refused.is_some() => true,
            (_, Ok(_)) => false,
            (Some(check), _) if check.differs.get() => true,
            _ if moved.get() => true,
            (_, Err(why)) if is_exception(why, &["AbortError"]) => self.is_taken(batch).await,
            (_, Err(why)) => is_exception(why, &["ConstraintError"]),
        };
        match differs {
            true => Err(Error::Conflict.into()),
            false => answer.map(drop),
        }
    }
}

impl Backend for IndexedDb {
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        let read = async move {
            let issue = |store: &IdbObjectStore, requests: &mut Vec<IdbRequest>| {
                for number in numbers {
                    requests.push(store.get(&key(conversation, *number))?);
                }
                Ok(())
            };
            let requests = self.read("get", &[table], &issue).await?;
            let mut found = Vec::with_capacity(requests.len());
            for request in requests {
                let value = request.result().map_err(exception)?;
                found.push(match value.is_undefined() {
                    true => None,
                    false => Some(bytes(&value)),
                });
            }
            Ok(found)
        };
        read.boxed_local()
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Numbered> {
        let read = async move {
            let range = span(conversation, first, last).map_err(exception)?;
            let found = self.records("range", &[table], range).await?;
            Ok(found.into_iter().flatten().map(|found| found.1).collect())
        };
        read.boxed_local()
    }

    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> Answer<'a, Vec<Numbered>> {
        let read = async move {
            let range = span(conversation, Key::FIRST, Key::LAST).map_err(exception)?;
            let found = self.records("range", tables, range).await?;
            let numbered = |table: Vec<Found>| table.into_iter().map(|found| found.1).collect();
            Ok(found.into_iter().map(numbered).collect())
        };
        read.boxed_local()
    }

    fn numbers<'a>(&'a self, table: Table, conversation: &'a Rc<str>) -> Answer<'a, Vec<i64>> {
        let read = async move {
            let range = span(conversation, Key::FIRST, Key::LAST).map_err(exception)?;
            let range = JsValue::from(range);
            let issue = |store: &IdbObjectStore, requests: &mut Vec<IdbRequest>| {
                requests.push(store.get_all_keys_with_key(&range)?);
                Ok(())
            };
            let requests = self.read("numbers", &[table], &issue).await?;
            let mut numbers = Vec::new();
            for request in requests {
                let keys = Array::from(&request.result().map_err(exception)?);
                numbers.extend(keys.iter().filter_map(|key| Some(parts(&key)?.1)));
            }
            Ok(numbers)
        };
        read.boxed_local()
    }

    fn keys(&self, table: Table) -> Answer<'_, Vec<Key>> {
        let read = async move {
            let issue = |store: &IdbObjectStore, requests: &mut Vec<IdbRequest>| {
                requests.push(store.get_all_keys()?);
                Ok(())
            };
            let mut keys = Vec::new();
            for request in self.read("keys", &[table], &issue).await? {
                for key in Array::from(&request.result().map_err(exception)?).iter() {
                    if let Some((conversation, number)) = parts(&key) {
                        keys.push(Key::new(&conversation.into(), number));
                    }
                }
            }
            keys.sort();
            Ok(keys)
        };
        read.boxed_local()
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        let read = async move {
            let everything = IdbKeyRange::lower_bound(&Array::new()).map_err(exception)?;
            let records = self
                .records("conversations", &[Table::Conversations], Some(everything))
                .await?;
            // A browser orders strings by UTF-16 units.
            let found: SortedMap<Rc<str>, Vec<u8>> = records
                .into_iter()
                .flatten()
                .filter(|(_, (number, _))| *number == 0)
                .map(|(conversation, (_, value))| (conversation.into(), value))
                .collect();
            Ok(found.into_entries())
        };
        read.boxed_local()
    }

    fn commit(&self, batch: WriteBatch, durability: Durability) -> Answer<'_, ()> {
        async move { self.write(&batch, durability).await }.boxed_local()
    }

    fn close(&self) {
        self.connection.close();
    }
}
