//! Wakes whoever waits for a change.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::sorted_map::SortedMap;

/// Something that changes now and then.
#[derive(Default)]
pub(crate) struct Signal {
    changes: Cell<u64>,
    next: Cell<u64>,
    waiting: RefCell<SortedMap<u64, Waker>>,
}

impl Signal {
    /// Says that it has changed.
    pub(crate) fn set(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
        for (_, waker) in self.waiting.take().into_entries() {
            waker.wake();
        }
    }

    /// Ends at the first change after this call.
    pub(crate) fn changed(&self) -> Changed<'_> {
        self.changed_since(self.changes.get())
    }

    /// Ends where there have been other than `seen` changes; answers how many then.
    pub(crate) fn changed_since(&self, seen: u64) -> Changed<'_> {
        let number = self.next.get();
        self.next.set(number.wrapping_add(1));
        Changed {
            signal: self,
            seen,
            number,
        }
    }
}

/// Waiting for a [`Signal`]; nothing of it is left when it is dropped.
pub(crate) struct Changed<'a> {
    signal: &'a Signal,
    seen: u64,
    number: u64,
}

impl Future for Changed<'_> {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        let changes = self.signal.changes.get();
        if changes != self.seen {
            return Poll::Ready(changes);
        }
        let waker = context.waker().clone();
        self.signal.waiting.borrow_mut().insert(self.number, waker);
        Poll::Pending
    }
}

impl Drop for Changed<'_> {
    fn drop(&mut self) {
        self.signal.waiting.borrow_mut().remove(&self.number);
    }
}
