//! The browser's [`Backend`]: IndexedDB.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{Either, select};
use indexed_db_futures::KeyRange;
use indexed_db_futures::database::Database;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::{Build, QuerySource};
use indexed_db_futures::transaction::{
    Transaction, TransactionDurability, TransactionMode, TransactionOptions,
};
use indexed_db_futures::typed_array::Uint8ArraySlice;
use js_sys::{Array, Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::IdbRequest;

use super::clock::within;
use super::connection::{Connection, ConnectionOptions, storage_error};
use super::record::{bytes, key, parts, span};
use crate::backend::{Answer, Backend, Durability, Expected, Table, Write, WriteBatch};
use crate::error::{Error, Result};
use crate::sorted_map::SortedMap;

/// Tables in the browser's database. Tabs may share one; `expected` keeps them apart.
pub struct IndexedDb {
    connection: Rc<Connection>,
}

impl IndexedDb {
    /// Opens the database and creates it if need be.
    ///
    /// # Errors
    /// `VersionTooNew`, with the data untouched; `Blocked` or `Timeout` when the time is up;
    /// `Storage` where the browser has no storage for this page.
    pub async fn open(options: ConnectionOptions) -> Result<IndexedDb> {
        let connection = Connection::open(options).await?;
        Ok(IndexedDb { connection })
    }

    async fn in_time<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let milliseconds = self.connection.timeout();
        within(milliseconds, work)
            .await
            .unwrap_or(Err(Error::Timeout {
                operation,
                milliseconds,
            }))
    }

    /// Hands `work` a transaction. On a connection that turns out to be closed nothing has begun,
    /// so that it is opened once more.
    async fn transact<T>(
        &self,
        tables: &[Table],
        mode: TransactionMode,
        durability: Durability,
        work: impl AsyncFn(Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut reopened = false;
        loop {
            let open = self.connection.database().await?;
            let transaction = match begin(&open.database, tables, mode, durability) {
                Err(Error::Storage { name, .. }) if name == "InvalidStateError" && !reopened => {
                    self.connection.lost(&open.database);
                    reopened = true;
                    continue;
                }
                transaction => transaction?,
            };
            return match select(pin!(work(transaction)), open.terminated.clone()).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => Err(aborted("the browser closed the database")),
            };
        }
    }

    /// Reads from a table; once more when the connection breaks meanwhile.
    async fn read<T>(
        &self,
        table: Table,
        work: impl AsyncFn(Transaction<'_>) -> Result<T>,
    ) -> Result<T> {
        let (mode, durability) = (TransactionMode::Readonly, Durability::Relaxed);
        match self.transact(&[table], mode, durability, &work).await {
            Err(Error::Storage { name, .. }) if name == "AbortError" || name == "UnknownError" => {
                self.transact(&[table], mode, durability, &work).await
            }
            answer => answer,
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
        let read = self.read(table, async move |transaction| {
            get_many(&transaction, table, conversation, numbers).await
        });
        self.in_time("get", read).boxed_local()
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Vec<(i64, Vec<u8>)>> {
        let read = self.read(table, async move |transaction| {
            if first > last {
                return Ok(Vec::new());
            }
            let range = span(conversation, first, last);
            let records = get_all(&transaction, table, range).await?;
            Ok(records
                .into_iter()
                .map(|(_, n, value)| (n, value))
                .collect())
        });
        self.in_time("range", read).boxed_local()
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        let read = self.read(Table::Conversations, async move |transaction| {
            let everything = KeyRange::LowerBound(Array::new().into(), false);
            let records = get_all(&transaction, Table::Conversations, everything).await?;
            // A browser orders strings by UTF-16 units.
            let found: SortedMap<Rc<str>, Vec<u8>> = records
                .into_iter()
                .map(|(conversation, _, value)| (conversation.into(), value))
                .collect();
            let found = found.into_entries();
            Ok(found)
        });
        self.in_time("conversations", read).boxed_local()
    }

    fn commit(&self, batch: WriteBatch, durability: Durability) -> Answer<'_, ()> {
        let write = async move {
            let tables = tables_of(&batch);
            if tables.is_empty() {
                return self.connection.database().await.map(drop);
            }
            let mode = TransactionMode::Readwrite;
            self.transact(&tables, mode, durability, async |transaction| {
                apply(&transaction, &batch).await
            })
            .await
        };
        self.in_time("commit", write).boxed_local()
    }

    fn close(&self) {
        self.connection.close();
    }
}

/// Starts a transaction. Dropped before its end, it aborts.
fn begin<'a>(
    database: &'a Database,
    tables: &[Table],
    mode: TransactionMode,
    durability: Durability,
) -> Result<Transaction<'a>> {
    let names: Vec<&str> = tables.iter().map(|table| table.name()).collect();
    let durability = match durability {
        Durability::Relaxed => TransactionDurability::Relaxed,
        Durability::Strict => TransactionDurability::Strict,
    };
    let transaction = database
        .transaction(names)
        .with_mode(mode)
        .with_options(TransactionOptions::new().with_durability(durability))
        .build()
        .map_err(storage_error)?;
    // The crate's listener throws when a second request fails, as all do in an abort.
    transaction.as_sys().set_onerror(None);
    Ok(transaction)
}

