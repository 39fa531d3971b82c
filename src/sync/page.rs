//! A page of `GET {base}/events`.

use crate::error::{Error, Result};
use crate::event::{Dialect, Event, EventId, Items, MAX_ID, Position, members};

/// What a page has to lie in, and its direction.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) low: Position,
    pub(crate) high: Option<Position>,
    pub(crate) reverse: bool,
    pub(crate) limit: Option<i64>,
}

/// The events of an answer in its order; a place where there is no event with a usable id is
/// `Err` with the reason.
pub(crate) struct Page {
    pub(crate) events: Vec<std::result::Result<(Position, Event), String>>,
    pub(crate) has_more: bool,
    /// It holds V1 events.
    pub(crate) is_v1: bool,
}

impl Asked {
    /// The path below the base URL, spelled as the server's own reader does.
    pub(crate) fn path(&self) -> String {
        let reverse = if self.reverse { "True" } else { "False" };
        let low = self.low.to_string();
        let mut path = ["/events?start_id=", &low, "&reverse=", reverse].concat();
        let mut add = |name: &str, value: Option<i64>| {
            if let Some(value) = value {
                path.push_str(name);
                path.push_str(&value.to_string());
            }
        };
        add("&end_id=", self.high);
        add("&limit=", self.limit.map(|limit| limit.min(100)));
        path
    }

    /// What is left to ask for after this page; `None` where it leads no further.
    pub(crate) fn after(&self, page: &Page) -> Option<Asked> {
        let mut ids = page.events.iter().flatten().map(|(id, _)| *id);
        let last = ids.next_back()?;
        let mut next = *self;
        if self.reverse {
            next.high = Some(last.saturating_sub(1));
        } else {
            next.low = last.saturating_add(1);
        }
        Some(next)
    }

    /// Reads the answer. Its events have to be in order and within what was asked for, so that
    /// each page leads further than the one before it.
    ///
    /// # Errors
    /// `BadAnswer`.
    pub(crate) fn read(&self, text: &str) -> Result<Page> {
        let wrong = |why: String| Box::new(Error::BadAnswer(why));
        let (mut events, mut has_more) = (None, None);
        for (key, value) in members(text).map_err(|why| wrong(why.to_string()))? {
            match &*key {
                "events" => events = Some(value),
                "has_more" => has_more = Some(value),
                _ => {}
            }
        }
        let (Some(events), Some(has_more @ ("true" | "false"))) = (events, has_more) else {
            return Err(wrong("it is no page of events".to_owned()));
        };
        let items = Items::of(events).map_err(|why| wrong(why.to_string()))?;
        let mut rest = *self;
        let mut page = Page {
            events: Vec::new(),
            has_more: has_more == "true",
            is_v1: false,
        };
        for item in items {
            let item = item.map_err(|why| wrong(why.to_string()))?;
            let event = Event::from_json(item.as_bytes()).map_err(|why| why.to_string());
            page.is_v1 |= event
                .as_ref()
                .is_ok_and(|event| event.dialect() == Some(Dialect::V1));
            let event = event.and_then(numbered);
            if let Ok((id, _)) = &event {
                if *id < rest.low || rest.high.is_some_and(|high| *id > high) {
                    return Err(wrong(format!("event {id} is out of place")));
                }
                if rest.reverse {
                    rest.high = Some(id.saturating_sub(1));
                } else {
                    rest.low = id.saturating_add(1);
                }
            }
            page.events.push(event);
        }
        if page.has_more && self.after(&page).is_none() {
            return Err(wrong(
                "it says that there is more, and gives nothing".to_owned(),
            ));
        }
        Ok(page)
    }
}

fn numbered(event: Event) -> std::result::Result<(Position, Event), String> {
    match event.header.id {
        Some(EventId::Number(id @ 0..=MAX_ID)) => Ok((id, event)),
        _ => Err("it has no usable id".to_owned()),
    }
}
