//! The V1 agent-server: its socket `/sockets/events/{conversation_id}`, one event a message, and
//! its route `{base}/events/search`.

use super::address::push_query;
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Items, members, push_text, string_value};

/// What a socket is told first: the key never stands in an address.
#[must_use]
pub fn auth(session_api_key: &str) -> String {
    let mut text = "{\"type\": \"auth\", \"session_api_key\": \"".to_owned();
    push_text(&mut text, session_api_key);
    text.push_str("\"}");
    text
}

/// What a close code of this server means: an error where it is no use to come again.
#[must_use]
pub fn close_reason(code: u16) -> Option<&'static str> {
    match code {
        4001 => Some("the server wants another session API key, or any"),
        4004 => Some("the server has no such conversation"),
        1008 => Some("the server refuses what it was asked for"),
        _ => None,
    }
}

/// The events of which a server tells some that it doesn't keep.
pub(crate) const STATE: &str = "ConversationStateUpdateEvent";

/// The close code of a server that has too many connections: it wants to be left alone for a while.
pub const TOO_MANY: u16 = 1013;

/// One page of `events/search`, ascending.
pub(crate) struct SearchPage {
    /// Its events, the one that was asked for first left out; `Err` with the reason where
    /// something is none.
    pub(crate) events: Vec<std::result::Result<Event, String>>,
    /// The id of the first event of the next page.
    pub(crate) next: Option<Box<str>>,
}

/// The path below the base URL; a page begins with the event that `page_id` names.
pub(crate) fn search_path(page_id: Option<&str>, limit: i64) -> String {
    let mut path = "/events/search".to_owned();
    push_query(&mut path, "limit", &limit.to_string());
    if let Some(id) = page_id {
        push_query(&mut path, "page_id", id);
    }
    path
}

/// Reads an answer. A server that doesn't know a page begins anew, which would never end: so the
/// first event has to be the one that was asked for. It is left out where `known`.
///
/// # Errors
/// `BadAnswer`.
pub(crate) fn read_page(text: &str, page_id: Option<&str>, known: bool) -> Result<SearchPage> {
    let wrong = |why: &str| Box::new(Error::BadAnswer(why.to_owned()));
    let (mut items, mut next) = (None, None);
    for (key, value) in members(text).map_err(|why| wrong(&why.to_string()))? {
        match &*key {
            "items" => items = Some(value),
            "next_page_id" => next = Some(value),
            _ => {}
        }
    }
    let next = next.filter(|next| *next != "null");
    let items = items.ok_or_else(|| wrong("it is no page of events"))?;
    let items = Items::of(items).map_err(|why| wrong(&why.to_string()))?;
    let mut page = SearchPage {
        events: Vec::new(),
        next: next.map(|next| string_value(next).unwrap_or_default()),
    };
    let mut first = page_id;
    let mut count = 0usize;
    for item in items {
        let item = item.map_err(|why| wrong(&why.to_string()))?;
        count = count.saturating_add(1);
        let event = Event::from_json(item.as_bytes()).map_err(|why| why.to_string());
        if let Some(id) = first.take() {
            let same = event.as_ref().is_ok_and(
                |event| matches!(&event.header.id, Some(EventId::Text(text)) if &**text == id),
            );
            if !same {
                return Err(another_history(id));
            }
            if known {
                continue;
            }
        }
        page.events.push(event);
    }
    match (first, &page.next) {
        (Some(id), _) => Err(another_history(id)),
        (None, Some(next)) if next.is_empty() || count < 1 => {
            Err(wrong("it says that there is more, and gives nothing"))
        }
        _ => Ok(page),
    }
}

/// The error where a server doesn't have an event that it had.
pub(crate) fn another_history(id: &str) -> Box<Error> {
    Box::new(Error::BadAnswer(
        [
            "the server no longer has the event ",
            id,
            ", which is stored here; it may have another history: delete this copy and connect again",
        ]
        .concat(),
    ))
}
