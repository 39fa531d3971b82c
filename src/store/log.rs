//! One conversation's log: its state as it is stored, read at once and changed by commits.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures_util::FutureExt;
use futures_util::lock::Mutex;

use super::cache::PageCache;
use super::commit::{InFlight, Ticket};
use super::coverage::Coverage;
use super::found::Findings;
use super::journal::Journal;
use super::record::Record;
use super::retention::Retention;
use super::state::State;
use crate::backend::{Answer, Backend, Clock, Durability, Fallback, Key, Table};
use crate::error::{Error, Result};
use crate::event::{Dialect, EventId, Position, Secrets};
use crate::filter::{Decompose, EventFilter, Matcher};
use crate::notice::{Level, Reporter};
use crate::page::{Class, Entry, Page, Summary};
use crate::signal::Signal;
use crate::sorted_map::SortedMap;

/// How often the state is read again when another tab changes it at the same time.
pub(crate) const LOADS: u32 = 4;

/// What the logs of a store have in common.
pub(crate) struct Shared {
    pub(crate) backend: Rc<dyn Backend>,
    /// The same, to be asked where its records go.
    pub(crate) fallback: Rc<Fallback>,
    /// What was done in memory only.
    pub(super) journal: Journal,
    pub(crate) clock: Rc<dyn Clock>,
    pub(crate) reporter: Reporter,
    pub(crate) cache: PageCache,
    pub(crate) findings: Findings,
    pub(crate) durability: Durability,
    pub(crate) page_bytes: usize,
    pub(crate) page_events: usize,
    pub(crate) decompose: Decompose,
    pub(crate) retention: Retention,
    /// No other tab is known to have the database open.
    pub(super) alone: Cell<bool>,
    /// The millisecond that the newest conversation of this store has its pages' numbers from.
    pub(super) begun: Cell<i64>,
    /// The logs in use, by id.
    pub(crate) logs: RefCell<SortedMap<Rc<str>, Weak<Log>>>,
}

/// What has become of a log, durably.
pub enum Change<'a> {
    /// These came, or better copies of what was there.
    Committed(&'a [Entry]),
    /// What lay above this position is no more.
    Truncated(Position),
}

/// The hash of each string id, which two ids may have in common, and its position; empty where ids
/// are numbers.
pub(crate) type Ids = SortedMap<(u64, Position), ()>;

