//! oh-event-store
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

pub mod backend;
pub mod error;
pub mod event;
pub mod filter;
pub mod notice;
pub mod page;
pub mod replay;
mod sorted_map;
pub mod store;
pub mod stream;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Recovery, Result};
