//! A server, a network and tabs for the tests of connections: all of it by chance, and the same
//! for the same seed.

pub mod model;
pub mod network;
pub mod platform;
pub mod scene;
pub mod server;
pub mod tab;
