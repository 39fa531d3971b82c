//! A transcript says what happened, and nothing in an event can end its section or become HTML: it
//! is read here as a Markdown parser reads it.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;

use oh_event_store::backend::Memory;
use oh_event_store::event::{Event, transcript, transcript_title};
use oh_event_store::page::Origin;
use oh_event_store::store::{ExportFormat, Item, StoreOptions};
use pulldown_cmark::{Event as Piece, Options, Parser, Tag, TagEnd};
use support::{Random, events, for_seeds, open, run};

fn of(json: &str) -> String {
    let event = Event::from_json(json.as_bytes()).expect("an event");
    transcript(&event.text, true)
}

#[test]
fn a_command_and_its_output_are_code() {
    let action = of(
        r#"{"id": 3, "timestamp": "2025-08-31T15:23:41.5", "source": "agent", "message": "Running command: ls", "action": "run", "args": {"command": "ls -la\necho `x`", "thought": "Let me look."}}"#,
    );
    let expected = "\
## 3 · agent · CmdRunAction · 2025-08-31T15:23:41.5

> Let me look.

```sh
ls -la
echo `x`
```

";
    assert_eq!(action, expected);
    let output = of(
        r#"{"id": 4, "source": "agent", "message": "Command `ls` executed with exit code 1.", "cause": 3, "observation": "run", "content": "\u001b[31mred\u001b[0m\r\n```\nmore\r", "extras": {"command": "ls", "metadata": {"exit_code": 1}}}"#,
    );
    let expected = "\
## 4 · agent · CmdOutputObservation

- exit_code: 1

````
red
```
more
````

";
    assert_eq!(output, expected);
}

#[test]
fn messages_edits_tasks_pictures_and_errors_are_shown_as_what_they_are() {
    let message = of(
        r#"{"id": 0, "source": "user", "action": "message", "args": {"content": "Fix `Vec<T>` in <b>a</b>:\n```rust\nlet a: Vec<u8>;\n```\nThanks"}}"#,
    );
    let expected = "\
## 0 · user · MessageAction

> Fix `Vec<T>` in &lt;b>a&lt;/b>:
> ```rust
> let a: Vec<u8>;
> ```
> Thanks

";
    assert_eq!(message, expected);
    let edit = of(
        r#"{"id": 1, "action": "edit", "args": {"path": "/a b.py", "command": "str_replace", "old_str": "x = 1\ny", "new_str": "x = 2", "thought": ""}}"#,
    );
    let expected = "\
## 1 · FileEditAction

- path: `/a b.py`

- command: `str_replace`

```diff
-x = 1
-y
+x = 2
```

";
    assert_eq!(edit, expected);
    let tasks = of(
        r#"{"id": 2, "action": "task_tracking", "args": {"command": "plan", "task_list": [{"title": "one", "status": "done"}, {"title": "two*", "status": "todo"}]}}"#,
    );
    assert!(
        tasks.contains("- command: plan\n\n- [x] one\n- [ ] `two*`\n"),
        "{tasks}"
    );
    let picture = r#"{"id": 3, "observation": "browse", "content": "page", "extras": {"url": "https://a.b/c", "screenshot": "data:image/png;base64,AA=="}}"#;
    assert!(
        of(picture).contains("- url: `https://a.b/c`\n\n![screenshot](data:image/png;base64,AA==)")
    );
    assert!(!transcript(picture, false).contains("base64"));
    let error = of(r#"{"id": 4, "observation": "error", "content": "No such file"}"#);
    assert!(error.ends_with("ErrorObservation\n\n```\nNo such file\n```\n\n"));
    let state = of(
        r#"{"id": 5, "message": "Recalled.", "observation": "think", "content": "", "extras": {}}"#,
    );
    assert!(state.ends_with("\n\n> Recalled.\n\n"));
}

#[test]
fn v1_events_are_shown_by_the_same_rules() {
    let message = of(
        r#"{"id": "a-1", "timestamp": "2026-01-01T00:00:00", "source": "user", "kind": "MessageEvent", "llm_message": {"role": "user", "content": [{"type": "text", "text": "hello"}, {"type": "text", "text": "there"}]}}"#,
    );
    let expected = "## a-1 · user · MessageEvent · 2026-01-01T00:00:00\n\n> hello\n> there\n\n";
    assert_eq!(message, expected);
    let action = of(
        r#"{"id": "b", "kind": "ActionEvent", "thought": [{"type": "text", "text": "look"}], "tool_name": "terminal", "action": {"kind": "TerminalAction", "command": "ls"}}"#,
    );
    let expected = "## b · ActionEvent\n\n> look\n\n- tool_name: terminal\n\n```sh\nls\n```\n\n";
    assert_eq!(action, expected);
    let answer = of(
        r#"{"id": "c", "kind": "ObservationEvent", "observation": {"kind": "TerminalObservation", "content": [{"type": "text", "text": "a\nb"}], "command": "ls", "exit_code": 0}}"#,
    );
    assert_eq!(answer, "## c · ObservationEvent\n\n```\na\nb\n```\n\n");
}

