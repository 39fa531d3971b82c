//! What a session is made with, what happens to it and what it wants done.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::event::{FrameForm, Position};
use crate::store::{Action, Item};

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// V0: Socket.IO over a WebSocket.
    SocketIo,
    /// V1: a plain WebSocket.
    WebSocket,
}

/// What a connection is made with.
#[derive(Clone)]
pub struct SessionOptions {
    /// How the server is spoken to.
    pub transport: Transport,
    /// V0: the server's address. V1: the socket's.
    pub url: String,
    /// The conversation's id on the server.
    pub conversation: String,
    /// Opens the conversation. It is not kept anywhere else.
    pub session_api_key: Option<String>,
    /// More parameters of the socket's address.
    pub query: Vec<(String, String)>,
    /// The socket is the application's own: its messages are events, framed by nothing, and it opens
    /// and closes as it likes. How they came to be text.
    pub own: Option<FrameForm>,
    /// Whether there is an address of pages to ask for what is missing.
    pub has_pages: bool,
    /// Decides what is left to chance.
    pub seed: u64,
}

/// What is stored when a connection begins.
#[derive(Clone, Debug, Default)]
pub struct Cursor {
    /// The newest position, -1 in an empty log.
    pub latest: Position,
    /// The newest timestamp.
    pub timestamp: Option<String>,
}

/// Where a connection stands.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// Not begun.
    Idle,
    /// A socket is being opened.
    Connecting,
    /// Connected; what was missed is being fetched.
    Syncing,
    /// Everything comes as it happens.
    Live,
    /// The next try is at this time, in milliseconds since the epoch. Why there has to be one.
    Waiting(f64, Box<Error>),
    /// The browser says that there is no network.
    Offline,
    /// Another tab holds the connection.
    Follower,
    /// It is no use to try again.
    Failed(Box<Error>),
    /// Ended by the application.
    Closed,
}

/// What happens to a session.
#[derive(Debug)]
pub enum Input<'a> {
    /// The application wants a connection.
    Start,
    /// It wants none any more.
    Stop,
    /// Whether this tab is the one to hold the connection.
    Holder(bool),
    /// It connects, whether others do or not.
    Beside,
    /// Whether the browser has a network.
    Online(bool),
    /// The page is looked at again: a try that waits is made at once.
    Wake,
    /// The time that was asked for has come, or another.
    Tick,
    /// The socket is open.
    Opened,
    /// It brought a text message.
    Text(&'a str),
    /// It brought what can't be used; why.
    Unusable(&'static str),
    /// It is closed, with this code.
    Closed(u16),
    /// A page was fetched and stored: whether it was the last one, and how many of its events were
    /// new.
    Page(Result<(bool, u64)>),
    /// Items were stored, or not.
    Stored(Result<()>),
    /// There may be something to send.
    Outbox,
    /// What there is to send.
    Next(Next),
    /// Whether the log has the event that the server made of the action that was sent last.
    Echo(bool),
}

/// What an outbox has to send.
#[derive(Debug)]
pub enum Next {
    /// An action that is taken for this connection, and its number.
    Action(i64, Rc<Action>),
    /// Nothing.
    Nothing,
    /// Something that can't be sent now: to be looked at again after so many milliseconds.
    Later(f64),
}

/// What is to be done with an outbox. One thing is done at a time, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// Take the next action; nobody else sends those of this conversation if `sole`. All that came
    /// is stored before. Answered by [`Input::Next`].
    Take {
        /// This tab alone is connected.
        sole: bool,
    },
    /// Look for the event that was made of an action. Answered by [`Input::Echo`].
    Look(Rc<Action>),
    /// It was taken and not sent.
    Release(i64, Rc<Action>),
    /// The server has it, or it doesn't: the reason.
    Settle(i64, Rc<Action>, std::result::Result<(), String>),
}

/// What is to be done.
#[derive(Debug)]
pub enum Effect {
    /// Open a socket at the address that the session gives.
    Open,
    /// Close it.
    Close,
    /// Send a text message.
    Send(String),
    /// Store these, after those before; if that fails, none that is handed over until
    /// [`Input::Stored`] has said so.
    Store(Vec<Item>),
    /// Fetch a page; first of all: `Some` begins anew, with the end or without.
    Fetch(Option<Reach>),
    /// Tell of a message that is no event.
    Status(Box<str>),
    /// Warn of a message that can't be used.
    Warn(String),
    /// Do this with the outbox.
    Outbox(Errand),
}

/// How far pages are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To the newest event that has come.
    Newest,
    /// To the end.
    End,
}
