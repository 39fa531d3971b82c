//! Which events match: the server's `EventFilter` and a text for people, compiled once and asked
//! often.

mod ascii_finder;
mod event_filter;
mod matcher;
mod text;

pub use ascii_finder::AsciiFinder;
pub use event_filter::EventFilter;
pub use matcher::Matcher;
pub use text::{Decompose, MAX_RANGES, TextFinder, undecomposed};
