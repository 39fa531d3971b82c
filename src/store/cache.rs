//! Decoded pages under a byte budget: the least recently used go first.

use std::cell::RefCell;
use std::rc::Rc;

use crate::page::Page;

/// The pages kept in memory, of all conversations of a store.
pub(crate) struct PageCache {
    budget: usize,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The least recently used first.
    slots: Vec<Slot>,
    bytes: usize,
    hits: u64,
    misses: u64,
}

struct Slot {
    conversation: Rc<str>,
    number: i64,
    page: Rc<Page>,
}

/// What a cache has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Bytes of decoded pages held.
    pub bytes: usize,
    /// Pages held.
    pub pages: usize,
    /// Reads that found their page.
    pub hits: u64,
    /// Reads that had to go to the backend.
    pub misses: u64,
}

impl PageCache {
    pub(crate) fn new(budget: usize) -> PageCache {
        PageCache {
            budget,
            state: RefCell::default(),
        }
    }

    pub(crate) fn budget(&self) -> usize {
        self.budget
    }

    pub(crate) fn get(&self, conversation: &Rc<str>, number: i64) -> Option<Rc<Page>> {
        let mut state = self.state.borrow_mut();
        let Some(place) = state.find(conversation, number) else {
            state.misses = state.misses.saturating_add(1);
            return None;
        };
        state.hits = state.hits.saturating_add(1);
        let slot = state.slots.remove(place);
        let page = Rc::clone(&slot.page);
        state.slots.push(slot);
        Some(page)
    }

    /// Whether the page is here, without using it.
    pub(crate) fn holds(&self, conversation: &Rc<str>, number: i64) -> bool {
        self.state.borrow().find(conversation, number).is_some()
    }

    /// Keeps a page, and lets go of others while the budget is exceeded.
    pub(crate) fn insert(&self, conversation: &Rc<str>, number: i64, page: &Rc<Page>) {
        self.remove(conversation, number);
        let mut state = self.state.borrow_mut();
        state.bytes = state.bytes.saturating_add(page.memory());
        state.slots.push(Slot {
            conversation: Rc::clone(conversation),
            number,
            page: Rc::clone(page),
        });
        while state.bytes > self.budget && state.slots.len() > 1 {
            state.take(0);
        }
    }

    pub(crate) fn remove(&self, conversation: &Rc<str>, number: i64) {
        let mut state = self.state.borrow_mut();
        if let Some(place) = state.find(conversation, number) {
            state.take(place);
        }
    }

    pub(crate) fn remove_conversation(&self, conversation: &Rc<str>) {
        let mut state = self.state.borrow_mut();
        while let Some(place) =
            (state.slots.iter()).position(|slot| slot.conversation == *conversation)
        {
            state.take(place);
        }
    }

    pub(crate) fn stats(&self) -> CacheStats {
        let state = self.state.borrow();
        let (hits, misses) = (state.hits, state.misses);
        CacheStats {
            bytes: state.bytes,
            pages: state.slots.len(),
            hits,
            misses,
        }
    }
}

impl State {
    fn find(&self, conversation: &Rc<str>, number: i64) -> Option<usize> {
        let is_it = |slot: &Slot| slot.number == number && slot.conversation == *conversation;
        self.slots.iter().rposition(is_it)
    }

    fn take(&mut self, place: usize) {
        let slot = self.slots.remove(place);
        self.bytes = self.bytes.saturating_sub(slot.page.memory());
    }
}
