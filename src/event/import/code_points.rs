//! The characters of a string as Python counts them.

/// What of a command's output is kept: Python's `MAX_CMD_OUTPUT_SIZE`, in code points.
pub(super) const MAX_OUTPUT: usize = 30_000;

const CUT: &str = r"\n[... Observation truncated due to length ...]\n";

/// The code points of a canonical string's inside, one after the other.
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
    type Item = u32;

    #[inline(never)]
    fn next(&mut self) -> Option<Self::Item> {
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
            // Canonical text is ASCII.
            [byte, ..] => (1, u32::from(*byte)),
            [] => return None,
        };
        self.rest = self.rest.get(length..)?;
        Some(value)
    }
}

/// The UTF-16 unit of an escape at the beginning; 0 if there is none.
fn unit(text: &str) -> u32 {
    text.strip_prefix("\\u")
        .and_then(|rest| hexadecimal(rest.get(..4)?))
        .unwrap_or(0)
}

/// The number that hexadecimal digits mean.
pub(super) fn hexadecimal(digits: &str) -> Option<u32> {
    digits.chars().try_fold(0_u32, |number, digit| {
        number.checked_mul(16)?.checked_add(digit.to_digit(16)?)
    })
}

/// The text that is meant; `None` if it has lone surrogates.
pub(super) fn decoded(raw: &str) -> Option<String> {
    CodePoints::of(raw).map(char::from_u32).collect()
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
