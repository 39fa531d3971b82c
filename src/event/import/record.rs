//! Objects as lists of members in canonical text, brought to a class's fields.

use std::borrow::Cow;

use super::number::{float, integer};
use crate::event::scan::Members;

/// The members of an object: each key without quotes and each value, as canonical text.
#[derive(Default)]
pub(super) struct Record<'a>(Vec<(&'a str, Cow<'a, str>)>);

/// What happens to members that are no fields.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Others {
    /// The server can't load the event.
    Refused,
    Dropped,
    /// They follow the fields.
    Kept,
}

/// One field of a table's row, spelled `name:type|absence=default`.
///
/// - `name` alone: any value; there must be one.
/// - `:str`, `:int`, `:float`: what pydantic makes of the value.
/// - `|null`: `null` is taken too. `|absent`: a `null` is left out.
/// - `=default`: stands where there is none. Of an `|absent` field without default nothing stands.
struct Field {
    name: &'static str,
    of: &'static str,
    absence: &'static str,
    default: Option<&'static str>,
}

impl Field {
    fn read(spec: &'static str) -> Self {
        let (left, default) = match spec.split_once('=') {
            Some((left, default)) => (left, Some(default)),
            None => (spec, None),
        };
        let (left, absence) = left.split_once('|').unwrap_or((left, ""));
        let (name, of) = left.split_once(':').unwrap_or((left, ""));
        Self {
            name,
            of,
            absence,
            default,
        }
    }

    fn value<'a>(&self, given: Cow<'a, str>) -> Option<Cow<'a, str>> {
        if given == "null" && !self.absence.is_empty() {
            return Some(given);
        }
        match self.of {
            "str" => given.starts_with('"').then_some(given),
            "int" => integer(&given, true).map(Cow::Owned),
            "float" => float(&given).map(Cow::Owned),
            _ => Some(given),
        }
    }
}

/// Whether a row has this field.
pub(super) fn has_field(fields: &'static str, name: &str) -> bool {
    fields
        .split_ascii_whitespace()
        .any(|spec| Field::read(spec).name == name)
}

impl<'a> Record<'a> {
    /// `None` if this is no object.
    pub(super) fn of(json: &'a str) -> Option<Self> {
        let mut record = Self::default();
        let mut members = Members::of_canonical(json).ok()?;
        while let Some(member) = members.next().ok()? {
            record.0.push((member.key.raw, Cow::Borrowed(member.value)));
        }
        Some(record)
    }

    pub(super) fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().find(|(name, _)| *name == key)?;
        Some(&found.1)
    }

    pub(super) fn take(&mut self, key: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(name, _)| *name == key)?;
        Some(self.0.remove(at).1)
    }

    /// As Python's `dict.__setitem__`: a key that is there keeps its place.
    pub(super) fn set(&mut self, key: &'a str, value: impl Into<Cow<'a, str>>) {
        let value = value.into();
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(member) => member.1 = value,
            None => self.0.push((key, value)),
        }
    }

    pub(super) fn members(&self) -> &[(&'a str, Cow<'a, str>)] {
        &self.0
    }

    /// The fields of a row in their order, with defaults; `None` where the server would refuse.
    pub(super) fn complete(mut self, fields: &'static str, others: Others) -> Option<Self> {
        let mut complete = Self::default();
        for spec in fields.split_ascii_whitespace() {
            let field = Field::read(spec);
            let value = match (self.take(field.name), field.default) {
                (Some(given), _) => field.value(given)?,
                (None, Some(default)) => Cow::Borrowed(default),
                (None, None) if field.absence == "absent" => continue,
                (None, None) => return None,
            };
            if !(value == "null" && field.absence == "absent") {
                complete.0.push((field.name, value));
            }
        }
        match others {
            Others::Refused if !self.0.is_empty() => return None,
            Others::Kept => complete.0.extend(self.0),
            Others::Refused | Others::Dropped => {}
        }
        Some(complete)
    }

    /// Canonical text.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::from("{");
        for (index, (key, value)) in self.0.iter().enumerate() {
            out.push_str(if index == 0 { "\"" } else { ", \"" });
            out.push_str(key);
            out.push_str("\": ");
            out.push_str(value);
        }
        out.push('}');
        out
    }
}

/// A list with each item made anew; `None` if this is no list, or an item fails.
///
/// An empty object or string is an empty list: Python's `for` goes over it, too.
pub(super) fn each(json: &str, make: impl Fn(&str) -> Option<String>) -> Option<String> {
    if matches!(json, "{}" | "\"\"") {
        return Some("[]".to_owned());
    }
    let mut out = String::from("[");
    for item in crate::event::Items::of(json).ok()? {
        if out.len() > 1 {
            out.push_str(", ");
        }
        out.push_str(&make(item.ok()?)?);
    }
    out.push(']');
    Some(out)
}

/// The inside of a string's quotes; `None` if this is no string.
pub(super) fn string(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}
