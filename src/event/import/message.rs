//! The `message` property of the server's classes.

use super::classes::Message;
use super::code_points::{CodePoints, decoded, first};
use super::python_text::{push_repr, push_text_of};
use super::record::{Record, string};
use crate::event::Items;
use crate::event::float::parse_float;

/// The most events that a condensation may name by its first and last one.
const MOST_FORGOTTEN: i64 = 1 << 16;

/// How much of a query the message shows, in code points.
const QUERY_LENGTH: usize = 50;

/// Gives an event's fields by their names.
pub(super) type Fields<'a, 'f> = &'a dyn Fn(&'static str) -> Option<&'f str>;

/// Writes the message as canonical JSON, perhaps `null`; `None` where the server raises.
pub(super) fn write_message(
    out: &mut String,
    message: Message,
    field: Fields<'_, '_>,
) -> Option<()> {
    match message {
        Message::Field(name) => out.push_str(field(name)?),
        Message::Finish if field("thought")? != "\"\"" => out.push_str(field("thought")?),
        _ => {
            out.push('"');
            write_text(out, message, field)?;
            out.push('"');
        }
    }
    Some(())
}

fn write_text(out: &mut String, message: Message, field: Fields<'_, '_>) -> Option<()> {
    match message {
        Message::Text(template) => formatted(out, template, field)?,
        Message::Added(text, name) => {
            out.push_str(text);
            out.push_str(string(field(name)?)?);
        }
        Message::Finish => out.push_str("All done! What's next on the agenda?"),
        Message::Reject => {
            out.push_str("Task is rejected by the agent.");
            if let Some(reason) = reason(field("outputs")?)? {
                out.push_str(" Reason: ");
                out.push_str(string(reason)?);
            }
        }
        Message::Query => {
            out.push_str("Retrieving content for: ");
            let query = field("query")?;
            match string(query) {
                Some(raw) => out.push_str(first(raw, QUERY_LENGTH)),
                None => list_start(out, query)?,
            }
        }
        Message::Condensation => condensation(out, field)?,
        Message::Tasks => match length(field("task_list")?)? {
            0 => out.push_str("Clearing the task list."),
            1 => out.push_str("Managing 1 task item."),
            count => {
                out.push_str("Managing ");
                out.push_str(&count.to_string());
                out.push_str(" task items.");
            }
        },
        Message::Recalled => out.push_str(match field("recall_type")? {
            "\"workspace_context\"" => "Added workspace context",
            _ => "Added microagent knowledge",
        }),
        Message::Field(_) => {}
    }
    Some(())
}

/// A template with `str()` of the fields that it names.
fn formatted(out: &mut String, template: &'static str, field: Fields<'_, '_>) -> Option<()> {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        push_text_of(out, field(name)?);
        rest = after;
    }
    out.push_str(rest);
    Some(())
}

/// `str(value[:50])` of a list.
fn list_start(out: &mut String, json: &str) -> Option<()> {
    out.push('[');
    for (index, item) in Items::of(json).ok()?.take(QUERY_LENGTH).enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        push_repr(out, item.ok()?);
    }
    out.push(']');
    Some(())
}

/// `outputs['reason']` where `'reason' in outputs`.
fn reason(outputs: &str) -> Option<Option<&str>> {
    // No list and no string has a text as index.
    let is_in = if let Some(raw) = string(outputs) {
        decoded(raw).is_some_and(|text| text.as_bytes().windows(6).any(|part| part == b"reason"))
    } else if outputs.starts_with('[') {
        Items::of(outputs)
            .ok()?
            .any(|item| item == Ok("\"reason\""))
    } else {
        return Some(Record::of(outputs)?.get("reason"));
    };
    (!is_in).then_some(None)
}

/// `len(value)` of a string, list or object.
pub(super) fn length(json: &str) -> Option<usize> {
    if let Some(raw) = string(json) {
        return Some(CodePoints::of(raw).count());
    }
    match Record::of(json) {
        Some(record) => Some(record.len()),
        None => Items::of(json).ok().map(Iterator::count),
    }
}

/// Checks and tells what a `CondensationAction` forgets: a list of ids, or all from one to another.
fn condensation(out: &mut String, field: Fields<'_, '_>) -> Option<()> {
    let given = |name| field(name).filter(|value| *value != "null");
    let ids = given("forgotten_event_ids");
    let range = given("forgotten_events_start_id").zip(given("forgotten_events_end_id"));
    let summary = given("summary");
    if ids.is_some() == range.is_some() || summary.is_some() != given("summary_offset").is_some() {
        return None;
    }
    if let Some(summary) = summary.filter(|summary| is_true(summary)) {
        out.push_str("Summary: ");
        push_text_of(out, summary);
        return Some(());
    }
    out.push_str("Condenser is dropping the events: ");
    match (ids, range) {
        (Some(ids), _) => push_text_of(out, ids),
        (None, Some((start, end))) => push_range(out, index(start)?, index(end)?)?,
        (None, None) => return None,
    }
    out.push('.');
    Some(())
}

/// A number that Python's `range` takes.
fn index(json: &str) -> Option<i64> {
    match json {
        "true" => Some(1),
        "false" => Some(0),
        _ => json.parse().ok(),
    }
}

/// `str(list(range(start, end + 1)))`.
fn push_range(out: &mut String, start: i64, end: i64) -> Option<()> {
    if end.saturating_sub(start) > MOST_FORGOTTEN {
        return None;
    }
    out.push('[');
    for id in start..=end {
        if id > start {
            out.push_str(", ");
        }
        out.push_str(&id.to_string());
    }
    out.push(']');
    Some(())
}

/// Python's truth of a JSON value.
pub(super) fn is_true(json: &str) -> bool {
    match json {
        "null" | "false" | "\"\"" | "[]" | "{}" => false,
        _ => parse_float(json) != Some(0.0),
    }
}
