//! oh-event-store
#![deny(missing_docs)]

pub mod backend;
pub mod error;

pub use error::{Error, Recovery, Result};
