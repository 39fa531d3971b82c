//! What filters found in pages. Pages never change, so it stays true; the filters that were used
//! least recently are forgotten first.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use crate::filter::EventFilter;
use crate::page::Summary;

/// The findings of all searches of a store, under a byte budget.
pub(crate) struct Findings {
    budget: usize,
    /// The least recently used first.
    known: RefCell<Vec<Rc<Found>>>,
}

/// What one filter found in one conversation.
pub(crate) struct Found {
    conversation: Rc<str>,
    filter: EventFilter,
    /// The page number that the list begins with.
    first: i64,
    /// The indices of the matching events, by page.
    pages: RefCell<Vec<Option<Box<[u16]>>>>,
    bytes: Cell<usize>,
    /// The pages in all of which the matching events were counted, and how many they are.
    count: RefCell<(Weak<Vec<Rc<Summary>>>, u64)>,
}

/// The longest list of pages.
const PAGES: usize = 1 << 20;

impl Findings {
    pub(crate) fn new(budget: usize) -> Findings {
        let known = RefCell::default();
        Findings { budget, known }
    }

    /// What the filter found so far in a conversation whose pages have numbers from `first` on.
    pub(crate) fn of(&self, conversation: &Rc<str>, filter: &EventFilter, first: i64) -> Rc<Found> {
        let mut known = self.known.borrow_mut();
        let is_it = |found: &Rc<Found>| {
            found.conversation == *conversation && found.filter == *filter && found.first <= first
        };
        let found = match known.iter().position(is_it) {
            Some(place) => known.remove(place),
            None => Rc::new(Found {
                conversation: Rc::clone(conversation),
                filter: filter.clone(),
                first,
                pages: RefCell::default(),
                bytes: Cell::new(filter_bytes(filter)),
                count: RefCell::default(),
            }),
        };
        known.push(Rc::clone(&found));
        drop(known);
        self.fit(&found);
        found
    }

    /// Remembers what the filter found in a page, as far as the budget allows.
    pub(crate) fn keep(&self, found: &Rc<Found>, number: i64, indices: &[u16]) {
        let Some(index) = found.index(number) else {
            return;
        };
        let mut pages = found.pages.borrow_mut();
        let longer = index.saturating_add(1).saturating_sub(pages.len());
        let slots = longer.saturating_mul(size_of::<Option<Box<[u16]>>>());
        let more = slots.saturating_add(size_of_val(indices));
        let own = found.bytes.get().saturating_add(more);
        if own > self.budget {
            return;
        }
        found.bytes.set(own);
        let length = pages.len().saturating_add(longer);
        pages.resize(length, None);
        if let Some(page) = pages.get_mut(index) {
            *page = Some(indices.into());
        }
        drop(pages);
        self.fit(found);
    }

    /// Forgets filters until what is left fits, save the one in use.
    fn fit(&self, used: &Rc<Found>) {
        let mut known = self.known.borrow_mut();
        let sizes = known.iter().map(|found| found.bytes.get());
        let mut bytes = sizes.fold(0, usize::saturating_add);
        known.retain(|found| {
            let keep = bytes <= self.budget || Rc::ptr_eq(found, used);
            if !keep {
                bytes = bytes.saturating_sub(found.bytes.get());
            }
            keep
        });
    }

    pub(crate) fn remove_conversation(&self, conversation: &Rc<str>) {
        let mut known = self.known.borrow_mut();
        known.retain(|found| found.conversation != *conversation);
    }
}

/// About what it takes to remember the filter itself.
fn filter_bytes(filter: &EventFilter) -> usize {
    let types = filter
        .include_types
        .len()
        .saturating_add(filter.exclude_types.len());
    let texts = [&filter.query, &filter.text].into_iter().flatten();
    let texts = texts.map(String::len).fold(256, usize::saturating_add);
    types.saturating_mul(32).saturating_add(texts)
}

impl Found {
    fn index(&self, number: i64) -> Option<usize> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (index < PAGES).then_some(index)
    }

    /// How many events match in all of these pages, where that is known.
    pub(crate) fn counted(&self, pages: &Rc<Vec<Rc<Summary>>>) -> Option<u64> {
        let (counted, count) = &*self.count.borrow();
        std::ptr::eq(counted.as_ptr(), Rc::as_ptr(pages)).then_some(*count)
    }

    pub(crate) fn keep_count(&self, pages: &Rc<Vec<Rc<Summary>>>, count: u64) {
        self.count.replace((Rc::downgrade(pages), count));
    }

    /// The indices of the matching events in a page, where they are known.
    pub(crate) fn in_page(&self, number: i64) -> Option<Box<[u16]>> {
        let pages = self.pages.borrow();
        pages.get(self.index(number)?)?.clone()
    }
}
