//! The form in which the server exports an event: its `event_to_trajectory`.

use std::borrow::Cow;

use super::needle::Needle;
use super::scan::{Members, Scanner, Token};

/// What a browser observation holds that an export leaves out.
const BROWSER_STATE: [&str; 7] = [
    "dom_object",
    "axtree_object",
    "active_page_index",
    "last_browser_action",
    "last_browser_action_error",
    "focused_element_bid",
    "extra_element_properties",
];

const SCREENSHOTS: [&str; 2] = ["screenshot", "set_of_marks"];

/// An event's canonical text as the server exports it: without the browser's state, at any depth of
/// `extras`, and without screenshots unless they are wanted.
#[must_use]
pub fn trajectory(text: &str, screenshots: bool) -> Cow<'_, str> {
    let left_out =
        |key: &str| BROWSER_STATE.contains(&key) || !screenshots && SCREENSHOTS.contains(&key);
    if !BROWSER_STATE
        .iter()
        .chain(&SCREENSHOTS)
        .any(|key| Needle::new(key.as_bytes()).find(text.as_bytes()).is_some())
    {
        return Cow::Borrowed(text);
    }
    let Ok(mut members) = Members::of(text) else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len());
    while let Ok(Some(member)) = members.next() {
        out.push_str(if out.is_empty() { "{\"" } else { ", \"" });
        out.push_str(member.key.raw);
        out.push_str("\": ");
        if member.key.raw == "extras" {
            copy_without(&mut out, member.value, &left_out);
        } else {
            out.push_str(member.value);
        }
    }
    out.push('}');
    Cow::Owned(out)
}

/// Copies a canonical value without the members that are left out. Canonical text is rewritten as
/// it was: what follows an opening bracket or a key needs no comma.
fn copy_without(out: &mut String, value: &str, left_out: &dyn Fn(&str) -> bool) {
    let mut scanner = Scanner::new(value);
    let mut comma = false;
    while let Ok(Some(token)) = scanner.next() {
        match token {
            Token::EndObject => out.push('}'),
            Token::EndArray => out.push(']'),
            Token::Key(key) if left_out(key.raw) => {
                if let Ok(Some(first)) = scanner.next()
                    && scanner.skip_rest_of(first).is_ok()
                {
                    continue;
                }
                return;
            }
            _ if comma => out.push_str(", "),
            _ => {}
        }
        comma = !matches!(
            token,
            Token::BeginObject | Token::BeginArray | Token::Key(_)
        );
        match token {
            Token::Key(key) => {
                out.push('"');
                out.push_str(key.raw);
                out.push_str("\": ");
            }
            Token::EndObject | Token::EndArray => {}
            _ => out.push_str(scanner.between(scanner.token_start(), scanner.at())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::trajectory;

    #[test]
    fn browser_state_goes_at_any_depth_of_extras_and_nowhere_else() {
        let text = r#"{"id": 1, "screenshot": "kept", "observation": "browse", "extras": {"url": "u", "screenshot": "data", "dom_object": {"a": [1, {"b": 2}]}, "list": [{"set_of_marks": 1, "x": []}, {}], "error": false}}"#;
        let short = r#"{"id": 1, "screenshot": "kept", "observation": "browse", "extras": {"url": "u", "list": [{"x": []}, {}], "error": false}}"#;
        assert_eq!(trajectory(text, false), short);
        let with = r#"{"id": 1, "screenshot": "kept", "observation": "browse", "extras": {"url": "u", "screenshot": "data", "list": [{"set_of_marks": 1, "x": []}, {}], "error": false}}"#;
        assert_eq!(trajectory(text, true), with);
    }

    #[test]
    fn an_event_without_any_of_it_stays_as_it_is() {
        let text = r#"{"id": 1, "action": "run", "args": {"command": "ls"}}"#;
        assert_eq!(trajectory(text, false), text);
    }
}
