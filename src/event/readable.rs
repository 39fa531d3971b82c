//! What of an event a person reads: the strings that its texts, commands and results are made of.

use super::json_string::RawString;
use super::scan::{Scanner, Token};

/// One step from a value into what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// A member's key as it stands in the text.
    Key(&'a str),
    /// An item's place, from 0.
    Item(u32),
}

/// A string under this key is read, also as an item of a list.
const TEXT: u8 = 1;
/// An object under this key holds members that may be read, also as an item of a list.
const PART: u8 = 2;
/// Every string under this key is read, however deep.
const ALL: u8 = 4;

/// The keys that are looked at, each wherever it stands within the objects that are, by name. Ids,
/// classes, states, images and the language model's own records are not among them.
#[rustfmt::skip]
static KEYS: [(&str, u8); 69] = [
    ("action", PART), ("additional_agent_instructions", TEXT), ("agent", TEXT),
    ("agent_state", TEXT), ("args", PART), ("arguments", ALL), ("browser_actions", TEXT),
    ("browsergym_send_msg_to_user", TEXT), ("code", TEXT), ("command", TEXT),
    ("content", TEXT | PART), ("conversation_instructions", TEXT),
    ("custom_secrets_descriptions", ALL), ("data", ALL), ("description", TEXT), ("detail", TEXT),
    ("diff", TEXT), ("error", TEXT), ("extended_content", PART), ("extras", PART),
    ("file_path", TEXT), ("file_text", TEXT), ("files", TEXT), ("final_thought", TEXT),
    ("hook_command", TEXT), ("include", TEXT), ("inputs", ALL),
    ("last_browser_action_error", TEXT), ("llm_message", PART), ("matches", TEXT),
    ("message", TEXT), ("microagent_knowledge", PART), ("name", TEXT), ("new_content", TEXT),
    ("new_str", TEXT), ("notes", TEXT), ("observation", PART), ("old_content", TEXT),
    ("old_str", TEXT), ("output", TEXT), ("outputs", ALL), ("patch", TEXT), ("path", TEXT),
    ("pattern", TEXT), ("prompt", TEXT), ("query", TEXT), ("reason", TEXT),
    ("reasoning_content", TEXT), ("rejection_reason", TEXT), ("repo_branch", TEXT),
    ("repo_directory", TEXT), ("repo_instructions", TEXT), ("repo_name", TEXT), ("stderr", TEXT),
    ("stdout", TEXT), ("summary", TEXT), ("system_prompt", PART), ("task_completed", TEXT),
    ("task_list", PART), ("tasks", ALL), ("text", TEXT), ("thinking", TEXT),
    ("thinking_blocks", PART), ("thought", TEXT | PART), ("title", TEXT), ("tool_name", TEXT),
    ("trigger", TEXT), ("url", TEXT), ("working_dir", TEXT),
];

fn of_key(key: &str) -> u8 {
    let found = KEYS.binary_search_by_key(&key, |(name, _)| name);
    let found = found.ok().and_then(|index| KEYS.get(index));
    found.map_or(0, |(_, wanted)| *wanted)
}

/// An object or a list that has been entered, what of it is wanted, and the place of its next item.
struct Level {
    wanted: u8,
    item: Option<u32>,
}

/// Shows `see` each string that is read and the way to it, in the order of the canonical text,
/// until that says stop or the text turns out to be damaged.
pub(crate) fn read_texts<'a>(
    json: &'a str,
    see: &mut dyn FnMut(&[Step<'a>], RawString<'a>) -> bool,
) {
    let mut scanner = Scanner::of_canonical(json);
    let mut levels: Vec<Level> = Vec::new();
    let mut path: Vec<Step<'a>> = Vec::new();
    // What the value is wanted for whose key was read last.
    let mut member = PART;
    while let Ok(Some(token)) = scanner.next() {
        let depth = levels.len().saturating_sub(1);
        if matches!(token, Token::EndObject | Token::EndArray) {
            levels.pop();
            continue;
        }
        let wanted = match (token, levels.last_mut()) {
            (Token::Key(key), level) => {
                path.truncate(depth);
                path.push(Step::Key(key.raw));
                member = match level {
                    Some(level) if level.wanted & ALL != 0 => ALL,
                    _ => of_key(key.raw),
                };
                continue;
            }
            (
                _,
                Some(Level {
                    wanted,
                    item: Some(item),
                }),
            ) => {
                path.truncate(depth);
                path.push(Step::Item(*item));
                *item = item.saturating_add(1);
                *wanted
            }
            _ => member,
        };
        match token {
            Token::String(text) if wanted & (TEXT | ALL) != 0 => {
                if !see(&path, text) {
                    return;
                }
            }
            Token::BeginArray if wanted != 0 => levels.push(Level {
                wanted,
                item: Some(0),
            }),
            Token::BeginObject if wanted & (PART | ALL) != 0 => {
                levels.push(Level { wanted, item: None });
            }
            first => {
                if scanner.skip_rest_of(first).is_err() {
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::KEYS;

    #[test]
    fn the_keys_can_be_looked_up() {
        assert!(KEYS.is_sorted_by(|one, next| one.0 < next.0));
    }
}
