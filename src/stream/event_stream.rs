//! EventStream of one conversation: events go in, subscribers hear of them once they are durable.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use super::queue::{Policy, Queue};
use super::subscription::Subscription;
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Frame, FrameForm, Position};
use crate::filter::EventFilter;
use crate::notice::{Level, Notice, Reporter};
use crate::page::Origin;
use crate::sorted_map::SortedMap;
use crate::store::{Batch, Change, Item, Log, Outcome};

/// An event longer than this, in characters, is worth a warning, as on the server.
const LONG_EVENT: usize = 1_000_000;

/// Who can be the source of an event: the servers' `EventSource`, of V0 and V1.
const SOURCES: [&str; 4] = ["agent", "user", "environment", "hook"];

/// How a subscriber wants its events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SubscribeOptions {
    /// Which events.
    pub filter: Option<EventFilter>,
    /// Events from this position on that are there already come first. None: only new ones.
    pub from: Option<Position>,
    /// What happens when it is slow.
    pub policy: Policy,
    /// How many events may wait for it.
    pub buffer_size: Option<u32>,
}

/// What became of one socket message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedReport {
    /// Events that are in the log now, and were not before, or are there in a better copy.
    pub accepted: u32,
    /// Events that the log had.
    pub doubles: u32,
    /// Messages that are no events and went to the status subscribers.
    pub status: u32,
    /// Messages that are neither.
    pub rejected: u32,
    /// Why the message was rejected.
    pub reason: Option<String>,
}

/// The live side of a conversation.
pub struct EventStream {
    log: Rc<Log>,
    reporter: Reporter,
    max_subscribers: usize,
    subscribers: RefCell<SortedMap<(String, String), Rc<Queue>>>,
    queues: Rc<RefCell<Vec<Weak<Queue>>>>,
}

/// Counts the events that the policy `latest` has dropped.
pub type Drops = Rc<Cell<u64>>;

impl EventStream {
    /// How many events wait for a subscriber before its policy applies, unless it says otherwise.
    pub const BUFFER: usize = 1000;

    /// The most subscribers, unless an application says otherwise.
    pub const MAX_SUBSCRIBERS: usize = 1000;

    /// The stream of a log. A log has one; streams may count their `drops` together.
    #[must_use]
    pub fn new(
        log: Rc<Log>,
        reporter: Reporter,
        max_subscribers: usize,
        drops: Drops,
    ) -> EventStream {
        let queues: Rc<RefCell<Vec<Weak<Queue>>>> = Rc::default();
        let all = Rc::clone(&queues);
        let (told, tell) = (Cell::new(log.dialect()), reporter.clone());
        let watched = Rc::downgrade(&log);
        log.set_on_commit(Rc::new(move |change| {
            all.borrow_mut().retain(|queue| queue.strong_count() > 0);
            for queue in all.borrow().iter().filter_map(Weak::upgrade) {
                let committed = match change {
                    Change::Committed(committed) => committed,
                    Change::Truncated(after) => {
                        queue.truncate(after);
                        continue;
                    }
                };
                let dropped = queue.push(committed);
                drops.set(drops.get().saturating_add(dropped));
            }
            if let Some(log) = watched.upgrade()
                && told.replace(log.dialect()) != log.dialect()
            {
                tell.tell(Notice::Dialect(log.id().into(), log.dialect().name()));
            }
        }));
        EventStream {
            log,
            reporter,
            max_subscribers,
            subscribers: RefCell::default(),
            queues,
        }
    }

    /// The log under it.
    #[must_use]
    pub fn log(&self) -> &Rc<Log> {
        &self.log
    }

