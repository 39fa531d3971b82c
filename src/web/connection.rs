//! A connection to the database: opened, given up for another tab's sake, reopened when the
//! browser closed it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use indexed_db_futures::database::Database;
use indexed_db_futures::error::Error as DatabaseError;
use indexed_db_futures::internals::SystemRepr;
use js_sys::{Date, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::DomException;

use super::convert::promise;
use super::open_database::open_database;
use super::{new_log, schema};
use crate::error::{Error, Result};

/// What happens to a connection besides the answers to calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionEvent {
    /// An upgrade waits for another tab to close its older version. Ask the user to close it.
    Blocked,
    /// Another tab upgrades or deletes the database. This connection has closed so that it can;
    /// later calls answer `Closed`.
    Blocking,
    /// The browser closed the connection, as when the site's data is cleared, or answers nothing on
    /// it. The next call opens it again.
    Terminated,
    /// The browser found its files damaged and began an empty database in their place. Its words.
    DataLost(String),
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

enum State {
    /// Not open, and why; the next call from `until` on opens it.
    Lost { until: f64, why: Box<Error> },
    /// All calls wait for the same attempt.
    Opening(Promise),
    /// In use.
    Open {
        database: Database,
        since: f64,
        _listeners: [Closure<dyn FnMut()>; 2],
    },
    /// Given up for good.
    Closed,
}

impl State {
    /// Not open; the next call opens it at once.
    fn idle() -> State {
        State::Lost {
            until: 0.0,
            why: not_open(),
        }
    }
}

/// One connection and its life.
pub(super) struct Connection {
    options: ConnectionOptions,
    state: RefCell<State>,
    /// How often it was lost without having been healthy in between.
    losses: Cell<u32>,
    /// How often it was opened.
    opened: Cell<u32>,
    /// How often the browser answered.
    answers: Cell<u32>,
    /// Something was written since it was opened.
    written: Cell<bool>,
}

impl Connection {
    /// One that opens the database at the first call.
    pub(super) fn new(options: ConnectionOptions) -> Rc<Connection> {
        Rc::new(Connection {
            options,
            state: RefCell::new(State::idle()),
            losses: Cell::new(0),
            opened: Cell::new(0),
            answers: Cell::new(0),
            written: Cell::default(),
        })
    }

    pub(super) fn timeout(&self) -> u32 {
        self.options.timeout
    }

    /// Another number from each opening on: what was read before need not be there any more.
    pub(super) fn turn(&self) -> u32 {
        self.opened.get()
    }

    /// The open database. Where the browser has closed it, it is opened again: at once the first
    /// time, then with growing pauses, during which calls fail.
    pub(super) async fn database(self: &Rc<Self>) -> Result<Database> {
        let mut waited = false;
        loop {
            let opening = match &*self.state.borrow() {
                State::Open { database, .. } => return Ok(database.clone()),
                State::Closed => return Err(Error::Closed("database").into()),
                State::Lost { why, .. } if waited => return Err(why.clone()),
                State::Lost { until, why } if Date::now() < *until => {
                    return Err(match **why {
                        Error::Unreachable { .. } => why.clone(),
                        _ => not_open(),
                    });
                }
                State::Lost { .. } => None,
                State::Opening(opening) => Some(opening.clone()),
            };
            let opening = opening.unwrap_or_else(|| self.reopen());
            let _ = JsFuture::from(opening).await;
            waited = true;
        }
    }

    /// Something is about to be written.
    pub(super) async fn writes(&self) {
        if !self.written.replace(true) {
            new_log::begin();
        }
        new_log::begun().await;
    }

    /// Lets the next call open it without a pause.
    pub(super) fn hurry(&self) {
        if let State::Lost { until, .. } = &mut *self.state.borrow_mut() {
            *until = 0.0;
        }
    }

    /// Begins to open it, which is carried through even when every caller has gone.
    fn reopen(self: &Rc<Self>) -> Promise {
        let connection = Rc::clone(self);
        let opening = promise(async move {
            let opened = open_database(&connection.options).await;
            connection.opened(opened);
            Ok(JsValue::UNDEFINED)
        });
        self.state.replace(State::Opening(opening.clone()));
        opening
    }

    fn opened(self: &Rc<Self>, opened: Result<Database>) {
        let closed = matches!(*self.state.borrow(), State::Closed);
        let state = match opened {
            Ok(database) if closed => return database.close(),
            Err(_) if closed => return,
            Ok(database) => State::Open {
                _listeners: self.listen(&database),
                database,
                since: Date::now(),
            },
            Err(why) => self.count_loss(why),
        };
        if matches!(state, State::Open { .. }) {
            self.opened.set(self.opened.get().wrapping_add(1));
            self.answered();
            self.written.set(false);
        }
        self.state.replace(state);
    }

    /// Listens for the end of an open database.
    fn listen(self: &Rc<Self>, database: &Database) -> [Closure<dyn FnMut()>; 2] {
        let (connection, closed) = (Rc::downgrade(self), database.clone());
        let on_close = Closure::<dyn FnMut()>::new(move || {
            if let Some(connection) = connection.upgrade() {
                connection.lost(&closed);
            }
        });
        let connection = Rc::downgrade(self);
        let on_change = Closure::<dyn FnMut()>::new(move || {
            if let Some(connection) = connection.upgrade() {
                connection.close();
                (connection.options.on_event)(ConnectionEvent::Blocking);
            }
        });
        let database = database.as_sys();
        database.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        database.set_onversionchange(Some(on_change.as_ref().unchecked_ref()));
        [on_close, on_change]
    }

    /// Takes note that the browser has closed `database`, or that it can't be worked with any more.
    pub(super) fn lost(&self, database: &Database) {
        let healthy = match &*self.state.borrow() {
            State::Open {
                database: open,
                since,
                ..
            } if open.as_sys() == database.as_sys() => Date::now() - since > HEALTHY,
            _ => return,
        };
        if healthy {
            self.losses.set(0);
        }
        self.give_up(database.clone(), self.count_loss(not_open()));
    }

    /// Takes note that the browser has answered.
    pub(super) fn answered(&self) {
        self.answers.set(self.answers.get().wrapping_add(1));
    }

    /// Another number from each answer of the browser's on.
    pub(super) fn answers(&self) -> u32 {
        self.answers.get()
    }

    /// A call's time is up. If the browser has answered nothing since it began, it may have forgotten
    /// the connection without a word, as Chromium can when the site's data is cleared: the next call
    /// has a new one. That isn't counted as a loss, because another tab may just keep the database
    /// busy.
    pub(super) fn unanswered(&self, answers: u32) {
        if answers != self.answers.get() {
            return;
        }
        let database = match &*self.state.borrow() {
            State::Open { database, .. } => database.clone(),
            _ => return,
        };
        self.give_up(database, State::idle());
    }

    fn give_up(&self, database: Database, state: State) {
        unlisten(&database);
        database.close();
        self.state.replace(state);
        (self.options.on_event)(ConnectionEvent::Terminated);
    }

    fn count_loss(&self, why: Box<Error>) -> State {
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
            why,
        }
    }

    /// Closes it for good. Transactions that have begun come to their end.
    pub(super) fn close(&self) {
        if let State::Open { database, .. } = self.state.replace(State::Closed) {
            unlisten(&database);
            database.close();
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

fn unlisten(database: &Database) {
    let database = database.as_sys();
    database.set_onclose(None);
    database.set_onversionchange(None);
}

pub(super) fn not_open() -> Box<Error> {
    Box::new(Error::Unreachable {
        name: "InvalidStateError".to_owned(),
        message: "the browser closed the database; it is opened again shortly".to_owned(),
    })
}

/// What a failure of the database means to a caller.
pub(super) fn storage_error(error: DatabaseError) -> Box<Error> {
    exception(match error {
        DatabaseError::DomException(exception) => DomException::from(exception).into(),
        _ => JsValue::UNDEFINED,
    })
}

/// The same of what a method of the browser has thrown.
pub(super) fn exception(thrown: JsValue) -> Box<Error> {
    let (name, message) = match thrown.dyn_ref::<DomException>() {
        Some(exception) => (exception.name(), exception.message()),
        None => ("UnknownError".to_owned(), String::new()),
    };
    Box::new(if name == "QuotaExceededError" {
        Error::QuotaExceeded
    } else {
        Error::Storage { name, message }
    })
}
