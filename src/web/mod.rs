//! The browser's side: the only place that names browser crates.

mod clock;
mod connection;
mod indexeddb;
pub mod schema;

pub use clock::BrowserClock;
pub use connection::{ConnectionEvent, ConnectionOptions};
pub use indexeddb::IndexedDb;
