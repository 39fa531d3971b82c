//! Text from anywhere as Markdown that ends where it should: whatever it holds, it can't close its
//! block, open another one or become HTML.

/// A text as its author wrote it, in a block quote. Code blocks in it are closed where it ends.
pub(super) fn quote(out: &mut String, text: &str) {
    let text = cleaned(text);
    let mut code: Option<Code<'_>> = None;
    let mut paragraph = Paragraph::default();
    for line in text.trim_end().split('\n') {
        if let Some(open) = &mut code {
            if open.is_end(line) {
                fence(out, "> ", open.info, &open.text);
                code = None;
            } else {
                open.text.push_str(line);
                open.text.push('\n');
            }
        } else if let Some(begun) = Code::begin(line) {
            code = Some(begun);
            paragraph = Paragraph::default();
        } else {
            out.push_str("> ");
            paragraph.push(out, line);
            out.push('\n');
        }
    }
    if let Some(open) = code {
        fence(out, "> ", open.info, &open.text);
    }
    out.push('\n');
}

/// A text as it is, in a code block.
pub(super) fn code(out: &mut String, info: &str, text: &str) {
    let text = cleaned(text);
    if !text.trim().is_empty() {
        fence(out, "", info, text.trim_end());
        out.push('\n');
    }
}

/// A text within a line.
pub(super) fn inline(out: &mut String, text: &str) {
    let text = cleaned(text);
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b" -.:".contains(byte);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.as_bytes().iter().all(is_plain) {
        out.push_str(&text);
        return;
    }
    let ticks = "`".repeat(longest_run(&text).saturating_add(1));
    let space = if ticks.len() > 1 { " " } else { "" };
    for part in [&ticks, space, &text, space, &ticks] {
        out.push_str(part);
    }
}

fn fence(out: &mut String, prefix: &str, info: &str, text: &str) {
    let ticks = "`".repeat(longest_run(text).saturating_add(1).max(3));
    for part in [prefix, &ticks, info, "\n"] {
        out.push_str(part);
    }
    for line in text.lines() {
        for part in [prefix, line, "\n"] {
            out.push_str(part);
        }
    }
    for part in [prefix, &ticks, "\n"] {
        out.push_str(part);
    }
}

fn longest_run(text: &str) -> usize {
    let runs = text.split(|char| char != '`');
    runs.map(str::len).max().unwrap_or(0)
}

/// A code block in a text that is quoted.
struct Code<'a> {
    mark: &'a str,
    info: &'a str,
    text: String,
}

impl<'a> Code<'a> {
    fn begin(line: &'a str) -> Option<Self> {
        let line = line.trim_start();
        let mark = line
            .chars()
            .next()
            .filter(|mark| matches!(mark, '`' | '~'))?;
        let info = line.trim_start_matches(mark);
        let (mark, _) = line.split_at_checked(line.len().saturating_sub(info.len()))?;
        let word = info.trim();
        let is_word = word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (mark.len() >= 3 && !(mark.starts_with('`') && info.bytes().any(|byte| byte == b'`'))).then(
            || Code {
                mark,
                info: if is_word { word } else { "" },
                text: String::new(),
            },
        )
    }

    fn is_end(&self, line: &str) -> bool {
        let line = line.trim();
        let rest = line.strip_prefix(self.mark);
        rest.is_some_and(|rest| {
            rest.bytes()
                .all(|byte| self.mark.as_bytes().contains(&byte))
        })
    }
}

/// Lines of text that may hold code between backticks: there alone a `<` can't begin HTML. Where it
/// isn't plain which backticks belong together, none do until the paragraph ends.
#[derive(Default)]
struct Paragraph {
    unclear: bool,
}

impl Paragraph {
    fn push(&mut self, out: &mut String, line: &str) {
        let ticks = line.bytes().filter(|byte| *byte == b'`').count();
        let mut pairs = line.as_bytes().windows(2);
        let odd = line.contains(['|', '$']) || pairs.any(|pair| pair == b"``" || pair == b"\\`");
        self.unclear = !line.trim().is_empty() && (self.unclear || odd || ticks % 2 == 1);
        let mut in_code = false;
        for char in line.chars() {
            in_code ^= char == '`';
            match char {
                '<' if self.unclear || !in_code => out.push_str("&lt;"),
                _ => out.push(char),
            }
        }
    }
}

/// Without terminals' colour codes and control characters; every line ends with a line feed.
fn cleaned(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' if chars.peek() != Some(&'\n') => out.push('\n'),
            '\x1b' if chars.peek() == Some(&'[') => {
                chars.next();
                while chars.next().is_some_and(|char| !char.is_ascii_alphabetic()) {}
            }
            '\n' | '\t' => out.push(char),
            '\u{2028}' | '\u{2029}' => out.push('\n'),
            _ if char.is_control() => {}
            _ => out.push(char),
        }
    }
    out
}
