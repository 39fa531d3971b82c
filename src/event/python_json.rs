//! JSON written again as Python's `json.dumps` would write what `json.loads` has read.

use super::EventError;
use super::float::parse_float;
use super::json_string::RawString;
use super::python_float::push_float;
use super::repeated_keys::{RepeatedKeys, WrittenMember, hash};
use super::scan::{Scanner, Token};
use super::secrets::Secrets;

/// A JSON value in Python's spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Pure ASCII without control characters: `json.dumps(json.loads(input))`.
    pub text: String,
    /// The text holds `NaN`, `Infinity` or `-Infinity` outside its strings, so that only Python
    /// reads it as JSON.
    pub non_finite: bool,
    /// Where the members of the object stand in the text; empty where that isn't known.
    pub(crate) members: Vec<WrittenMember>,
}

/// `json.dumps(json.loads(json))` of Python, for any JSON value: the text that the server's
/// `query` searches.
///
/// Integers of any size stay exact, floats are spelled as `repr` does, a repeated key keeps its
/// first place and its last value.
///
/// # Errors
/// Whatever `json.loads` would refuse, and more than [`MAX_DEPTH`](super::MAX_DEPTH) levels.
pub fn dumps(json: &[u8]) -> Result<String, EventError> {
    dump(json).map(|dump| dump.text)
}

/// As [`dumps`], and says whether the text is JSON to Python only.
///
/// # Errors
/// As [`dumps`].
pub fn dump(json: &[u8]) -> Result<Dump, EventError> {
    Transcoder::default().run(as_text(json)?)
}

pub(crate) fn as_text(bytes: &[u8]) -> Result<&str, EventError> {
    std::str::from_utf8(bytes).map_err(|error| EventError::NotUtf8 {
        offset: error.valid_up_to(),
    })
}

