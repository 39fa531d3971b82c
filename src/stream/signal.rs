//! Wakes whoever waits for a change.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Something that changes now and then.
#[derive(Default)]
pub(crate) struct Signal {
    changes: Cell<u64>,
    waiting: RefCell<Vec<Waker>>,
}

impl Signal {
    /// Says that it has changed.
    pub(crate) fn set(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
        for waker in self.waiting.take() {
            waker.wake();
        }
    }

    /// Ends at the first change after this call.
    pub(crate) async fn changed(&self) {
        let seen = self.changes.get();
        poll_fn(|context| {
            if self.changes.get() == seen {
                self.waiting.borrow_mut().push(context.waker().clone());
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        })
        .await;
    }
}
