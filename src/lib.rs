//! oh-event-store
#![deny(missing_docs)]

pub mod backend;
pub mod error;
pub mod event;
pub mod filter;
pub mod notice;
pub mod page;
pub mod store;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Recovery, Result};
