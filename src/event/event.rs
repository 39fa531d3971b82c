use std::fmt;

use serde::{Deserialize, Serialize};

use super::EventError;
use super::fields::Fields;
use super::kind::Kind;
use super::python_json::dump;

/// An event's place in its log: the server's id in V0; in V1 counted from 0 in the server's order,
/// with room where events may be missing.
pub type Position = i64;

/// The largest id that is taken: JavaScript's `Number.MAX_SAFE_INTEGER`.
pub const MAX_ID: i64 = (1 << 53) - 1;

/// What a server calls an event by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EventId {
    /// V0: a number that counts up within the conversation.
    Number(i64),
    /// V1: an opaque string.
    Text(Box<str>),
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventId::Number(id) => id.fmt(f),
            EventId::Text(id) => id.fmt(f),
        }
    }
}

/// Which server wrote an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// The OpenHands server: integer ids, `action` or `observation`.
    V0,
    /// The agent-server of the software-agent-sdk: string ids, `kind`.
    V1,
}

impl Dialect {
    /// The name that TypeScript sees.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Dialect::V0 => "v0",
            Dialect::V1 => "v1",
        }
    }
}

/// What a filter or a log wants to know of an event without reading its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `None` when absent, no integer of 64 bits and no string. A string with lone surrogates
    /// stands here in its escaped form.
    pub id: Option<EventId>,
    /// `None` when absent or no string. UTF-8, but that a lone surrogate takes three bytes
    /// (WTF-8): so the order of bytes is Python's order of code points.
    pub timestamp: Option<Box<[u8]>>,
    /// `None` when absent or no string. One with lone surrogates stands here in its escaped form.
    pub source: Option<Box<str>>,
    /// Action, observation, V1 kind, or unknown.
    pub kind: Kind,
    /// Python's truth of `args.hidden` for a run action, of `extras.hidden` for a run observation.
    pub hidden: bool,
    /// The id of the event that this one answers, where it is an integer.
    pub cause: Option<i64>,
    /// The id of the event before this one in a V1 conversation, where it is a string.
    pub parent_id: Option<Box<str>>,
    /// The text holds `NaN`, `Infinity` or `-Infinity` outside its strings: `JSON.parse` would
    /// refuse it.
    pub non_finite: bool,
}

/// One event of a conversation: what is known of it, and the text that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Read from the text.
    pub header: Header,
    /// Python's `json.dumps` of the event: ASCII without control characters.
    pub text: Box<str>,
}

impl Event {
    /// Reads any JSON object and makes its text canonical; ids and kinds are not judged.
    ///
    /// # Errors
    /// What is no JSON to Python, nested too deep, or no object.
    pub fn from_json(bytes: &[u8]) -> Result<Self, EventError> {
        let dump = dump(bytes)?;
        let header = Fields::of_dump(&dump)?.header;
        let text = dump.text.into_boxed_str();
        Ok(Self { header, text })
    }

    /// Takes text that this crate has made canonical before, such as stored text, as it is.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json), should the text be damaged; the characters inside its
    /// strings are not checked again.
    pub fn from_canonical(text: Box<str>) -> Result<Self, EventError> {
        let fields = Fields::read(&text)?;
        Ok(Self {
            header: fields.header,
            text,
        })
    }

    /// Which server the id and the kind belong to; `None` if they don't go together.
    #[must_use]
    pub fn dialect(&self) -> Option<Dialect> {
        match &self.header.id {
            Some(EventId::Number(_)) if self.header.kind.is_v0() => Some(Dialect::V0),
            Some(EventId::Text(_)) if self.header.kind.v1_name().is_some() => Some(Dialect::V1),
            _ => None,
        }
    }
}
