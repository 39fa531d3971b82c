//! Group commit: one transaction in flight per conversation; what arrives meanwhile goes with the
//! next.

use std::cell::RefCell;
use std::rc::Rc;

use super::log::{Log, id_of};
use super::plan::Plan;
use crate::backend::{Expected, Table, WriteBatch};
use crate::error::{Error, Result};
use crate::event::{Event, EventId, Position};
use crate::notice::Level;
use crate::page::{Entry, Origin};

/// How often a commit starts over when other tabs keep writing first.
const ATTEMPTS: u32 = 16;

/// What is to be written.
#[derive(Clone, Debug)]
pub enum Item {
    /// An event with an id.
    Event(Event, Origin),
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

/// Items on their way, and what became of them.
pub(crate) struct Ticket {
    items: Vec<Item>,
    covers: Option<(Position, Position)>,
    result: RefCell<Option<Result<Vec<Outcome>>>>,
}

impl Log {
    /// Writes items and ends when they are durable, or with why they are not. `covers` says that
    /// nothing is missing between two positions, once these items are there.
    ///
    /// # Errors
    /// `QuotaExceeded`, `Storage`, `Timeout`, `Conflict` or `Closed`: nothing of the items is kept
    /// then, save after a timeout, when it is not known; to write them again is harmless.
    pub async fn append(
        &self,
        items: Vec<Item>,
        covers: Option<(Position, Position)>,
    ) -> Result<Vec<Outcome>> {
        let ticket = Rc::new(Ticket {
            items,
            covers,
            result: RefCell::default(),
        });
        self.waiting.borrow_mut().push(Rc::clone(&ticket));
        let writing = self.writing.lock().await;
        if ticket.result.borrow().is_none() {
            self.commit_waiting().await;
        }
        drop(writing);
        ticket
            .result
            .take()
            .unwrap_or(Err(Error::Closed("conversation")))
    }

    async fn commit_waiting(&self) {
        let group = Group {
            log: self,
            tickets: self.waiting.take(),
        };
        let items: Vec<Item> = group
            .tickets
            .iter()
            .flat_map(|ticket| ticket.items.iter().cloned())
            .collect();
        let covers: Vec<_> = group
            .tickets
            .iter()
            .filter_map(|ticket| ticket.covers)
            .collect();
        let result = self.commit(&items, &covers).await;
        let mut outcomes = result.as_ref().map(|outcomes| outcomes.iter().cloned());
        for ticket in &group.tickets {
            let result = match &mut outcomes {
                Ok(outcomes) => Ok(outcomes.take(ticket.items.len()).collect()),
                Err(why) => Err(why.clone()),
            };
            *ticket.result.borrow_mut() = Some(result);
        }
    }

    async fn commit(
        &self,
        items: &[Item],
        covers: &[(Position, Position)],
    ) -> Result<Vec<Outcome>> {
        for _ in 0..ATTEMPTS {
            self.check_open()?;
            let plan = Plan::make(self, items, covers).await?;
            if plan.writes.is_empty() {
                return Ok(plan.outcomes);
            }
            let expected = Expected {
                table: Table::Conversations,
                key: self.key(0),
                value: self.snapshot().stored.clone(),
            };
            let batch = WriteBatch {
                expected: Some(expected),
                writes: plan.writes.clone(),
            };
            match self
                .shared
                .backend
                .commit(batch, self.shared.durability)
                .await
            {
                Ok(()) => return Ok(self.apply(plan)),
                Err(why @ Error::Conflict) => {
                    self.report(Level::Debug, "another tab wrote first", &why);
                    self.load().await?;
                }
                Err(why) => return Err(why),
            }
        }
        Err(Error::Conflict)
    }

    fn apply(&self, plan: Plan) -> Vec<Outcome> {
        for number in &plan.gone {
            self.shared.cache.remove(&self.id, *number);
        }
        for (number, page) in &plan.sealed {
            self.shared.cache.insert(&self.id, *number, page);
        }
        self.ids
            .borrow_mut()
            .extend(plan.committed.iter().filter_map(id_of));
        *self.state.borrow_mut() = Rc::new(plan.next);
        let listener = self.on_commit.borrow().clone();
        if let Some(listener) = listener
            && !plan.committed.is_empty()
        {
            listener(&plan.committed);
        }
        plan.outcomes
    }
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
