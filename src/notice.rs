//! What the store tells its application unasked: log lines, status messages, changes of mode.

use std::fmt;
use std::rc::Rc;

/// How much a log line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of use when the store itself is being looked into.
    Debug,
    /// Normal, and rare enough to be read.
    Info,
    /// Something is off; the store goes on.
    Warn,
    /// Something failed; the store goes on.
    Error,
}

impl Level {
    /// The name that TypeScript sees.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}

/// One thing to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A log line: what happened, and to what.
    Log(Level, &'static str, String),
    /// A message of a conversation's channel that is not an event, as canonical JSON text.
    Status {
        /// The conversation's id.
        conversation: Rc<str>,
        /// The message.
        text: Box<str>,
        /// Other tabs leave their socket to the one that brought it.
        shared: bool,
    },
    /// A conversation in use, by its id, is of another dialect than it was: of that with this name.
    Dialect(Rc<str>, &'static str),
    /// The database can't be reached: from here on everything is in memory only. Why.
    Degraded(String),
    /// The database is there again, and holds what came meanwhile: so many events.
    Restored(u64),
    /// A conversation has been changed in the database, by its id: other tabs may want to look.
    /// In these stretches, both ends included, there is something else now than they may have seen
    /// there: a better copy, or in one without an end what came after a rollback.
    Changed(Rc<str>, Vec<(i64, i64)>),
    /// A conversation was deleted to make room.
    Evicted {
        /// The conversation's id.
        conversation: Rc<str>,
        /// The bytes of its texts.
        bytes: u64,
        /// What the room was needed for.
        why: Eviction,
    },
}

/// Why a conversation had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// All conversations together exceeded the storage budget.
    Budget,
    /// The browser had no room for a write.
    Quota,
}

impl Eviction {
    /// The name that TypeScript sees.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Eviction::Budget => "budget",
            Eviction::Quota => "quota",
        }
    }
}

/// Who is told. Called when nothing of the store is borrowed, so it may call back.
#[derive(Clone)]
pub struct Reporter(Rc<dyn Fn(Notice)>);

impl Reporter {
    /// Hands every notice to `tell`.
    pub fn new(tell: impl Fn(Notice) + 'static) -> Reporter {
        Reporter(Rc::new(tell))
    }

    /// Passes a notice on.
    pub fn tell(&self, notice: Notice) {
        (self.0)(notice);
    }

    /// Passes a log line on.
    pub fn log(&self, level: Level, message: &'static str, detail: impl fmt::Display) {
        self.tell(Notice::Log(level, message, detail.to_string()));
    }
}

impl Default for Reporter {
    fn default() -> Reporter {
        Reporter::new(|_| {})
    }
}
