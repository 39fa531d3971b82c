//! EventStore: the logs of a browser's conversations.

mod archive;
mod batch;
mod blocks;
mod cache;
mod commit;
mod coverage;
mod event_store;
mod export;
mod found;
mod import;
mod load;
mod log;
mod neighbors;
mod plan;
mod read_ahead;
mod record;
mod restore;
mod retention;
mod search;
mod search_all;
mod sieve;
mod truncate;

pub use archive::MAGIC as ARCHIVE_MAGIC;
pub use batch::Batch;
pub use cache::CacheStats;
pub use commit::{Item, Outcome};
pub use coverage::{Coverage, Interval};
pub use event_store::{ConversationInfo, EventStore, MatchingOptions, PAGE_BYTES, StoreOptions};
pub use export::{Export, ExportFormat};
pub use import::ImportReport;
pub use log::{Change, Listener, Log};
pub use neighbors::{After, ROOM};
pub use record::Record;
pub use restore::Restore;
pub use search::{Search, SearchOptions};
pub use search_all::SearchAll;
