//! A transaction of the browser's, its requests and its end.

use indexed_db_futures::database::Database;
use indexed_db_futures::internals::SystemRepr;
use js_sys::{Array, Object, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{IdbRequest, IdbTransaction};

use super::connection::exception;
use super::convert;
use super::record::{key, release, span};
use super::settled::settled;
use crate::backend::{Durability, Table, Write};
use crate::error::{Error, Result};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = web_sys::IdbDatabase)]
    type Tables;
    #[wasm_bindgen(catch, method)]
    fn transaction(
        this: &Tables,
        names: &Array,
        mode: &str,
        options: &Object,
    ) -> convert::Answer<IdbTransaction>;

    #[wasm_bindgen(extends = IdbTransaction)]
    pub(super) type Committing;
    #[wasm_bindgen(catch, method)]
    pub(super) fn commit(this: &Committing) -> convert::Answer<()>;
}

/// Aborts when it is dropped before its end: one that reads is still under way after its last
/// request, and would hold up a closing. One that has ended would throw, which is dear.
pub(super) struct Running<'a>(pub(super) Option<&'a IdbTransaction>);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(transaction) = self.0 {
            let _ = transaction.abort();
        }
    }
}

pub(super) fn begin(
    database: &Database,
    tables: &[Table],
    mode: &str,
    durability: Durability,
) -> Result<IdbTransaction> {
    let names: Array = tables
        .iter()
        .map(|table| JsValue::from_str(table.name()))
        .collect();
    let durability = match durability {
        Durability::Relaxed => "relaxed",
        Durability::Strict => "strict",
    };
    let options = Object::new();
    convert::put(&options, "durability", durability);
    let database = database.as_sys().unchecked_ref::<Tables>();
    database
        .transaction(&names, mode, &options)
        .map_err(exception)
}

/// Waits for the last request, or for the whole transaction: a failed request alone doesn't tell
/// why yet. Requests end in the order in which they were made, and a failed one fails all after it.
pub(super) async fn finish(
    transaction: &IdbTransaction,
    database: &Database,
    last: Option<&IdbRequest>,
) -> Result<()> {
    let database = database.as_sys();
    let settled = match last {
        Some(request) => settled(request, ["success", "error"], database),
        None => settled(transaction, ["complete", "abort"], database),
    };
    let Err(event) = settled.await else {
        return Ok(());
    };
    if event == "close" {
        return Err(aborted("the browser closed the database"));
    }
    // The transaction knows why when it has taken its other requests along.
    let request = || last.and_then(|request| request.error().ok().flatten());
    Err(match transaction.error().or_else(request) {
        Some(error) => exception(error.into()),
        None => aborted("the transaction was aborted"),
    })
}

/// Makes the request of a write; hands back that of an addition, which may be refused.
pub(super) fn apply(
    transaction: &IdbTransaction,
    write: &Write,
) -> convert::Answer<Option<IdbRequest>> {
    let (Write::Put(table, place, _)
    | Write::Add(table, place, _)
    | Write::Delete(table, place)
    | Write::DeleteRange(table, place, _)) = write;
    let store = transaction.object_store(table.name())?;
    match write {
        Write::Put(_, _, value) => {
            let value = Uint8Array::from(value.as_ref());
            store.put_with_key(&value, &key(&place.conversation, place.number))?;
            release(&value);
        }
        Write::Add(_, _, value) => {
            let value = Uint8Array::from(value.as_ref());
            let key = key(&place.conversation, place.number);
            return store.add_with_key(&value, &key).map(Some);
        }
        Write::Delete(..) => {
            store.delete(&key(&place.conversation, place.number))?;
        }
        Write::DeleteRange(_, _, last) => {
            if let Some(range) = span(&place.conversation, place.number, *last)? {
                store.delete(&range)?;
            }
        }
    }
    Ok(None)
}

/// The exceptions after which nothing more can be done with a connection. Safari's says "Connection
/// to Indexed Database server lost".
pub(super) const BROKEN: [&str; 2] = ["InvalidStateError", "UnknownError"];

pub(super) fn is_exception(why: &Error, names: &[&str]) -> bool {
    matches!(why, Error::Storage { name, .. } if names.contains(&&**name))
}

fn aborted(message: &str) -> Box<Error> {
    Box::new(Error::Storage {
        name: "AbortError".to_owned(),
        message: message.to_owned(),
    })
}
