//! The pull cursor over pages and tail: the server's `EventStore.search_events`.

use std::rc::Rc;

use super::batch::Batch;
use super::log::Log;
use super::read_ahead::{ReadAhead, Wanted};
use super::segment::Segment;
use super::sieve::{Sieve, Verdict};
use super::state::State;
use crate::error::{Error, Result};
use crate::event::Position;
use crate::filter::EventFilter;
use crate::notice::Level;
use crate::page::{Page, Summary};

/// How long a search works, in milliseconds, before it lets other work go first.
pub(super) const TIME_SLICE: f64 = 8.0;

/// The most text in one batch, in bytes; a single event may exceed it.
pub(super) const BATCH_BYTES: usize = 1 << 20;

/// What to search for: the arguments of the server's `search_events`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchOptions {
    /// The least position, included. None: from the beginning.
    pub start_id: Option<i64>,
    /// The greatest position, included. None: the newest when the search begins.
    pub end_id: Option<i64>,
    /// From the newest to the oldest.
    pub reverse: bool,
    /// The most matches. None and zero: all of them; negative: one, as on the server.
    pub limit: Option<i64>,
    /// Which events.
    pub filter: Option<EventFilter>,
}

/// A search under way. It holds some pages and a batch, and ends when it is dropped.
pub struct Search {
    pub(super) log: Rc<Log>,
    pub(super) sieve: Sieve,
    pages: ReadAhead,
    /// The page before has matches, or is still to come: until one has none, pages are read without
    /// their signatures, which would tell no more than that they may have some.
    frequent: bool,
    low: Position,
    high: Option<Position>,
    /// Pages out of this range, both ends included, are not read ahead.
    reach: (Position, Position),
    reverse: bool,
    left: u64,
    /// The next position to look at.
    at: Option<Position>,
}

/// A match, as it lies in a page or in the tail.
pub(crate) struct Hit<'a> {
    pub(crate) position: Position,
    pub(crate) text: &'a str,
    pub(crate) non_finite: bool,
    pub(crate) timestamp: Option<&'a [u8]>,
    pub(crate) version: u16,
}

impl Log {
    /// Begins a search. Nothing is read before the first call of [`Search::next`].
    #[must_use]
    pub fn search(self: &Rc<Log>, options: &SearchOptions) -> Search {
        let sieve = Sieve::new(self, options.filter.clone().unwrap_or_default());
        // A batch of all events takes two.
        let window = if sieve.matcher.reads_text() { 1 } else { 2 };
        Search {
            log: Rc::clone(self),
            sieve,
            pages: ReadAhead::careful(window),
            frequent: true,
            low: options.start_id.unwrap_or(i64::MIN),
            high: options.end_id,
            reach: (
                options.start_id.unwrap_or(i64::MIN),
                options.end_id.unwrap_or(i64::MAX),
            ),
            reverse: options.reverse,
            left: limit(options.limit),
            at: None,
        }
    }
}

/// How many matches a limit lets through.
pub(super) fn limit(limit: Option<i64>) -> u64 {
    match limit {
        None | Some(0) => u64::MAX,
        Some(limit) => u64::try_from(limit).unwrap_or(1),
    }
}

impl Search {
    /// The next matches, at most `max`; `None` at the end.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout` of the backend. A damaged page is reported and passed by.
    pub async fn next(&mut self, max: usize) -> Result<Option<Batch>> {
        self.next_of(max, &mut |_| true).await
    }