async fn get_many(
    transaction: &Transaction<'_>,
    table: Table,
    conversation: &str,
    numbers: &[i64],
) -> Result<Vec<Option<Vec<u8>>>> {
    let store = transaction
        .object_store(table.name())
        .map_err(storage_error)?;
    let mut requests = Vec::with_capacity(numbers.len());
    let mut last = None;
    for number in numbers {
        let range = KeyRange::Only(key(conversation, *number));
        let request = store.get::<JsValue, JsValue, _>(range).build();
        let request = request.map_err(storage_error)?;
        requests.push(request.as_sys().clone());
        last = Some(request);
    }
    // Requests end in the order in which they were made, and a failed one fails all after it.
    if let Some(last) = last {
        last.await.map_err(|error| reason(transaction, error))?;
    }
    let found = requests.into_iter().map(|request| {
        let value = request
            .result()
            .map_err(|error| storage_error(error.into()))?;
        if value.is_undefined() {
            Ok(None)
        } else {
            bytes(table, &value).map(Some)
        }
    });
    found.collect()
}

/// The records in a range, in the order of their keys: conversation, number and value.
async fn get_all(
    transaction: &Transaction<'_>,
    table: Table,
    range: KeyRange<JsValue>,
) -> Result<Vec<(String, i64, Vec<u8>)>> {
    let store = transaction
        .object_store(table.name())
        .map_err(storage_error)?;
    let keys = store
        .get_all_keys::<JsValue>()
        .with_query::<JsValue, _>(range.clone())
        .build();
    let keys = keys.map_err(storage_error)?;
    let values = store
        .get_all::<JsValue>()
        .with_query::<JsValue, _>(range)
        .build();
    let values = values.map_err(storage_error)?;
    let values = values.await.map_err(|error| reason(transaction, error))?;
    let keys = keys.await.map_err(|error| reason(transaction, error))?;
    keys.zip(values)
        .map(|(key, value)| {
            let (conversation, number) = parts(table, &key.map_err(storage_error)?)?;
            let value = bytes(table, &value.map_err(storage_error)?)?;
            Ok((conversation, number, value))
        })
        .collect()
}

/// Issues all requests of a batch in one go and waits until they are kept or undone.
async fn apply(transaction: &Transaction<'_>, batch: &WriteBatch) -> Result<()> {
    let end = end_of(transaction);
    let check = match &batch.expected {
        Some(expected) => Some(Check::issue(transaction, expected)?),
        None => None,
    };
    for write in &batch.writes {
        issue(transaction, write).map_err(storage_error)?;
    }
    if end.await.is_ok() {
        Ok(())
    } else if check.is_some_and(|check| check.differs.get()) {
        Err(Error::Conflict)
    } else {
        Err(match transaction.error() {
            Some(error) => storage_error(error),
            None => aborted("the transaction was aborted"),
        })
    }
}

