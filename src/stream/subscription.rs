//! One subscriber's way through the log: history first, where it asked for it, then what comes.

use std::cell::RefCell;
use std::rc::Rc;

use super::queue::Queue;
use crate::error::Result;
use crate::store::{Batch, Search};

/// The receiving end of a subscription. Dropping it ends the subscription.
pub struct Subscription {
    /// Registered before the history's end was fixed, so nothing falls between the two.
    queue: Rc<Queue>,
    history: RefCell<Option<Search>>,
}

impl Subscription {
    pub(crate) fn new(queue: Rc<Queue>, history: Option<Search>) -> Subscription {
        Subscription {
            queue,
            history: RefCell::new(history),
        }
    }

    /// Waits for the next events, at most `max`; `None` once it is closed. Each event that was or
    /// becomes durable after `from` comes exactly once, in the order of the log while history
    /// lasts and in order of arrival after that. Not to be called again before it has ended.
    ///
    /// # Errors
    /// What the backend answers while history is read; asking again goes on.
    pub async fn next(&self, max: usize) -> Result<Option<Batch>> {
        let history = self.history.take();
        if let Some(mut history) = history {
            let found = history.next(max).await;
            if !matches!(found, Ok(None)) {
                *self.history.borrow_mut() = Some(history);
            }
            if let Some(batch) = found? {
                self.queue.forget(&batch.positions);
                return Ok(Some(batch));
            }
        }
        Ok(self.queue.next(max).await)
    }

    /// How many events the policy `latest` has dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }

    /// Ends it; a pending [`next`](Subscription::next) answers `None`.
    pub fn close(&self) {
        self.queue.close();
        self.history.take();
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.queue.close();
    }
}
