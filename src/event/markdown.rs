//! A conversation as a person reads it: each event as Markdown, by what its fields are for.

mod block;

use std::borrow::Cow;

use block::{code, inline, quote};

use super::fields::Fields;
use super::import::Record;
use super::scan::{Scanner, Token};
use super::slices::Items;

/// What is shown of an event, in this order, spelled `name:how`.
///
/// - `text`: what somebody wrote, quoted. `said`: the same, but code beside a path.
/// - `line`: a point of a list, with the name.
/// - `code`, or the language: a code block. `run`: a shell command, but a line beside a path or tasks.
/// - `json`: a code block, unless there is nothing in it.
/// - `edit`: what was replaced and what came in its place.
/// - `tasks`: a list to tick off. `image`: a picture, if it is wanted.
const EVENT: &str = "thought:text reasoning_content:text system_prompt:text summary:text \
    rejection_reason:text tool_name:line key:line value:json detail:text error:code";
/// Of `args` in V0, of `action` in V1.
const ASKED: &str = "thought:text final_thought:text summary:text message:text query:text \
    agent_state:line agent:line name:line path:line url:line command:run code:python \
    browser_actions:code new_str:edit file_text:code content:said arguments:json inputs:json \
    outputs:json task_list:tasks";
/// Of `extras` in V0, of `observation` in V1.
const ANSWERED: &str = "agent_state:line name:line path:line url:line file_path:line reason:text \
    repo_instructions:text exit_code:line diff:diff content:code output:code screenshot:image";

/// The fields that hold fields, and what is shown of these.
const NESTED: [(&str, &str); 6] = [
    ("args", ASKED),
    ("action", ASKED),
    ("extras", ANSWERED),
    ("observation", ANSWERED),
    ("metadata", "exit_code:line"),
    ("llm_message", "content:text"),
];

/// The heading of a transcript.
#[must_use]
pub fn transcript_title(
    id: &str,
    events: u64,
    first: Option<&[u8]>,
    last: Option<&[u8]>,
) -> String {
    let mut out = String::from("# Conversation ");
    inline(&mut out, id);
    out.push_str("\n\n");
    out.push_str(&events.to_string());
    out.push_str(if events == 1 { " event" } else { " events" });
    for (word, stamp) in [(", from ", first), (" to ", last)] {
        if let Some(stamp) = stamp {
            out.push_str(word);
            inline(&mut out, &String::from_utf8_lossy(stamp));
        }
    }
    out.push_str(". Hidden ones are left out.\n\n");
    out
}

/// An event's canonical text as a section of a transcript: who did what and when, what was said,
/// run, changed and answered. Nothing in the event can end its section. With `screenshots`,
/// pictures are there as data URLs.
#[must_use]
pub fn transcript(text: &str, screenshots: bool) -> String {
    let mut out = String::from("## ");
    let (Ok(Fields { header, .. }), Some(event)) = (Fields::read(text), Record::of(text)) else {
        return out;
    };
    let id = header.id.map(|id| id.to_string());
    let stamp = header.timestamp.as_deref().map(String::from_utf8_lossy);
    let kind = header.kind.class_name();
    let parts = [
        id.as_deref(),
        header.source.as_deref(),
        Some(kind),
        stamp.as_deref(),
    ];
    for (index, part) in parts.into_iter().flatten().enumerate() {
        out.push_str(if index > 0 { " · " } else { "" });
        inline(&mut out, part);
    }
    out.push_str("\n\n");
    let heading = out.len();
    show(&mut out, &event, EVENT, screenshots, 0);
    let content = text_of(event.get("content").unwrap_or_default());
    let is_edit = Record::of(event.get("extras").unwrap_or_default())
        .is_some_and(|extras| extras.get("diff").is_some_and(|diff| diff.len() > 4));
    if !is_edit || content.starts_with("ERROR") {
        code(&mut out, "", &content);
    }
    if out.len() == heading {
        write(&mut out, &event, "message", "text", screenshots);
    }
    out
}

fn show(out: &mut String, record: &Record<'_>, fields: &str, screenshots: bool, depth: u8) {
    for field in fields.split_ascii_whitespace() {
        if let Some((name, how)) = field.split_once(':') {
            write(out, record, name, how, screenshots);
        }
    }
    for (name, fields) in NESTED {
        if let Some(inner) = record.get(name).and_then(Record::of)
            && depth < 2
        {
            show(out, &inner, fields, screenshots, depth.saturating_add(1));
        }
    }
}

fn write(out: &mut String, record: &Record<'_>, name: &str, how: &str, screenshots: bool) {
    let Some(value) = record.get(name) else {
        return;
    };
    if matches!(value, "null" | "\"\"" | "[]" | "{}") {
        return;
    }
    let has = |name| record.get(name).is_some();
    let text = text_of(value);
    match how {
        "line" | "run" if how == "line" || has("path") || has("task_list") => {
            if (name, value) != ("exit_code", "0") {
                out.push_str("- ");
                out.push_str(name);
                out.push_str(": ");
                inline(out, if text.is_empty() { value } else { &text });
                out.push_str("\n\n");
            }
        }
        "json" => code(out, how, value),
        "tasks" => tasks(out, value),
        "edit" => {
            let old = text_of(record.get("old_str").unwrap_or_default());
            let mut lines = String::new();
            for (sign, text) in [("-", &old), ("+", &text)] {
                for line in text.lines() {
                    for part in [sign, line, "\n"] {
                        lines.push_str(part);
                    }
                }
            }
            code(out, "diff", &lines);
        }
        "image" => {
            let is_link = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=:;,".contains(&byte);
            if screenshots && text.starts_with("data:image/") && text.bytes().all(is_link) {
                for part in ["![", name, "](", &text, ")\n\n"] {
                    out.push_str(part);
                }
            }
        }
        _ if text.trim().is_empty() => {}
        "said" if has("path") => code(out, "", &text),
        "text" | "said" => quote(out, &text),
        "run" => code(out, "sh", &text),
        "code" => code(out, "", &text),
        language => code(out, language, &text),
    }
}

fn tasks(out: &mut String, list: &str) {
    let Ok(items) = Items::of(list) else { return };
    for task in items.flatten().filter_map(Record::of) {
        let is_done = task.get("status") == Some("\"done\"");
        out.push_str(if is_done { "- [x] " } else { "- [ ] " });
        inline(out, &text_of(task.get("title").unwrap_or_default()));
        out.push('\n');
    }
    out.push('\n');
}

/// What a value says: a string itself, an object its `text`, a list what its items say.
fn text_of(json: &str) -> Cow<'_, str> {
    match json.as_bytes().first() {
        Some(b'"') => match Scanner::new(json).next() {
            Ok(Some(Token::String(text))) => {
                let text = text.decode();
                Cow::Owned(String::from_utf8_lossy(&text).into_owned())
            }
            _ => Cow::Borrowed(""),
        },
        Some(b'{') => match Record::of(json).and_then(|record| record.get("text")) {
            Some(text) => text_of(text),
            None => Cow::Borrowed(""),
        },
        Some(b'[') => {
            let mut all = String::new();
            for item in Items::of(json).into_iter().flatten().flatten() {
                all.push_str(&text_of(item));
                all.push('\n');
            }
            Cow::Owned(all)
        }
        _ => Cow::Borrowed(""),
    }
}