fn issue(transaction: &Transaction<'_>, write: &Write) -> indexed_db_futures::Result<()> {
    let (Write::Put(table, place, _)
    | Write::Delete(table, place)
    | Write::DeleteRange(table, place, _)) = write;
    let store = transaction.object_store(table.name())?;
    let start = key(&place.conversation, place.number);
    match write {
        Write::Put(_, _, value) => {
            let value = Uint8ArraySlice::new(value);
            store
                .put(value)
                .with_key(start)
                .without_key_type()
                .build()?;
        }
        Write::Delete(..) => {
            store.delete::<JsValue, _>(KeyRange::Only(start)).build()?;
        }
        Write::DeleteRange(_, _, last) if place.number <= *last => {
            let range = span(&place.conversation, place.number, *last);
            store.delete::<JsValue, _>(range).build()?;
        }
        Write::DeleteRange(..) => {}
    }
    Ok(())
}

/// Resolves at `complete`, rejects at `abort`: a failed request alone doesn't tell why yet.
fn end_of(transaction: &Transaction<'_>) -> JsFuture {
    let target = transaction.as_sys();
    JsFuture::from(Promise::new(&mut |resolve: Function, reject: Function| {
        let _ = target.add_event_listener_with_callback("complete", &resolve);
        let _ = target.add_event_listener_with_callback("abort", &reject);
    }))
}

/// The comparison with what a batch relies on. It aborts inside the event of the first request,
/// before any write of the same transaction can be kept, whether anyone polls or not.
struct Check {
    differs: Rc<Cell<bool>>,
    request: IdbRequest,
    _compare: Closure<dyn FnMut()>,
}

impl Check {
    fn issue(transaction: &Transaction<'_>, expected: &Expected) -> Result<Check> {
        let Expected {
            table,
            key: place,
            value,
        } = expected;
        let store = transaction
            .object_store(table.name())
            .map_err(storage_error)?;
        let range = KeyRange::Only(key(&place.conversation, place.number));
        let request = store.get::<JsValue, JsValue, _>(range).build();
        let request = request.map_err(storage_error)?.into_sys();
        let differs = Rc::new(Cell::new(false));
        let compare = {
            let (differs, request, value) = (Rc::clone(&differs), request.clone(), value.clone());
            let transaction = transaction.as_sys().clone();
            Closure::<dyn FnMut()>::new(move || {
                let found = request.result().unwrap_or(JsValue::NULL);
                let same = match &value {
                    None => found.is_undefined(),
                    Some(value) => found
                        .dyn_ref::<Uint8Array>()
                        .is_some_and(|found| found.to_vec() == *value),
                };
                if !same {
                    differs.set(true);
                    let _ = transaction.abort();
                }
            })
        };
        request.set_onsuccess(Some(compare.as_ref().unchecked_ref()));
        Ok(Check {
            differs,
            request,
            _compare: compare,
        })
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.request.set_onsuccess(None);
    }
}

fn aborted(message: &str) -> Error {
    Error::Storage {
        name: "AbortError".to_owned(),
        message: message.to_owned(),
    }
}

/// Why a request failed: the transaction knows it when it has taken its other requests along.
fn reason(transaction: &Transaction<'_>, error: indexed_db_futures::error::Error) -> Error {
    storage_error(transaction.error().unwrap_or(error))
}

/// The tables that a batch touches, each once.
fn tables_of(batch: &WriteBatch) -> Vec<Table> {
    let written = |table: &Table| {
        batch.writes.iter().any(|write| match write {
            Write::Put(place, ..) | Write::Delete(place, ..) | Write::DeleteRange(place, ..) => {
                place == table
            }
        })
    };
    let expected = batch.expected.as_ref().map(|expected| expected.table);
    Table::ALL
        .into_iter()
        .filter(|table| expected == Some(*table) || written(table))
        .collect()
}
