//! One subscriber's way through the log: history first, where it asked for it, then what comes.

use std::rc::Rc;

use futures_util::lock::Mutex;

use super::queue::{Next, Queue};
use crate::error::Result;
use crate::event::Position;
use crate::filter::EventFilter;
use crate::store::{Batch, Hit, Log, Search, SearchOptions};

/// The receiving end of a subscription. Dropping it ends the subscription.
pub struct Subscription {
    /// Registered before the history's end was fixed, so nothing falls between the two.
    queue: Rc<Queue>,
    log: Rc<Log>,
    filter: EventFilter,
    history: Mutex<Option<History>>,
}

/// A stretch of the log that is read before what waits in the queue.
struct History {
    search: Search,
    /// Only the events at these positions, ascending: the queue had no room for more than their
    /// places. None: all.
    places: Option<Vec<Position>>,
}

impl Subscription {
    /// With `from`, what the log holds from there on comes first.
    pub(crate) fn new(
        queue: Rc<Queue>,
        log: Rc<Log>,
        filter: EventFilter,
        from: Option<Position>,
    ) -> Subscription {
        let subscription = Subscription {
            queue,
            log,
            filter,
            history: Mutex::new(None),
        };
        if let (Some(from), Some(mut history)) = (from, subscription.history.try_lock()) {
            let last = subscription.log.latest_event_id();
            *history = Some(subscription.history(from, last, None));
        }
        subscription
    }

    fn history(&self, first: Position, last: Position, places: Option<Vec<Position>>) -> History {
        let search = self.log.search(&SearchOptions {
            start_id: Some(first),
            end_id: Some(last),
            filter: Some(self.filter.clone()),
            ..SearchOptions::default()
        });
        History { search, places }
    }

    /// Waits for the next events, at most `max`; `None` once it is closed. Each event that was or
    /// becomes durable after `from` comes exactly once, in the order of the log while history
    /// lasts and in order of arrival after that; a better copy of an event that has come already
    /// comes too. What there was no room for in the queue is history again. Where the log is rolled
    /// back, a batch of no events says so, before all that comes after. Not to be called again
    /// before it has ended: asking again says that what was handed over before is worked through.
    ///
    /// # Errors
    /// What the backend answers while events are read; asking again goes on.
    pub async fn next(&self, max: usize) -> Result<Option<Batch>> {
        let mut place = self.history.lock().await;
        let max = max.max(1);
        self.queue.done();
        while !self.queue.is_closed() {
            let Some(History { search, places }) = place.as_mut() else {
                match self.queue.next(max).await {
                    Some(Next::Events(batch)) => return Ok(Some(batch)),
                    Some(Next::Behind(places)) => {
                        let ends = (places.first().copied(), places.last().copied());
                        if let (Some(first), Some(last)) = ends {
                            *place = Some(self.history(first, last, Some(places)));
                        }
                    }
                    None => return Ok(None),
                }
                continue;
            };
            if let gone @ Some(_) = self.queue.rolled_back() {
                return Ok(gone);
            }
            let mut seen = Vec::new();
            let mut wanted = |hit: &Hit<'_>| {
                let places = places.as_ref();
                let wanted = places.is_none_or(|all| all.binary_search(&hit.position).is_ok());
                if wanted {
                    seen.push((hit.position, hit.version));
                }
                wanted
            };
            let found = search.next_of(max, &mut wanted).await?;
            // Some of them may be no more, and others in their places.
            if self.queue.is_rolled_back()
                && let Some((first, _)) = seen.first()
            {
                let last = search.high().unwrap_or(*first);
                let places = places.take();
                *place = Some(self.history(*first, last, places));
                continue;
            }
            match found {
                Some(batch) if !self.queue.is_closed() => {
                    if places.is_some() {
                        self.queue.hand(batch.len());
                    }
                    self.queue.forget(&seen);
                    return Ok(Some(batch));
                }
                _ => *place = None,
            }
        }
        Ok(None)
    }

    /// Ends it; a pending [`next`](Subscription::next) answers `None`.
    pub fn close(&self) {
        self.queue.close();
        if let Some(mut history) = self.history.try_lock() {
            history.take();
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.close();
    }
}
