//! Events in the shapes of old files, exports and trajectories, brought to the wire form.
//!
//! What a socket or `GET /events` sends is already `event_to_dict(event_from_dict(stored))` of the
//! server, and stays as it is here. Most stored events differ from it: fields that a class has got
//! since are missing, deprecated ones are there, a whole number stands for a float, the message was
//! made by an older version. The tables of [`classes`] and [`llm`] say what the server's classes
//! take and what they fill in; the rest mirrors `openhands.events.serialization`.

mod classes;
mod code_points;
mod llm;
mod message;
mod number;
mod python_literal;
mod python_text;
mod record;

use std::borrow::Cow;

use classes::Class;
use code_points::{MAX_OUTPUT, decoded, truncated};
use message::{is_true, length, message};
use number::{float, integer};
use python_literal::literal;
use record::{Others, Record, each, has_field, string};

use super::float::parse_float;

/// The wire form of a V0 event's canonical text: what the server's
/// `json.dumps(event_to_dict(event_from_dict(event)))` gives; `None` where it raises an error.
///
/// The wire form of a wire form is itself. What the server fills in anew at each loading, such as
/// the time of a cost that has none, stays absent.
#[must_use]
pub fn wire_form(canonical: &str) -> Option<String> {
    let event = Record::of(canonical)?;
    if event.get("action").is_some() {
        action(event)
    } else {
        observation(event)
    }
}

/// `action_from_dict`.
fn action(mut event: Record<'_>) -> Option<String> {
    let class = classes::action(string(event.get("action")?)?)?;
    let given = event.take("args").unwrap_or(Cow::Borrowed("{}"));
    let edited;
    let mut args = Record::of(&given)?;
    let stamped = args.take("timestamp").filter(|stamp| is_true(stamp));
    if let Some(state) = args.take("is_confirmed").filter(|state| state != "null") {
        args.set("confirmation_state", state);
    }
    if let Some(urls) = args.take("images_urls") {
        args.set("image_urls", urls);
    }
    if let Some(risk) = args.take("security_risk") {
        match security_risk(&risk) {
            Some(level) => args.set("security_risk", level),
            None if risk == "null" => args.set("security_risk", risk),
            None => {}
        }
    }
    args.take("keep_prompt");
    args.take("task_completed");
    if let Some(code) = args.take("translated_ipython_code") {
        if code != "null" {
            edited = file_editor_arguments(string(&code)?).unwrap_or_default();
            update(&mut args, &edited, class)?;
        }
        if args.get("command") == Some("\"view\"") {
            args.take("command");
        }
    }
    if let Some(name) = args.take("action") {
        event.set("action", name.into_owned());
    }
    let args = args.complete(class.fields, Others::Refused)?;
    if let (Some(stamp), None) = (stamped, event.get("timestamp")) {
        event.set("timestamp", stamp.into_owned());
    }
    let message = message(class.message, &|name| args.get(name))?;
    let timeout = event.take("timeout").filter(|value| value != "null");
    let mut wire = top(&mut event, "action", message)?;
    wire.set("args", args.to_json());
    if let Some(timeout) = timeout {
        wire.set("timeout", float(&timeout)?);
    }
    Some(wire.to_json())
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
    let Some(edited) = Record::of(edited) else {
        return Some(());
    };
    for (name, value) in edited.members() {
        let is_taken = matches!(*name, "command" | "action") || has_field(class.fields, name);
        // The server expects its own type of a risk here.
        if !is_taken || *name == "security_risk" {
            return None;
        }
        args.set(name, value.clone());
    }
    Some(())
}

/// `observation_from_dict`.
fn observation(mut event: Record<'_>) -> Option<String> {
    let class = classes::observation(string(event.get("observation")?)?)?;
    let mut content = event.take("content").unwrap_or(Cow::Borrowed("\"\""));
    let given = event.take("extras").unwrap_or(Cow::Borrowed("{}"));
    let given_metadata;
    let mut metadata = Record::default();
    let mut extras = Record::of(&given)?;
    extras.take("formatted_output_and_error");
    if let Some(name) = extras.take("observation") {
        event.set("observation", name.into_owned());
    }
    let mut others = Others::Refused;
    match class.name {
        "run" => {
            if extras.get("content").or(extras.get("self")).is_some() {
                return None;
            }
            others = Others::Dropped;
            if !extras.get("hidden").is_some_and(is_true) {
                content = kept_output(content)?;
            }
            given_metadata = extras.take("metadata").unwrap_or(Cow::Borrowed("null"));
            let legacy = (extras.take("exit_code"), extras.take("command_id"));
            metadata = command_metadata(&given_metadata, legacy)?;
            extras.set("metadata", metadata.to_json());
        }
        "recall" => recalled(&mut extras)?,
        _ => {}
    }
    let extras = extras.complete(class.fields, others)?;
    let message = message(class.message, &|name| match name {
        "content" => Some(&content),
        "exit_code" => metadata.get(name),
        _ => extras.get(name),
    })?;
    let success = match class.name {
        "run" if metadata.get("exit_code") == Some("0") => "true",
        "run" => "false",
        "run_ipython" => "true",
        _ => "",
    };
    let mut wire = top(&mut event, "observation", message)?;
    wire.set("content", content.to_string());
    wire.set("extras", extras.to_json());
    if !success.is_empty() {
        wire.set("success", success);
    }
    Some(wire.to_json())
}

