//! Reading a log's state from storage, around what is damaged there.

use std::rc::Rc;

use super::blocks::{Block, in_order};
use super::commit::{Item, Outcome};
use super::coverage::Coverage;
use super::log::{Ids, LOADS, Log, ids_of};
use super::news::News;
use super::plan::Plan;
use super::record::Record;
use super::state::{State, Stray};
use crate::backend::{Table, Write};
use crate::error::{Error, Result};
use crate::event::{Dialect, Position};
use crate::notice::Level;
use crate::page::{Entry, Page, Summary};
use crate::sorted_map::SortedMap;

/// The tables that a log's state is read from.
const STATE: [Table; 3] = [Table::Conversations, Table::Tail, Table::Summaries];

/// How many pages are read at once to make their summaries anew.
const FEW: usize = 32;

impl Log {
    /// Reads the state as it is stored, and tells of what is new in it. Only while nothing is being
    /// written. Where the database can't be reached, the state stays as it is.
    pub(crate) async fn load(&self) -> Result<()> {
        self.load_from(false).await
    }

    /// The same; a log that is being opened takes what there is in memory.
    pub(crate) async fn load_from(&self, memory_too: bool) -> Result<()> {
        let fallback = &self.shared.fallback;
        for attempt in 1..=LOADS {
            if fallback.is_degraded() && !memory_too {
                return Ok(());
            }
            let turn = fallback.turn();
            // What is heard of from here on may not be read yet.
            let untold = self.untold.borrow().clone();
            let mut state = self.read().await?;
            let before = self.snapshot();
            let is_told = |at| before.is_told(at) && !untold.meets(at, at);
            for stray in &mut state.strays {
                stray.is_told = is_told(stray.entry.position);
            }
            if self.shared.cache.differs(&self.id, &state.pages) {
                self.shared.forget(&self.id);
            }
            let unread = fallback.hides_records();
            let ids = ids(&state);
            let wanted = self.on_commit.borrow().is_some();
            let news = match wanted {
                true => self.news((&state, &ids), &untold, attempt == LOADS).await?,
                false => Some(News::default()),
            };
            let Some(news) = news else { continue };
            // Who listens by now: it may have come while pages were read.
            let listener = self.on_commit.borrow().clone();
            if listener.is_some() != wanted {
                continue;
            }
            // Half of it from the database and half from memory would be neither.
            if fallback.turn() != turn {
                continue;
            }
            *self.ids.borrow_mut() = ids;
            self.unread.set(unread);
            if before.stored.is_some() && state.stored.is_none() {
                self.last_deleted.set(self.last_queued.get());
            }
            *self.state.borrow_mut() = Rc::new(state);
            self.told(&untold, &news.untold);
            if let Some(listener) = listener {
                news.tell(&listener);
            }
            match self.absorb(&is_told).await {
                Err(why) if matches!(*why, Error::Conflict) => continue,
                Err(why) => self.report(Level::Warn, "events find their place later", &why),
                Ok(()) => {}
            }
            return Ok(());
        }
        Err(Error::Conflict.into())
    }

