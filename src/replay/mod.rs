//! Replay of a stored conversation: the reading path under another clock.

mod player;
#[allow(clippy::module_inception)]
mod replay;
mod time;
mod timeline;

pub use player::{Player, ReplayOptions, ReplayState, Tick};
pub use replay::{Replay, Status};
pub use time::Recorded;
pub use timeline::Timeline;
