//! Group commit: one transaction in flight per conversation; what arrives meanwhile goes with the
//! next.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::lock::MutexGuard;

use super::coverage::Interval;
use super::log::{Change, Log, ids_of};
use super::neighbors::After;
use super::plan::Plan;
use crate::backend::{Expected, Table, WriteBatch};
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Position};
use crate::notice::Level;
use crate::page::{Entry, Origin};

/// How often a commit starts over when other tabs keep writing first.
pub(crate) const ATTEMPTS: u32 = 16;

/// What is to be written.
#[derive(Clone, Debug)]
pub enum Item {
    /// An event with an id.
    Event(Rc<Event>, Origin),
    /// One whose neighbor is known.
    Follows(Rc<Event>, Origin, After),
    /// An entry of another copy of this log: it keeps its version, and its place where that is free.
    Entry(Entry),
    /// What stands there on the server, or in a file, and can't be kept; why. Its place stays free.
    Unusable(String, After),
    /// A new event, as JSON, that is given its id, timestamp and source: the server's `add_event`.
    New {
        /// The event's JSON object.
        json: Box<[u8]>,
        /// Its id; `None` takes the number after the newest event's.
        id: Option<EventId>,
        /// Its timestamp.
        timestamp: String,
        /// Its source.
        source: String,
    },
}

impl Item {
    /// An event with an id.
    #[must_use]
    pub fn event(event: Event, origin: Origin) -> Item {
        Item::Event(Rc::new(event), origin)
    }

    /// One whose neighbor is known.
    #[must_use]
    pub fn follows(event: Event, origin: Origin, after: After) -> Item {
        Item::Follows(Rc::new(event), origin, after)
    }

    pub(super) fn after(&self) -> Option<After> {
        match self {
            Item::Follows(_, _, after) | Item::Unusable(_, after) => Some(*after),
            _ => None,
        }
    }
}

/// What became of an [`Item`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the log, durable, at this place.
    Accepted(Entry),
    /// It took the place of a copy that counts less.
    Replaced(Entry),
    /// The log has it already.
    Double,
    /// It can't be in this log; the reason.
    Rejected(String),
}

/// That nothing is missing in some stretches.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) complete: Vec<Interval>,
    /// It holds only as long as these are in the log, which may have been deleted since.
    pub(crate) given: Vec<Position>,
}

/// Items on their way, and what became of them.
pub(crate) struct Ticket {
    items: Vec<Item>,
    pub(super) claim: Option<Claim>,
    result: RefCell<Option<Result<Vec<Outcome>>>>,
}

impl Ticket {
    /// It holds what would be there twice if it were written once more.
    fn has_new(&self) -> bool {
        let mut items = self.items.iter();
        items.any(|item| matches!(item, Item::New { .. }))
    }
}

impl Log {
    /// Writes items and ends when they are durable, or with why they are not. `covers` says that
    /// nothing is missing between two positions, once these items are there.
    ///
    /// # Errors
    /// `QuotaExceeded`, `Storage`, `Timeout`, `Conflict` or `Closed`: nothing of the items is kept
    /// then, save after a timeout, when it is not known; to write them again is harmless.
    pub async fn append(&self, items: Vec<Item>, covers: Option<Interval>) -> Result<Vec<Outcome>> {
        let claim = covers.map(|complete| Claim {
            complete: vec![complete],
            given: Vec::new(),
        });
        self.append_with(items, claim).await
    }

    pub(crate) async fn append_with(
        &self,
        items: Vec<Item>,
        claim: Option<Claim>,
    ) -> Result<Vec<Outcome>> {
        let ticket = Rc::new(Ticket {
            items,
            claim,
            result: RefCell::default(),
        });
        self.waiting.borrow_mut().push(Rc::clone(&ticket));
        turn().await;
        let writing = self.exclusive().await;
        if ticket.result.borrow().is_none() {
            self.commit_waiting().await;
        }
        drop(writing);
        self.shared.keep_budget(&self.id).await;
        ticket
            .result
            .take()
            .unwrap_or(Err(Error::Closed("conversation").into()))
    }

