use super::EventError;
use super::event::{Event, EventId, MAX_ID};
use super::import::wire_form;
use super::json_string::push_text;
use super::python_json::{Transcoder, as_text};
use super::scan::{Member, Members};

/// The order in which `event_to_dict` of the server writes the top-level keys after `source`.
const WIRE_ORDER: [&str; 11] = [
    "message",
    "cause",
    "action",
    "observation",
    "tool_call_metadata",
    "llm_metrics",
    "args",
    "timeout",
    "content",
    "extras",
    "success",
];

/// Gives a new event its id, timestamp and source, as `EventStream.add_event` of the server does, and
/// its wire form, where the server could load it.
///
/// `object` is JSON as JavaScript writes it; its own `id`, `timestamp` and `source` are dropped,
/// and so are absent optional keys that were spelled as `null`. Keys that the server has no place
/// for come last. A V1 event keeps its own order of keys.
///
/// # Errors
/// What is no JSON object, and a number outside `0..=`[`MAX_ID`] as id.
pub fn stamp(
    object: &[u8],
    id: &EventId,
    timestamp: &str,
    source: &str,
) -> Result<Event, EventError> {
    let new = Transcoder::restoring_floats(true)
        .run(as_text(object)?)?
        .text;
    let mut kept: Vec<(usize, Member<'_>)> = Vec::new();
    let mut members = Members::of_canonical(&new)?;
    let wire_order = matches!(id, EventId::Number(_));
    while let Some(member) = members.next()? {
        let place = WIRE_ORDER.iter().position(|key| *key == member.key.raw);
        match (member.key.raw, place) {
            ("id" | "timestamp" | "source", _) => {}
            ("action" | "observation" | "args" | "content" | "extras", Some(place)) => {
                kept.push((place, member));
            }
            (_, Some(_)) if wire_order && member.value == "null" => {}
            (_, place) => kept.push((place.unwrap_or(WIRE_ORDER.len()), member)),
        }
    }
    let mut text = String::with_capacity(new.len().saturating_add(128));
    text.push_str("{\"id\": ");
    match id {
        EventId::Number(number @ 0..=MAX_ID) => text.push_str(&number.to_string()),
        EventId::Number(number) => {
            let id = number.to_string().into_boxed_str();
            return Err(EventError::IdOutOfRange { id });
        }
        EventId::Text(id) => push_quoted(&mut text, id),
    }
    text.push_str(", \"timestamp\": ");
    push_quoted(&mut text, timestamp);
    text.push_str(", \"source\": ");
    push_quoted(&mut text, source);
    let places = if wire_order {
        0..=WIRE_ORDER.len()
    } else {
        0..=0
    };
    let ordered = places.flat_map(|place| {
        kept.iter()
            .filter(move |(its, _)| !wire_order || *its == place)
    });
    for (_, member) in ordered {
        text.push_str(", ");
        text.push('"');
        text.push_str(member.key.raw);
        text.push_str("\": ");
        text.push_str(member.value);
    }
    text.push('}');
    if wire_order && let Some(wire) = wire_form(&text) {
        text = wire;
    }
    Event::from_canonical(text.into_boxed_str())
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    push_text(out, text);
    out.push('"');
}
