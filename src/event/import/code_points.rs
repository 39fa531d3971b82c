//! The characters of a string as Python counts them.

/// What of a command's output is kept: Python's `MAX_CMD_OUTPUT_SIZE`, in code points.
pub(super) const MAX_OUTPUT: usize = 30_000;

const CUT: &str = r"\n[... Observation truncated due to length ...]\n";

/// The code points of a canonical string's inside, each with the text that stands for it.
pub(super) struct CodePoints<'a> {
    rest: &'a str,
}

impl<'a> CodePoints<'a> {
    pub(super) fn of(raw: &'a str) -> Self {
        Self { rest: raw }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for CodePoints<'a> {
    type Item = (&'a str, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.rest.chars().next()?;
        let (length, value) = match self.rest.as_bytes() {
            [b'\\', b'u', ..] => match (unit(self.rest), self.rest.get(6..).map_or(0, unit)) {
                (high @ 0xd800..0xdc00, low @ 0xdc00..0xe000) => {
                    let pair = ((high & 0x3ff) << 10) | (low & 0x3ff);
                    (12, pair.saturating_add(0x1_0000))
                }
                (single, _) => (6, single),
            },
            [b'\\', escape, ..] => (
                2,
                u32::from(match escape {
                    b'b' => 0x08,
                    b'f' => 0x0c,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    itself => *itself,
                }),
            ),
            _ => (first.len_utf8(), u32::from(first)),
        };
        let (text, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some((text, value))
    }
}

/// The UTF-16 unit of an escape at the beginning; 0 if there is none.
fn unit(text: &str) -> u32 {
    text.strip_prefix("\\u")
        .and_then(|rest| u32::from_str_radix(rest.get(..4)?, 16).ok())
        .unwrap_or(0)
}

/// The text that is meant; `None` if it has lone surrogates.
pub(super) fn decoded(raw: &str) -> Option<String> {
    CodePoints::of(raw)
        .map(|(_, point)| char::from_u32(point))
        .collect()
}

/// The first `count` code points.
pub(super) fn first(raw: &str, count: usize) -> &str {
    let mut points = CodePoints::of(raw);
    let _ = points.by_ref().take(count).count();
    raw.strip_suffix(points.rest()).unwrap_or(raw)
}

/// Writes a command's output as the server keeps it: of what is too long the middle is cut out.
pub(super) fn push_truncated(out: &mut String, raw: &str) {
    // No code point has less than a byte.
    let count = match raw.len() {
        0..=MAX_OUTPUT => 0,
        _ => CodePoints::of(raw).count(),
    };
    if count <= MAX_OUTPUT {
        out.push_str(raw);
        return;
    }
    let half = MAX_OUTPUT / 2;
    let mut points = CodePoints::of(raw);
    let _ = points.by_ref().take(count.saturating_sub(half)).count();
    out.push_str(first(raw, half));
    out.push_str(CUT);
    out.push_str(points.rest());
}
