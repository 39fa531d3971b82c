use std::fmt;

/// Why bytes could not be read as an event.
///
/// Offsets are in bytes from the start of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventError {
    /// The input is not UTF-8; everything before `offset` is.
    NotUtf8 {
        /// The first byte that is no part of a character.
        offset: usize,
    },
    /// The input is not JSON as Python's `json.loads` reads it.
    Syntax {
        /// Where the reading stopped.
        offset: usize,
        /// What would have been right there.
        expected: &'static str,
    },
    /// Objects and lists lie more than [`MAX_DEPTH`](crate::event::MAX_DEPTH) deep in each other.
    TooDeep {
        /// The bracket that opens one level too many.
        offset: usize,
    },
    /// The JSON value is a list, string, number or literal; an event is an object.
    NotAnObject,
    /// The id is an integer outside `0..=MAX_ID`, so JavaScript can't hold it exactly.
    IdOutOfRange {
        /// The id's first digits.
        id: Box<str>,
    },
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { offset } => write!(f, "not UTF-8 text: bad byte at {offset}"),
            Self::Syntax { offset, expected } => {
                write!(f, "not JSON: expected {expected} at byte {offset}")
            }
            Self::TooDeep { offset } => write!(
                f,
                "nested more than {} levels deep at byte {offset}",
                super::MAX_DEPTH
            ),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::IdOutOfRange { id } => write!(
                f,
                "event id {id} is outside 0..={}, the integers that JavaScript holds exactly",
                super::MAX_ID
            ),
        }
    }
}

impl std::error::Error for EventError {}
