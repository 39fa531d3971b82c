//! The header of an event, read from its canonical text.

use super::EventError;
use super::event::{EventId, Header};
use super::float::parse_float;
use super::kind::Kind;
use super::scan::{Member, Members, Scanner, Token};

/// The header, and what only the reading of frames asks for.
pub(crate) struct Fields<'a> {
    pub(crate) header: Header,
    /// The id's digits, whatever their number.
    pub(crate) integer_id: Option<&'a str>,
    /// The value of the top-level `key`, as a V1 state update has it.
    pub(crate) key: Option<Box<str>>,
}

impl<'a> Fields<'a> {
    pub(crate) fn read(text: &'a str) -> Result<Self, EventError> {
        let mut id = None;
        let mut timestamp = None;
        let mut source = None;
        let mut cause = None;
        let mut parent_id = None;
        let mut key = None;
        let mut action = None;
        let mut observation = None;
        let mut kind = None;
        let mut args = None;
        let mut extras = None;
        let mut members = Members::of_canonical(text)?;
        while let Some(member) = members.next()? {
            let field = match member.key.raw {
                "id" => &mut id,
                "timestamp" => &mut timestamp,
                "source" => &mut source,
                "cause" => &mut cause,
                "parent_id" => &mut parent_id,
                "key" => &mut key,
                "action" => &mut action,
                "observation" => &mut observation,
                "kind" => &mut kind,
                "args" => &mut args,
                "extras" => &mut extras,
                _ => continue,
            };
            *field = Some(member);
        }
        let kind = kind_of(id, action, observation, kind);
        let hidden = match (kind.action_name(), kind.observation_name()) {
            (Some("run"), _) => is_hidden(args),
            (_, Some("run")) => is_hidden(extras),
            _ => false,
        };
        let integer_id = id.and_then(|member| integer(&member));
        let header = Header {
            id: match integer_id {
                Some(digits) => digits.parse().ok().map(EventId::Number),
                None => string(id).map(EventId::Text),
            },
            timestamp: match timestamp.map(|member| member.first) {
                Some(Token::String(text)) => Some(text.decode().into()),
                _ => None,
            },
            source: string(source),
            kind,
            hidden,
            cause: cause.and_then(|member| integer(&member)?.parse().ok()),
            parent_id: string(parent_id),
            non_finite: members.non_finite(),
        };
        Ok(Self {
            header,
            integer_id,
            key: string(key),
        })
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
