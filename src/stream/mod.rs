//! EventStream: adding events, and hearing of them.

mod event_stream;
mod queue;
mod subscription;

pub use event_stream::{Drops, EventStream, FeedReport, SubscribeOptions};
pub use queue::Policy;
pub use subscription::Subscription;
