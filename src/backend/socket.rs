//! Sockets to a server.

use std::rc::Rc;

use crate::error::Result;

/// The longest message that is taken, in bytes.
pub const LONGEST_MESSAGE: usize = 64 << 20;

/// What is said of one that is longer.
pub const TOO_LONG: &str = "a message is longer than 64 MB";

/// What happens to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// It is open.
    Opened,
    /// A text message came.
    Text(String),
    /// A message came that is not taken; why.
    Unusable(&'static str),
    /// It is closed, or was never opened; nothing comes after this. The WebSocket close code.
    Closed(u16),
}

/// Who hears of it. Not called while a method of the socket runs.
pub type SocketListener = Rc<dyn Fn(SocketEvent)>;

/// One socket. Dropping it closes it, and its listener hears nothing more.
pub trait Socket {
    /// Sends a text message; nothing happens where it isn't open.
    fn send(&self, text: &str);
}

/// What opens sockets.
pub trait Sockets {
    /// Begins to open one.
    ///
    /// # Errors
    /// `InvalidArgument` for an address that no socket can have. It does not stand in the error,
    /// for it may hold a key.
    fn open(&self, url: &str, listener: SocketListener) -> Result<Box<dyn Socket>>;
}
