//! Requests to a server.

use super::Answer;

/// A GET request.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The whole address.
    pub url: &'a str,
    /// Names and values that a header can hold. One of them may be secret.
    pub headers: &'a [(String, String)],
    /// The most bytes of a body that are read.
    pub most: usize,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status; 0 for a redirection, which is not followed.
    pub status: u16,
    /// How many milliseconds the server wants to be left alone: `Retry-After`.
    pub retry_after: Option<u32>,
    /// The body of a success; `None` where it has more bytes than were wanted.
    pub body: Option<Vec<u8>>,
}

/// The network.
pub trait Http {
    /// Asks and waits for the whole answer. Dropping that aborts the request.
    ///
    /// # Errors
    /// `Network` when no answer came or only a part of it.
    fn get<'a>(&'a self, request: Request<'a>) -> Answer<'a, Response>;
}
