//! What was done while the database could not be reached, and how it is done there afterwards.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use futures_util::lock::Mutex;

use super::cache::PageCache;
use super::commit::{Claim, Item, Outcome, Ticket};
use super::coverage::{Coverage, Interval};
use super::event_store::EventStore;
use super::found::Findings;
use super::log::{Log, Shared};
use super::plan::Plan;
use super::retention::Retention;
use crate::backend::{Backend, Durability, Fallback, Key, Table, Write, WriteBatch};
use crate::error::{Error, Result};
use crate::event::{EventId, Position};
use crate::notice::{Level, Notice};
use crate::page::Origin;

/// The most events that are written to the database at once.
const MANY: usize = 500;

/// One thing that was done to a conversation in memory.
#[derive(Clone)]
pub(super) enum Deed {
    /// These were written, with what is known to be complete since.
    Append(Vec<Position>, Vec<Claim>),
    Truncate(Position),
    Delete,
    Pin(bool),
    /// The outbox has another record with this number, or none any more.
    Outbox(i64),
}

/// Deeds in their order, each with its conversation.
#[derive(Default)]
pub(crate) struct Journal {
    waiting: RefCell<Vec<(Rc<str>, Deed)>>,
    /// The one that is being done in the database.
    under_way: RefCell<Option<(Rc<str>, Deed)>>,
    /// One at a time does them.
    returning: Mutex<()>,
}

impl Journal {
    fn push(&self, id: &Rc<str>, deed: Deed) {
        let mut waiting = self.waiting.borrow_mut();
        match (waiting.last_mut(), deed) {
            (Some((of, Deed::Append(known, claims))), Deed::Append(more, more_claims))
                if of == id && known.len() < MANY =>
            {
                known.extend(more);
                claims.extend(more_claims);
            }
            (_, deed) => waiting.push((Rc::clone(id), deed)),
        }
    }

    /// The first deed. It counts as not done until the next one is asked for.
    fn next(&self, last_is_done: bool) -> Option<(Rc<str>, Deed)> {
        let mut waiting = self.waiting.borrow_mut();
        let mut under_way = self.under_way.borrow_mut();
        if last_is_done || under_way.is_none() {
            *under_way = (!waiting.is_empty()).then(|| waiting.remove(0));
        }
        under_way.clone()
    }
}

impl Shared {
    /// Takes note of what was done: in the journal, or by telling that others can see it, and where
    /// there is something else now.
    pub(super) fn done(&self, id: &Rc<str>, deed: Deed, again: Vec<Interval>) {
        match self.fallback.is_degraded() {
            true => self.journal.push(id, deed),
            false => self.reporter.tell(Notice::Changed(Rc::clone(id), again)),
        }
    }

    /// The same of a commit.
    pub(super) fn note(&self, id: &Rc<str>, plan: &Plan, tickets: &[Rc<Ticket>]) {
        let mut again = Coverage::default();
        for outcome in &plan.outcomes {
            if let Outcome::Replaced(entry) = outcome {
                again.add(entry.position, entry.position);
            }
        }
        if let Some(after) = plan.truncated {
            again.add(after.saturating_add(1), Position::MAX);
        }
        let deed = match plan.truncated {
            Some(after) => Deed::Truncate(after),
            None => Deed::Append(
                plan.committed.iter().map(|entry| entry.position).collect(),
                tickets.iter().filter_map(|t| t.claim.clone()).collect(),
            ),
        };
        self.done(id, deed, again.known().to_vec());
    }

    /// What another tab would have in the place of this, at the database itself: without it
    /// nothing succeeds.
    fn at_the_database(&self) -> Shared {
        let fallback = Rc::new(Fallback::none(self.fallback.disk()));
        Shared {
            backend: Rc::clone(&fallback) as Rc<dyn Backend>,
            fallback,
            journal: Journal::default(),
            clock: Rc::clone(&self.clock),
            reporter: self.reporter.clone(),
            cache: PageCache::new(0),
            findings: Findings::new(0),
            durability: self.durability,
            page_bytes: self.page_bytes,
            page_events: self.page_events,
            decompose: self.decompose,
            retention: Retention::new(None),
            alone: Cell::default(),
            begun: Cell::default(),
            logs: RefCell::default(),
        }
    }
}

impl EventStore {
    /// Opens the database. Where it can't be reached, the store is in memory from here on, and that
    /// is no error: the reporter is told why.
    ///
    /// # Errors
    /// `VersionTooNew`, `Blocked` or `Timeout`.
    pub async fn connect(&self) -> Result<()> {
        let nothing = WriteBatch::default();
        match self
            .shared
            .backend
            .commit(nothing, Durability::Relaxed)
            .await
        {
            Err(why) if self.shared.fallback.replaces(&why) => Ok(()),
            answer => answer,
        }
    }