    /// Takes one socket message as it came, and ends when it is durable and every subscriber that
    /// blocks has room again. What is no event is reported, never an error.
    ///
    /// # Errors
    /// What the backend answers; the message is not kept then and can be fed again.
    pub fn feed<'a>(
        &'a self,
        frame: &[u8],
        form: FrameForm,
    ) -> impl Future<Output = Result<FeedReport>> + use<'a> {
        let feeding = self.feed_all(&[frame], form);
        async move {
            let report = feeding.await?.pop();
            report.ok_or_else(|| Error::Closed("conversation").into())
        }
    }

    /// Takes socket messages as they came, in their order, and ends as [`feed`](Self::feed) does,
    /// with what became of each.
    ///
    /// # Errors
    /// What the backend answers; none of them is kept then.
    pub fn feed_all<'a>(
        &'a self,
        frames: &[&[u8]],
        form: FrameForm,
    ) -> impl Future<Output = Result<Vec<FeedReport>>> + use<'a> {
        let mut items = Vec::new();
        let mut reports = Vec::new();
        for frame in frames {
            reports.push(match self.read(frame, form) {
                Ok(event) => {
                    items.push(Item::event(event, Origin::Live));
                    None
                }
                Err(report) => Some(report),
            });
        }
        async move {
            if items.is_empty() {
                return Ok(reports.into_iter().flatten().collect());
            }
            // While it waits for room it holds neither the events nor what it took to write them.
            let outcomes = Box::pin(self.log.append(items, None)).await?;
            let mut appended = outcomes.into_iter().map(|outcome| self.appended(outcome));
            let report = |read: Option<FeedReport>| read.or_else(|| appended.next());
            let reports = reports.into_iter().filter_map(report).collect();
            self.room().await;
            Ok(reports)
        }
    }

    fn appended(&self, outcome: Outcome) -> FeedReport {
        let mut report = FeedReport::default();
        match outcome {
            Outcome::Accepted(_) | Outcome::Replaced(_) => report.accepted = 1,
            Outcome::Double => report.doubles = 1,
            Outcome::Rejected(why) => report = self.rejected(why),
        }
        report
    }

    /// The event in a message; else what there is to report of it.
    fn read(&self, frame: &[u8], form: FrameForm) -> std::result::Result<Event, FeedReport> {
        match Frame::read(frame, form) {
            Ok(Frame::Event(event)) => {
                if event.text.len() > LONG_EVENT {
                    let line = format_args!("{}: {} characters", self.log.id(), event.text.len());
                    self.reporter
                        .log(Level::Warn, "an event is very long", line);
                }
                Ok(event)
            }
            Ok(Frame::Status(text)) => {
                self.tell_status(&text, false);
                Err(FeedReport {
                    status: 1,
                    ..FeedReport::default()
                })
            }
            Err(why) => Err(self.rejected(why.to_string())),
        }
    }

    /// Tells of a message that is no event; `shared`: of a socket that other tabs have none beside.
    pub(crate) fn tell_status(&self, text: &str, shared: bool) {
        self.reporter.tell(Notice::Status {
            conversation: self.log.id().into(),
            text: self.log.mask_text(text),
            shared,
        });
    }

    /// Tells of a message that can't be in the log.
    pub(crate) fn rejected(&self, why: String) -> FeedReport {
        let line = format_args!("{}: {why}", self.log.id());
        self.reporter
            .log(Level::Warn, "a message is not an event", line);
        FeedReport {
            rejected: 1,
            reason: Some(why),
            ..FeedReport::default()
        }
    }

    /// Writes a new event: the server's `add_event`. It gets the next id, the time and the source;
    /// in a V1 conversation, whose ids are strings, it has the given one.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown source, or when the event has a number for an id already,
    /// as the server refuses both; `InvalidEvent`; or what the backend answers.
    pub async fn add_event(
        &self,
        json: &[u8],
        source: &str,
        timestamp: String,
        id: Option<EventId>,
    ) -> Result<Batch> {
        let event = Event::from_json(json).map_err(|why| Error::InvalidEvent(why.to_string()))?;
        if !SOURCES.contains(&source) {
            let why = format!("a source is one of {}, not {source}", SOURCES.join(", "));
            return Err(Error::InvalidArgument(why).into());
        }
        if let Some(EventId::Number(id)) = event.header.id {
            return Err(
                Error::InvalidArgument(format!("the event has an id already: {id}")).into(),
            );
        }
        let source = source.to_owned();
        let item = Item::New {
            json: json.into(),
            id,
            timestamp,
            source,
        };
        // Without waiting for room: a subscriber's own callback may be what adds the event.
        match self.log.append(vec![item], None).await?.into_iter().next() {
            Some(Outcome::Accepted(entry) | Outcome::Replaced(entry)) => {
                let mut batch = Batch::default();
                batch.push_entry(&entry);
                Ok(batch)
            }
            Some(Outcome::Double) => Err(Error::InvalidArgument("the id is taken".into()).into()),
            Some(Outcome::Rejected(why)) => Err(Error::InvalidEvent(why).into()),
            None => Err(Error::Closed("conversation").into()),
        }
    }

    /// Ends when every subscriber that blocks has room.
    async fn room(&self) {
        let queues: Vec<_> = self
            .queues
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        for queue in queues {
            queue.room().await;
        }
    }

    /// Hears of events: the server's `subscribe`. The pair of ids is the subscription's name.
    ///
    /// # Errors
    /// `DuplicateSubscription` when the pair is taken, or `TooManySubscribers`.
    pub fn subscribe(
        &self,
        subscriber: &str,
        callback: &str,
        options: &SubscribeOptions,
    ) -> Result<Subscription> {
        let mut subscribers = self.subscribers.borrow_mut();
        subscribers.retain(|queue| !queue.is_closed());
        let name = (subscriber.to_owned(), callback.to_owned());
        if subscribers.contains_key(&name) {
            let (subscriber, callback) = name;
            return Err(Error::DuplicateSubscription {
                subscriber,
                callback,
            }
            .into());
        }
        if subscribers.len() >= self.max_subscribers {
            return Err(Error::TooManySubscribers(self.max_subscribers).into());
        }
        let (queue, subscription) = self.open(options);
        subscribers.insert(name, queue);
        Ok(subscription)
    }

    /// Ends a subscription: the server's `unsubscribe`. Answers whether there was one; an unknown
    /// pair is a warning.
    pub fn unsubscribe(&self, subscriber: &str, callback: &str) -> bool {
        let name = (subscriber.to_owned(), callback.to_owned());
        let queue = self.subscribers.borrow_mut().remove(&name);
        let queue = queue.filter(|queue| !queue.is_closed());
        match &queue {
            Some(queue) => queue.close(),
            None => {
                let line = format_args!("{subscriber}, {callback}");
                self.reporter.log(Level::Warn, "no such subscription", line);
            }
        }
        queue.is_some()
    }

    /// History from a position on, then what comes, without a seam and without an end.
    #[must_use]
    pub fn follow(&self, from: Option<Position>, filter: Option<EventFilter>) -> Subscription {
        let from = Some(from.unwrap_or(Position::MIN));
        self.open(&SubscribeOptions {
            filter,
            from,
            ..SubscribeOptions::default()
        })
        .1
    }

    fn open(&self, options: &SubscribeOptions) -> (Rc<Queue>, Subscription) {
        let filter = options.filter.clone().unwrap_or_default();
        let capacity = options
            .buffer_size
            .map_or(Self::BUFFER, |size| size as usize);
        let from = options.from.unwrap_or(Position::MIN);
        let queue = Rc::new(Queue::new(
            self.log.matcher(&filter),
            from,
            options.policy,
            capacity,
        ));
        self.queues.borrow_mut().push(Rc::downgrade(&queue));
        let log = Rc::clone(&self.log);
        let subscription = Subscription::new(Rc::clone(&queue), log, filter, options.from);
        (queue, subscription)
    }

    /// Ends every subscription.
    pub fn close(&self) {
        self.subscribers.take();
        self.queues
            .take()
            .iter()
            .filter_map(Weak::upgrade)
            .for_each(|queue| queue.close());
    }
}
