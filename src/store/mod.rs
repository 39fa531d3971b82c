//! EventStore: the logs of a browser's conversations.

mod batch;
mod cache;
mod commit;
mod coverage;
mod event_store;
mod export;
mod import;
mod load;
mod log;
mod plan;
mod record;
mod search;

pub use batch::Batch;
pub use cache::CacheStats;
pub use commit::{Item, Outcome};
pub use coverage::{Coverage, Interval};
pub use event_store::{ConversationInfo, EventStore, MatchingOptions, PAGE_BYTES, StoreOptions};
pub use export::{Export, ExportFormat};
pub use import::ImportReport;
pub use log::{Listener, Log};
pub use record::Record;
pub use search::{Search, SearchOptions};
