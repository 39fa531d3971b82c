//! Which events match: the server's `EventFilter`, compiled once and asked often.

mod ascii_finder;
mod event_filter;
mod matcher;

pub use ascii_finder::AsciiFinder;
pub use event_filter::EventFilter;
pub use matcher::Matcher;
