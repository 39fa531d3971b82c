//! The outbox of a conversation: what its user does, kept until the server has it.

use std::rc::Rc;

use super::commit::ATTEMPTS;
use super::journal::Deed;
use super::log::Log;
use super::verify::fault_of;
use crate::backend::{Expected, Key, Table, Write, WriteBatch};
use crate::error::{Error, Result};
use crate::event::Position;
use crate::notice::Level;
use crate::page::{FORMAT, Reader, Writer};

/// The most actions that wait in an outbox.
const MOST_ACTIONS: usize = 1000;

/// The most bytes of all their texts.
const MOST_BYTES: usize = 16 << 20;

/// What has become of an action so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// It was not sent yet.
    Waiting,
    /// It was sent, and the server has not said that it has it.
    Sent,
    /// The server doesn't want it.
    Rejected,
    /// Its user doesn't want it any more. What is left of it is for who waits for it.
    Cancelled,
}

/// A user's action, and how far it has got.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Made up here, for the application.
    pub id: Box<str>,
    /// How far it has got.
    pub stage: Stage,
    /// How often it was sent.
    pub tries: u8,
    /// The connection that sent it last.
    pub by: u64,
    /// When, in milliseconds since the epoch.
    pub sent_at: f64,
    /// The newest position that was stored then: the server's copy comes after it.
    pub after: Position,
    /// Why it was rejected.
    pub reason: Box<str>,
    /// A JSON object, as the application gave it.
    pub text: Box<str>,
}

/// A record of the outbox.
#[derive(Clone, Debug, PartialEq)]
pub struct Queued {
    /// Its number: about when it came, in milliseconds since the epoch.
    pub number: i64,
    /// The record as it is stored.
    pub(crate) stored: Vec<u8>,
    /// What it says.
    pub action: Action,
}

impl Action {
    /// The bytes to store: see `format.md`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.u8(FORMAT);
        out.u8(match self.stage {
            Stage::Waiting => 0,
            Stage::Sent => 1,
            Stage::Rejected => 2,
            Stage::Cancelled => 3,
        });
        out.u8(self.tries);
        out.u64(self.by);
        out.u64(self.sent_at.to_bits());
        out.i64(self.after);
        for text in [&self.id, &self.reason, &self.text] {
            out.string(text.as_bytes());
        }
        out.sealed()
    }

    /// Reads stored bytes.
    ///
    /// # Errors
    /// `Corrupt`, or `VersionTooNew`.
    pub fn decode(bytes: &[u8]) -> Result<Action> {
        let what = "outbox record";
        let mut reader = Reader::checked(what, bytes)?;
        let format = reader.u8()?;
        if format > FORMAT {
            let (found, known) = (u32::from(format), u32::from(FORMAT));
            return Err(Error::VersionTooNew { what, found, known }.into());
        }
        let stage = match reader.u8()? {
            0 => Stage::Waiting,
            1 => Stage::Sent,
            2 => Stage::Rejected,
            3 => Stage::Cancelled,
            _ => return Err(reader.corrupt("unknown stage")),
        };
        Ok(Action {
            stage,
            tries: reader.u8()?,
            by: reader.u64()?,
            sent_at: f64::from_bits(reader.u64()?),
            after: reader.i64()?,
            id: reader.text()?.into(),
            reason: reader.text()?.into(),
            text: reader.text()?.into(),
        })
    }
}

impl Log {
    /// Ends when the outbox may have changed since `seen`, and answers what is seen then.
    pub(crate) async fn outbox_change(self: Rc<Log>, seen: u64) -> u64 {
        self.sends.changed_since(seen).await
    }

    /// Wakes who looks at the outbox.
    pub(crate) fn look_at_outbox(&self) {
        self.sends.set();
    }

    /// The records of the outbox, in the order in which they came. Damaged ones are left out.
    ///
    /// # Errors
    /// `Closed`, `VersionTooNew`, or what the backend answers.
    pub async fn outbox(&self) -> Result<Vec<Queued>> {
        let mut queued = Vec::new();
        for (number, stored) in self.outbox_records().await? {
            match Action::decode(&stored) {
                Ok(action) => queued.push(Queued {
                    number,
                    stored,
                    action,
                }),
                Err(why) if matches!(*why, Error::Corrupt(_)) => {
                    self.report(Level::Warn, "a damaged action is not sent", &why);
                }
                Err(why) => return Err(why),
            }
        }
        Ok(queued)
    }

    async fn outbox_records(&self) -> Result<Vec<(i64, Vec<u8>)>> {
        let backend = &self.shared.backend;
        let (first, last) = (Key::FIRST, Key::LAST);
        let mut read = backend.range(Table::Outbox, &self.id, first, last).await;
        if matches!(&read, Err(why) if self.shared.fallback.replaces(why)) {
            // From here on it is memory that is read.
            read = backend.range(Table::Outbox, &self.id, first, last).await;
        }
        let records = read?;
        self.number_is_used(records.last().map_or(0, |(number, _)| *number));
        Ok(records)
    }

    fn number_is_used(&self, number: i64) {
        self.last_queued.set(self.last_queued.get().max(number));
    }

