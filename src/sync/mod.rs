//! How a log stays whole: the server's own log over HTTP, read as it is or to fill a log's gaps.

mod address;
mod agent_server;
mod answers;
mod driver;
pub mod engine_io;
mod events;
mod incoming;
mod lifecycle;
mod nested;
mod outbox;
mod page;
mod reconnect;
mod sending;
mod server;
mod session;
#[allow(clippy::module_inception)]
mod sync;

pub use driver::{Connection, Control};
pub use events::{Cursor, Effect, Errand, Input, Next, Reach, SessionOptions, State, Transport};
pub use nested::{NestedEventStore, RemoteSearch};
pub use server::{Server, ServerOptions};
pub use session::Session;
pub use sync::{Sync, SyncReport};
