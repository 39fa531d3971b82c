//! One error type for the whole crate. Each variant knows how a caller recovers from it.

use std::fmt;

/// The result of everything in this crate that can fail. Errors are rare and large: behind a box,
/// they cost what succeeds one word.
pub type Result<T> = std::result::Result<T, Box<Error>>;

/// What a caller can do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The same call may succeed when it is made again.
    Retry,
    /// The store has to be opened again; its data is intact.
    Reopen,
    /// What was asked for is damaged or absent here and can be had from the server.
    Refetch,
    /// Only a person can help: free space, close a tab, correct an argument.
    TellUser,
}

impl Recovery {
    /// The name that TypeScript sees in `error.recovery`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Recovery::Retry => "retry",
            Recovery::Reopen => "reopen",
            Recovery::Refetch => "refetch",
            Recovery::TellUser => "tell-user",
        }
    }
}

/// Why an operation failed. Nothing that was acknowledged before is lost by any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No event has this id: the server's `FileNotFoundError` of `EventStore.get_event`.
    EventNotFound(String),
    /// An argument is outside what the call takes.
    InvalidArgument(String),
    /// A frame or line that is not an event; the reason says where.
    InvalidEvent(String),
    /// The browser refuses to store more for this origin.
    QuotaExceeded,
    /// Another tab holds an older version of the database open and does not let go.
    Blocked,
    /// The store, conversation or cursor was closed.
    Closed(&'static str),
    /// The data was written by a newer release than this one. It is left untouched.
    VersionTooNew {
        /// What was being opened.
        what: &'static str,
        /// The version found.
        found: u32,
        /// The newest version that this release reads.
        known: u32,
    },
    /// An operation did not end in time.
    Timeout {
        /// What was waited for.
        operation: &'static str,
        /// How long, in milliseconds.
        milliseconds: u32,
    },
    /// Another tab wrote to the same conversation first, again and again.
    Conflict,
    /// Stored bytes don't agree with their checksum or their format.
    Corrupt(String),
    /// The storage failed in a way of its own: the browser's name for it and its message.
    Storage {
        /// The `DOMException`'s name.
        name: String,
        /// Its message, which browsers may leave empty.
        message: String,
    },
    /// The database can't be opened, or not again: nothing of the call took place. A store goes on
    /// in memory then, so that the same call may succeed at once.
    Unreachable {
        /// The `DOMException`'s name.
        name: String,
        /// What is known of it.
        message: String,
    },
    /// The pair of subscriber and callback id is taken.
    DuplicateSubscription {
        /// The subscriber's id.
        subscriber: String,
        /// The callback's id.
        callback: String,
    },
    /// The limit of subscribers, `maxSubscribers`, is reached.
    TooManySubscribers(usize),
    /// No answer came from the server, or only a part of it; the reason.
    Network(String),
    /// The server answered with this HTTP status instead of what was asked for.
    Refused(u16),
    /// The server didn't take a user's action, or nobody knows whether it did; the reason.
    ActionRejected(String),
    /// A user's action was cancelled before the server had acknowledged it.
    ActionCancelled,
    /// The outbox of a conversation has no room for another action.
    OutboxFull {
        /// The most actions.
        actions: usize,
        /// The most bytes of them all.
        bytes: usize,
    },
    /// The server's answer is not what was asked for; what is wrong with it.
    BadAnswer(String),
}

