//! A connection to the database: opened, given up for another tab's sake, reopened when the
//! browser closed it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Abortable, LocalBoxFuture, Shared, pending};
use indexed_db_futures::OpenDbResult;
use indexed_db_futures::database::Database;
use indexed_db_futures::error::{Error as DatabaseError, OpenDbError};
use indexed_db_futures::prelude::Build;
use js_sys::Date;
use wasm_bindgen_futures::spawn_local;
use web_sys::DomException;

use super::clock::within;
use super::schema;
use crate::error::{Error, Result};

/// What happens to a connection besides the answers to calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// An upgrade waits for another tab to close its older version. Ask the user to close it.
    Blocked,
    /// Another tab upgrades or deletes the database. This connection has closed so that it can;
    /// later calls answer `Closed`.
    Blocking,
    /// The browser closed the connection, as when the site's data is cleared. The next call opens
    /// it again.
    Terminated,
}

/// How to open a database.
#[derive(Clone)]
pub struct ConnectionOptions {
    /// The database's name within the origin.
    pub name: String,
    /// The schema version to open: [`schema::VERSION`], except to try out an upgrade.
    pub version: u32,
    /// How long opening and every call may take, in milliseconds.
    pub timeout: u32,
    /// Called for every event, between the calls of the database, never within one.
    pub on_event: Rc<dyn Fn(ConnectionEvent)>,
}

impl ConnectionOptions {
    /// The usual ones: the current schema, 30 seconds, nobody listening.
    #[must_use]
    pub fn new(name: &str) -> ConnectionOptions {
        ConnectionOptions {
            name: name.to_owned(),
            version: schema::VERSION,
            timeout: 30_000,
            on_event: Rc::new(|_| {}),
        }
    }
}

/// A connection that lived for so long, in milliseconds, was a healthy one.
const HEALTHY: f64 = 60_000.0;
/// The first and the longest pause between attempts to open again, in milliseconds.
const PAUSES: (u32, u32) = (1_000, 30_000);

type Opening = Shared<LocalBoxFuture<'static, Result<Open>>>;

/// An open database.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) database: Database,
    /// Ends when the browser has closed the database. Transactions that are under way then may
    /// never hear of it themselves.
    pub(super) terminated: Shared<LocalBoxFuture<'static, ()>>,
}

enum State {
    /// Not open; the next call from `until` on opens it.
    Lost { until: f64 },
    /// All calls wait for the same attempt.
    Opening(Opening),
    /// In use.
    Open {
        open: Open,
        since: f64,
        watch: AbortHandle,
    },
    /// Given up for good.
    Closed,
}

/// One connection and its life.
pub(super) struct Connection {
    options: ConnectionOptions,
    state: RefCell<State>,
    /// How often it was lost without having been healthy in between.
    losses: Cell<u32>,
}

impl Connection {
    pub(super) async fn open(options: ConnectionOptions) -> Result<Rc<Connection>> {
        let connection = Rc::new(Connection {
            options,
            state: RefCell::new(State::Lost { until: 0.0 }),
            losses: Cell::new(0),
        });
        connection.database().await?;
        Ok(connection)
    }

    pub(super) fn timeout(&self) -> u32 {
        self.options.timeout
    }

    /// The open database. Where the browser has closed it, it is opened again: at once the first
    /// time, then with growing pauses, during which calls fail.
    pub(super) async fn database(self: &Rc<Self>) -> Result<Open> {
        let opening = {
            let mut state = self.state.borrow_mut();
            match &*state {
                State::Open { open, .. } => return Ok(open.clone()),
                State::Closed => return Err(Error::Closed("database")),
                State::Opening(opening) => opening.clone(),
                State::Lost { until } if Date::now() < *until => {
                    return Err(Error::Storage {
                        name: "InvalidStateError".to_owned(),
                        message: "the browser closed the database; it is opened again shortly"
                            .to_owned(),
                    });
                }
                State::Lost { .. } => {
                    let connection = Rc::clone(self);
                    let opening = async move {
                        let opened = open_database(&connection.options).await;
                        connection.opened(opened)
                    };
                    let opening = opening.boxed_local().shared();
                    // Carried through even when every caller has gone: it decides the state.
                    spawn_local(opening.clone().map(drop));
                    *state = State::Opening(opening.clone());
                    opening
                }
            }
        };
        opening.await
    }

    fn opened(self: &Rc<Self>, opened: Result<Database>) -> Result<Open> {
        if matches!(*self.state.borrow(), State::Closed) {
            if let Ok(database) = opened {
                database.close();
            }
            return Err(Error::Closed("database"));
        }
        let open = opened.and_then(|database| {
            let terminated = self.watch(&database)?.boxed_local().shared();
            Ok(Open {
                database,
                terminated,
            })
        });
        let state = match &open {
            Ok(open) => {
                let (watch, registration) = AbortHandle::new_pair();
                spawn_local(Abortable::new(open.terminated.clone(), registration).map(drop));
                State::Open {
                    open: open.clone(),
                    since: Date::now(),
                    watch,
                }
            }
            Err(_) => self.count_loss(),
        };
        self.state.replace(state);
        open
    }

