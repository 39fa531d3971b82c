//! One search through all conversations, by time: a queue of conversations, of stretches of their
//! logs and of matches, in which whatever can hold the next match comes first.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::rc::Rc;

use super::batch::Batch;
use super::event_store::EventStore;
use super::log::Log;
use super::search::{BATCH_BYTES, Search, SearchOptions, TIME_SLICE};
use crate::error::{Error, Result};
use crate::event::Position;
use crate::filter::{EventFilter, Matcher};
use crate::notice::Level;

/// How many logs are kept open; of the others only what is in the queue is in memory.
const OPEN_LOGS: usize = 8;

/// A search through all conversations under way.
///
/// Matches come by their timestamps, which are compared as text. Those that share one come by the
/// ids of their conversations, then by position, or the other way round in reverse. Events without
/// a timestamp come last in both directions. What is stored while it is under way may be found or
/// not, and never out of order.
pub struct SearchAll {
    filter: EventFilter,
    matcher: Matcher,
    reverse: bool,
    left: u64,
    /// `None` before the conversations are known.
    queue: Option<BinaryHeap<Item>>,
    /// The match that was given last.
    given: Option<Item>,
    /// Reads stretches of the log that was read last.
    reader: Option<Search>,
    logs: Vec<Rc<Log>>,
}

/// What the queue holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// The event at a position.
    Match(Position),
    /// The events from a position to another one, both included.
    Stretch(Position, Position),
    /// All events.
    Conversation,
}

/// A step, and the timestamp that its first match has at the earliest. The greatest is next.
#[derive(Clone, PartialEq, Eq)]
struct Item {
    timestamp: Option<Box<[u8]>>,
    conversation: Rc<str>,
    step: Step,
    reverse: bool,
}

impl Ord for Item {
    fn cmp(&self, other: &Item) -> Ordering {
        let dated = (self.timestamp.is_some()).cmp(&other.timestamp.is_some());
        let time = self.timestamp.cmp(&other.timestamp);
        // What may hold a match that comes before one with the same timestamp is looked at first.
        let is_match = |item: &Item| matches!(item.step, Step::Match(_));
        let holder = is_match(other).cmp(&is_match(self));
        let place = (&self.conversation, self.step).cmp(&(&other.conversation, other.step));
        let turned = |order: Ordering| if self.reverse { order } else { order.reverse() };
        dated.then(turned(time)).then(holder).then(turned(place))
    }
}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Item) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl EventStore {
    /// Begins a search through all conversations, from the oldest match to the newest or in
    /// reverse. A limit is meant as that of [`SearchOptions`](super::SearchOptions). Nothing is
    /// read before the first call of [`SearchAll::next`].
    #[must_use]
    pub fn search_all(&self, filter: &EventFilter, reverse: bool, limit: Option<i64>) -> SearchAll {
        SearchAll {
            matcher: Matcher::decomposing(filter, self.shared.decompose),
            filter: filter.clone(),
            reverse,
            left: super::search::limit(limit),
            queue: None,
            given: None,
            reader: None,
            logs: Vec::new(),
        }
    }
}

impl SearchAll {
    /// The next matches, at most `max`, each with its conversation; `None` at the end. `store` is the one that it began in.
    ///
    /// # Errors
    /// What the backend answers; asking again goes on. What is damaged is reported and passed by.
    pub async fn next(&mut self, store: &EventStore, max: usize) -> Result<Option<Batch>> {
        if self.queue.is_none() {
            self.queue = Some(self.conversations(store).await?);
        }
        let clock = store.clock();
        let mut since = clock.now();
        let mut found = Batch::default();
        while self.left > 0
            && found.len() < max.max(1)
            && found.bytes.len() < BATCH_BYTES
            && let Some(item) = self.queue.as_mut().and_then(BinaryHeap::pop)
        {
            // What is found already doesn't wait for what has to be read.
            let is_match = matches!(item.step, Step::Match(_));
            let done = match is_match || found.is_empty() {
                true => self.step(store, &item, &mut found).await,
                false => {
                    self.push(item);
                    break;
                }
            };
            match done {
                Ok(()) => {}
                Err(why) if matches!(*why, Error::Corrupt(_) | Error::VersionTooNew { .. }) => {
                    let line = format_args!("{}: {why}", item.conversation);
                    let message = "a damaged conversation is passed by";
                    store.shared.reporter.log(Level::Error, message, line);
                }
                Err(why) => {
                    self.push(item);
                    if found.is_empty() {
                        return Err(why);
                    }
                    break;
                }
            }
            if clock.now() - since > TIME_SLICE {
                clock.sleep(0).await;
                since = clock.now();
            }
        }
        Ok((!found.is_empty()).then_some(found))
    }

