//! How events lie in storage. `format.md` beside this file has the bytes.

mod bytes;
mod checksum;
mod entry;
#[allow(clippy::module_inception)]
mod page;
mod signature;
mod strings;
mod summary;
mod trigrams;

pub(crate) use bytes::{CHECKSUM_BYTES, Reader, Writer};
pub use entry::{Entry, FORMAT, Origin};
pub use page::{MAX_EVENTS, Page};
pub use signature::{Probe, SIGNATURE_BYTES, Signatures};
pub use summary::{Class, Summary};
