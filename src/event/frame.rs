use super::EventError;
use super::event::{Event, EventId, MAX_ID};
use super::fields::Fields;
use super::python_json::{Transcoder, as_text};

/// How a socket's message came to be text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameForm {
    /// As the server wrote it.
    Raw,
    /// `JSON.stringify` of what a JavaScript client had parsed: `120.0` has become `120`. Fields
    /// that the server's schema has as floats are written as floats again.
    Parsed,
}

/// What one message of a socket is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// It belongs in the log.
    Event(Event),
    /// Canonical text of a message that is no part of the history: status updates, errors, title
    /// changes, V1's streaming deltas.
    Status(Box<str>),
}

impl Frame {
    /// Tells events from what else comes on a V0 or V1 socket.
    ///
    /// A V0 event has an integer `id` from 0 to [`MAX_ID`] and an `action` or `observation`; a V1
    /// event has a string `id` and a string `kind` that is kept in the server's history.
    ///
    /// # Errors
    /// What is no JSON object, and a V0 event whose id is above [`MAX_ID`].
    pub fn read(bytes: &[u8], form: FrameForm) -> Result<Self, EventError> {
        let transcoder = Transcoder::restoring_floats(form == FrameForm::Parsed);
        let dump = transcoder.run(as_text(bytes)?)?;
        let fields = Fields::of_dump(&dump)?;
        let header = is_event(&fields)?.then_some(fields.header);
        let text = dump.text.into_boxed_str();
        Ok(match header {
            Some(header) => Self::Event(Event { header, text }),
            None => Self::Status(text),
        })
    }
}

fn is_event(fields: &Fields<'_>) -> Result<bool, EventError> {
    let kind = &fields.header.kind;
    if let Some(digits) = fields.integer_id {
        return match fields.header.id {
            _ if !kind.is_v0() || digits.starts_with('-') => Ok(false),
            Some(EventId::Number(0..=MAX_ID)) => Ok(true),
            _ => Err(EventError::IdOutOfRange {
                id: digits.chars().take(40).collect(),
            }),
        };
    }
    let Some(class) = kind.v1_name() else {
        return Ok(false);
    };
    let transient = match class {
        "StreamingDeltaEvent" | "ServerErrorEvent" => true,
        "ConversationStateUpdateEvent" => fields.key.as_deref() == Some("full_state"),
        _ => false,
    };
    Ok(matches!(fields.header.id, Some(EventId::Text(_))) && !transient)
}