impl Error {
    /// A stable name for programs: TypeScript's `error.code`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Error::EventNotFound(_) => "event-not-found",
            Error::InvalidArgument(_) => "invalid-argument",
            Error::InvalidEvent(_) => "invalid-event",
            Error::QuotaExceeded => "quota-exceeded",
            Error::Blocked => "blocked",
            Error::Closed(_) => "closed",
            Error::VersionTooNew { .. } => "version-too-new",
            Error::Timeout { .. } => "timeout",
            Error::Conflict => "conflict",
            Error::Corrupt(_) => "corrupt",
            Error::Storage { .. } | Error::Unreachable { .. } => "storage",
            Error::DuplicateSubscription { .. } => "duplicate-subscription",
            Error::TooManySubscribers(_) => "too-many-subscribers",
            Error::Network(_) | Error::Refused(_) | Error::BadAnswer(_) => "network",
            Error::ActionRejected(_) => "action-rejected",
            Error::ActionCancelled => "action-cancelled",
            Error::OutboxFull { .. } => "outbox-full",
        }
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn recovery(&self) -> Recovery {
        match self {
            Error::Timeout { .. }
            | Error::Conflict
            | Error::Storage { .. }
            | Error::Unreachable { .. }
            | Error::Network(_)
            | Error::OutboxFull { .. }
            | Error::Refused(408 | 425 | 429 | 500..) => Recovery::Retry,
            Error::Closed(_) => Recovery::Reopen,
            Error::EventNotFound(_) | Error::Corrupt(_) => Recovery::Refetch,
            Error::InvalidArgument(_)
            | Error::InvalidEvent(_)
            | Error::QuotaExceeded
            | Error::Blocked
            | Error::VersionTooNew { .. }
            | Error::DuplicateSubscription { .. }
            | Error::TooManySubscribers(_)
            | Error::Refused(_)
            | Error::ActionRejected(_)
            | Error::ActionCancelled
            | Error::BadAnswer(_) => Recovery::TellUser,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::EventNotFound(id) => write!(f, "no event has the id {id}"),
            Error::InvalidArgument(why) => write!(f, "{why}"),
            Error::InvalidEvent(why) => write!(f, "not an event: {why}"),
            Error::QuotaExceeded => write!(
                f,
                "the browser's storage quota for this site is used up; free space or delete conversations"
            ),
            Error::Blocked => write!(
                f,
                "another tab keeps an older version of the database open; close it and try again"
            ),
            Error::Closed(what) => write!(f, "the {what} is closed"),
            Error::VersionTooNew { what, found, known } => write!(
                f,
                "the {what} has version {found}, this release reads up to {known}; reload to get a newer release"
            ),
            Error::Timeout {
                operation,
                milliseconds,
            } => {
                write!(f, "{operation} did not end within {milliseconds} ms")
            }
            Error::Conflict => {
                write!(
                    f,
                    "another tab kept writing to the same conversation; try again"
                )
            }
            Error::Corrupt(what) => write!(f, "stored data is damaged: {what}"),
            Error::Storage { name, message } if message.is_empty() => {
                write!(f, "the storage failed: {name}")
            }
            Error::Storage { name, message } => write!(f, "the storage failed: {name}: {message}"),
            Error::Unreachable { name, message } => {
                write!(f, "the database can't be reached: {name}: {message}")
            }
            Error::DuplicateSubscription {
                subscriber,
                callback,
            } => {
                write!(
                    f,
                    "subscriber {subscriber} has a callback {callback} already"
                )
            }
            Error::TooManySubscribers(limit) => {
                write!(f, "the limit of {limit} subscribers is reached")
            }
            Error::Network(why) => write!(f, "no answer from the server: {why}"),
            Error::Refused(status @ (401 | 403)) => write!(
                f,
                "the server answered {status}: it wants another session API key, or any"
            ),
            Error::Refused(0) => write!(f, "the server redirects, which is not followed"),
            Error::Refused(404) => write!(f, "the server answered 404: nothing is at this address"),
            Error::Refused(status) => write!(f, "the server answered {status}"),
            Error::ActionRejected(why) => write!(f, "the server did not take the action: {why}"),
            Error::ActionCancelled => write!(f, "the action was cancelled"),
            Error::OutboxFull { actions, bytes } => write!(
                f,
                "the outbox is full: {actions} actions and {bytes} bytes can wait for the server"
            ),
            Error::BadAnswer(why) => write!(f, "the server's answer can't be used: {why}"),
        }
    }
}

impl std::error::Error for Error {}
