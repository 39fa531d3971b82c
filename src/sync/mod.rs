//! How a log stays whole: the server's own log over HTTP, read as it is or to fill a log's gaps.

mod nested;
mod page;
mod server;
#[allow(clippy::module_inception)]
mod sync;

pub use nested::{NestedEventStore, RemoteSearch};
pub use server::{Server, ServerOptions};
pub use sync::{Sync, SyncReport};
