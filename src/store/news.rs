//! What other tabs have done to a log, as far as its listener has not heard of it.

use super::coverage::{Coverage, Interval};
use super::load::numbers;
use super::log::{Change, Ids, Listener, Log, id_of};
use super::state::State;
use crate::error::{Error, Result};
use crate::event::Position;
use crate::page::Entry;

/// What there is to tell when a state is taken over.
#[derive(Default)]
pub(super) struct News {
    /// All above this position went.
    rolled_back: Option<Position>,
    /// What was added or replaced: of the pages, ascending, then of the tail.
    entries: Vec<Entry>,
    /// Where there is more that can't be told yet: a page of it is not there (any more).
    pub(super) untold: Coverage,
}

impl News {
    pub(super) fn tell(&self, listener: &Listener) {
        if let Some(after) = self.rolled_back {
            listener(Change::Truncated(after));
        }
        if !self.entries.is_empty() {
            listener(Change::Committed(&self.entries));
        }
    }
}

impl Log {
    /// Hears from another tab in which stretches there is something else now, to be told when the
    /// state is read anew: see [`Notice::Changed`](crate::notice::Notice::Changed).
    pub fn changed(&self, again: &[Interval]) {
        let mut untold = self.untold.borrow_mut();
        for (first, last) in again {
            untold.add(*first, *last);
        }
    }

    /// Takes note that all is told that was `untold`, but for what is so `still`. What was heard
    /// meanwhile is told the next time.
    pub(super) fn told(&self, untold: &Coverage, still: &Coverage) {
        if *self.untold.borrow() == *untold {
            self.untold.take();
        }
        self.changed(still.known());
    }

    /// What is new in a state. `None` where a page of it is not there (any more): the state is to be
    /// read again, save at the last try.
    pub(super) async fn news(
        &self,
        (state, now): (&State, &Ids),
        untold: &Coverage,
        last_try: bool,
    ) -> Result<Option<News>> {
        let before = self.snapshot();
        let ids = self.ids.borrow().clone();
        // Where it was when it was told. What has a string id is the same event wherever it stands,
        // unless there are more now with its hash.
        let told = |position: Position, id: Option<u64>| {
            let at = match id {
                Some(id) => {
                    let all = (id, Position::MIN)..=(id, Position::MAX);
                    let places = ids.range(all.clone());
                    let here = places.iter().find(|((_, at), ())| *at == position);
                    let moved = places
                        .first()
                        .filter(|_| now.range(all).len() <= places.len());
                    here.or(moved).map(|((_, at), ())| *at)
                }
                None => before.is_told(position).then_some(position),
            };
            at.filter(|at| !untold.meets(*at, *at))
        };
        let is_new = |entry: &Entry| {
            let at = told(entry.position, id_of(entry).map(|(id, _)| id));
            let known = at.and_then(|at| before.tail.get(&at));
            at.is_none() || known.is_some_and(|known| known.event.text != entry.event.text)
        };
        let mut news = News {
            rolled_back: rolled_back(&before, state, untold),
            ..News::default()
        };
        let known = numbers(&before.pages);
        for summary in state.pages.iter() {
            let is_known = known.contains_key(&summary.number);
            if is_known && !untold.meets(summary.first(), summary.last()) {
                continue;
            }
            let mut hashes = summary.id_hashes.iter().copied();
            let positions = summary.positions();
            let new = positions.filter(|at| told(*at, hashes.next()).is_none());
            let new: Vec<Position> = new.collect();
            if new.is_empty() {
                continue;
            }
            match self.page(summary.number).await {
                Ok(Some(page)) => {
                    let entries = page.entries().unwrap_or_default();
                    news.entries.extend(entries.into_iter().filter(&is_new));
                }
                Ok(None) if !last_try => return Ok(None),
                Ok(None) => new.iter().for_each(|at| news.untold.add(*at, *at)),
                Err(why) if !matches!(*why, Error::Corrupt(_)) => return Err(why),
                Err(_) => {}
            }
        }
        let tail = state.tail.values().filter(|entry| is_new(entry));
        news.entries.extend(tail.cloned());
        Ok(Some(news))
    }
}

/// The position above which all went: where the log is shorter now, or where a stretch without an
/// end is to be told again.
fn rolled_back(before: &State, state: &State, untold: &Coverage) -> Option<Position> {
    let last = state.last().unwrap_or(Position::MIN);
    let shorter = (state.last() < before.last()).then_some(last);
    let anew = untold.known().last();
    let anew = anew.filter(|(_, last)| *last == Position::MAX);
    let after = anew.map(|(first, _)| first.saturating_sub(1));
    shorter.into_iter().chain(after).min()
}