    /// Whether everything goes to memory, since the database can't be reached.
    #[must_use]
    pub fn is_degraded(&self) -> bool {
        self.shared.fallback.is_degraded()
    }

    /// Tries to reach the database again. What was done in memory is done there, in order and
    /// among what other tabs have written; then the store is back, which the reporter is told.
    /// Events keep their ids, save new ones whose number another tab has given away as well.
    ///
    /// # Errors
    /// What the database answers. Everything is in memory still, and this can be called again.
    pub async fn return_to_database(&self) -> Result<()> {
        let journal = &self.shared.journal;
        let _returning = journal.returning.lock().await;
        if !self.is_degraded() {
            return Ok(());
        }
        let database = EventStore {
            shared: Rc::new(self.shared.at_the_database()),
        };
        database.connect().await?;
        let mut touched = Vec::new();
        let mut events = 0u64;
        let mut done = false;
        while let Some((id, deed)) = journal.next(done) {
            events = events.saturating_add(self.repeat(&database, &id, deed).await?);
            touched.push(id);
            done = true;
        }
        // No deed can come between the last of them and this.
        self.shared.fallback.back();
        let open: Vec<Rc<Log>> = {
            let logs = self.shared.logs.borrow();
            logs.values().filter_map(Weak::upgrade).collect()
        };
        touched.extend(open.iter().map(|log| Rc::clone(&log.id)));
        for id in touched {
            self.shared.forget(&id);
            self.shared.reporter.tell(Notice::Changed(id, Vec::new()));
        }
        self.shared.reporter.tell(Notice::Restored(events));
        for log in open {
            if let Err(why) = log.refresh().await {
                log.report(Level::Warn, "it is read again later", &why);
            }
        }
        Ok(())
    }

    /// Does again in the database what was done in memory; how many events went there.
    async fn repeat(&self, database: &EventStore, id: &Rc<str>, deed: Deed) -> Result<u64> {
        let (positions, claims) = match deed {
            Deed::Append(positions, claims) => (positions, claims),
            Deed::Truncate(after) => {
                let log = database.open(id, None).await?.0;
                return log.truncate(after).await.map(|_| 0);
            }
            Deed::Outbox(number) => {
                let left = self.shared.backend.range(Table::Outbox, id, number, number);
                let key = Key::new(id, number);
                let writes = vec![match left.await?.pop() {
                    Some((_, record)) => Write::Put(Table::Outbox, key, record),
                    None => Write::Delete(Table::Outbox, key),
                }];
                let expected = None;
                let batch = WriteBatch { expected, writes };
                return database.shared.write(id, batch).await.map(|()| 0);
            }
            Deed::Delete => return database.delete_conversation(id).await.map(|()| 0),
            Deed::Pin(pinned) => return database.pin(id, pinned).await.map(|()| 0),
        };
        let from = self.open(id, None).await?.0;
        let to = database.open(id, Some(from.dialect())).await?.0;
        let mut items = Vec::with_capacity(positions.len());
        for position in positions {
            // What was taken away since is not there any more.
            let Some(entry) = from.entry_at(position).await? else {
                continue;
            };
            let header = &entry.event.header;
            let other = match entry.origin {
                Origin::Local => to.entry_at(position).await?,
                Origin::Live | Origin::Remote => None,
            };
            let number_is_taken = other.is_some_and(|other| {
                other.origin == Origin::Local && other.event.text != entry.event.text
            });
            items.push(match (number_is_taken, &header.id) {
                (true, Some(EventId::Number(_))) => Item::New {
                    json: entry.event.text.as_bytes().into(),
                    id: None,
                    timestamp: text(header.timestamp.as_deref().unwrap_or_default()),
                    source: header.source.as_deref().unwrap_or_default().to_owned(),
                },
                _ => Item::Entry(entry),
            });
        }
        let mut claims = claims.into_iter();
        let outcomes = to.append_with(items, claims.next()).await?;
        for claim in claims {
            to.append_with(Vec::new(), Some(claim)).await?;
        }
        let mut written = 0u64;
        for outcome in outcomes {
            match outcome {
                Outcome::Accepted(_) | Outcome::Replaced(_) => written = written.saturating_add(1),
                Outcome::Double => {}
                Outcome::Rejected(why) => {
                    let why = Error::InvalidEvent(why);
                    to.report(Level::Error, "an event is not taken over", &why);
                }
            }
        }
        Ok(written)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