    /// The next matches as [`Search::next`] gives them, of those that are `wanted`.
    pub(crate) async fn next_of(
        &mut self,
        max: usize,
        wanted: &mut dyn FnMut(&Hit<'_>) -> bool,
    ) -> Result<Option<Batch>> {
        let mut batch = Batch::default();
        let max = max.max(1);
        let finder = self.sieve.matcher.text().cloned();
        self.run(&mut |hit| {
            if !wanted(&hit) {
                return true;
            }
            batch.push(hit.position, hit.text, hit.non_finite);
            batch.highlight(finder.as_deref(), hit.text);
            batch.len() < max && batch.bytes.len() < BATCH_BYTES
        })
        .await?;
        Ok(if batch.is_empty() { None } else { Some(batch) })
    }

    /// Begins it anew in a stretch, both ends included.
    pub(super) fn within(&mut self, low: Position, high: Position) {
        (self.low, self.high) = (low, Some(high));
        self.at = None;
    }

    /// Lets it go on to a greater position than it was begun with.
    pub(crate) fn extend(&mut self, high: Position) {
        self.high = Some(self.high.map_or(high, |before| before.max(high)));
        self.reach.1 = self.reach.1.max(high);
    }

    /// The greatest position that it goes to, once that is known.
    pub(crate) fn high(&self) -> Option<Position> {
        self.high
    }

    /// How many events match, from here to the end.
    ///
    /// # Errors
    /// As [`Search::next`].
    pub async fn count(mut self) -> Result<u64> {
        let mut count = 0;
        let state = self.log.snapshot();
        let whole = (self.low, self.high, self.left) == (i64::MIN, None, u64::MAX);
        if let (true, Some(last)) = (whole, state.pages.last()) {
            self.sieve.recall(&self.log, &state);
            count = self.count_pages(&state.pages).await?;
            self.within(
                last.last().saturating_add(1),
                state.last().unwrap_or(i64::MAX),
            );
        }
        self.count_on(&mut count).await?;
        Ok(count)
    }

    /// Counts the matches in all pages; what was counted before is remembered.
    async fn count_pages(&mut self, pages: &Rc<Vec<Rc<Summary>>>) -> Result<u64> {
        let mut count = 0;
        if let Some(count) = self.sieve.counted(pages) {
            return Ok(count);
        }
        let last = pages.last().map_or(i64::MIN, |page| page.last());
        self.within(i64::MIN, last);
        self.count_on(&mut count).await?;
        let is_whole = |page: &Rc<Summary>| !self.log.is_damaged(page.number);
        if Rc::ptr_eq(&self.log.snapshot().pages, pages) && pages.iter().all(is_whole) {
            self.sieve.keep_count(pages, count);
        }
        Ok(count)
    }

    async fn count_on(&mut self, count: &mut u64) -> Result<()> {
        self.pages = ReadAhead::eager();
        self.frequent = false;
        self.walk(&mut Reader::Count(count)).await
    }

    /// Hands each match to `take` until that says stop. Where it fails or is given up midway, the
    /// search stands where it stood before.
    pub(crate) async fn run(&mut self, take: &mut dyn FnMut(Hit<'_>) -> bool) -> Result<()> {
        self.walk(&mut Reader::Events(take)).await
    }

    async fn walk(&mut self, reader: &mut Reader<'_>) -> Result<()> {
        if self.high.is_none() {
            self.high = self.log.snapshot().last();
        }
        let Some(high) = self.high else { return Ok(()) };
        let mut at = self
            .at
            .unwrap_or(if self.reverse { high } else { self.low });
        let clock = Rc::clone(&self.log.shared.clock);
        let mut since = clock.now();
        let mut going = !self.sieve.matcher.never();
        let mut left = self.left;
        let mut missing = None;
        self.sieve.recall(&self.log, &self.log.snapshot());
        while going && left > 0 && at >= self.low && at <= high {
            let state = self.log.snapshot();
            let Some(segment) = Segment::next(&state, at, self.reverse) else {
                break;
            };
            let (first, last) = segment.range(&state, high);
            let (from, to) = match self.reverse {
                true => (self.low.max(first), at.min(last)),
                false => (at.max(first), high.min(last)),
            };
            let found = match &segment {
                Segment::Page(index, summary) => {
                    let whole = from == first && to == last;
                    let count_only = whole && matches!(reader, Reader::Count(_));
                    let page = (*index, &**summary);
                    let found = self.pass_or_look(&state, page, count_only, &mut missing);
                    let Some(found) = found.await? else { continue };
                    found
                }
                Segment::Tail => Look::Tail,
            };
            let mut hand = |hit: Hit<'_>| {
                at = hit.position;
                left = left.saturating_sub(1);
                going = reader.take(hit);
                going && left > 0
            };
            let ended = match found {
                Look::Count(count) => {
                    let count = count.min(left);
                    left = left.saturating_sub(count);
                    reader.skip(count);
                    true
                }
                Look::Page(page, indices) => {
                    let positions = page.positions();
                    let place = |index: &u16| positions.get(usize::from(*index)).copied();
                    let start = indices.partition_point(|index| place(index) < Some(from));
                    let end = indices.partition_point(|index| place(index) <= Some(to));
                    let within = indices.get(start..end).unwrap_or_default();
                    in_direction(within.iter(), self.reverse).all(|index| {
                        let index = usize::from(*index);
                        hand(Hit {
                            position: positions.get(index).copied().unwrap_or(first),
                            text: page.text(index).unwrap_or_default(),
                            non_finite: page.non_finite(index),
                            timestamp: page.timestamp(index),
                            version: page.version(index),
                        })
                    })
                }
                Look::Tail if from <= to => {
                    in_direction(state.tail.range(from..=to).iter(), self.reverse)
                        .filter(|(_, entry)| self.sieve.matcher.matches(&entry.event))
                        .all(|(position, entry)| {
                            hand(Hit {
                                position: *position,
                                text: &entry.event.text,
                                non_finite: entry.event.header.non_finite,
                                timestamp: entry.event.header.timestamp.as_deref(),
                                version: entry.version,
                            })
                        })
                }
                Look::Tail => true,
            };
            // Past the whole stretch, or past the last match where the reader had enough.
            at = match (ended, self.reverse) {
                (true, false) => last.min(high).saturating_add(1),
                (true, true) => first.saturating_sub(1),
                (false, false) => at.saturating_add(1),
                (false, true) => at.saturating_sub(1),
            };
            if going && clock.now() - since > TIME_SLICE {
                clock.sleep(0).await;
                since = clock.now();
            }
        }
        self.at = Some(at);
        self.left = left;
        Ok(())
    }

    /// Looks for matches in a page, of which a damaged one has none. `None` where another tab has
    /// replaced it: then the state is read anew, once, and `missing` keeps its number.
    async fn pass_or_look(
        &mut self,
        state: &State,
        page: (usize, &Summary),
        count_only: bool,
        missing: &mut Option<i64>,
    ) -> Result<Option<Look>> {
        let number = page.1.number;
        let found = self.look(state, page, count_only).await;
        if matches!(found, Ok(None)) && missing.replace(number) != Some(number) {
            self.log.refresh().await?;
            return Ok(None);
        }
        let is_missing = || Box::new(Error::Corrupt(format!("page {number} is missing")));
        match found.and_then(|found| found.ok_or_else(is_missing)) {
            Err(why) if matches!(*why, Error::Corrupt(_)) => {
                self.log.damaged(number);
                let message = "a damaged page is passed by";
                self.log.report(Level::Error, message, &why);
                Ok(Some(Look::Count(0)))
            }
            found => found.map(Some),
        }
    }

    /// Looks for matches in a page, and reads it only if it has to; `None` where it isn't there.
    async fn look(
        &mut self,
        state: &State,
        (index, summary): (usize, &Summary),
        count_only: bool,
    ) -> Result<Option<Look>> {
        let mut verdict = self.sieve.verdict(state, summary);
        let at_hand = |block| {
            self.log
                .shared
                .cache
                .signatures(&self.log.id, block)
                .is_some()
        };
        if let Verdict::Unread(block) = verdict
            && (!self.frequent || at_hand(block))
        {
            self.sieve
                .read(&self.log, state, block, self.reverse)
                .await?;
            self.pages.widen();
            verdict = self.sieve.verdict(state, summary);
        }
        if let Some(count) = verdict.count().filter(|count| count_only || *count == 0) {
            return Ok(Some(Look::Count(count)));
        }
        let (log, sieve) = (&self.log, &mut self.sieve);
        let (low, high) = self.reach;
        let wanted: Wanted<'_> = &mut |page| match sieve.verdict(state, page) {
            _ if page.last() < low || page.first() > high => None,
            Verdict::Unread(_) => None,
            verdict => Some(verdict.count().is_none_or(|count| count > 0 && !count_only)),
        };
        let place = (index, self.reverse);
        let Some(page) = self.pages.page(log, state, place, wanted).await? else {
            return Ok(None);
        };
        let indices = match verdict {
            Verdict::These(indices) => indices,
            _ => self.sieve.matching(&self.log, summary.number, &page),
        };
        self.frequent = !indices.is_empty();
        Ok(Some(match count_only {
            true => Look::Count(indices.len() as u64),
            false => Look::Page(page, indices),
        }))
    }
}

/// Who is told of matches.
enum Reader<'a> {
    /// Hears of each, until it has enough.
    Events(&'a mut dyn FnMut(Hit<'_>) -> bool),
    /// Counts them.
    Count(&'a mut u64),
}

impl Reader<'_> {
    fn take(&mut self, hit: Hit<'_>) -> bool {
        match self {
            Reader::Events(take) => take(hit),
            Reader::Count(count) => {
                **count = count.saturating_add(1);
                true
            }
        }
    }

    /// So many more matches, which nobody wants to see.
    fn skip(&mut self, more: u64) {
        if let Reader::Count(count) = self {
            **count = count.saturating_add(more);
        }
    }
}

/// What is in a stretch of the log.
enum Look {
    /// So many matches, which need not be shown.
    Count(u64),
    /// These matches in a page.
    Page(Rc<Page>, Box<[u16]>),
    /// The tail.
    Tail,
}

fn in_direction<I: DoubleEndedIterator>(
    mut range: I,
    reverse: bool,
) -> impl Iterator<Item = I::Item> {
    std::iter::from_fn(move || match reverse {
        true => range.next_back(),
        false => range.next(),
    })
}