/// Who hears of changes.
pub type Listener = Rc<dyn Fn(Change<'_>)>;

/// One conversation's log.
pub struct Log {
    pub(crate) id: Rc<str>,
    pub(crate) shared: Rc<Shared>,
    pub(crate) state: RefCell<Rc<State>>,
    pub(crate) ids: RefCell<Ids>,
    /// The classes of all its events, each once.
    classes: RefCell<SortedMap<Rc<Class>, Rc<Class>>>,
    pub(crate) waiting: RefCell<Vec<Rc<Ticket>>>,
    /// To be taken by `exclusive` only.
    pub(crate) writing: Mutex<()>,
    pub(crate) in_flight: RefCell<Option<InFlight>>,
    /// The numbers of pages that were found damaged.
    damaged: RefCell<Vec<i64>>,
    pub(crate) secrets: RefCell<Secrets>,
    pub(crate) on_commit: RefCell<Option<Listener>>,
    /// Where the listener has not heard of what is there, or of what will be when it is read.
    pub(super) untold: RefCell<Coverage>,
    wanted: Option<Dialect>,
    /// Of the outbox.
    pub(super) sends: Signal,
    /// The greatest number of its actions, also of those that are not in it any more.
    pub(super) last_queued: Cell<i64>,
    /// Up to this one its actions went with the log, when that was deleted.
    pub(super) last_deleted: Cell<i64>,
    /// It was opened while its stored events could not be read, if there are any.
    pub(super) unread: Cell<bool>,
}

impl Log {
    pub(crate) async fn open(
        shared: Rc<Shared>,
        id: &str,
        wanted: Option<Dialect>,
    ) -> Result<Rc<Log>> {
        let log = Log {
            id: id.into(),
            shared,
            state: RefCell::default(),
            ids: RefCell::default(),
            classes: RefCell::default(),
            waiting: RefCell::default(),
            writing: Mutex::new(()),
            in_flight: RefCell::default(),
            damaged: RefCell::default(),
            secrets: RefCell::default(),
            on_commit: RefCell::default(),
            untold: RefCell::default(),
            wanted,
            sends: Signal::default(),
            last_queued: Cell::default(),
            last_deleted: Cell::default(),
            unread: Cell::default(),
        };
        log.load_from(true).await?;
        Ok(Rc::new(log))
    }

    /// A filter made ready for this log.
    #[must_use]
    pub fn matcher(&self, filter: &EventFilter) -> Matcher {
        Matcher::decomposing(filter, self.shared.decompose)
    }

    /// The conversation's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// V0 or V1: as stored, else as it was opened, else V0.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        let stored = self.snapshot().record.dialect;
        stored.or(self.wanted).unwrap_or(Dialect::V0)
    }

    /// The record: counts, dates, coverage.
    #[must_use]
    pub fn record(&self) -> Record {
        self.snapshot().record.clone()
    }

    /// The greatest position.
    pub(crate) fn latest_position(&self) -> Option<Position> {
        self.snapshot().last()
    }

    /// Replaces the secrets that are masked in every event from now on: the server's
    /// `EventStream.set_secrets`.
    pub fn set_secrets(&self, secrets: Secrets) {
        *self.secrets.borrow_mut() = secrets;
    }

    /// A message that is no event, with the secrets in it masked.
    #[must_use]
    pub fn mask_text(&self, text: &str) -> Box<str> {
        self.secrets.borrow().mask_text(text).into()
    }

    /// Hears of the entries of each commit, in order, as soon as they are durable; of another tab's
    /// once they are noticed. There is one listener: the stream.
    pub fn set_on_commit(&self, listener: Listener) {
        *self.on_commit.borrow_mut() = Some(listener);
    }

    pub(crate) fn snapshot(&self) -> Rc<State> {
        Rc::clone(&self.state.borrow())
    }

    /// Takes in that nothing of it is stored any more. Only while nothing is being written.
    pub(super) fn empty(&self) {
        self.last_deleted.set(self.last_queued.get());
        self.sends.set();
        *self.state.borrow_mut() = Rc::default();
        self.ids.take();
        self.unread.set(false);
        let listener = self.on_commit.borrow().clone();
        if let Some(listener) = listener {
            listener(Change::Truncated(Position::MIN));
        }
    }

    pub(crate) fn report(&self, level: Level, message: &'static str, why: &Error) {
        self.shared
            .reporter
            .log(level, message, format_args!("{}: {why}", self.id));
    }

    /// Reads the state anew: another tab has changed it.
    ///
    /// # Errors
    /// `Closed`, or what the backend answers.
    pub async fn refresh(&self) -> Result<()> {
        let _writing = self.exclusive().await;
        let loaded = self.load().await;
        // Whatever has become of that: another tab may have put an action there.
        self.sends.set();
        loaded
    }

    /// A page from the cache or the backend; `None` where another tab has replaced it.
    pub(crate) async fn page(&self, number: i64) -> Result<Option<Rc<Page>>> {
        if let Some(page) = self.shared.cache.page(&self.id, number) {
            return Ok(Some(page));
        }
        let found = self
            .shared
            .backend
            .get_many(Table::Pages, &self.id, &[number])
            .await?;
        match found.into_iter().next().flatten() {
            Some(bytes) => self.keep(number, bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Takes a page that was read into the cache.
    pub(crate) fn keep(&self, number: i64, record: Vec<u8>) -> Result<Rc<Page>> {
        let page = Page::decode(record).inspect_err(|why| {
            // What a newer release wrote is sound.
            if matches!(**why, Error::Corrupt(_)) {
                self.damaged(number);
            }
        })?;
        let page = Rc::new(page);
        self.shared.cache.keep_page(&self.id, number, &page);
        Ok(page)
    }

    /// Takes note that a page is damaged or missing.
    pub(crate) fn damaged(&self, number: i64) {
        if !self.is_damaged(number) {
            self.damaged.borrow_mut().push(number);
        }
    }

    /// Whether any page was found damaged.
    pub(crate) fn has_damaged(&self) -> bool {
        !self.damaged.borrow().is_empty()
    }

    /// Whether the page was found damaged.
    pub(crate) fn is_damaged(&self, number: i64) -> bool {
        self.damaged.borrow().contains(&number)
    }

    /// A summary, with the classes that the log knows in place of equal ones.
    pub(crate) fn share(&self, mut summary: Summary) -> Rc<Summary> {
        for (class, _) in &mut summary.classes {
            *class = self.class(Rc::clone(class));
        }
        Rc::new(summary)
    }

    /// The class that the log knows in place of an equal one.
    pub(crate) fn class(&self, class: Rc<Class>) -> Rc<Class> {
        let mut known = self.classes.borrow_mut();
        if let Some(known) = known.get(&class) {
            return Rc::clone(known);
        }
        known.insert(Rc::clone(&class), Rc::clone(&class));
        class
    }

    /// The position of the event with this id, where there is one and the log holds it. Of a string id
    /// only its hash is looked at, unless others have the same.
    pub(crate) fn position_of<'a>(
        &'a self,
        id: Option<&'a EventId>,
    ) -> Answer<'a, Option<Position>> {
        let find = async move {
            let mut places = match id {
                None => return Ok(None),
                Some(EventId::Number(id)) => {
                    return Ok(self.snapshot().contains(*id).then_some(*id));
                }
                Some(EventId::Text(id)) => self.places(id),
            };
            let last = places.pop();
            for place in places {
                let found = self.entry_at(place).await?;
                if found.is_some_and(|entry| entry.event.header.id.as_ref() == id) {
                    return Ok(Some(place));
                }
            }
            Ok(last)
        };
        find.boxed_local()
    }

    /// The positions of the events whose ids have the hash of this one.
    pub(super) fn places(&self, id: &str) -> Vec<Position> {
        let hash = Summary::id_hash(id.as_bytes());
        let ids = self.ids.borrow();
        let found = ids.range((hash, Position::MIN)..=(hash, Position::MAX));
        found.iter().map(|((_, position), ())| *position).collect()
    }

    /// The entry at a position, where there is one. Not to be asked by who keeps others from changing
    /// the log: it may have to read it anew.
    pub(crate) async fn entry_at(&self, position: Position) -> Result<Option<Entry>> {
        for _ in 0..LOADS {
            match self.entry_now(position).await {
                Err(why) if matches!(*why, Error::Conflict) => self.refresh().await?,
                found => return found,
            }
        }
        Err(Error::Corrupt("a page is missing".into()).into())
    }

    /// The same of the state as it is; `Conflict` where another tab has replaced the page.
    pub(super) async fn entry_now(&self, position: Position) -> Result<Option<Entry>> {
        let state = self.snapshot();
        if let Some(entry) = state.tail.get(&position) {
            return Ok(Some(entry.clone()));
        }
        let page = state
            .page_for(position)
            .and_then(|index| state.pages.get(index));
        let Some(summary) = page.filter(|page| page.contains(position)) else {
            return Ok(None);
        };
        let page = self.page(summary.number).await?.ok_or(Error::Conflict)?;
        let index = page.positions().binary_search(&position);
        index.ok().map(|index| page.entry(index)).transpose()
    }

    pub(crate) fn key(&self, number: i64) -> Key {
        Key::new(&self.id, number)
    }
}

/// The ids of entries.
pub(super) fn ids_of<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
) -> Vec<((u64, Position), ())> {
    let ids = entries.into_iter().filter_map(id_of);
    ids.map(|id| (id, ())).collect()
}

/// The hash of an entry's string id, and its position.
pub(crate) fn id_of(entry: &Entry) -> Option<(u64, Position)> {
    let id = text_id(entry)?;
    Some((Summary::id_hash(id.as_bytes()), entry.position))
}

/// An entry's string id.
pub(super) fn text_id(entry: &Entry) -> Option<&str> {
    match &entry.event.header.id {
        Some(EventId::Text(id)) => Some(id),
        _ => None,
    }
}
