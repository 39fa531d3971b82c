//! Decoded pages and signatures under a byte budget: the least recently used go first.

use std::cell::RefCell;
use std::rc::Rc;

use super::blocks::Block;
use crate::page::{Page, Signatures, Summary};

/// What is kept in memory, of all conversations of a store.
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
    place: Place,
    item: Item,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Page(i64),
    Signatures(Block),
}

#[derive(Clone)]
enum Item {
    Page(Rc<Page>),
    Signatures(Rc<Signatures>),
}

impl Item {
    fn memory(&self) -> usize {
        match self {
            Item::Page(page) => page.memory(),
            Item::Signatures(signatures) => signatures.memory(),
        }
    }
}

/// What a cache has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheStats {
    /// Bytes held: decoded pages and signatures.
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

    pub(crate) fn page(&self, conversation: &Rc<str>, number: i64) -> Option<Rc<Page>> {
        let mut state = self.state.borrow_mut();
        match state.used(conversation, Place::Page(number)) {
            Some(Item::Page(page)) => {
                state.hits = state.hits.saturating_add(1);
                Some(page)
            }
            _ => {
                state.misses = state.misses.saturating_add(1);
                None
            }
        }
    }

    pub(crate) fn signatures(
        &self,
        conversation: &Rc<str>,
        block: Block,
    ) -> Option<Rc<Signatures>> {
        let mut state = self.state.borrow_mut();
        match state.used(conversation, Place::Signatures(block)) {
            Some(Item::Signatures(signatures)) => Some(signatures),
            _ => None,
        }
    }

    /// Whether the page is here, without using it.
    pub(crate) fn holds(&self, conversation: &Rc<str>, number: i64) -> bool {
        let state = self.state.borrow();
        state.find(conversation, Place::Page(number)).is_some()
    }

    /// Keeps a page, and lets go of others while the budget is exceeded.
    pub(crate) fn keep_page(&self, conversation: &Rc<str>, number: i64, page: &Rc<Page>) {
        let item = Item::Page(Rc::clone(page));
        self.keep(conversation, Place::Page(number), item);
    }

    pub(crate) fn keep_signatures(
        &self,
        conversation: &Rc<str>,
        block: Block,
        signatures: &Rc<Signatures>,
    ) {
        let item = Item::Signatures(Rc::clone(signatures));
        self.keep(conversation, Place::Signatures(block), item);
    }

    fn keep(&self, conversation: &Rc<str>, place: Place, item: Item) {
        let mut state = self.state.borrow_mut();
        state.remove(conversation, place);
        state.bytes = state.bytes.saturating_add(item.memory());
        state.slots.push(Slot {
            conversation: Rc::clone(conversation),
            place,
            item,
        });
        while state.bytes > self.budget && state.slots.len() > 1 {
            state.take(0);
        }
    }

    /// Says that a reader which goes in order is past a page: it is the first to go. So one that
    /// reads more than there is room for leaves the rest where it is.
    pub(crate) fn passed(&self, conversation: &Rc<str>, number: i64) {
        let mut state = self.state.borrow_mut();
        if let Some(found) = state.find(conversation, Place::Page(number)) {
            let slot = state.slots.remove(found);
            state.slots.insert(0, slot);
        }
    }

    pub(crate) fn remove_page(&self, conversation: &Rc<str>, number: i64) {
        let mut state = self.state.borrow_mut();
        state.remove(conversation, Place::Page(number));
    }

    pub(crate) fn remove_conversation(&self, conversation: &Rc<str>) {
        let mut state = self.state.borrow_mut();
        while let Some(place) =
            (state.slots.iter()).position(|slot| slot.conversation == *conversation)
        {
            state.take(place);
        }
    }

    /// Whether a page that is here is another one than the conversation has under its number now: as
    /// after a deletion by another tab whose clock says the same as one before it.
    pub(crate) fn differs(&self, conversation: &Rc<str>, pages: &[Rc<Summary>]) -> bool {
        let state = self.state.borrow();
        let mut own = (state.slots.iter()).filter(|slot| slot.conversation == *conversation);
        own.any(|slot| {
            let (Place::Page(number), Item::Page(page)) = (slot.place, &slot.item) else {
                return false;
            };
            let summary = pages.iter().find(|summary| summary.number == number);
            summary.is_some_and(|summary| !page.may_be(summary))
        })
    }

    pub(crate) fn stats(&self) -> CacheStats {
        let state = self.state.borrow();
        let (hits, misses) = (state.hits, state.misses);
        let is_page = |slot: &&Slot| matches!(slot.item, Item::Page(_));
        CacheStats {
            bytes: state.bytes,
            pages: state.slots.iter().filter(is_page).count(),
            hits,
            misses,
        }
    }
}

impl State {
    fn find(&self, conversation: &Rc<str>, place: Place) -> Option<usize> {
        let is_it = |slot: &Slot| slot.place == place && slot.conversation == *conversation;
        self.slots.iter().rposition(is_it)
    }

    /// What lies there, which is now the most recently used.
    fn used(&mut self, conversation: &Rc<str>, place: Place) -> Option<Item> {
        let found = self.find(conversation, place)?;
        let slot = self.slots.remove(found);
        let item = slot.item.clone();
        self.slots.push(slot);
        Some(item)
    }

    fn remove(&mut self, conversation: &Rc<str>, place: Place) {
        if let Some(found) = self.find(conversation, place) {
            self.take(found);
        }
    }

    fn take(&mut self, place: usize) {
        let slot = self.slots.remove(place);
        self.bytes = self.bytes.saturating_sub(slot.item.memory());
    }
}