    /// Finds each event its place that another tab has added behind all it knew of, while pages of
    /// others lie there.
    async fn absorb(&self, is_told: &dyn Fn(Position) -> bool) -> Result<()> {
        let strays = &self.snapshot().strays;
        if strays.is_empty() {
            return Ok(());
        }
        let mut plan = Plan::of(self, true);
        plan.next.strays.clear();
        let entries = strays.iter().map(|stray| Item::Entry(stray.entry.clone()));
        let items: Vec<Item> = entries.collect();
        plan.take_in(self, &items.iter().collect::<Vec<_>>())
            .await?;
        if plan.stale {
            return Err(Error::Conflict.into());
        }
        let is_rejected = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(_));
        if plan.outcomes.iter().all(is_rejected) {
            return Ok(());
        }
        for (stray, outcome) in strays.iter().zip(&plan.outcomes) {
            match outcome {
                Outcome::Rejected(_) => plan.next.strays.push(stray.clone()),
                _ => (plan.writes).push(Write::Delete(Table::Tail, self.key(stray.number))),
            }
        }
        plan.finish(self);
        plan.committed.retain(|entry| !is_told(entry.position));
        self.start(plan, &[], false);
        self.land().await
    }

    async fn read(&self) -> Result<State> {
        let backend = &self.shared.backend;
        let mut found = backend.all(&STATE, &self.id).await?.into_iter();
        let [records, tail, summaries] = STATE.map(|_| found.next().unwrap_or_default());
        let mut own = records.into_iter().filter(|(number, _)| *number == 0);
        let stored = own.next().map(|(_, bytes)| bytes);
        let record = match stored.as_deref().map(Record::decode) {
            Some(Ok(record)) => Some(record),
            Some(Err(why)) if matches!(*why, Error::Corrupt(_)) => {
                self.report(Level::Error, "a conversation's record is made anew", &why);
                None
            }
            Some(Err(why)) => return Err(why),
            None => None,
        };
        let mut state = State::default();
        let mut pages = Vec::new();
        let mut whole = record.is_some();
        for (_, bytes) in &summaries {
            match Summary::decode(bytes, &mut |class| self.class(class)) {
                Ok(found) => pages.extend(found.into_iter().map(Rc::new)),
                Err(why) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
                Err(why) => {
                    whole = false;
                    let message = "page summaries are damaged and made anew";
                    self.report(Level::Warn, message, &why);
                }
            }
        }
        state.set_pages(in_order(pages.clone()));
        let there = state.events().saturating_add(tail.len() as u64);
        if !whole || record.as_ref().is_some_and(|record| there < record.events) {
            let more = self.unlisted(&numbers(&pages)).await?;
            pages.extend(more.into_iter().map(|summary| self.share(summary)));
            state.set_pages(in_order(pages.clone()));
        }
        let numbers = numbers(&pages);
        let mut end = numbers.len();
        for (key, _) in summaries.iter().rev() {
            let first = numbers.len().saturating_sub(numbers.range(*key..).len());
            state.blocks.push(Block {
                key: *key,
                pages: end.saturating_sub(first),
            });
            end = first;
        }
        state.blocks.reverse();
        let mut lost = Vec::new();
        for (position, bytes) in tail {
            state.tail_numbers.push(position);
            match Entry::decode(&bytes) {
                Ok(entry) if state.page_for(entry.position).is_some() => {
                    state.strays.push(Stray {
                        number: position,
                        entry,
                        is_told: false,
                    });
                }
                Ok(entry) if !state.tail.contains_key(&entry.position) => {
                    state.tail_bytes = state.tail_bytes.saturating_add(entry.len());
                    state.tail.insert(entry.position, entry);
                }
                Ok(_) => {}
                Err(why) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
                Err(why) => {
                    self.report(Level::Error, "an event is damaged and left out", &why);
                    lost.push(position);
                }
            }
        }
        let record_is_lost = record.is_none();
        let rebuilt = rebuilt(&state);
        state.record = match record {
            // Events may have been added to the tail since.
            Some(mut record) => {
                let stamps = [&record.first_timestamp, &rebuilt.first_timestamp];
                record.first_timestamp = stamps.into_iter().flatten().min().cloned();
                record.last_timestamp = record.last_timestamp.max(rebuilt.last_timestamp);
                (record.range, record.bytes) = (rebuilt.range, rebuilt.bytes);
                record
            }
            None => rebuilt,
        };
        let after = numbers
            .entries()
            .last()
            .map(|last| last.0.saturating_add(1));
        state.record.next_page = state.record.next_page.max(after.unwrap_or_default());
        // What is lost is a gap. Where not even its place is known, nothing is complete for certain.
        let elsewhere = lost.len().saturating_add(state.strays.len());
        let there = state.events().saturating_add(elsewhere as u64);
        state.unsaid = stored.is_some() && (record_is_lost || !lost.is_empty());
        if there < state.record.events {
            state.record.coverage = Coverage::default();
            state.unsaid = true;
        }
        for position in lost {
            state.record.coverage.remove(position, position);
        }
        state.record.events = state.events();
        state.stored = stored;
        Ok(state)
    }

    /// The summaries of pages that no readable record tells of.
    async fn unlisted(&self, listed: &SortedMap<i64, ()>) -> Result<Vec<Summary>> {
        let backend = &self.shared.backend;
        let mut numbers = backend.numbers(Table::Pages, &self.id).await?;
        numbers.retain(|number| !listed.contains_key(number));
        let mut found = Vec::new();
        for few in numbers.chunks(FEW) {
            let records = backend.get_many(Table::Pages, &self.id, few).await?;
            for (number, record) in few.iter().zip(records) {
                match record.map(Page::decode) {
                    Some(Ok(page)) if !page.is_empty() => found.push(page.summary(*number)),
                    Some(Err(why)) if matches!(*why, Error::Corrupt(_)) => {
                        self.report(Level::Error, "a page is damaged and left out", &why);
                    }
                    Some(Err(why)) => return Err(why),
                    _ => {}
                }
            }
        }
        Ok(found)
    }
}

pub(super) fn numbers(pages: &[Rc<Summary>]) -> SortedMap<i64, ()> {
    pages.iter().map(|page| (page.number, ())).collect()
}

/// What events and pages say of a conversation whose record is lost. What is known to be complete
/// is not among it.
pub(super) fn rebuilt(state: &State) -> Record {
    let pages = state.pages.iter();
    let page_stamps = pages.flat_map(|page| [&page.first_timestamp, &page.last_timestamp]);
    let tail = state.tail.values();
    let stamps = || {
        let tail_stamps = tail.clone().map(|entry| &entry.event.header.timestamp);
        page_stamps.clone().chain(tail_stamps).flatten()
    };
    let dialect = match (state.pages.first(), tail.clone().next()) {
        (Some(page), _) if page.id_hashes.is_empty() => Some(Dialect::V0),
        (Some(_), _) => Some(Dialect::V1),
        (None, entry) => entry.and_then(|entry| entry.event.dialect()),
    };
    Record {
        dialect,
        range: state.first().zip(state.last()),
        bytes: state.bytes(),
        first_timestamp: stamps().min().cloned(),
        last_timestamp: stamps().max().cloned(),
        ..Record::default()
    }
}

pub(super) fn ids(state: &State) -> Ids {
    let mut all = ids_of(state.tail.values());
    for page in state.pages.iter() {
        let hashes = page.id_hashes.iter().copied();
        all.extend(hashes.zip(page.positions()).map(|id| (id, ())));
    }
    let mut ids = Ids::default();
    ids.merge(&all);
    ids
}
