//! Events in the shapes of old files, exports and trajectories, brought to the wire form.
//!
//! What a socket or `GET /events` sends is already `event_to_dict(event_from_dict(stored))` of the
//! server, and stays as it is here. Most stored events differ from it: fields that a class has got
//! since are missing, deprecated ones are there, a whole number stands for a float, the message was
//! made by an older version. The tables of [`classes`] and [`models`] say what the server's classes
//! take and what they fill in; the rest mirrors `openhands.events.serialization`.

mod classes;
mod code_points;
mod message;
mod models;
mod number;
mod python_literal;
mod python_text;
mod record;

use classes::Class;
use code_points::{MAX_OUTPUT, decoded, push_truncated};
use message::{is_true, length, write_message};
use models::{row, write_value};
use number::{float, integer};
use python_literal::literal;
pub(super) use record::Record;
use record::{has_field, string, write_key};

use super::float::parse_float;

/// The wire form of a V0 event's canonical text: what the server's
/// `json.dumps(event_to_dict(event_from_dict(event)))` gives; `None` where it raises an error.
///
/// The wire form of a wire form is itself. What the server fills in anew at each loading, such as
/// the time of a cost that has none, stays absent.
#[must_use]
pub fn wire_form(canonical: &str) -> Option<String> {
    let event = Record::of(canonical)?;
    let mut out = String::with_capacity(canonical.len().saturating_add(256));
    match event.get("action") {
        Some(name) => action(&mut out, &event, name)?,
        None => observation(&mut out, &event, event.get("observation")?)?,
    }
    out.push('}');
    Some(out)
}

/// `action_from_dict`.
fn action(out: &mut String, event: &Record<'_>, name: &str) -> Option<()> {
    let class = classes::action(string(name)?)?;
    let edited;
    let mut args = Record::of(event.get("args").unwrap_or("{}"))?;
    let stamp = args.take("timestamp").filter(|stamp| is_true(stamp));
    if let Some(state) = args.take("is_confirmed").filter(|state| *state != "null") {
        args.set("confirmation_state", state);
    }
    if let Some(urls) = args.take("images_urls") {
        args.set("image_urls", urls);
    }
    if let Some(risk) = args.take("security_risk") {
        match security_risk(risk) {
            Some(level) => args.set("security_risk", level),
            None if risk == "null" => args.set("security_risk", risk),
            None => {}
        }
    }
    args.take("keep_prompt");
    args.take("task_completed");
    if let Some(code) = args.take("translated_ipython_code") {
        if code != "null" {
            edited = file_editor_arguments(string(code)?).unwrap_or_default();
            update(&mut args, &edited, class)?;
        }
        if args.get("command") == Some("\"view\"") {
            args.take("command");
        }
    }
    let name = args.take("action").unwrap_or(name);
    if !args.fits(class.fields) {
        return None;
    }
    write_top(out, event, stamp, ("action", name), &|out| {
        let field = |name| args.or_default(class.fields, name);
        write_message(out, class.message, &field)
    })?;
    write_key(out, "args");
    args.write(out, class.fields)?;
    if let Some(timeout) = event.get("timeout").filter(|value| *value != "null") {
        write_key(out, "timeout");
        out.push_str(&float(timeout)?);
    }
    Some(())
}

/// `ActionSecurityRisk(value)`, as its number.
fn security_risk(json: &str) -> Option<&'static str> {
    const LEVELS: [(f64, &str); 4] = [(-1.0, "-1"), (0.0, "0"), (1.0, "1"), (2.0, "2")];
    let value = match json {
        "true" => 1.0,
        "false" => 0.0,
        _ => parse_float(json)?,
    };
    let level = LEVELS.iter().find(|(level, _)| *level == value)?;
    Some(level.1)
}

/// What the deprecated `translated_ipython_code` calls the file editor with, as a JSON object.
fn file_editor_arguments(raw: &str) -> Option<String> {
    let code = decoded(raw)?;
    let call = code.strip_prefix("print(file_editor(**")?;
    literal(call.strip_suffix("))")?)
}

/// Python's `args.update`; `None` if the class takes none of the names.
fn update<'a>(args: &mut Record<'a>, edited: &'a str, class: &Class) -> Option<()> {
    for (name, value) in Record::of(edited).unwrap_or_default().members() {
        let is_taken = matches!(name, "command" | "action") || has_field(class.fields, name);
        // The server expects its own type of a risk here.
        if !is_taken || name == "security_risk" {
            return None;
        }
        args.set(name, value);
    }
    Some(())
}