    /// Listens for the end of an open database.
    fn watch(self: &Rc<Self>, database: &Database) -> Result<impl Future<Output = ()> + use<>> {
        let mut changes = database.version_changes().map_err(storage_error)?;
        let connection = Rc::downgrade(self);
        Ok(async move {
            let change = changes.recv().await;
            let Some(connection) = connection.upgrade() else {
                return;
            };
            if change.is_none() {
                connection.lost(changes.db());
                return;
            }
            connection.close();
            (connection.options.on_event)(ConnectionEvent::Blocking);
            // Transactions that have begun come to their end all the same.
            drop(connection);
            pending().await
        })
    }

    /// Takes note that the browser has closed `database`.
    pub(super) fn lost(&self, database: &Database) {
        let healthy = match &*self.state.borrow() {
            State::Open { open, since, watch } if is_same(&open.database, database) => {
                watch.abort();
                Date::now() - since > HEALTHY
            }
            _ => return,
        };
        if healthy {
            self.losses.set(0);
        }
        self.state.replace(self.count_loss());
        (self.options.on_event)(ConnectionEvent::Terminated);
    }

    fn count_loss(&self) -> State {
        let before = self.losses.get();
        self.losses.set(before.saturating_add(1));
        let (first, longest) = PAUSES;
        let pause = match before.checked_sub(1) {
            None => 0,
            Some(doublings) => first
                .saturating_mul(2_u32.saturating_pow(doublings))
                .min(longest),
        };
        State::Lost {
            until: Date::now() + f64::from(pause),
        }
    }

    /// Closes it for good. Transactions that have begun come to their end.
    pub(super) fn close(&self) {
        if let State::Open { open, watch, .. } = self.state.replace(State::Closed) {
            watch.abort();
            open.database.close();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

fn is_same(one: &Database, other: &Database) -> bool {
    use indexed_db_futures::internals::SystemRepr;
    one.as_sys() == other.as_sys()
}

async fn open_database(options: &ConnectionOptions) -> Result<Database> {
    match request(options).await {
        Err(Error::Storage { name, .. }) if name == "VersionError" => Err(Error::VersionTooNew {
            what: "database",
            found: version_of(options).await?,
            known: options.version,
        }),
        answer => answer,
    }
}

/// Opens the database in the version asked for, within the time given.
async fn request(options: &ConnectionOptions) -> Result<Database> {
    let blocked = Rc::new(Cell::new(false));
    let listener = (Rc::clone(&blocked), Rc::clone(&options.on_event));
    let request = Database::open(options.name.as_str())
        .with_version(options.version)
        .with_on_blocked(move |_| {
            listener.0.set(true);
            listener.1(ConnectionEvent::Blocked);
            Ok(())
        })
        .with_on_upgrade_needed(|event, database| {
            schema::upgrade(&database, event.old_version() as u32)
        })
        .build();
    match finish(request, options.timeout).await {
        Err(Error::Timeout { .. }) if blocked.get() => Err(Error::Blocked),
        answer => answer,
    }
}

/// The version of a database that is newer than the one asked for.
async fn version_of(options: &ConnectionOptions) -> Result<u32> {
    let request = Database::open(options.name.as_str())
        .with_on_upgrade_needed(|_, database| schema::upgrade(&database, 0))
        .build();
    let database = finish(request, options.timeout).await?;
    let version = database.version() as u32;
    database.close();
    Ok(version)
}

/// Waits for a database to open. A browser can't be told to leave off: what opens after the time
/// is up is closed again, so that it stands in nobody's way.
async fn finish(
    request: OpenDbResult<impl Future<Output = OpenDbResult<Database>> + 'static>,
    timeout: u32,
) -> Result<Database> {
    let request = request.map_err(open_error)?;
    let opening = request.map(|opened| opened.map_err(open_error));
    let opening = opening.boxed_local().shared();
    match within(timeout, opening.clone()).await {
        Some(opened) => opened,
        None => {
            spawn_local(opening.map(|opened| {
                if let Ok(database) = opened {
                    database.close();
                }
            }));
            Err(Error::Timeout {
                operation: "open",
                milliseconds: timeout,
            })
        }
    }
}

fn open_error(error: OpenDbError) -> Error {
    let name = match error {
        OpenDbError::Base(error) => return storage_error(error),
        // The crate's word for any exception out of `indexedDB.open`. The version isn't zero, which
        // leaves an origin without storage.
        OpenDbError::VersionZero => "SecurityError",
        OpenDbError::UnsupportedEnvironment | OpenDbError::NullFactory => "NotSupportedError",
    };
    Error::Storage {
        name: name.to_owned(),
        message: "IndexedDB is not available here".to_owned(),
    }
}

/// What a failure of the database means to a caller.
pub(super) fn storage_error(error: DatabaseError) -> Error {
    match error {
        DatabaseError::DomException(exception) => {
            let exception = DomException::from(exception);
            match exception.name() {
                name if name == "QuotaExceededError" => Error::QuotaExceeded,
                name => Error::Storage {
                    name,
                    message: exception.message(),
                },
            }
        }
        DatabaseError::Serialisation(error) => Error::Corrupt(error.to_string()),
        other => Error::Storage {
            name: "UnknownError".to_owned(),
            message: other.to_string(),
        },
    }
}
