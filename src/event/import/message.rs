//! The `message` property of the server's classes.

use std::borrow::Cow;

use super::classes::Message;
use super::code_points::{CodePoints, decoded, first};
use super::python_text::text_of;
use super::record::{Record, string};
use crate::event::Items;
use crate::event::float::parse_float;

/// The most events that a condensation may name by its first and last one.
const MOST_FORGOTTEN: i64 = 1 << 20;

/// Gives an event's fields by their names.
pub(super) type Fields<'a, 'f> = &'a dyn Fn(&'static str) -> Option<&'f str>;

/// The message as canonical JSON; `None` where the server raises.
pub(super) fn message<'f>(message: Message, field: Fields<'_, 'f>) -> Option<String> {
    Some(match message {
        Message::Text(template) => quoted(&formatted(template, field)?),
        Message::Field(name) => field(name)?.to_owned(),
        Message::Added(text, name) => quoted(&[text, string(field(name)?)?].concat()),
        Message::Finish => match field("thought")? {
            "\"\"" => quoted("All done! What's next on the agenda?"),
            thought => thought.to_owned(),
        },
        Message::Reject => rejected(field("outputs")?)?,
        Message::Query => {
            let query = field("query")?;
            let start = match string(query) {
                Some(raw) => Cow::Borrowed(first(raw, QUERY_LENGTH)),
                None => Cow::Owned(list_start(query)?),
            };
            quoted(&["Retrieving content for: ", &start].concat())
        }
        Message::Condensation => condensation(field)?,
        Message::Tasks => match length(field("task_list")?)? {
            0 => quoted("Clearing the task list."),
            1 => quoted("Managing 1 task item."),
            count => quoted(&["Managing ", &count.to_string(), " task items."].concat()),
        },
        Message::Recalled => quoted(match field("recall_type")? {
            "\"workspace_context\"" => "Added workspace context",
            _ => "Added microagent knowledge",
        }),
    })
}

/// How much of a query the message shows, in code points.
const QUERY_LENGTH: usize = 50;

fn quoted(inside: &str) -> String {
    ["\"", inside, "\""].concat()
}

/// A template with `str()` of the fields that it names.
fn formatted(template: &'static str, field: Fields<'_, '_>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        out.push_str(&text_of(field(name)?));
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// `str(value[:50])` of a list.
fn list_start(json: &str) -> Option<String> {
    let mut start = String::from("[");
    for item in Items::of(json).ok()?.take(QUERY_LENGTH) {
        if start.len() > 1 {
            start.push_str(", ");
        }
        start.push_str(item.ok()?);
    }
    start.push(']');
    Some(text_of(&start).into_owned())
}

fn rejected(outputs: &str) -> Option<String> {
    const TEXT: &str = "Task is rejected by the agent.";
    let reason = if let Some(raw) = string(outputs) {
        // No index of a string is a text.
        let has_it = decoded(raw).is_some_and(|text| text.contains("reason"));
        return (!has_it).then(|| quoted(TEXT));
    } else if outputs.starts_with('[') {
        let mut items = Items::of(outputs).ok()?;
        let has_it = items.any(|item| item == Ok("\"reason\""));
        return (!has_it).then(|| quoted(TEXT));
    } else {
        Record::of(outputs)?.take("reason")
    };
    Some(match reason {
        Some(reason) => quoted(&[TEXT, " Reason: ", string(&reason)?].concat()),
        None => quoted(TEXT),
    })
}

/// `len(value)` of a string, list or object.
pub(super) fn length(json: &str) -> Option<usize> {
    if let Some(raw) = string(json) {
        return Some(CodePoints::of(raw).count());
    }
    match Record::of(json) {
        Some(record) => Some(record.members().len()),
        None => Items::of(json).ok().map(Iterator::count),
    }
}

/// Checks and tells what a `CondensationAction` forgets: a list of ids, or all from one to another.
fn condensation(field: Fields<'_, '_>) -> Option<String> {
    let given = |name| field(name).filter(|value| *value != "null");
    let ids = given("forgotten_event_ids");
    let range = given("forgotten_events_start_id").zip(given("forgotten_events_end_id"));
    let summary = given("summary");
    if ids.is_some() == range.is_some() || summary.is_some() != given("summary_offset").is_some() {
        return None;
    }
    if let Some(summary) = summary.filter(|summary| is_true(summary)) {
        return Some(quoted(&["Summary: ", &text_of(summary)].concat()));
    }
    let forgotten = match (ids, range) {
        (Some(ids), _) => text_of(ids),
        (None, Some((start, end))) => Cow::Owned(counted(index(start)?, index(end)?)?),
        (None, None) => return None,
    };
    let parts = ["Condenser is dropping the events: ", &forgotten, "."];
    Some(quoted(&parts.concat()))
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
fn counted(start: i64, end: i64) -> Option<String> {
    if end.saturating_sub(start) > MOST_FORGOTTEN {
        return None;
    }
    let mut out = String::from("[");
    for id in start..=end {
        if out.len() > 1 {
            out.push_str(", ");
        }
        out.push_str(&id.to_string());
    }
    out.push(']');
    Some(out)
}

/// Python's truth of a JSON value.
pub(super) fn is_true(json: &str) -> bool {
    match json {
        "null" | "false" | "\"\"" | "[]" | "{}" => false,
        _ => parse_float(json) != Some(0.0),
    }
}