/// `observation_from_dict`.
fn observation(out: &mut String, event: &Record<'_>, name: &str) -> Option<()> {
    let class = classes::observation(string(name)?)?;
    let is_command = class.name == "run";
    let content = event.get("content").unwrap_or("\"\"");
    let metadata;
    let mut extras = Record::of(event.get("extras").unwrap_or("{}"))?;
    extras.take("formatted_output_and_error");
    let name = extras.take("observation").unwrap_or(name);
    let mut exit_code = "";
    if is_command {
        if extras.get("content").or(extras.get("self")).is_some() {
            return None;
        }
        metadata = command_metadata(&mut extras)?;
        exit_code = Record::of(&metadata)?.get("exit_code")?;
        extras.set("metadata", &metadata);
    } else if !extras.fits(class.fields) {
        return None;
    }
    write_top(out, event, None, ("observation", name), &|out| {
        let field = |name| match name {
            "content" => Some(content),
            "exit_code" => Some(exit_code),
            _ => extras.or_default(class.fields, name),
        };
        write_message(out, class.message, &field)
    })?;
    write_key(out, "content");
    if is_command && !extras.get("hidden").is_some_and(is_true) {
        write_output(out, content)?;
    } else {
        out.push_str(content);
    }
    write_key(out, "extras");
    extras.write(out, class.fields)?;
    if is_command || class.name == "run_ipython" {
        write_key(out, "success");
        out.push_str(if matches!(exit_code, "0" | "") {
            "true"
        } else {
            "false"
        });
    }
    Some(())
}

/// `CmdOutputObservation._maybe_truncate`; what has no length can't be loaded.
fn write_output(out: &mut String, content: &str) -> Option<()> {
    match string(content) {
        Some(raw) => {
            out.push('"');
            push_truncated(out, raw);
            out.push('"');
        }
        None if length(content)? > MAX_OUTPUT => return None,
        None => out.push_str(content),
    }
    Some(())
}

/// `CmdOutputMetadata`, with what the deprecated `exit_code` and `command_id` say.
fn command_metadata(extras: &mut Record<'_>) -> Option<String> {
    let given = extras.take("metadata").unwrap_or("null");
    let legacy = [
        ("exit_code", extras.take("exit_code")),
        ("pid", extras.take("command_id")),
    ];
    let is_new = given == "null" && matches!(legacy, [(_, Some(_)), _]);
    let fields = Record::of(given);
    let is_updated = fields.is_some() || given == "null";
    let mut fields = fields.unwrap_or_default();
    for (name, value) in legacy {
        if let Some(value) = value.filter(|_| is_updated) {
            fields.set(name, value);
        }
    }
    let mut out = String::new();
    let model = if is_new { "new_metadata" } else { "metadata" };
    fields.write(&mut out, row(model)?)?;
    Some(out)
}

/// What `event_to_dict` writes before `args` or `content`. `stamp` is the time that an action's
/// arguments may have.
fn write_top(
    out: &mut String,
    event: &Record<'_>,
    stamp: Option<&str>,
    (family, name): (&str, &str),
    message: &dyn Fn(&mut String) -> Option<()>,
) -> Option<()> {
    let given = |key| event.get(key).filter(|value| *value != "null");
    out.push('{');
    if let Some(id) = given("id") {
        let id = integer(id, false)?;
        if id != "-1" {
            write_key(out, "id");
            out.push_str(&id);
        }
    }
    if let Some(timestamp) = event
        .get("timestamp")
        .or(stamp)
        .filter(|time| *time != "null")
    {
        write_key(out, "timestamp");
        out.push_str(timestamp);
    }
    if let Some(source) = event.get("source") {
        if !matches!(source, "\"agent\"" | "\"user\"" | "\"environment\"") {
            return None;
        }
        write_key(out, "source");
        out.push_str(source);
    }
    let before = out.len();
    write_key(out, "message");
    let start = out.len();
    message(out)?;
    if out.get(start..) == Some("null") {
        out.truncate(before);
    }
    if let Some(cause) = given("cause") {
        write_key(out, "cause");
        out.push_str(&integer(cause, false)?);
    }
    if name == "null" {
        return None;
    }
    write_key(out, family);
    out.push_str(name);
    for (key, model) in [
        ("tool_call_metadata", "tool_call"),
        ("llm_metrics", "metrics"),
    ] {
        if let Some(value) = event.get(key) {
            write_key(out, key);
            write_value(out, model, value)?;
        }
    }
    Some(())
}
