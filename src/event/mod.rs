//! What an event is: its header, its canonical text, and how both are read from any bytes.
//!
//! The text that is kept is what Python's `json.dumps` makes of the received JSON, because that is
//! what the server's `query` searches. See [`dumps`] for the text and [`Header`] for the rest.

mod big;
mod documents;
mod error;
#[allow(clippy::module_inception)]
mod event;
mod fields;
mod float;
mod frame;
mod import;
mod json_string;
mod kind;
mod lanes;
mod markdown;
mod needle;
mod numbers;
mod python_float;
mod python_json;
mod readable;
mod repeated_keys;
mod scan;
mod secrets;
mod shortest;
mod slices;
mod stamp;
mod trajectory;

pub use documents::{Documents, FileForm, Found};
pub use error::EventError;
pub use event::{Dialect, Event, EventId, Header, MAX_ID, Position};
pub(crate) use float::parse_float;
pub use frame::{Frame, FrameForm};
pub use import::wire_form;
pub(crate) use json_string::{RawString, push_text};
pub use kind::Kind;
pub(crate) use lanes::find_either;
#[cfg(target_feature = "simd128")]
pub(crate) use lanes::load;
pub use markdown::{transcript, transcript_title};
pub(crate) use needle::Needle;
pub(crate) use numbers::Numbers;
pub use python_json::{Dump, dump, dumps};
pub(crate) use readable::{Step, read_texts};
pub use scan::MAX_DEPTH;
pub use secrets::{Masking, Secrets};
pub use slices::{Items, members, string_value};
pub use stamp::stamp;
pub use trajectory::trajectory;