fn holds_non_finite(text: &str) -> Result<bool, EventError> {
    let mut scanner = Scanner::of_canonical(text);
    while let Some(token) = scanner.next()? {
        if matches!(token, Token::NonFinite(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An object or list that is being written.
struct Frame {
    is_object: bool,
    empty: bool,
    /// Its bracket in the output.
    start: usize,
    /// Its first entry in `members`.
    first_member: usize,
    /// The key, without quotes, of the member that is being written.
    key: (usize, usize),
    /// Strings in here are masked.
    masked: bool,
}

#[derive(Default)]
pub(crate) struct Transcoder<'s> {
    /// Write integers as floats where the server's schema has a float.
    restore_floats: bool,
    secrets: Option<&'s Secrets>,
    out: String,
    frames: Vec<Frame>,
    members: Vec<WrittenMember>,
    repeated: RepeatedKeys,
    non_finite: bool,
}

impl<'s> Transcoder<'s> {
    pub(crate) fn restoring_floats(restore_floats: bool) -> Self {
        Self {
            restore_floats,
            ..Self::default()
        }
    }

    pub(crate) fn masking(secrets: &'s Secrets) -> Self {
        Self {
            secrets: Some(secrets),
            ..Self::default()
        }
    }

    pub(crate) fn run(mut self, text: &str) -> Result<Dump, EventError> {
        self.out.reserve(text.len().saturating_add(text.len() / 8));
        let mut scanner = Scanner::new(text);
        while let Some(token) = scanner.next()? {
            self.write(token);
        }
        let rewritten = !self.repeated.is_empty();
        let text = self.repeated.apply(self.out);
        // What a later value has replaced is not in the text any more.
        let non_finite = match self.non_finite && rewritten {
            true => holds_non_finite(&text)?,
            false => self.non_finite,
        };
        if rewritten {
            self.members.clear();
        }
        Ok(Dump {
            text,
            non_finite,
            members: self.members,
        })
    }

    fn write(&mut self, token: Token<'_>) {
        match token {
            Token::EndObject | Token::EndArray => return self.close(),
            Token::Key(key) => return self.key(key),
            _ => {}
        }
        if let Some(list) = self.frames.last_mut().filter(|frame| !frame.is_object) {
            if !list.empty {
                self.out.push_str(", ");
            }
            list.empty = false;
        }
        match token {
            Token::BeginObject => self.open(true),
            Token::BeginArray => self.open(false),
            Token::String(string) => self.string(string),
            Token::Integer(digits) if self.restore_floats && self.is_float_by_schema() => {
                self.float(digits);
            }
            Token::Integer("-0") => self.out.push('0'),
            Token::Integer(digits) => self.out.push_str(digits),
            Token::Float(text) => self.float(text),
            Token::NonFinite(literal) => {
                self.non_finite = true;
                self.out.push_str(literal);
            }
            Token::Literal(literal) => self.out.push_str(literal),
            Token::Key(_) | Token::EndObject | Token::EndArray => {}
        }
    }

    fn open(&mut self, is_object: bool) {
        let masked = match (self.secrets, self.frames.last()) {
            (None, _) => false,
            (Some(_), None) => is_object,
            (Some(secrets), Some(outer)) => {
                let key = (self.frames.len() == 1).then(|| self.key_of(outer));
                outer.masked && secrets.masks_inside(key, !is_object)
            }
        };
        self.frames.push(Frame {
            is_object,
            empty: true,
            start: self.out.len(),
            first_member: self.members.len(),
            key: (0, 0),
            masked,
        });
        self.out.push(if is_object { '{' } else { '[' });
    }

    fn close(&mut self) {
        let Some(frame) = self.frames.pop() else {
            return;
        };
        self.out.push(if frame.is_object { '}' } else { ']' });
        let members = self.members.get(frame.first_member..).unwrap_or_default();
        self.repeated.close(&self.out, frame.start, members);
        if !self.frames.is_empty() {
            self.members.truncate(frame.first_member);
        }
    }

    fn key(&mut self, key: RawString<'_>) {
        let depth = self.frames.len();
        let Some(frame) = self.frames.last_mut() else {
            return;
        };
        if !frame.empty {
            self.out.push_str(", ");
        }
        frame.empty = false;
        let start = self.out.len();
        self.out.push('"');
        let masking = self.secrets.filter(|_| frame.masked && depth > 1);
        // Whether an event is hidden stands in its `args` or `extras`.
        let is_header = depth == 2 && key.raw == "hidden";
        match masking.filter(|secrets| secrets.masks_keys() && !is_header) {
            Some(secrets) => secrets.write_masked(&mut self.out, key),
            None => key.write_canonical(&mut self.out),
        }
        frame.key = (start.saturating_add(1), self.out.len());
        self.out.push('"');
        let written = self.out.get(start..).unwrap_or_default();
        self.members.push(WrittenMember {
            hash: hash(written),
            start,
            key_end: self.out.len(),
        });
        self.out.push_str(": ");
    }

    fn string(&mut self, string: RawString<'_>) {
        let secrets = self.secrets.filter(|secrets| match self.frames.as_slice() {
            [] => secrets.masks_inside(None, true),
            [top] => top.masked && secrets.masks_member(self.key_of(top)),
            [.., frame] => frame.masked,
        });
        self.out.push('"');
        match secrets {
            Some(secrets) => secrets.write_masked(&mut self.out, string),
            None => string.write_canonical(&mut self.out),
        }
        self.out.push('"');
    }

    fn float(&mut self, text: &str) {
        // The scanner has checked the grammar; too large a number reads as infinity.
        let value = parse_float(text).unwrap_or(f64::NAN);
        self.non_finite |= !push_float(&mut self.out, value);
    }

    fn key_of(&self, frame: &Frame) -> &str {
        self.out.get(frame.key.0..frame.key.1).unwrap_or_default()
    }

    fn is_float_by_schema(&self) -> bool {
        match self.frames.as_slice() {
            [top] => self.key_of(top) == "timeout",
            [top, metrics] => {
                self.key_of(top) == "llm_metrics"
                    && matches!(
                        self.key_of(metrics),
                        "accumulated_cost" | "max_budget_per_task"
                    )
            }
            [top, metrics, list, entry] if !list.is_object => {
                self.key_of(top) == "llm_metrics"
                    && matches!(
                        (self.key_of(metrics), self.key_of(entry)),
                        ("costs", "cost" | "timestamp") | ("response_latencies", "latency")
                    )
            }
            _ => false,
        }
    }
}
