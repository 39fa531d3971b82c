//! The pull cursor over pages and tail: the server's `EventStore.search_events`.

use std::rc::Rc;

use super::batch::Batch;
use super::log::{Log, State};
use crate::error::{Error, Result};
use crate::event::Position;
use crate::filter::{EventFilter, Matcher};
use crate::notice::Level;
use crate::page::Summary;

/// How long a search works, in milliseconds, before it lets other work go first.
const TIME_SLICE: f64 = 8.0;

/// The most pages that are read at once.
const WINDOW: usize = 16;

/// The most text in one batch, in bytes; a single event may exceed it.
const BATCH_BYTES: usize = 1 << 20;

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

/// A search under way. It holds no more than a page and a batch, and ends when it is dropped.
pub struct Search {
    log: Rc<Log>,
    matcher: Matcher,
    low: Position,
    high: Option<Position>,
    reverse: bool,
    left: u64,
    /// The next position to look at.
    at: Option<Position>,
    /// How many pages to read at once; it grows while the reader goes on.
    window: usize,
}

/// A match, as it lies in a page or in the tail.
pub(crate) struct Hit<'a> {
    pub(crate) position: Position,
    pub(crate) text: &'a str,
    pub(crate) non_finite: bool,
    pub(crate) timestamp: Option<&'a [u8]>,
    pub(crate) version: u16,
}

/// A stretch of the log that lies in one place.
enum Segment {
    Page(Rc<Summary>),
    Tail,
}

impl Log {
    /// Begins a search. Nothing is read before the first call of [`Search::next`].
    #[must_use]
    pub fn search(self: &Rc<Log>, options: &SearchOptions) -> Search {
        let filter = options.filter.clone().unwrap_or_default();
        Search {
            log: Rc::clone(self),
            matcher: self.matcher(&filter),
            low: options.start_id.unwrap_or(i64::MIN),
            high: options.end_id,
            reverse: options.reverse,
            left: match options.limit {
                None | Some(0) => u64::MAX,
                Some(limit) => u64::try_from(limit).unwrap_or(1),
            },
            at: None,
            window: 1,
        }
    }
}

impl Search {
    /// The next matches, at most `max`; `None` at the end.
    ///
    /// # Errors
    /// `Storage`, `Closed` or `Timeout` of the backend. A damaged page is reported and passed by.
    pub async fn next(&mut self, max: usize) -> Result<Option<Batch>> {
        self.next_seen(max, &mut |_| {}).await
    }

