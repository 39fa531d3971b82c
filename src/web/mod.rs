//! The browser's side: the only place that names browser crates.

mod bindings;
mod check;
mod clock;
mod connection;
mod convert;
mod cursors;
mod home;
mod http;
mod import;
mod indexeddb;
mod link;
mod new_log;
mod notify;
mod open;
mod open_database;
mod options;
mod record;
mod remote;
mod reports;
pub mod schema;
mod settled;
mod socket;
mod tabs;
mod transaction;
mod verify;

pub use bindings::{Log, Store};
pub use clock::BrowserClock;
pub use connection::{ConnectionEvent, ConnectionOptions};
pub use cursors::{Cursor, ExportCursor, ReplayHandle, Subscription};
pub use http::Fetch;
pub use indexeddb::IndexedDb;
pub use link::Link;
pub use remote::{Nested, SyncRun};
pub use socket::BrowserSockets;

/// As fast as the standard library's and three kilobytes smaller.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
