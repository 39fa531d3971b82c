//! One conversation's REST routes: requests that are repeated when the server asks for it, and end.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::{Either, maybe_done, select};

use crate::backend::{Clock, Http, Request};
use crate::error::{Error, Result};
use crate::notice::{Level, Reporter};
use crate::signal::Signal;

/// The most bytes of one answer.
const MOST_BYTES: usize = 64 << 20;

/// How often a request is made where the server answers 429 or 503.
const ATTEMPTS: u32 = 5;

/// The pause after the first such answer, in milliseconds; it doubles with each.
const FIRST_PAUSE: u32 = 500;

/// The longest pause, in milliseconds, whatever the server asks for.
const LONGEST_PAUSE: u32 = 60_000;

const CLOSED: Error = Error::Closed("remote store");

/// Where a server is and how it is asked.
pub struct ServerOptions {
    /// The conversation's address, without a query.
    pub base_url: String,
    /// Goes into the header `X-Session-API-Key`, and nowhere else.
    pub session_api_key: Option<String>,
    /// More headers.
    pub headers: Vec<(String, String)>,
    /// Milliseconds for one request, its whole answer included.
    pub timeout: u32,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            base_url: String::new(),
            session_api_key: None,
            headers: Vec::new(),
            timeout: 30_000,
        }
    }
}

/// A server's routes for one conversation.
pub struct Server {
    http: Rc<dyn Http>,
    clock: Rc<dyn Clock>,
    reporter: Reporter,
    base_url: String,
    headers: Vec<(String, String)>,
    timeout: u32,
    requests: Cell<u64>,
    closed: Cell<bool>,
    closing: Signal,
}

/// What became of a request.
pub(crate) enum Answered {
    Text(String),
    /// Status 404: to the server's own reader an empty store.
    NotFound,
    /// More bytes than are taken at once.
    TooLarge,
}

impl Server {
    /// A server; nothing is asked yet.
    ///
    /// # Errors
    /// `InvalidArgument` for an address with a query or a fragment, and for what no header can
    /// hold.
    pub fn new(
        http: Rc<dyn Http>,
        clock: Rc<dyn Clock>,
        reporter: Reporter,
        options: ServerOptions,
    ) -> Result<Server> {
        let wrong = |why: &str| Err(Error::InvalidArgument(why.to_owned()).into());
        if options.base_url.contains(['?', '#']) {
            return wrong("a base URL has neither a query nor a fragment");
        }
        let mut headers = options.headers;
        if let Some(key) = options.session_api_key.filter(|key| !key.is_empty()) {
            headers.push(("X-Session-API-Key".to_owned(), key));
        }
        for (name, value) in &headers {
            if name.is_empty() || !name.bytes().all(is_token) {
                return wrong("a header's name holds what none can hold");
            }
            if !value
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
            {
                return wrong("the session API key or a header holds what no header can hold");
            }
        }
        Ok(Server {
            http,
            clock,
            reporter,
            base_url: options.base_url.trim_end_matches('/').to_owned(),
            headers,
            timeout: options.timeout,
            requests: Cell::new(0),
            closed: Cell::new(false),
            closing: Signal::default(),
        })
    }

    /// How many requests were made.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Ends every request with `Closed`, also those to come.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.closing.set();
    }

    /// Asks for what is at a path below the base URL.
    pub(crate) async fn get(&self, path: &str) -> Result<Answered> {
        let url = [&self.base_url, path].concat();
        let mut attempt = 1;
        loop {
            if self.closed.get() {
                return Err(CLOSED.into());
            }
            self.requests.set(self.requests.get().saturating_add(1));
            let answer = self.http.get(Request {
                url: &url,
                headers: &self.headers,
                most: MOST_BYTES,
            });
            let patience = select(self.clock.sleep(self.timeout), self.closing.changed());
            let response = match select(answer, patience).await {
                Either::Left((answer, _)) => answer?,
                Either::Right(_) if self.closed.get() => return Err(CLOSED.into()),
                Either::Right(_) => {
                    return Err(Error::Timeout {
                        operation: "a request",
                        milliseconds: self.timeout,
                    }
                    .into());
                }
            };
            let status = response.status;
            match (status, response.body) {
                (200..=299, Some(body)) => {
                    return match String::from_utf8(body) {
                        Ok(text) if text.trim_start().starts_with('<') => Err(web_page().into()),
                        Ok(text) => Ok(Answered::Text(text)),
                        Err(_) => Err(Error::BadAnswer("it is not UTF-8 text".to_owned()).into()),
                    };
                }
                (200..=299, None) => return Ok(Answered::TooLarge),
                (404, _) => return Ok(Answered::NotFound),
                (429 | 503, _) if attempt < ATTEMPTS => {
                    let pause = self.pause(attempt, response.retry_after);
                    let line = format_args!("{status}, again in {pause} ms");
                    self.reporter.log(Level::Info, "the server is busy", line);
                    select(self.clock.sleep(pause), self.closing.changed()).await;
                    attempt = attempt.saturating_add(1);
                }
                _ => return Err(Error::Refused(status).into()),
            }
        }
    }

    /// Asks for what is at several paths at the same time.
    pub(crate) async fn get_all(&self, paths: &[String]) -> Vec<Result<Answered>> {
        let gets = paths.iter().map(|path| self.get(path).boxed_local());
        let mut gets: Vec<_> = gets.map(maybe_done).collect();
        poll_fn(|context| {
            let under_way = gets
                .iter_mut()
                .map(|get| get.poll_unpin(context).is_pending());
            match under_way.filter(|is_pending| *is_pending).count() {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
        let answers = gets.iter_mut().map(|get| Pin::new(get).take_output());
        answers.flatten().collect()
    }

    /// Says that an answer held something that is no event.
    pub(crate) fn skipped(&self, why: &str) {
        self.reporter
            .log(Level::Warn, "what the server sent is not an event", why);
    }

    /// Doubles with each attempt, is a matter of chance in its upper half so that clients don't
    /// come back together, and is no shorter than what the server asks for.
    fn pause(&self, attempt: u32, asked: Option<u32>) -> u32 {
        let half = FIRST_PAUSE.saturating_mul(1 << attempt.min(16)) / 4;
        // The digits of the time are chance enough.
        let chance = self
            .clock
            .now()
            .to_bits()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            >> 32;
        let chance = chance.checked_rem(u64::from(half)).unwrap_or(0) as u32;
        let pause = half.saturating_add(chance).max(asked.unwrap_or(0));
        pause.min(LONGEST_PAUSE)
    }
}

fn web_page() -> Error {
    let why = "it is a web page: the address is another one's, or wants a login";
    Error::BadAnswer(why.to_owned())
}

/// What a header's name is made of.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