    /// The next matches as [`Search::next`] gives them, each shown to `see` when it is read.
    pub(crate) async fn next_seen(
        &mut self,
        max: usize,
        see: &mut dyn FnMut(&Hit<'_>),
    ) -> Result<Option<Batch>> {
        let mut batch = Batch::default();
        let max = max.max(1);
        let finder = self.matcher.text().cloned();
        self.run(&mut |hit| {
            see(&hit);
            batch.push(hit.position, hit.text, hit.non_finite);
            batch.highlight(finder.as_deref(), hit.text);
            batch.len() < max && batch.bytes.len() < BATCH_BYTES
        })
        .await?;
        Ok(if batch.is_empty() { None } else { Some(batch) })
    }

    /// Lets it go on to a greater position than it was begun with.
    pub(crate) fn extend(&mut self, high: Position) {
        self.high = Some(self.high.map_or(high, |before| before.max(high)));
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
        let mut count = 0u64;
        self.run(&mut |_| {
            count = count.saturating_add(1);
            true
        })
        .await?;
        Ok(count)
    }

    /// Hands each match to `take` until that says stop. Where it fails or is given up midway, the
    /// search stands where it stood before.
    pub(crate) async fn run(&mut self, take: &mut dyn FnMut(Hit<'_>) -> bool) -> Result<()> {
        if self.high.is_none() {
            self.high = self.log.snapshot().last();
        }
        let Some(high) = self.high else { return Ok(()) };
        let mut at = self
            .at
            .unwrap_or(if self.reverse { high } else { self.low });
        let clock = Rc::clone(&self.log.shared.clock);
        let mut since = clock.now();
        let mut going = !self.matcher.never();
        let mut left = self.left;
        let mut missing = None;
        while going && left > 0 && at >= self.low && at <= high {
            let state = self.log.snapshot();
            let Some(segment) = segment(&state, at, self.reverse) else {
                break;
            };
            let (first, last, page) = match &segment {
                Segment::Page(summary) if !summary.may_match(&self.matcher) => {
                    (summary.first(), summary.last(), None)
                }
                Segment::Page(summary) => {
                    let read = self.page(&state, summary).await;
                    if matches!(read, Ok(None)) && missing != Some(summary.number) {
                        missing = Some(summary.number);
                        self.log.refresh().await?;
                        continue;
                    }
                    let is_missing =
                        || Error::Corrupt(format!("page {} is missing", summary.number));
                    let page = match read.and_then(|page| page.ok_or_else(is_missing)) {
                        Ok(page) => Some(page),
                        Err(why @ Error::Corrupt(_)) => {
                            self.log
                                .report(Level::Error, "a damaged page is passed by", &why);
                            None
                        }
                        Err(why) => return Err(why),
                    };
                    (summary.first(), summary.last(), page)
                }
                Segment::Tail => (tail_first(&state), high, None),
            };
            let from = if self.reverse {
                self.low.max(first)
            } else {
                at.max(first)
            };
            let to = if self.reverse {
                at.min(last)
            } else {
                high.min(last)
            };
            let mut hand = |hit: Hit<'_>| {
                at = hit.position;
                left = left.saturating_sub(1);
                going = take(hit);
                going && left > 0
            };
            let ended = if let Some(page) = page {
                let start = page
                    .positions()
                    .partition_point(|position| *position < from);
                let end = page.positions().partition_point(|position| *position <= to);
                let range = Either::of(start..end, self.reverse);
                page.matching(&self.matcher, range).all(|index| {
                    hand(Hit {
                        position: page.positions().get(index).copied().unwrap_or(first),
                        text: page.text(index).unwrap_or_default(),
                        non_finite: page.non_finite(index),
                        timestamp: page.timestamp(index),
                        version: page.version(index),
                    })
                })
            } else if let (Segment::Tail, true) = (&segment, from <= to) {
                Either::of(state.tail.range(from..=to).iter(), self.reverse)
                    .filter(|(_, entry)| self.matcher.matches(&entry.event))
                    .all(|(position, entry)| {
                        hand(Hit {
                            position: *position,
                            text: &entry.event.text,
                            non_finite: entry.event.header.non_finite,
                            timestamp: entry.event.header.timestamp.as_deref(),
                            version: entry.version,
                        })
                    })
            } else {
                true
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

    /// The page, and in the same read those after it that may match.
    async fn page(
        &mut self,
        state: &State,
        summary: &Summary,
    ) -> Result<Option<Rc<crate::page::Page>>> {
        if self.window > 1 && !self.log.shared.cache.holds(&self.log.id, summary.number) {
            let mut numbers = Vec::new();
            for page in Either::of(state.pages.iter(), self.reverse) {
                let reached = page.number == summary.number || !numbers.is_empty();
                if reached && page.may_match(&self.matcher) {
                    numbers.push(page.number);
                }
                if numbers.len() >= self.window {
                    break;
                }
            }
            self.log.read_ahead(&numbers).await?;
        }
        // More than the cache keeps would be read in vain.
        let shared = &self.log.shared;
        let room = shared.cache.budget().checked_div(shared.page_bytes);
        self.window = self
            .window
            .saturating_mul(2)
            .min(WINDOW)
            .min(room.unwrap_or(1));
        self.log.page(summary.number).await
    }
}

/// Where the next event lies, looking from `at`.
fn segment(state: &State, at: Position, reverse: bool) -> Option<Segment> {
    let page = |index: usize| {
        state
            .pages
            .get(index)
            .map(|page| Segment::Page(Rc::clone(page)))
    };
    if reverse {
        if !state.tail.range(..=at).is_empty() {
            return Some(Segment::Tail);
        }
        let after = state.pages.partition_point(|page| page.first() <= at);
        return after.checked_sub(1).and_then(page);
    }
    let index = state.pages.partition_point(|page| page.last() < at);
    page(index).or_else(|| (!state.tail.range(at..).is_empty()).then_some(Segment::Tail))
}

fn tail_first(state: &State) -> Position {
    state
        .tail
        .entries()
        .first()
        .map_or(Position::MAX, |(position, _)| *position)
}

/// A range in either direction.
enum Either<I> {
    Forward(I),
    Backward(I),
}

impl<I> Either<I> {
    fn of(range: I, reverse: bool) -> Either<I> {
        if reverse {
            Either::Backward(range)
        } else {
            Either::Forward(range)
        }
    }
}

impl<I: DoubleEndedIterator> Iterator for Either<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        match self {
            Either::Forward(range) => range.next(),
            Either::Backward(range) => range.next_back(),
        }
    }
}
