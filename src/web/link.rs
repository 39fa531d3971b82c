//! A connection as TypeScript holds it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Math, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::convert::{by_chance, promise, put};
use super::home::{Home, Live};
use super::options::{self, Options, exact};
use super::remote::server;
use super::{BrowserClock, BrowserSockets};
use crate::backend::{Socket, SocketEvent, SocketListener, Sockets};
use crate::error::{Error, Result};
use crate::event::{Dialect, FrameForm};
use crate::signal::Signal;
use crate::store::{Queued, Stage};
use crate::sync::{Connection, Control, SessionOptions, State, SyncReport, Transport};

/// A connection to a server.
#[wasm_bindgen]
pub struct Link {
    connection: Rc<Connection>,
    changes: Rc<Signal>,
    /// How many of them were told.
    told: Rc<Cell<u64>>,
    own: Rc<OwnSocket>,
    /// Which changes of the outbox were told.
    outbox: Rc<Cell<u64>>,
}

/// A socket of the application, which opens and closes it as it likes.
#[derive(Default)]
struct OwnSocket {
    open: Cell<bool>,
    listener: RefCell<Option<SocketListener>>,
}

impl OwnSocket {
    fn tell(&self, event: SocketEvent) {
        let listener = self.listener.borrow().clone();
        if let Some(listener) = listener {
            listener(event);
        }
    }
}

impl Sockets for OwnSocket {
    fn open(&self, _url: &str, listener: SocketListener) -> Result<Box<dyn Socket>> {
        *self.listener.borrow_mut() = Some(listener);
        if self.open.get() {
            self.tell(SocketEvent::Opened);
        }
        Ok(Box::new(Listening))
    }
}

/// Nothing is sent, and nothing closed, that is not ours.
struct Listening;

impl Socket for Listening {
    fn send(&self, _text: &str) {}
}

impl Link {
    /// A connection that has not begun.
    pub(super) fn new(given: JsValue, home: &Home, live: &Live) -> Result<Link> {
        let given = Options::read(given, options::CONNECT)?;
        let transport = given.text("transport")?;
        let own = Rc::new(OwnSocket::default());
        let attached = transport.as_deref() == Some("attached");
        let of_v0 = live.stream.log().dialect() == Dialect::V0;
        let transport = match transport.as_deref() {
            Some("socket.io") => Transport::SocketIo,
            Some("attached") if of_v0 => Transport::SocketIo,
            Some("websocket" | "attached") => Transport::WebSocket,
            _ => {
                let why = "transport is socket.io or websocket".to_owned();
                return Err(Error::InvalidArgument(why).into());
            }
        };
        let pages = match given.text("baseUrl")? {
            Some(_) => Some(server(&given, home.reporter.clone(), Some(home.timeout))?),
            None => None,
        };
        let conversation = given.name("conversationId")?;
        let options = SessionOptions {
            transport,
            url: given.text("url")?.unwrap_or_default(),
            conversation: conversation.unwrap_or_else(|| live.stream.log().id().to_owned()),
            // The application has told its own socket's server.
            session_api_key: given.name("sessionApiKey")?.filter(|_| !attached),
            query: given.pairs("query")?,
            own: attached.then_some(match given.flag("parsed")? {
                true => FrameForm::Parsed,
                false => FrameForm::Raw,
            }),
            has_pages: pages.is_some(),
            seed: (Math::random() * 9_007_199_254_740_992.0) as u64,
        };
        let changes = Rc::new(Signal::default());
        let changed = Rc::clone(&changes);
        let (connection, running) = Connection::new(
            Rc::clone(&live.stream),
            match attached {
                true => Rc::clone(&own) as Rc<dyn Sockets>,
                false => Rc::new(BrowserSockets),
            },
            Rc::new(BrowserClock::new()),
            pages,
            options,
            Box::new(move || changed.set()),
        );
        spawn_local(running);
        let connection = Rc::new(connection);
        live.connects(&connection);
        Ok(Link {
            connection,
            changes,
            told: Rc::default(),
            own,
            outbox: Rc::new(Cell::new(u64::MAX)),
        })
    }
}

