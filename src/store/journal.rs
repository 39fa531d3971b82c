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
use super::outbox::Action;
use super::plan::Plan;
use super::retention::Retention;
use super::search::SearchOptions;
use crate::backend::{Backend, Durability, Fallback, Table, WriteBatch};
use crate::error::{Error, Result};
use crate::event::{EventId, Position};
use crate::notice::{Level, Notice};
use crate::page::{Entry, Origin};

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
    /// The outbox has another record with this number, or none any more, of the action with this id;
    /// whether it was put there just then.
    Outbox(i64, Box<str>, bool),
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
        let deed = match plan.truncated {
            Some(after) => {
                again.add(after.saturating_add(1), Position::MAX);
                Deed::Truncate(after)
            }
            None => {
                for outcome in &plan.outcomes {
                    if let Outcome::Replaced(entry) = outcome {
                        again.add(entry.position, entry.position);
                    }
                }
                let mut claims: Vec<Claim> =
                    tickets.iter().filter_map(|t| t.claim.clone()).collect();
                if self.fallback.is_degraded() {
                    // Another tab may delete what is there already, which nothing here tells of.
                    for Claim { complete, given } in &mut claims {
                        given.extend(complete.iter().flat_map(|range| plan.next.within(*range)));
                    }
                }
                let positions = plan.committed.iter().map(|entry| entry.position);
                Deed::Append(positions.collect(), claims)
            }
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
    /// Events keep their ids, save new ones whose number is given to another event there. What can't
    /// be done there at all is passed by, which the reporter is told.
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
        // Where it is not known how the last try ended, it may be there.
        let mut again = journal.under_way.borrow().is_some();
        while let Some((id, deed)) = journal.next(done) {
            match self.repeat(&database, &id, deed, again).await {
                Ok(more) => events = events.saturating_add(more),
                Err(why) if is_final(&why) => {
                    let line = format_args!("{id}: {why}");
                    let message = "what was done in memory can't be done in the database";
                    self.shared.reporter.log(Level::Error, message, line);
                }
                Err(why) => return Err(why),
            }
            touched.push(id);
            (done, again) = (true, false);
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

    /// Does in the database what was done in memory, perhaps once `again`; how many events went there.
    async fn repeat(
        &self,
        database: &EventStore,
        id: &Rc<str>,
        deed: Deed,
        again: bool,
    ) -> Result<u64> {
        let to = |dialect| async move { Ok::<_, Box<Error>>(database.open(id, dialect).await?.0) };
        match deed {
            Deed::Append(positions, claims) => {
                let from = self.open(id, None).await?.0;
                let to = to(Some(from.dialect())).await?;
                bring(&from, &to, &positions, claims, again).await
            }
            Deed::Truncate(after) => to(None).await?.truncate(after).await.map(|_| 0),
            Deed::Outbox(number, action, is_new) => {
                let memory = &self.shared.backend;
                let left = memory.range(Table::Outbox, id, number, number).await?;
                let left = left.into_iter().next();
                let left = left
                    .map(|(_, record)| Action::decode(&record))
                    .transpose()?;
                let left = left.filter(|left| left.id == action);
                let log = to(None).await?;
                log.bring_queued(number, &action, is_new, left.as_ref())
                    .await
                    .map(|()| 0)
            }
            Deed::Delete => database.delete_conversation(id).await.map(|()| 0),
            Deed::Pin(pinned) => match database.pin(id, pinned).await {
                // Another tab has deleted it, or it is deleted later on here.
                Err(why) if matches!(*why, Error::InvalidArgument(_)) => Ok(0),
                answer => answer.map(|()| 0),
            },
        }
    }
}

/// Takes the events at these positions of a log over to its copy in the database; how many went
/// there.
async fn bring(
    from: &Log,
    to: &Rc<Log>,
    positions: &[Position],
    claims: Vec<Claim>,
    mut again: bool,
) -> Result<u64> {
    let mut claims = claims.into_iter();
    let mut written = 0u64;
    loop {
        let (mut items, mut others, mut renumbered) = (Vec::new(), Vec::new(), Vec::new());
        let mut is_taken = false;
        for position in positions {
            // What was taken away since is not there any more.
            let Some(entry) = from.entry_at(*position).await? else {
                continue;
            };
            let header = &entry.event.header;
            if entry.origin != Origin::Local || !matches!(header.id, Some(EventId::Number(_))) {
                others.push(Item::Entry(entry));
                continue;
            }
            match to.entry_at(*position).await {
                Ok(Some(other)) if other.event.text == entry.event.text => continue,
                Err(why) if !matches!(*why, Error::Corrupt(_)) => return Err(why),
                Ok(None) => {}
                // From here on they come behind all others, in their order.
                _ => is_taken = true,
            }
            if !is_taken {
                items.push(Item::Entry(entry));
            } else if !again || !is_renumbered(to, &entry).await? {
                renumbered.push(Item::New {
                    json: entry.event.text.as_bytes().into(),
                    id: None,
                    timestamp: text(header.timestamp.as_deref().unwrap_or_default()),
                    source: header.source.as_deref().unwrap_or_default().to_owned(),
                });
            }
        }
        let kept = items.len();
        items.append(&mut others);
        items.append(&mut renumbered);
        let outcomes = to.append_with(items, claims.next()).await?;
        for claim in claims.by_ref() {
            to.append_with(Vec::new(), Some(claim)).await?;
        }
        // Another tab was faster: it has another event under this number now.
        again = outcomes.iter().take(kept).any(|it| *it == Outcome::Double);
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
        if !again {
            return Ok(written);
        }
    }
}

/// Whether a log has a new event under a later number.
async fn is_renumbered(log: &Rc<Log>, entry: &Entry) -> Result<bool> {
    let mut search = log.search(&SearchOptions {
        start_id: Some(entry.position.saturating_add(1)),
        ..SearchOptions::default()
    });
    while let Some(batch) = search.next(MANY).await? {
        let mut texts = batch.texts();
        if texts.any(|text| but_id(text) == but_id(&entry.event.text)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A new event's text begins with its id.
fn but_id(text: &str) -> Option<&str> {
    text.split_once(',').map(|(_, rest)| rest)
}

/// Whether a deed would end like this each time.
fn is_final(why: &Error) -> bool {
    match why {
        Error::InvalidArgument(_) | Error::Corrupt(_) => true,
        Error::VersionTooNew { what, .. } => *what != "database",
        _ => false,
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
