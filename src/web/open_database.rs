//! Has the browser open a database in the version asked for.

use std::cell::Cell;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use indexed_db_futures::OpenDbResult;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::OpenDbError;
use indexed_db_futures::future::OpenDbRequest;
use indexed_db_futures::internals::SystemRepr;
use indexed_db_futures::prelude::Build;
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbRequest, IdbVersionChangeEvent};

use super::clock::within;
use super::connection::{ConnectionEvent, ConnectionOptions, storage_error};
use super::convert::promise;
use super::schema;
use crate::error::{Error, Result};

pub(super) async fn open_database(options: &ConnectionOptions) -> Result<Database> {
    match request(options).await {
        Err(why) => Err(Box::new(match *why {
            Error::Storage { name, .. } if name == "VersionError" => Error::VersionTooNew {
                what: "database",
                found: version_of(options).await?,
                known: options.version,
            },
            Error::Storage { name, message } => Error::Unreachable { name, message },
            Error::QuotaExceeded => Error::Unreachable {
                name: "QuotaExceededError".to_owned(),
                message: "the browser has no room to open the database".to_owned(),
            },
            why => why,
        })),
        answer => answer,
    }
}

/// Opens the database in the version asked for, within the time given.
async fn request(options: &ConnectionOptions) -> Result<Database> {
    let blocked = Rc::new(Cell::new(false));
    let (seen, tell) = (Rc::clone(&blocked), Rc::clone(&options.on_event));
    let request = Database::open(options.name.as_str())
        .with_version(options.version)
        .build();
    let opening = listened(request, move |event| {
        if event == ConnectionEvent::Blocked {
            seen.set(true);
        }
        tell(event);
    })?;
    match finish(opening, options.timeout).await {
        Err(why) if blocked.get() && matches!(*why, Error::Timeout { .. }) => {
            Err(Error::Blocked.into())
        }
        answer => answer,
    }
}

/// The version of a database that is newer than the one asked for.
async fn version_of(options: &ConnectionOptions) -> Result<u32> {
    let request = Database::open(options.name.as_str()).build();
    let database = finish(listened(request, |_| {})?, options.timeout).await?;
    let version = database.version() as u32;
    database.close();
    Ok(version)
}

type Opening = LocalBoxFuture<'static, Result<Database>>;

/// Upgrades the database that a request opens, and hears of it when another tab is in the way. The
/// crate's own listeners bring its error texts along, a tenth of the module.
fn listened(
    request: OpenDbResult<OpenDbRequest>,
    on_event: impl Fn(ConnectionEvent) + 'static,
) -> Result<Opening> {
    let request = request.map_err(open_error)?;
    let raw = request.as_sys().clone();
    let on_event = Rc::new(on_event);
    let tell = Rc::clone(&on_event);
    let on_upgrade = Closure::<dyn FnMut(_) -> _>::new(move |event: DataLossEvent| {
        // Only Chromium tells; the text is empty where nothing was lost.
        if let Some(lost) = event.data_loss_message().filter(|text| !text.is_empty()) {
            tell(ConnectionEvent::DataLost(lost));
        }
        upgrade(&event)
    });
    let on_blocked = Closure::<dyn FnMut()>::new(move || on_event(ConnectionEvent::Blocked));
    raw.set_onupgradeneeded(Some(on_upgrade.as_ref().unchecked_ref()));
    raw.set_onblocked(Some(on_blocked.as_ref().unchecked_ref()));
    let opening = async move {
        let opened = request.await.map_err(open_error);
        raw.set_onupgradeneeded(None);
        raw.set_onblocked(None);
        drop((on_upgrade, on_blocked));
        opened
    };
    Ok(opening.boxed_local())
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(extends = IdbVersionChangeEvent)]
    type DataLossEvent;
    #[wasm_bindgen(method, getter, js_name = dataLossMessage)]
    fn data_loss_message(this: &DataLossEvent) -> Option<String>;
}

/// What is thrown here ends the upgrade: the browser undoes it and the request fails.
fn upgrade(event: &IdbVersionChangeEvent) -> std::result::Result<(), JsValue> {
    let target = event.target().ok_or(JsValue::UNDEFINED)?;
    let database = target.unchecked_into::<IdbRequest>().result()?;
    let database: IdbDatabase = database.unchecked_into();
    schema::upgrade(&database, event.old_version() as u32)
}

/// Waits for a database to open. A browser can't be told to leave off: what opens after the time
/// is up is closed again, so that it stands in nobody's way.
async fn finish(mut opening: Opening, timeout: u32) -> Result<Database> {
    match within(timeout, &mut opening).await {
        Some(opened) => opened,
        None => {
            let _ = promise(async move {
                if let Ok(database) = opening.await {
                    database.close();
                }
                Ok(JsValue::UNDEFINED)
            });
            Err(Error::Timeout {
                operation: "open",
                milliseconds: timeout,
            }
            .into())
        }
    }
}

fn open_error(error: OpenDbError) -> Box<Error> {
    let name = match error {
        OpenDbError::Base(error) => return storage_error(error),
        // The crate's word for any exception out of `indexedDB.open`. The version isn't zero, which
        // leaves an origin without storage.
        OpenDbError::VersionZero => "SecurityError",
        OpenDbError::UnsupportedEnvironment | OpenDbError::NullFactory => "NotSupportedError",
    };
    Box::new(Error::Storage {
        name: name.to_owned(),
        message: "IndexedDB is not available here".to_owned(),
    })
}