#[wasm_bindgen]
impl Link {
    /// Waits for the next change of state; undefined once it is closed.
    pub fn next(&self) -> Promise {
        let (connection, changes) = (Rc::clone(&self.connection), Rc::clone(&self.changes));
        let told = Rc::clone(&self.told);
        promise(async move {
            told.set(changes.changed_since(told.get()).await);
            Ok(state(&connection.state(), &connection.report()))
        })
    }

    /// Tells it something: `start`, `wake`, `online`, `offline`, `holder`, `beside` or `follower`.
    pub fn control(&self, what: &str) {
        self.connection.control(match what {
            "start" => Control::Start,
            "wake" => Control::Wake,
            "online" => Control::Online(true),
            "offline" => Control::Online(false),
            "holder" => Control::Holder(true),
            "beside" => Control::Beside,
            "follower" => Control::Holder(false),
            _ => return,
        });
    }

    /// What the application's own socket brings: its text, or that it is open (true) or not.
    pub fn hear(&self, message: JsValue) {
        let Some(open) = message.as_bool() else {
            return self.own.tell(super::socket::message(&message));
        };
        self.own.open.set(open);
        if open {
            self.own.tell(SocketEvent::Opened);
            // Also where it had been given up, or waits.
            self.connection.control(Control::Start);
            self.connection.control(Control::Wake);
        } else {
            self.own.tell(SocketEvent::Closed(1006));
        }
    }

    /// Keeps an action, as JSON, until the server has it.
    pub fn send(&self, action: JsValue) -> Promise {
        let connection = Rc::clone(&self.connection);
        promise(async move {
            let action = exact("action", &action)?;
            connection.send(&by_chance(), &action).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Takes an action out of the outbox; whether it was not sent yet.
    pub fn cancel(&self, id: JsValue) -> Promise {
        let connection = Rc::clone(&self.connection);
        promise(async move {
            let id = exact("id", &id)?;
            Ok(connection.cancel(&id).await?.into())
        })
    }

    /// The actions of the outbox. With `next`, once they may have changed since the last such call;
    /// undefined if it is closed.
    pub fn pending(&self, next: bool) -> Promise {
        let connection = Rc::clone(&self.connection);
        let outbox = Rc::clone(&self.outbox);
        promise(async move {
            if next {
                match connection.pending_change(outbox.get()).await {
                    Some(seen) => outbox.set(seen),
                    None => return Ok(JsValue::UNDEFINED),
                }
            }
            let queued = connection.pending().await?;
            Ok(queued.iter().map(pending).collect::<Array>().into())
        })
    }

    /// Ends it.
    pub fn close(&self) {
        self.connection.control(Control::Stop);
    }
}

fn pending(queued: &Queued) -> JsValue {
    let object = Object::new();
    let action = &queued.action;
    put(&object, "id", &*action.id);
    put(&object, "queuedAt", queued.number as f64);
    put(&object, "action", &*action.text);
    let (status, why) = match action.stage {
        Stage::Waiting => ("waiting", None),
        Stage::Sent => ("sent", None),
        _ => ("rejected", Some(action.reason.to_string())),
    };
    put(&object, "status", status);
    if let Some(why) = why {
        put(&object, "error", reason(&Error::ActionRejected(why)));
    }
    object.into()
}

fn reason(why: &Error) -> Object {
    let error = Object::new();
    put(&error, "code", why.code());
    put(&error, "message", why.to_string());
    put(&error, "recovery", why.recovery().name());
    error
}

fn state(state: &State, report: &SyncReport) -> JsValue {
    let object = Object::new();
    let (status, why) = match state {
        State::Idle => ("idle", None),
        State::Connecting => ("connecting", None),
        State::Syncing => {
            put(&object, "events", report.events as f64);
            ("syncing", None)
        }
        State::Live => ("live", None),
        State::Waiting(until, why) => {
            put(&object, "retryAt", *until);
            ("waiting", Some(why))
        }
        State::Offline => ("offline", None),
        State::Follower => ("follower", None),
        State::Failed(why) => ("failed", Some(why)),
        State::Closed => return JsValue::UNDEFINED,
    };
    put(&object, "status", status);
    if let Some(why) = why {
        put(&object, "error", reason(why));
    }
    object.into()
}