    async fn conversations(&self, store: &EventStore) -> Result<BinaryHeap<Item>> {
        let mut queue = BinaryHeap::new();
        if self.matcher.never() {
            return Ok(queue);
        }
        for info in store.conversations().await? {
            let record = info.record;
            let (first, last) = (record.first_timestamp, record.last_timestamp);
            // An event without a timestamp may match whatever the dates are.
            let dated = first.as_deref().zip(last.as_deref());
            let may_match = dated.is_some_and(|(first, last)| self.matcher.timestamps(first, last));
            let timestamp = if self.reverse { last } else { first };
            queue.push(self.item(
                timestamp.filter(|_| may_match),
                &info.id,
                Step::Conversation,
            ));
        }
        Ok(queue)
    }

    fn item(&self, timestamp: Option<Box<[u8]>>, conversation: &Rc<str>, step: Step) -> Item {
        Item {
            timestamp,
            conversation: Rc::clone(conversation),
            step,
            reverse: self.reverse,
        }
    }

    fn push(&mut self, item: Item) {
        if let Some(queue) = &mut self.queue {
            queue.push(item);
        }
    }

    /// Puts a match into the queue. What would have come earlier was stored meanwhile.
    fn offer(&mut self, item: Item) {
        if self.given.as_ref().is_none_or(|given| item < *given) {
            self.push(item);
        }
    }

    async fn step(&mut self, store: &EventStore, item: &Item, found: &mut Batch) -> Result<()> {
        let log = self.log(store, &item.conversation).await?;
        match item.step {
            Step::Conversation => self.divide(&log),
            Step::Stretch(low, high) => self.read(&log, low, high).await?,
            Step::Match(position) => {
                let entry = log.entry_at(position).await?;
                // A better copy may have taken its place.
                if let Some(entry) = entry.filter(|entry| self.matcher.matches(&entry.event)) {
                    let timestamp = &entry.event.header.timestamp;
                    if *timestamp != item.timestamp {
                        self.offer(self.item(timestamp.clone(), &item.conversation, item.step));
                        return Ok(());
                    }
                    found.push_entry(&entry);
                    let finder = self.matcher.text().map(Rc::as_ref);
                    found.highlight(finder, &entry.event.text);
                    found.conversations.push(Rc::clone(&item.conversation));
                    self.left = self.left.saturating_sub(1);
                }
                self.given = Some(item.clone());
            }
        }
        Ok(())
    }

    /// The log of a conversation; it is closed again when others are in use.
    async fn log(&mut self, store: &EventStore, id: &Rc<str>) -> Result<Rc<Log>> {
        let open = self.logs.iter().position(|log| log.id == *id);
        let log = match open {
            Some(place) => self.logs.remove(place),
            None => store.open(id, None).await?.0,
        };
        self.logs.push(Rc::clone(&log));
        if self.logs.len() > OPEN_LOGS {
            self.logs.remove(0);
        }
        Ok(log)
    }

    fn reader(&mut self, log: &Rc<Log>) -> Search {
        let open = self.reader.take();
        let same = open.filter(|search| Rc::ptr_eq(&search.log, log));
        same.unwrap_or_else(|| {
            log.search(&SearchOptions {
                filter: Some(self.filter.clone()),
                reverse: self.reverse,
                ..SearchOptions::default()
            })
        })
    }

    /// Puts a log into the queue as stretches of a page each, and the tail.
    fn divide(&mut self, log: &Rc<Log>) {
        let mut reader = self.reader(log);
        let state = log.snapshot();
        reader.sieve.recall(log, &state);
        let mut low = Position::MIN;
        let mut pages = state.pages.iter().peekable();
        while let Some(page) = pages.next() {
            let high = pages
                .peek()
                .map_or(page.last(), |next| next.first().saturating_sub(1));
            if reader.sieve.verdict(&state, page).count() != Some(0) {
                let timestamp = if self.reverse {
                    &page.last_timestamp
                } else {
                    &page.first_timestamp
                };
                self.push(self.item(timestamp.clone(), &log.id, Step::Stretch(low, high)));
            }
            low = high.saturating_add(1);
        }
        if !state.tail.range(low..).is_empty() {
            let headers = state.tail.values().map(|entry| &entry.event.header);
            let stamps = headers.filter_map(|header| header.timestamp.as_ref());
            let timestamp = if self.reverse {
                stamps.max()
            } else {
                stamps.min()
            };
            let tail = Step::Stretch(low, Position::MAX);
            self.push(self.item(timestamp.cloned(), &log.id, tail));
        }
        self.reader = Some(reader);
    }

    /// Puts the matches of a stretch into the queue.
    async fn read(&mut self, log: &Rc<Log>, low: Position, high: Position) -> Result<()> {
        let mut reader = self.reader(log);
        reader.within(low, high);
        let mut matches = Vec::new();
        reader
            .run(&mut |hit| {
                let timestamp = hit.timestamp.map(Into::into);
                matches.push(self.item(timestamp, &log.id, Step::Match(hit.position)));
                true
            })
            .await?;
        self.reader = Some(reader);
        for item in matches {
            self.offer(item);
        }
        Ok(())
    }
}
