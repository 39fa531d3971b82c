//! The header of an event, read from its canonical text.

use super::EventError;
use super::event::{EventId, Header};
use super::float::parse_float;
use super::json_string::RawString;
use super::kind::Kind;
use super::python_json::Dump;
use super::scan::{Member, Members, Scanner, Token};

/// The header, and what only the reading of frames asks for.
pub(crate) struct Fields<'a> {
    pub(crate) header: Header,
    /// The id's digits, whatever their number.
    pub(crate) integer_id: Option<&'a str>,
    /// The value of the top-level `key`, as a V1 state update has it.
    pub(crate) key: Option<Box<str>>,
}

/// The members that a header is made of.
#[derive(Default)]
struct Found<'a> {
    id: Option<Member<'a>>,
    timestamp: Option<Member<'a>>,
    source: Option<Member<'a>>,
    cause: Option<Member<'a>>,
    parent_id: Option<Member<'a>>,
    key: Option<Member<'a>>,
    action: Option<Member<'a>>,
    observation: Option<Member<'a>>,
    kind: Option<Member<'a>>,
    args: Option<Member<'a>>,
    extras: Option<Member<'a>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, EventError> {
        let mut found = Found::default();
        let mut members = Members::of_canonical(text)?;
        while let Some(member) = members.next()? {
            if let Some(field) = found.field(member.key.raw) {
                *field = Some(member);
            }
        }
        Ok(found.into_fields(members.non_finite()))
    }

    /// The same of what has just been written: its members are not looked for again.
    pub(crate) fn of_dump(dump: &'a Dump) -> Result<Self, EventError> {
        let (text, members) = (&*dump.text, &dump.members);
        if members.is_empty() {
            return Self::read(text);
        }
        let mut found = Found::default();
        // The next one's comma and space, or the closing brace, come after a value.
        let starts = members.iter().skip(1).map(|next| next.start.checked_sub(2));
        let ends = starts.chain([text.len().checked_sub(1)]);
        for (member, end) in members.iter().zip(ends) {
            let quoted = text.get(member.start..member.key_end);
            let raw = quoted.and_then(|key| key.strip_prefix('"')?.strip_suffix('"'));
            let raw = raw.unwrap_or_default();
            let Some(field) = found.field(raw) else {
                continue;
            };
            let value = end.and_then(|end| text.get(member.key_end.checked_add(2)?..end));
            let value = value.unwrap_or_default();
            if let Some(first) = Scanner::of_canonical(value).next()? {
                let canonical = true;
                let key = RawString { raw, canonical };
                *field = Some(Member { key, first, value });
            }
        }
        Ok(found.into_fields(dump.non_finite))
    }
}

impl<'a> Found<'a> {
    /// The place for the member with this key, if there is one.
    fn field(&mut self, key: &str) -> Option<&mut Option<Member<'a>>> {
        Some(match key {
            "id" => &mut self.id,
            "timestamp" => &mut self.timestamp,
            "source" => &mut self.source,
            "cause" => &mut self.cause,
            "parent_id" => &mut self.parent_id,
            "key" => &mut self.key,
            "action" => &mut self.action,
            "observation" => &mut self.observation,
            "kind" => &mut self.kind,
            "args" => &mut self.args,
            "extras" => &mut self.extras,
            _ => return None,
        })
    }

    fn into_fields(self, non_finite: bool) -> Fields<'a> {
        let id = self.id;
        let kind = kind_of(id, self.action, self.observation, self.kind);
        let hidden = match (kind.action_name(), kind.observation_name()) {
            (Some("run"), _) => is_hidden(self.args),
            (_, Some("run")) => is_hidden(self.extras),
            _ => false,
        };
        let integer_id = id.and_then(|member| integer(&member));
        let header = Header {
            id: match integer_id {
                Some(digits) => digits.parse().ok().map(EventId::Number),
                None => string(id).map(EventId::Text),
            },
            timestamp: match self.timestamp.map(|member| member.first) {
                Some(Token::String(text)) => Some(text.decode().into()),
                _ => None,
            },
            source: string(self.source),
            kind,
            hidden,
            cause: self.cause.and_then(|member| integer(&member)?.parse().ok()),
            parent_id: string(self.parent_id),
            non_finite,
        };
        Fields {
            header,
            integer_id,
            key: string(self.key),
        }
    }
}

fn string(member: Option<Member<'_>>) -> Option<Box<str>> {
    match member?.first {
        Token::String(text) => Some(text.to_text()),
        _ => None,
    }
}

fn integer<'a>(member: &Member<'a>) -> Option<&'a str> {
    match member.first {
        Token::Integer(digits) => Some(digits),
        _ => None,
    }
}

/// V1 events have an `action` or `observation`, too, but as an object beside their `kind`.
fn kind_of(
    id: Option<Member<'_>>,
    action: Option<Member<'_>>,
    observation: Option<Member<'_>>,
    kind: Option<Member<'_>>,
) -> Kind {
    let integer_id = id.is_some_and(|member| integer(&member).is_some());
    if let Some(class) = string(kind)
        && (!integer_id || (action.is_none() && observation.is_none()))
    {
        return Kind::v1(&class);
    }
    match (action, observation) {
        (Some(action), _) => match string(Some(action)) {
            Some(name) => Kind::action(&name),
            None => Kind::action_not_text(name_of_value(&action)),
        },
        (None, Some(observation)) => match string(Some(observation)) {
            Some(name) => Kind::observation(&name),
            None => Kind::observation_not_text(name_of_value(&observation)),
        },
        (None, None) => Kind::untyped(),
    }
}

fn name_of_value<'a>(member: &Member<'a>) -> &'a str {
    const LONGEST: usize = 64;
    match member.first {
        Token::BeginObject => "object",
        Token::BeginArray => "list",
        _ if member.value.len() <= LONGEST => member.value,
        _ => "number",
    }
}

/// Python's truth of the member `hidden`, false where there is none.
fn is_hidden(holder: Option<Member<'_>>) -> bool {
    let Some(Ok(mut members)) = holder.map(|member| Members::of_canonical(member.value)) else {
        return false;
    };
    let mut hidden = false;
    while let Ok(Some(member)) = members.next() {
        if member.key.raw == "hidden" {
            hidden = is_true(&member);
        }
    }
    hidden
}

fn is_true(member: &Member<'_>) -> bool {
    match member.first {
        Token::Literal(literal) => literal == "true",
        Token::Integer(digits) => digits != "0",
        Token::Float(number) => parse_float(number) != Some(0.0),
        Token::String(text) => !text.raw.is_empty(),
        Token::BeginObject | Token::BeginArray => {
            let mut scanner = Scanner::new(member.value);
            let _ = scanner.next();
            !matches!(scanner.next(), Ok(Some(Token::EndObject | Token::EndArray)))
        }
        _ => true,
    }
}
