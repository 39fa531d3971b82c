//! The browser's own copy of an OpenHands conversation: an append-only log of events.
//!
//! Events come in as the text of WebSocket messages, are kept whole in pages behind a small storage
//! trait, and go out through searches, subscriptions and replays that mean what the OpenHands
//! server's own `EventStore` and `EventStream` mean. Compiled to WebAssembly, with IndexedDB behind
//! that trait, it is the npm package `oh-event-store`; natively it is what most tests run.
//!
//! **What it is not**: a sync engine for arbitrary tables, a server, a user interface.
//!
//! ```
//! use std::rc::Rc;
//!
//! use futures::executor::block_on;
//! use futures::future::LocalBoxFuture;
//! use oh_event_store::backend::{Clock, Memory};
//! use oh_event_store::event::FrameForm;
//! use oh_event_store::filter::EventFilter;
//! use oh_event_store::notice::Reporter;
//! use oh_event_store::store::{EventStore, SearchOptions, StoreOptions};
//! use oh_event_store::stream::{Drops, EventStream};
//!
//! /// A clock that stands still.
//! struct Noon;
//!
//! impl Clock for Noon {
//!     fn now(&self) -> f64 {
//!         1_756_641_600_000.0
//!     }
//!     fn timestamp(&self) -> String {
//!         "2025-08-31T12:00:00.000000".into()
//!     }
//!     fn sleep(&self, _milliseconds: u32) -> LocalBoxFuture<'static, ()> {
//!         Box::pin(async {})
//!     }
//! }
//!
//! # fn main() -> oh_event_store::Result<()> {
//! block_on(async {
//!     let (backend, reporter) = (Rc::new(Memory::new()), Reporter::new(|_| {}));
//!     let options = StoreOptions::default();
//!     let store = EventStore::new(backend, Rc::new(Noon), reporter.clone(), &options);
//!     let log = store.conversation("bug-hunt", None).await?;
//!     let stream = EventStream::new(log, reporter, EventStream::MAX_SUBSCRIBERS, Drops::default());
//!
//!     let frame = br#"{"id": 7, "source": "agent", "action": "run", "args": {"command": "ls"}}"#;
//!     let report = stream.feed(frame, FrameForm::Raw).await?;
//!     assert_eq!((report.accepted, report.doubles), (1, 0));
//!
//!     let filter = EventFilter {
//!         query: Some("\"COMMAND\": \"ls\"".into()),
//!         include_types: vec!["Action".into()],
//!         ..EventFilter::default()
//!     };
//!     let mut search = stream.log().search(&SearchOptions {
//!         filter: Some(filter),
//!         ..SearchOptions::default()
//!     });
//!     let found = search.next(100).await?.unwrap_or_default();
//!     assert_eq!(found.positions, [7]);
//!     assert!(search.next(100).await?.is_none());
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # The public names
//!
//! From the ground up; a module imports only those above it in this table, and none but `web`
//! names a browser crate.
//!
//! | Module      | What it is                     | Names                                         |
//! | ----------- | ------------------------------ | --------------------------------------------- |
//! | [`error`]   | what can go wrong              | [`Error`], [`Recovery`], [`Result`]           |
//! | [`notice`]  | what the store tells unasked   | `Notice`, `Level`, `Reporter`                 |
//! | [`event`]   | what an event is               | `Event`, `Header`, `Kind`, `Frame`, `Secrets` |
//! | [`filter`]  | which events match             | `EventFilter`, `Matcher`, `TextFinder`        |
//! | [`page`]    | how events lie in storage      | `Page`, `Summary`, `Signatures`, `Entry`      |
//! | [`backend`] | the outside world, as traits   | `Backend`, `Http`, `Sockets`, `Clock`         |
//! | [`store`]   | the logs of conversations      | `EventStore`, `Log`, `Search`, `Verify`       |
//! | [`stream`]  | events in, and hearing of them | `EventStream`, `Subscription`, `Policy`       |
//! | [`sync`]    | how the log stays whole        | `Connection`, `Session`, `Sync`, `Server`     |
//! | [`replay`]  | reading under another clock    | `Player`, `Replay`, `Timeline`                |
//! | `web`       | the browser's side             | `Store`, `Log`, `IndexedDb`; for wasm32 only  |
//!
//! # Invariants
//!
//! - An event is acknowledged when, and only when, the transaction that holds it is complete;
//!   subscribers hear of it after that. A crash leaves a log that is an acknowledged state of its
//!   own history, plus at most one transaction that committed unseen.
//! - An event's text is what Python's `json.dumps` makes of it. What is stored is what is searched.
//! - Subscribed first, then asked for what was missed: nothing falls in between. Where something
//!   may be missing is a gap in the coverage, never a guess.
//! - Identity decides doubles, never order: ids have holes and come late.
//! - Any bytes at all end in an answer or in an [`Error`], never in a panic.
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
mod signal;
mod sorted_map;
pub mod store;
pub mod stream;
pub mod sync;
#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Recovery, Result};