#[test]
fn a_whole_log_has_a_heading_and_leaves_hidden_events_out() {
    run(async {
        let log = open(&Rc::new(Memory::new()), &StoreOptions::default()).await;
        let mut random = Random::new(7);
        let items = (0..300).map(|id| Item::event(events::v0(&mut random, id), Origin::Live));
        log.append(items.collect(), None).await.unwrap();
        let mut export = log.export(ExportFormat::Markdown, false);
        let mut text = Vec::new();
        while let Some(piece) = export.next().await.unwrap() {
            text.extend(piece);
        }
        let (done, total) = export.progress();
        assert_eq!(done, total);
        let text = String::from_utf8(text).expect("text");
        assert!(
            text.starts_with("# Conversation c\n\n300 events, from 2025-08-01T"),
            "{text}"
        );
        let shown = text.lines().filter(|line| line.starts_with("## ")).count();
        let filter = oh_event_store::filter::EventFilter {
            exclude_hidden: true,
            ..Default::default()
        };
        let expected = log.count_events(Some(filter)).await.unwrap();
        assert!(expected < 300);
        assert_eq!(shown as u64, expected);
    });
}

const PIECES: [&str; 40] = [
    "`",
    "``",
    "```",
    "````",
    "~~~",
    "\n",
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "    ",
    "\t",
    "> ",
    "# ",
    "- ",
    "1. ",
    "---",
    "===",
    "|",
    "|-|-|",
    "<",
    "<!--",
    "-->",
    "<div>",
    "</blockquote>",
    "<script>",
    "<a href=\"`\">",
    "&lt;",
    "\\",
    "\\`",
    "*",
    "_",
    "[a](b)",
    "[x]: <",
    "![",
    "word",
    "## 7",
    "$$",
    "\u{2028}",
    "\u{1b}[31m",
];

fn nasty(random: &mut Random) -> String {
    let parts = (0..random.below(24)).map(|_| *random.pick(&PIECES));
    serde_json::to_string(&parts.collect::<String>()).unwrap()
}

#[test]
fn whatever_an_event_holds_stays_in_its_section_and_is_no_html() {
    for_seeds(3000, |_, random| {
        let mut text = transcript_title("a`b<c>\n# d", 3, None, Some(b"<\xff"));
        let mut sections = 1;
        for _ in 0..3 {
            let [a, b, c] = [nasty(random), nasty(random), nasty(random)];
            let json = match random.below(6) {
                0 => format!(
                    "{{\"id\": 1, \"source\": {b}, \"action\": \"message\", \"args\": {{\"content\": {a}}}}}"
                ),
                1 => format!(
                    "{{\"id\": 2, \"action\": \"run\", \"args\": {{\"command\": {a}, \"thought\": {b}}}}}"
                ),
                2 => format!(
                    "{{\"id\": 3, \"observation\": {b}, \"timestamp\": {c}, \"content\": {a}, \"extras\": {{\"path\": {c}}}}}"
                ),
                3 => format!(
                    "{{\"id\": 4, \"action\": \"edit\", \"args\": {{\"path\": {a}, \"old_str\": {b}, \"new_str\": {c}}}}}"
                ),
                4 => format!(
                    "{{\"id\": {a}, \"kind\": {b}, \"llm_message\": {{\"content\": [{{\"text\": {c}}}, {{\"text\": {a}}}]}}}}"
                ),
                _ => format!(
                    "{{\"id\": 5, \"action\": \"task_tracking\", \"args\": {{\"task_list\": [{{\"title\": {a}}}], \"name\": {b}}}, \"message\": {c}}}"
                ),
            };
            text.push_str(&of(&json));
            sections += 1;
        }
        let mut depth = 0;
        let mut headings = 0;
        for piece in Parser::new_ext(&text, Options::all()) {
            match piece {
                Piece::Start(Tag::Heading { .. }) if depth == 0 => headings += 1,
                Piece::Start(Tag::BlockQuote(_)) => depth += 1,
                Piece::End(TagEnd::BlockQuote(_)) => depth -= 1,
                Piece::Html(html) | Piece::InlineHtml(html) => panic!("{html:?} in\n{text}"),
                _ => {}
            }
        }
        assert_eq!(headings, sections, "{text}");
    });
}