/// `CmdOutputObservation._maybe_truncate`; what has no length can't be loaded.
fn kept_output(content: Cow<'_, str>) -> Option<Cow<'_, str>> {
    match string(&content).map(truncated) {
        Some(Some(cut)) => Some(Cow::Owned(["\"", &cut, "\""].concat())),
        Some(None) => Some(content),
        None => (length(&content)? <= MAX_OUTPUT).then_some(content),
    }
}

/// `CmdOutputMetadata`, with what the deprecated `exit_code` and `command_id` say.
fn command_metadata<'a>(
    given: &'a str,
    (exit_code, pid): (Option<Cow<'a, str>>, Option<Cow<'a, str>>),
) -> Option<Record<'a>> {
    let fields = Record::of(given);
    let is_updated = fields.is_some() || given == "null";
    let is_new = given == "null" && exit_code.is_some();
    let mut fields = fields.unwrap_or_default();
    if let Some(exit_code) = exit_code.filter(|_| is_updated) {
        fields.set("exit_code", exit_code);
    }
    // Set on an instance, where pydantic doesn't check.
    let unchecked = if is_new { pid.clone() } else { None };
    if let Some(pid) = pid.filter(|_| is_updated && !is_new) {
        fields.set("pid", pid);
    }
    let mut metadata = fields.complete(classes::COMMAND_METADATA, Others::Dropped)?;
    if let Some(pid) = unchecked {
        metadata.set("pid", pid);
    }
    Some(metadata)
}

/// What `observation_from_dict` checks and converts in a `RecallObservation`.
fn recalled(extras: &mut Record<'_>) -> Option<()> {
    let is_type = |value: &str| matches!(value, "\"workspace_context\"" | "\"knowledge\"");
    if !extras.get("recall_type").is_some_and(is_type) {
        return None;
    }
    if let Some(list) = extras
        .get("microagent_knowledge")
        .filter(|list| list.starts_with('['))
    {
        let list = each(list, |item| match Record::of(item) {
            Some(item) => Some(
                item.complete(classes::KNOWLEDGE, Others::Refused)?
                    .to_json(),
            ),
            None => Some(item.to_owned()),
        })?;
        extras.set("microagent_knowledge", list);
    }
    Some(())
}

/// What `event_to_dict` writes before `args` or `content`; `family` is `action` or `observation`.
fn top<'a>(event: &mut Record<'a>, family: &'static str, message: String) -> Option<Record<'a>> {
    let mut wire = Record::default();
    let is_given = |value: &Cow<'_, str>| value != "null";
    if let Some(id) = event.take("id").filter(is_given) {
        let id = integer(&id, false)?;
        if id != "-1" {
            wire.set("id", id);
        }
    }
    if let Some(timestamp) = event.take("timestamp").filter(is_given) {
        wire.set("timestamp", timestamp);
    }
    if let Some(source) = event.take("source") {
        if !matches!(&*source, "\"agent\"" | "\"user\"" | "\"environment\"") {
            return None;
        }
        wire.set("source", source);
    }
    if message != "null" {
        wire.set("message", message);
    }
    if let Some(cause) = event.take("cause").filter(is_given) {
        wire.set("cause", integer(&cause, false)?);
    }
    wire.set(family, event.take(family).filter(is_given)?);
    if let Some(call) = event.take("tool_call_metadata") {
        wire.set("tool_call_metadata", llm::tool_call(&call)?);
    }
    if let Some(metrics) = event.take("llm_metrics") {
        wire.set("llm_metrics", llm::metrics(&metrics)?);
    }
    Some(wire)
}