    /// Keeps others from changing the log, here. A commit that was given up midway is ended first.
    pub(crate) async fn exclusive(&self) -> MutexGuard<'_, ()> {
        let writing = self.writing.lock().await;
        // If it met another tab's, its tickets are waiting still; else they have their answer.
        let _ = self.land().await;
        writing
    }

    async fn commit_waiting(&self) {
        let group = Group {
            log: self,
            tickets: self.waiting.take(),
        };
        let result = self.commit(&group.tickets).await;
        for ticket in &group.tickets {
            if let Err(why) = &result {
                ticket.result.borrow_mut().get_or_insert(Err(why.clone()));
            }
        }
    }

    async fn commit(&self, tickets: &[Rc<Ticket>]) -> Result<()> {
        let mut tickets = tickets.to_vec();
        // What has an id can be written once more where it is not known whether it is there.
        let mut unknown = Vec::new();
        let mut again = true;
        for attempt in 0..ATTEMPTS {
            let items: Vec<&Item> = tickets.iter().flat_map(|ticket| &ticket.items).collect();
            let claims: Vec<&Claim> = tickets.iter().flat_map(|ticket| &ticket.claim).collect();
            let mut plan = Plan::make(self, &items, &claims, attempt > 0).await?;
            for (outcome, before) in plan.outcomes.iter_mut().zip(&unknown) {
                if *outcome == Outcome::Double && self.holds(before).await {
                    *outcome = Outcome::clone(before);
                }
            }
            let planned = plan.outcomes.clone();
            let result = if plan.stale {
                Err(Error::Conflict.into())
            } else if plan.writes.is_empty() {
                self.answer(&tickets, plan.outcomes);
                return Ok(());
            } else {
                self.start(plan, &tickets, again);
                self.land().await
            };
            match result {
                Err(why) if matches!(*why, Error::Conflict) => {
                    self.report(Level::Debug, "another tab wrote first", &why);
                    self.reload().await?;
                }
                Err(why) if again && matches!(*why, Error::Storage { .. }) => {
                    let mut planned = planned.into_iter();
                    tickets.retain(|ticket| {
                        let own: Vec<_> = planned.by_ref().take(ticket.items.len()).collect();
                        let is_open = ticket.result.borrow().is_none();
                        unknown.extend(own.into_iter().filter(|_| is_open));
                        is_open
                    });
                    if tickets.is_empty() {
                        return Err(why);
                    }
                    self.report(Level::Warn, "a commit is made once more", &why);
                    again = false;
                    self.reload().await?;
                }
                // From here on it is memory that is written to.
                Err(why) if self.shared.fallback.replaces(&why) => {}
                other => return other,
            }
        }
        Err(Error::Conflict.into())
    }

    /// Whether the log has the very copy that a commit was to store: it took place then. Another
    /// tab may have stored one of its own.
    async fn holds(&self, planned: &Outcome) -> bool {
        let (Outcome::Accepted(entry) | Outcome::Replaced(entry)) = planned else {
            return false;
        };
        let found = self.entry_now(entry.position).await;
        matches!(found, Ok(Some(found)) if found.event.text == entry.event.text)
    }

    /// Reads the state anew, or finds that it has to do without the database.
    async fn reload(&self) -> Result<()> {
        match self.load().await {
            Err(why) if self.shared.fallback.replaces(&why) => Ok(()),
            answer => answer,
        }
    }

    /// Hands a plan to the backend. With `again`, a failure of the storage is only the end of those of
    /// its tickets that hold new events.
    pub(crate) fn start(&self, mut plan: Plan, tickets: &[Rc<Ticket>], again: bool) {
        let before = self.snapshot();
        let expected = (!plan.appends).then(|| Expected {
            table: Table::Conversations,
            key: self.key(0),
            value: before.stored.clone(),
            numbers: Some((Table::Tail, before.tail_numbers.clone())),
        });
        let batch = WriteBatch {
            expected,
            writes: std::mem::take(&mut plan.writes),
        };
        let shared = Rc::clone(&self.shared);
        let id = Rc::clone(&self.id);
        let commit = async move { shared.write(&id, batch).await };
        *self.in_flight.borrow_mut() = Some(InFlight {
            plan,
            tickets: tickets.to_vec(),
            again,
            commit: commit.boxed_local(),
        });
    }

    /// Waits for the commit in flight, if there is one, and takes it in.
    pub(crate) async fn land(&self) -> Result<()> {
        let landed = poll_fn(|context| {
            let mut place = self.in_flight.borrow_mut();
            let Some(in_flight) = place.as_mut() else {
                return Poll::Ready(None);
            };
            let result = std::task::ready!(in_flight.commit.poll_unpin(context));
            Poll::Ready(place.take().map(|in_flight| (in_flight, result)))
        });
        let Some((in_flight, result)) = landed.await else {
            return Ok(());
        };
        let InFlight {
            plan,
            tickets,
            again,
            ..
        } = in_flight;
        match &result {
            Ok(()) => {
                self.shared.note(&self.id, &plan, &tickets);
                let outcomes = self.apply(plan);
                self.answer(&tickets, outcomes);
            }
            Err(why) if matches!(**why, Error::Conflict | Error::Unreachable { .. }) => {}
            Err(why) => {
                let again = again && matches!(**why, Error::Storage { .. });
                for ticket in tickets.iter().filter(|ticket| !again || ticket.has_new()) {
                    *ticket.result.borrow_mut() = Some(Err(why.clone()));
                }
                self.forget_answered();
            }
        }
        result
    }

    fn answer(&self, tickets: &[Rc<Ticket>], outcomes: Vec<Outcome>) {
        let mut outcomes = outcomes.into_iter();
        for ticket in tickets {
            let own = outcomes.by_ref().take(ticket.items.len()).collect();
            *ticket.result.borrow_mut() = Some(Ok(own));
        }
        self.forget_answered();
    }

    /// The tickets of a commit that was given up midway wait again. Once it has ended they must not
    /// be written with the next: where it is not known whether it took place, a new event would be
    /// there twice.
    fn forget_answered(&self) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|ticket| ticket.result.borrow().is_none());
    }

    fn apply(&self, plan: Plan) -> Vec<Outcome> {
        for number in &plan.gone {
            self.shared.cache.remove_page(&self.id, *number);
        }
        for number in &plan.given_up {
            let why = Error::Corrupt(format!("page {number}"));
            self.report(Level::Error, "a damaged page is given up", &why);
        }
        for (number, page) in &plan.sealed {
            self.shared.cache.keep_page(&self.id, *number, page);
        }
        if let Some((block, signatures)) = &plan.signed {
            (self.shared.cache).keep_signatures(&self.id, *block, signatures);
        }
        self.ids.borrow_mut().merge(&ids_of(&plan.committed));
        if plan.truncated.is_some() {
            *self.ids.borrow_mut() = super::load::ids(&plan.next);
        }
        let (before, after) = (self.snapshot().record.bytes, plan.next.record.bytes);
        self.shared.retention.changed(before, after);
        *self.state.borrow_mut() = Rc::new(plan.next);
        let listener = self.on_commit.borrow().clone();
        if let (Some(listener), Some(after)) = (&listener, plan.truncated) {
            listener(Change::Truncated(after));
        }
        if let Some(listener) = listener
            && !plan.committed.is_empty()
        {
            listener(Change::Committed(&plan.committed));
        }
        plan.outcomes
    }
}

/// Lets the other calls that have come in this turn of the event loop join the commit.
async fn turn() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A commit that the backend has been handed. It belongs to the log, not to who waits for it: it
/// takes place even if that is dropped.
pub(crate) struct InFlight {
    plan: Plan,
    tickets: Vec<Rc<Ticket>>,
    again: bool,
    commit: LocalBoxFuture<'static, Result<()>>,
}

/// The tickets of one commit. If the commit is given up midway, they wait for the next.
struct Group<'a> {
    log: &'a Log,
    tickets: Vec<Rc<Ticket>>,
}

impl Drop for Group<'_> {
    fn drop(&mut self) {
        let mut open = std::mem::take(&mut self.tickets);
        open.retain(|ticket| ticket.result.borrow().is_none());
        open.append(&mut self.log.waiting.borrow_mut());
        *self.log.waiting.borrow_mut() = open;
    }
}
