//! Secrets are masked before anything is kept.

use std::borrow::Cow;
use std::rc::Rc;

use super::event::Event;
use super::json_string::{RawString, push_char, push_text, push_wtf8};
use super::needle::Needle;
use super::python_json::Transcoder;
use crate::sorted_map::sorted_indices;

/// What stands where a secret was.
const MARK: &str = "<secret_hidden>";

/// Which strings of an event are looked at for secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Masking {
    /// As `EventStream._replace_secrets` of the server: strings in objects, secrets one after the
    /// other in their order. Lists are not looked into, the top-level `message` stays as it is,
    /// and an empty secret puts a mark between all characters.
    Server,
    /// Lists, keys of nested objects and the top-level `message`, too. All secrets are looked for
    /// in the string as it came, and what any of them covers is hidden, so that no secret shows
    /// the rest of a longer one. They are also found as JSON and Python spell them within another
    /// text, as in the arguments of a tool call. Empty secrets are ignored.
    ///
    /// What is stored of an event then holds no secret, save what the log itself goes by: the
    /// event's own keys, its `id`, `timestamp`, `source`, `cause`, `action`, `observation`, V1's
    /// `kind` and `parent_id`; numbers; and a secret that the mark is a part of, or that is a part
    /// of it.
    #[default]
    Strict,
}

/// The values that must not be kept, and how they are masked.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    mode: Masking,
    values: Vec<Secret>,
}

#[derive(Clone, Debug)]
struct Secret {
    value: Needle,
    /// The value as it looks inside canonical text.
    written: Needle,
}

/// The secret, and how it looks inside a text that holds JSON or Python's `repr`: with all but ASCII
/// escaped or not, within either quotes.
fn spellings(value: &str) -> Vec<String> {
    let mut dumped = String::new();
    push_text(&mut dumped, value);
    let mut all = vec![value.to_owned()];
    let mut add = |spelled: String| {
        if !all.contains(&spelled) {
            all.push(spelled);
        }
    };
    add(dumped);
    for quote in ['"', '\'', '\\'] {
        let mut spelled = String::new();
        for char in value.chars() {
            match char {
                '\\' | '\0'..' ' => push_char(&mut spelled, char),
                _ if char == quote => spelled.extend(['\\', char]),
                _ => spelled.push(char),
            }
        }
        add(spelled);
    }
    all
}

impl Secret {
    fn new(value: &str) -> Self {
        let mut written = String::new();
        push_text(&mut written, value);
        Self {
            value: Needle::new(value.as_bytes()),
            written: Needle::new(written.as_bytes()),
        }
    }

    fn is_empty(&self) -> bool {
        self.value.len() == 0
    }
}

impl Secrets {
    /// Takes pairs of name and secret value; their order matters to [`Masking::Server`].
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>, mode: Masking) -> Self {
        let values = pairs.into_iter().map(|(_, value)| value);
        let values = match mode {
            Masking::Server => values.map(|value| Secret::new(&value)).collect(),
            Masking::Strict => values
                .filter(|value| !value.is_empty())
                .flat_map(|value| spellings(&value))
                .map(|spelled| Secret::new(&spelled))
                .collect(),
        };
        Self { mode, values }
    }

    /// There is nothing to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The event with every secret replaced by `<secret_hidden>`; costs one search per secret
    /// when none occurs.
    ///
    /// Keys that become equal by masking end as one, with the last value.
    #[must_use]
    pub fn mask(&self, event: Rc<Event>) -> Rc<Event> {
        let Cow::Owned(masked) = self.mask_text(&event.text) else {
            return event;
        };
        Event::from_canonical(masked.into_boxed_str()).map_or(event, Rc::new)
    }

    /// As [`mask`](Self::mask) for the canonical text of a status message or an event.
    #[must_use]
    pub fn mask_text<'t>(&self, canonical: &'t str) -> Cow<'t, str> {
        // No secret can come into a string by masking another one unless some secret is there.
        let bytes = canonical.as_bytes();
        if self
            .values
            .iter()
            .all(|secret| secret.written.find(bytes).is_none())
        {
            return Cow::Borrowed(canonical);
        }
        match Transcoder::masking(self).run(canonical) {
            Ok(dump) => Cow::Owned(dump.text),
            Err(_) => Cow::Borrowed(canonical),
        }
    }

    /// Whether strings inside an object or list are masked that is the value of `top_key`, or lies
    /// deeper.
    pub(crate) fn masks_inside(&self, top_key: Option<&str>, is_list: bool) -> bool {
        match self.mode {
            Masking::Server => !is_list && top_key.is_none_or(|key| self.masks_member(key)),
            Masking::Strict => true,
        }
    }

    /// Whether the string value of this top-level key is masked.
    pub(crate) fn masks_member(&self, top_key: &str) -> bool {
        match top_key {
            "timestamp" | "id" | "source" | "cause" | "action" | "observation" => false,
            "message" => self.mode == Masking::Strict,
            "kind" | "parent_id" => self.mode == Masking::Server,
            _ => true,
        }
    }

    /// Whether keys below the top level are masked.
    pub(crate) fn masks_keys(&self) -> bool {
        self.mode == Masking::Strict
    }

    /// Appends the string as canonical text, masked.
    pub(crate) fn write_masked(&self, out: &mut String, string: RawString<'_>) {
        let text = string.decode();
        match match self.mode {
            Masking::Server => self.one_after_the_other(&text),
            Masking::Strict => self.all_at_once(&text),
        } {
            Some(masked) => push_wtf8(out, &masked),
            None => string.write_canonical(out),
        }
    }

    /// Python's `for secret in secrets: text = text.replace(secret, MARK)`.
    fn one_after_the_other(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut masked: Option<Vec<u8>> = None;
        for secret in &self.values {
            let current = masked.as_deref().unwrap_or(text);
            if secret.is_empty() {
                masked = Some(mark_everywhere(current));
            } else if secret.value.find(current).is_some() {
                masked = Some(replace(current, secret.value.spans(current)));
            }
        }
        masked
    }

    fn all_at_once(&self, text: &[u8]) -> Option<Vec<u8>> {
        let spans = self.values.iter().map(|secret| secret.value.spans(text));
        let spans: Vec<(usize, usize)> = spans.flatten().collect();
        let order = sorted_indices(spans.len(), &|a, b| spans.get(a).cmp(&spans.get(b)));
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(spans.len());
        for &(start, end) in order.iter().filter_map(|index| spans.get(*index)) {
            match merged.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        (!merged.is_empty()).then(|| replace(text, merged.into_iter()))
    }
}

/// `text` with a mark in place of every span; spans ascend and don't overlap.
fn replace(text: &[u8], spans: impl Iterator<Item = (usize, usize)>) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len());
    let mut at = 0;
    for (start, end) in spans {
        masked.extend_from_slice(text.get(at..start).unwrap_or_default());
        masked.extend_from_slice(MARK.as_bytes());
        at = end;
    }
    masked.extend_from_slice(text.get(at..).unwrap_or_default());
    masked
}

/// Python's `text.replace("", MARK)`: a mark before every code point and at the end.
fn mark_everywhere(text: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(text.len().saturating_mul(MARK.len()));
    for byte in text {
        let continues = byte & 0xc0 == 0x80;
        if !continues {
            masked.extend_from_slice(MARK.as_bytes());
        }
        masked.push(*byte);
    }
    masked.extend_from_slice(MARK.as_bytes());
    masked
}
