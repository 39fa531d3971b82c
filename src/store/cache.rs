//! Decoded pages under a byte budget: the least recently used go first.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::page::Page;

/// A page's place: conversation and page number.
type Place = (Rc<str>, i64);

/// The pages kept in memory, of all conversations of a store.
pub(crate) struct PageCache {
    budget: usize,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    pages: HashMap<Place, Slot>,
    bytes: usize,
    clock: u64,
    hits: u64,
    misses: u64,
}

struct Slot {
    page: Rc<Page>,
    used: u64,
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
        state.clock = state.clock.wrapping_add(1);
        let used = state.clock;
        let found = state
            .pages
            .get_mut(&(Rc::clone(conversation), number))
            .map(|slot| {
                slot.used = used;
                Rc::clone(&slot.page)
            });
        match found {
            Some(_) => state.hits = state.hits.saturating_add(1),
            None => state.misses = state.misses.saturating_add(1),
        }
        found
    }

    /// Whether the page is here, without using it.
    pub(crate) fn holds(&self, conversation: &Rc<str>, number: i64) -> bool {
        self.state
            .borrow()
            .pages
            .contains_key(&(Rc::clone(conversation), number))
    }

    /// Keeps a page, and lets go of others while the budget is exceeded.
    pub(crate) fn insert(&self, conversation: &Rc<str>, number: i64, page: &Rc<Page>) {
        self.remove(conversation, number);
        let mut state = self.state.borrow_mut();
        state.clock = state.clock.wrapping_add(1);
        state.bytes = state.bytes.saturating_add(page.memory());
        let slot = Slot {
            page: Rc::clone(page),
            used: state.clock,
        };
        state.pages.insert((Rc::clone(conversation), number), slot);
        while state.bytes > self.budget && state.pages.len() > 1 {
            let oldest = state.pages.iter().min_by_key(|(_, slot)| slot.used);
            let Some(place) = oldest.map(|(place, _)| place.clone()) else {
                break;
            };
            state.take(&place);
        }
    }

    pub(crate) fn remove(&self, conversation: &Rc<str>, number: i64) {
        self.state
            .borrow_mut()
            .take(&(Rc::clone(conversation), number));
    }

    pub(crate) fn remove_conversation(&self, conversation: &Rc<str>) {
        let mut state = self.state.borrow_mut();
        let places = state
            .pages
            .keys()
            .filter(|(c, _)| c == conversation)
            .cloned();
        for place in places.collect::<Vec<_>>() {
            state.take(&place);
        }
    }

    pub(crate) fn stats(&self) -> CacheStats {
        let state = self.state.borrow();
        let (hits, misses) = (state.hits, state.misses);
        CacheStats {
            bytes: state.bytes,
            pages: state.pages.len(),
            hits,
            misses,
        }
    }
}

impl State {
    fn take(&mut self, place: &Place) {
        if let Some(slot) = self.pages.remove(place) {
            self.bytes = self.bytes.saturating_sub(slot.page.memory());
        }
    }
}
