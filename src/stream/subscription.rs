//! One subscriber's way through the log: history first, where it asked for it, then what comes.

use std::rc::Rc;

use futures_util::lock::Mutex;

use super::queue::Queue;
use crate::error::Result;
use crate::store::{Batch, Log, Search};

/// The receiving end of a subscription. Dropping it ends the subscription.
pub struct Subscription {
    /// Registered before the history's end was fixed, so nothing falls between the two.
    queue: Rc<Queue>,
    log: Rc<Log>,
    history: Mutex<Option<Search>>,
}

impl Subscription {
    pub(crate) fn new(queue: Rc<Queue>, log: Rc<Log>, history: Option<Search>) -> Subscription {
        Subscription {
            queue,
            log,
            history: Mutex::new(history),
        }
    }

    /// Waits for the next events, at most `max`; `None` once it is closed. Each event that was or
    /// becomes durable after `from` comes exactly once, in the order of the log while history
    /// lasts and in order of arrival after that; a better copy of an event that has come already
    /// comes too. Not to be called again before it has ended.
    ///
    /// # Errors
    /// What the backend answers while events are read; asking again goes on.
    pub async fn next(&self, max: usize) -> Result<Option<Batch>> {
        let mut place = self.history.lock().await;
        if self.queue.is_closed() {
            return Ok(None);
        }
        if let Some(history) = place.as_mut() {
            let mut seen = Vec::new();
            let found = history
                .next_seen(max, &mut |hit| seen.push((hit.position, hit.version)))
                .await?;
            if self.queue.is_closed() {
                return Ok(None);
            }
            if found.is_some() {
                self.queue.forget(&seen);
                return Ok(found);
            }
            *place = None;
        }
        drop(place);
        self.queue.next(&self.log, max).await
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
