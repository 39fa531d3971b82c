//! Objects as lists of members in canonical text, written as a class's fields.

use super::models::write_value;
use crate::event::scan::Members;

/// The members of an object: each key without quotes and each value, as canonical text.
#[derive(Default)]
pub(in crate::event) struct Record<'a>(Vec<(&'a str, &'a str)>);

/// One field of a row, spelled `name:type|absence=default`.
///
/// - `name` alone: any value; there must be one.
/// - `:type`: what pydantic makes of the value, see [`write_value`].
/// - `|null`: `null` is taken, whatever the type. `|default`: it stands for the default. `|absent`:
///   it is left out, and so is a field without default that isn't there. `|dropped`: the field is
///   never written.
/// - `=default`: stands where there is no value.
///
/// A `*` in the row is the place of members that are no fields.
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
}

/// The field of this name in a row.
fn field(row: &'static str, name: &str) -> Option<Field> {
    let mut fields = row.split_ascii_whitespace().map(Field::read);
    fields.find(|field| field.name == name)
}

/// Whether a row has this field.
pub(super) fn has_field(row: &'static str, name: &str) -> bool {
    field(row, name).is_some()
}

impl<'a> Record<'a> {
    /// `None` if this is no object.
    pub(in crate::event) fn of(json: &'a str) -> Option<Self> {
        let mut record = Self::default();
        let mut members = Members::of_canonical(json).ok()?;
        while let Some(member) = members.next().ok()? {
            record.0.push((member.key.raw, member.value));
        }
        Some(record)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn members(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.iter().copied()
    }

    #[inline(never)]
    pub(in crate::event) fn get(&self, key: &str) -> Option<&'a str> {
        Some(self.0.iter().find(|(name, _)| *name == key)?.1)
    }

    /// The value, or the default that the row has for it.
    pub(super) fn or_default(&self, row: &'static str, key: &str) -> Option<&'a str> {
        self.get(key).or_else(|| field(row, key)?.default)
    }

    #[inline(never)]
    pub(super) fn take(&mut self, key: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(name, _)| *name == key)?;
        Some(self.0.remove(at).1)
    }

    /// As Python's `dict.__setitem__`: a key that is there keeps its place.
    #[inline(never)]
    pub(super) fn set(&mut self, key: &'a str, value: &'a str) {
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some(member) => member.1 = value,
            None => self.0.push((key, value)),
        }
    }

    /// Every member is a field.
    pub(super) fn fits(&self, row: &'static str) -> bool {
        self.members().all(|(name, _)| has_field(row, name))
    }

    /// Writes the fields of a row in their order; `None` where the server would refuse a value or
    /// miss one.
    pub(super) fn write(&self, out: &mut String, row: &'static str) -> Option<()> {
        out.push('{');
        for spec in row.split_ascii_whitespace() {
            if spec == "*" {
                for (name, value) in self.members() {
                    if !has_field(row, name) {
                        write_key(out, name);
                        out.push_str(value);
                    }
                }
                continue;
            }
            let field = Field::read(spec);
            let given = self.get(field.name);
            let value = match (given, field.absence) {
                (_, "dropped") | (Some("null"), "absent") => continue,
                (Some("null"), "default") | (None, _) => match field.default {
                    Some(default) => default,
                    None if field.absence == "absent" => continue,
                    None => return None,
                },
                (Some(value), _) => value,
            };
            write_key(out, field.name);
            if value == "null" && field.absence == "null" {
                out.push_str(value);
            } else {
                write_value(out, field.of, value)?;
            }
        }
        out.push('}');
        Some(())
    }

    /// Canonical text of the members as they are.
    pub(super) fn to_json(&self) -> String {
        let mut out = String::new();
        let _ = self.write(&mut out, "*");
        out
    }
}

/// Writes a member's key, and the comma before it unless it is an object's first.
#[inline(never)]
pub(super) fn write_key(out: &mut String, name: &str) {
    out.push_str(if out.ends_with('{') { "\"" } else { ", \"" });
    out.push_str(name);
    out.push_str("\": ");
}

/// The inside of a string's quotes; `None` if this is no string.
#[inline(never)]
pub(super) fn string(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}
