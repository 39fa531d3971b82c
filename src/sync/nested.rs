//! NestedEventStore: the server's log over HTTP, page by page, with nothing stored here.

use std::rc::Rc;

use super::page::Asked;
use super::server::{Answered, Server};
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Position};
use crate::filter::{Decompose, EventFilter, Matcher, undecomposed};
use crate::store::{Batch, MatchingOptions, SearchOptions};

/// The most text in one batch, in bytes; a single event may exceed it.
const BATCH_BYTES: usize = 1 << 20;

/// The server's `NestedEventStore`: one conversation's events as the server has them now.
pub struct NestedEventStore {
    server: Rc<Server>,
    decompose: Decompose,
}

/// A search under way. It holds no more than a page and a batch; dropping it aborts its request.
pub struct RemoteSearch {
    server: Rc<Server>,
    matcher: Matcher,
    /// The search ends with the event that has exactly this id.
    ends_at: Option<Position>,
    asked: Asked,
    /// What was read of the last page and not looked at, the next one last.
    page: Vec<(Position, Event)>,
    has_more: bool,
}

impl NestedEventStore {
    /// The events of a server.
    #[must_use]
    pub fn new(server: Server) -> NestedEventStore {
        NestedEventStore {
            server: Rc::new(server),
            decompose: undecomposed,
        }
    }

    /// Texts for people are compared as `decompose` spells them.
    #[must_use]
    pub fn decomposing(self, decompose: Decompose) -> NestedEventStore {
        NestedEventStore { decompose, ..self }
    }

    /// Aborts every request that is under way; nothing can be asked any more.
    pub fn close(&self) {
        self.server.close();
    }

    /// Begins a search: the server's `search_events`, with the same requests.
    ///
    /// As there, `end_id` is no bound but the id of the event at which the search ends. The server's
    /// own reader asks for ever with a limit of 0; here it means what it means in a log: no limit,
    /// and `end_id` is the greatest id.
    #[must_use]
    pub fn search(&self, options: &SearchOptions) -> RemoteSearch {
        let filter = options.filter.clone().unwrap_or_default();
        let unlimited = options.limit == Some(0);
        RemoteSearch {
            server: Rc::clone(&self.server),
            matcher: Matcher::decomposing(&filter, self.decompose),
            ends_at: options.end_id.filter(|_| !unlimited),
            asked: Asked {
                low: options.start_id.unwrap_or(0),
                high: options.end_id.filter(|_| unlimited),
                reverse: options.reverse,
                limit: options.limit.filter(|_| !unlimited),
            },
            page: Vec::new(),
            has_more: true,
        }
    }

    /// One event: the server's `get_event`, save that the next one is not taken for one that is
    /// missing.
    ///
    /// # Errors
    /// `EventNotFound`, or as [`RemoteSearch::next`].
    pub async fn get_event(&self, id: &EventId) -> Result<Batch> {
        let missing = || Box::new(Error::EventNotFound(id.to_string()));
        let EventId::Number(number) = id else {
            return Err(missing());
        };
        let options = SearchOptions {
            start_id: Some(*number),
            limit: Some(1),
            ..SearchOptions::default()
        };
        let found = self.take(&options, 1).await?;
        match found.positions.first() == Some(number) {
            true => Ok(found),
            false => Err(missing()),
        }
    }

    /// The newest event: the server's `get_latest_event`.
    ///
    /// # Errors
    /// `EventNotFound` where there is none, or as [`RemoteSearch::next`].
    pub async fn latest_event(&self) -> Result<Batch> {
        let found = self.take(&latest(), 1).await?;
        match found.is_empty() {
            true => Err(Error::EventNotFound("-1".to_owned()).into()),
            false => Ok(found),
        }
    }

    /// The newest event's id, -1 where there is none, as in a log.
    ///
    /// # Errors
    /// As [`RemoteSearch::next`].
    pub async fn latest_event_id(&self) -> Result<Position> {
        let found = self.take(&latest(), 1).await?;
        Ok(found.positions.first().copied().unwrap_or(-1))
    }

    /// The matches of a filter, at most a hundred: the server's `get_matching_events`.
    ///
    /// # Errors
    /// `InvalidArgument` for a limit outside 1 to 100, or as [`RemoteSearch::next`].
    pub async fn matching(&self, options: MatchingOptions) -> Result<Batch> {
        let mut options = options.search()?;
        // The server's asks for pages of any size and takes as many as it wants.
        let limit = options.limit.take().unwrap_or_default() as usize;
        self.take(&options, limit).await
    }

    async fn take(&self, options: &SearchOptions, limit: usize) -> Result<Batch> {
        let mut search = self.search(options);
        let mut all = Batch::default();
        while all.len() < limit {
            match search.next(limit.saturating_sub(all.len())).await? {
                Some(batch) => all.append(&batch),
                None => break,
            }
        }
        Ok(all)
    }

    /// How many events match. All of them are read.
    ///
    /// # Errors
    /// As [`RemoteSearch::next`].
    pub async fn count_events(&self, filter: Option<EventFilter>) -> Result<u64> {
        let options = SearchOptions {
            filter,
            ..SearchOptions::default()
        };
        let mut search = self.search(&options);
        let mut count = 0u64;
        while let Some(batch) = search.next(usize::MAX).await? {
            count = count.saturating_add(batch.len() as u64);
        }
        Ok(count)
    }
}

fn latest() -> SearchOptions {
    SearchOptions {
        reverse: true,
        limit: Some(1),
        ..SearchOptions::default()
    }
}

impl RemoteSearch {
    /// The next matches, at most `max`; `None` at the end. After an error the same call asks again.
    ///
    /// # Errors
    /// `Network`, `Timeout`, `Refused` or `BadAnswer`.
    pub async fn next(&mut self, max: usize) -> Result<Option<Batch>> {
        let mut batch = Batch::default();
        let max = max.max(1);
        while batch.len() < max && batch.bytes.len() < BATCH_BYTES {
            let Some((id, event)) = self.page.pop() else {
                if !batch.is_empty() || !self.has_more {
                    break;
                }
                self.turn().await?;
                continue;
            };
            if self.matcher.matches(&event) {
                batch.push(id, &event.text, event.header.non_finite);
                batch.highlight(self.matcher.text().map(Rc::as_ref), &event.text);
                if let Some(limit) = &mut self.asked.limit {
                    *limit = limit.saturating_sub(1);
                }
            }
            if self.ends_at == Some(id) || self.asked.limit == Some(0) {
                self.page.clear();
                self.has_more = false;
            }
        }
        Ok(if batch.is_empty() { None } else { Some(batch) })
    }

    /// Asks for the next page.
    async fn turn(&mut self) -> Result<()> {
        let text = match self.server.get(&self.asked.path()).await? {
            Answered::Text(text) => text,
            Answered::NotFound => {
                self.has_more = false;
                return Ok(());
            }
            Answered::TooLarge => return Err(Error::BadAnswer("it is too large".to_owned()).into()),
        };
        let page = self.asked.read(&text)?;
        self.has_more = page.has_more;
        self.asked = self.asked.after(&page).unwrap_or(self.asked);
        for event in page.events.into_iter().rev() {
            match event {
                Ok(event) => self.page.push(event),
                Err(why) => self.server.skipped(&why),
            }
        }
        Ok(())
    }
}
