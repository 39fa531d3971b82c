//! The reading half of a conversation: the server's `EventStore`.

use std::rc::Rc;

use super::batch::Batch;
use super::coverage::{Coverage, Interval};
use super::log::Log;
use super::search::SearchOptions;
use super::state::State;
use crate::error::{Error, Result};
use crate::event::{EventId, MAX_ID, Position};
use crate::filter::EventFilter;

/// The arguments of [`Log::matching`]: the server's `get_matching_events`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchingOptions {
    /// A text to be found in the event's JSON.
    pub query: Option<String>,
    /// Class names, one of which the event must be.
    pub event_types: Option<Vec<String>>,
    /// The source.
    pub source: Option<String>,
    /// The least timestamp.
    pub start_date: Option<String>,
    /// The greatest timestamp.
    pub end_date: Option<String>,
    /// The least position.
    pub start_id: Option<i64>,
    /// The most matches, 1 to 100. None: 100.
    pub limit: Option<i64>,
    /// From the newest to the oldest.
    pub reverse: bool,
}

impl MatchingOptions {
    /// The search that it is.
    ///
    /// # Errors
    /// `InvalidArgument` for a limit outside 1 to 100.
    pub(crate) fn search(self) -> Result<SearchOptions> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=100).contains(&limit) {
            let why = format!("limit must be between 1 and 100, not {limit}");
            return Err(Error::InvalidArgument(why).into());
        }
        let filter = EventFilter {
            query: self.query,
            include_types: self.event_types.unwrap_or_default(),
            source: self.source,
            start_date: self.start_date,
            end_date: self.end_date,
            ..EventFilter::default()
        };
        Ok(SearchOptions {
            start_id: self.start_id,
            end_id: None,
            reverse: self.reverse,
            limit: Some(limit),
            filter: Some(filter),
        })
    }
}

impl Log {
    /// One event: the server's `get_event`.
    ///
    /// # Errors
    /// `EventNotFound`, or what the backend answers.
    pub async fn get_event(&self, id: &EventId) -> Result<Batch> {
        let found = match self.position_of(Some(id)).await? {
            Some(position) => self.entry_at(position).await?,
            None => None,
        };
        match found.filter(|entry| entry.event.header.id.as_ref() == Some(id)) {
            Some(entry) => {
                let mut batch = Batch::default();
                batch.push_entry(&entry);
                Ok(batch)
            }
            None => Err(Error::EventNotFound(id.to_string()).into()),
        }
    }

    /// The newest event: the server's `get_latest_event`.
    ///
    /// # Errors
    /// `EventNotFound` in an empty log, or what the backend answers.
    pub async fn latest_event(self: &Rc<Log>) -> Result<Batch> {
        let options = SearchOptions {
            reverse: true,
            ..SearchOptions::default()
        };
        let found = self.search(&options).next(1).await?;
        Ok(found.ok_or_else(|| Error::EventNotFound(self.latest_event_id().to_string()))?)
    }

    /// The newest event's position, -1 in an empty log: the server's `get_latest_event_id`.
    #[must_use]
    pub fn latest_event_id(&self) -> Position {
        self.snapshot().last().unwrap_or(-1)
    }

    /// The matches of a filter, at most a hundred: the server's `get_matching_events`.
    ///
    /// # Errors
    /// `InvalidArgument` for a limit outside 1 to 100, or what the backend answers.
    pub async fn matching(self: &Rc<Log>, options: MatchingOptions) -> Result<Batch> {
        let mut all = Batch::default();
        let mut search = self.search(&options.search()?);
        while let Some(batch) = search.next(100).await? {
            all.append(&batch);
        }
        Ok(all)
    }

    /// How many events match; without a filter nothing is read.
    ///
    /// # Errors
    /// What the backend answers.
    pub async fn count_events(self: &Rc<Log>, filter: Option<EventFilter>) -> Result<u64> {
        match filter {
            Some(filter) if filter != EventFilter::default() => {
                let options = SearchOptions {
                    filter: Some(filter),
                    ..SearchOptions::default()
                };
                self.search(&options).count().await
            }
            _ => Ok(self.snapshot().record.events),
        }
    }

    /// The stretches known to be complete, and those between them that aren't.
    #[must_use]
    pub fn coverage(&self) -> (Vec<Interval>, Vec<Interval>) {
        let state = self.snapshot();
        let known = self.intact(&state);
        let gaps = match (state.first(), state.last()) {
            (Some(first), Some(last)) => known.gaps(first.min(0), last),
            // What is stored is not known.
            _ if self.unread.get() => vec![(0, MAX_ID)],
            _ => Vec::new(),
        };
        (known.known().to_vec(), gaps)
    }

    /// What is known to be complete, without the pages that were found damaged.
    pub(crate) fn intact(&self, state: &State) -> Coverage {
        let mut known = state.record.coverage.clone();
        if !self.has_damaged() {
            return known;
        }
        for page in state.pages.iter() {
            if self.is_damaged(page.number) {
                known.remove(page.first(), page.last());
            }
        }
        known
    }
}