    /// The record of an action that was queued under this number, or is under another since; none
    /// where it is no more.
    pub(crate) async fn queued(&self, number: i64, id: &str) -> Result<Option<Queued>> {
        let backend = &self.shared.backend;
        let numbers = [number];
        let found = backend.get_many(Table::Outbox, &self.id, &numbers).await?;
        if let Some(stored) = found.into_iter().next().flatten() {
            let action = Action::decode(&stored)?;
            if *action.id == *id {
                return Ok(Some(Queued {
                    number,
                    stored,
                    action,
                }));
            }
        }
        let mut others = self.outbox().await?.into_iter();
        Ok(others.find(|other| *other.action.id == *id))
    }

    /// Whether an action that is no more went with the log: the server need not have it.
    pub(crate) fn is_deleted(&self, number: i64) -> bool {
        self.last_deleted.get() >= number
    }

    /// Puts an action at the end of the outbox, and answers its number.
    ///
    /// # Errors
    /// `OutboxFull`, `Closed`, or what the backend answers.
    pub async fn queue(&self, id: &str, text: &str) -> Result<i64> {
        let action = Action {
            id: id.into(),
            stage: Stage::Waiting,
            tries: 0,
            by: 0,
            sent_at: 0.0,
            after: 0,
            reason: "".into(),
            text: text.into(),
        };
        for _ in 0..ATTEMPTS {
            let records = self.outbox_records().await?;
            let sizes = records.iter().map(|(_, record)| record.len());
            let bytes = sizes.fold(text.len(), usize::saturating_add);
            if records.len() >= MOST_ACTIONS || bytes > MOST_BYTES {
                let (actions, bytes) = (MOST_ACTIONS, MOST_BYTES);
                return Err(Error::OutboxFull { actions, bytes }.into());
            }
            // Also beyond what is stored and can't be read now.
            let next = self.last_queued.get().saturating_add(1);
            let number = next.max(self.shared.clock.now() as i64);
            self.number_is_used(number);
            match self.replace_queued(number, None, Some(&action)).await {
                Ok(false) => {}
                Ok(true) => return Ok(number),
                // Perhaps it is there all the same: then it must not be there twice.
                Err(why) => match self.queued(number, id).await {
                    Ok(Some(_)) => {
                        self.sends.set();
                        return Ok(number);
                    }
                    _ => return Err(why),
                },
            }
        }
        Err(Error::Conflict.into())
    }

    /// Puts a record in the place of one that is as it was read, or of none, or takes it away.
    /// `false` where another tab has changed it.
    pub(crate) async fn replace_queued(
        &self,
        number: i64,
        stored: Option<Vec<u8>>,
        action: Option<&Action>,
    ) -> Result<bool> {
        let (table, key) = (Table::Outbox, self.key(number));
        let expected = Expected {
            table,
            key: key.clone(),
            value: stored.clone(),
            numbers: None,
        };
        let write = match action {
            Some(action) => Write::Put(table, key, action.encode()),
            None => Write::Delete(table, key),
        };
        let known = stored.as_deref().and_then(|it| Action::decode(it).ok());
        let id = action.or(known.as_ref()).map(|action| action.id.clone());
        let deed = Deed::Outbox(number, id.unwrap_or_default(), stored.is_none());
        let batch = WriteBatch {
            expected: Some(expected),
            writes: vec![write],
        };
        let mut written = self.shared.write(&self.id, batch.clone()).await;
        if matches!(&written, Err(why) if self.shared.fallback.replaces(why)) {
            // From here on it is memory that is written to.
            written = self.shared.write(&self.id, batch).await;
        }
        match written {
            Ok(()) => {
                self.shared.done(&self.id, deed, Vec::new());
                self.sends.set();
                Ok(true)
            }
            Err(why) if matches!(*why, Error::Conflict) => Ok(false),
            Err(why) => Err(why),
        }
    }

    /// Does here what was done to an action in memory, where this is `left` of it. Where it was queued
    /// there and its number is taken here, it gets the next one that is free.
    pub(super) async fn bring_queued(
        &self,
        number: i64,
        id: &str,
        is_new: bool,
        left: Option<&Action>,
    ) -> Result<()> {
        for _ in 0..ATTEMPTS {
            let (place, stored) = match self.queued(number, id).await? {
                Some(found) if found.action.stage == Stage::Cancelled => return Ok(()),
                Some(found) => (found.number, Some(found.stored)),
                None if is_new && left.is_some() => {
                    let records = self.outbox_records().await?;
                    let mut free = number;
                    for (taken, _) in records {
                        free = free.saturating_add(i64::from(taken == free));
                    }
                    (free, None)
                }
                // Or another tab has taken it away.
                None => return Ok(()),
            };
            if self.replace_queued(place, stored, left).await? {
                return Ok(());
            }
        }
        Err(Error::Conflict.into())
    }

    /// The numbers of damaged records, and what is wrong with them; with `mend` they go.
    pub(super) async fn outbox_damages(&self, mend: bool) -> Result<Vec<(i64, super::Fault)>> {
        let mut damages = Vec::new();
        for (number, stored) in self.outbox_records().await? {
            match Action::decode(&stored) {
                Ok(_) => continue,
                Err(why) if !matches!(*why, Error::Corrupt(_)) => return Err(why),
                Err(_) => damages.push((number, fault_of(&stored, 0))),
            }
            if mend {
                self.replace_queued(number, Some(stored), None).await?;
            }
        }
        Ok(damages)
    }
}
