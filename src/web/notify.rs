//! Tells the application what it did not ask for.

use std::cell::RefCell;

use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

use super::connection::ConnectionEvent;
use super::convert::put;
use crate::notice::{Level, Notice};

thread_local! {
    /// Who hears of a panic: the hook belongs to the module, not to a store.
    static ON_PANIC: RefCell<Option<Notify>> = const { RefCell::new(None) };
}

/// The application's callback, `(kind, detail)`, and the least level of log lines that it wants.
#[derive(Clone)]
pub(super) struct Notify {
    callback: Function,
    level: Option<Level>,
}

impl Notify {
    pub(super) fn new(callback: Function, level: Option<Level>) -> Notify {
        Notify { callback, level }
    }

    fn send(&self, kind: &str, detail: &[(&str, &str)]) {
        let object = Object::new();
        for (key, value) in detail {
            put(&object, key, *value);
        }
        self.tell(kind, &object);
    }

    fn tell(&self, kind: &str, detail: &Object) {
        // What the application's callback throws is not the store's business.
        let _ = self
            .callback
            .call2(&JsValue::UNDEFINED, &JsValue::from_str(kind), detail);
    }

    pub(super) fn notice(&self, notice: Notice) {
        match notice {
            Notice::Log(level, message, detail) => {
                if self.level.is_some_and(|least| level >= least) {
                    let level = level.name();
                    let detail = [("level", level), ("message", message), ("detail", &*detail)];
                    self.send("log", &detail);
                }
            }
            Notice::Status {
                conversation, text, ..
            } => {
                self.send(
                    "status",
                    &[("conversation", &*conversation), ("text", &*text)],
                );
            }
            Notice::Dialect(conversation, dialect) => {
                let detail = [("conversation", &*conversation), ("dialect", dialect)];
                self.send("dialect", &detail);
            }
            // Other tabs' business, not the application's.
            Notice::Changed(..) => {}
            Notice::Degraded(reason) => self.send("degraded", &[("reason", &*reason)]),
            Notice::Restored(events) => {
                let detail = Object::new();
                put(&detail, "events", events as f64);
                self.tell("restored", &detail);
            }
            Notice::Evicted {
                conversation,
                bytes,
                why,
            } => {
                let detail = Object::new();
                put(&detail, "id", &*conversation);
                put(&detail, "bytes", bytes as f64);
                put(&detail, "reason", why.name());
                self.tell("evicted", &detail);
            }
        }
    }

    pub(super) fn connection(&self, event: ConnectionEvent) {
        let (kind, reason) = match &event {
            ConnectionEvent::Blocked => (
                "blocked",
                "another tab keeps an older version of the database open",
            ),
            ConnectionEvent::Blocking => (
                "blocking",
                "another tab upgrades the database; this store is closed",
            ),
            ConnectionEvent::Terminated => ("terminated", "the browser closed the database"),
            ConnectionEvent::DataLost(reason) => ("lost", &**reason),
        };
        self.send(kind, &[("reason", reason)]);
    }

    /// Hears of panics from now on, by their text.
    pub(super) fn on_panic(&self) {
        ON_PANIC.set(Some(self.clone()));
        std::panic::set_hook(Box::new(|info| {
            let text = info.to_string();
            let notify = ON_PANIC.with_borrow(Clone::clone);
            if let Some(notify) = notify {
                notify.send("panic", &[("message", &text)]);
            }
        }));
    }
}
