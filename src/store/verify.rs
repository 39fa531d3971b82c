//! Looking at every record of a log: what is sound, and what is wrong with the rest.

use std::rc::Rc;

use super::commit::ATTEMPTS;
use super::coverage::Interval;
use super::load::rebuilt;
use super::log::Log;
use super::record::Record;
use super::state::State;
use super::verify_pages::Group;
use crate::backend::{Key, Table};
use crate::error::{Error, Result};
use crate::event::EventId;
use crate::notice::Level;
use crate::page::{CHECKSUM_BYTES, Entry, Reader};
use crate::sorted_map::SortedMap;

/// What is wrong with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Its bytes don't agree with their checksum.
    Checksum,
    /// Its end is missing.
    CutOff,
    /// It is not there.
    Missing,
    /// It is there, and nothing tells of it.
    Orphan,
    /// It lies where others do.
    Order,
    /// What it says doesn't agree with itself or with other records.
    Mismatch,
    /// It claims what lies beyond the last event.
    Ahead,
}

impl Fault {
    /// The name that TypeScript sees.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fault::Checksum => "checksum",
            Fault::CutOff => "cut-off",
            Fault::Missing => "missing",
            Fault::Orphan => "orphan",
            Fault::Order => "order",
            Fault::Mismatch => "mismatch",
            Fault::Ahead => "ahead",
        }
    }
}

/// A damaged record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Its table.
    pub table: Table,
    /// Its number there.
    pub number: i64,
    /// The positions that it is about, as far as they are known.
    pub range: Option<Interval>,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Pages that were looked at.
    pub pages: u64,
    /// Pages in all.
    pub total: u64,
    /// Events that are sound.
    pub events: u64,
    /// The bytes of their texts, one more per event.
    pub bytes: u64,
    /// What is not.
    pub damages: Vec<Damage>,
    /// Where events can't be read any more.
    pub lost: Vec<Interval>,
}

/// A look at all records of a log, a few at a time. What is read for it is kept nowhere.
pub struct Verify {
    pub(super) log: Rc<Log>,
    pub(super) mend: bool,
    /// Pages with lesser numbers are done with.
    pub(super) at: Option<i64>,
    pub(super) group: Option<Group>,
    pub(super) tries: u32,
    pub(super) ended: bool,
    pub(super) report: VerifyReport,
}

/// A tail record that can't stay, and the event in it.
pub(super) type Misplaced = (i64, Option<Entry>);

impl Log {
    /// Begins to look at every record; nothing is changed.
    #[must_use]
    pub fn verify(self: &Rc<Log>) -> Verify {
        Verify::new(self, false)
    }

    /// Begins to look at every record and to put right what is wrong: what can be derived is made
    /// anew, what can't be read goes, and where it lay is a gap. Each step is one transaction.
    #[must_use]
    pub fn repair(self: &Rc<Log>) -> Verify {
        Verify::new(self, true)
    }
}

impl Verify {
    fn new(log: &Rc<Log>, mend: bool) -> Verify {
        Verify {
            log: Rc::clone(log),
            mend,
            at: None,
            group: None,
            tries: 0,
            ended: false,
            report: VerifyReport::default(),
        }
    }

    /// Looks at a few more records. Answers what is found so far, and whether that is all. After an
    /// error the same call goes on.
    ///
    /// # Errors
    /// `VersionTooNew` for what a newer release wrote, which is left alone; `Conflict` where another
    /// tab keeps writing; or what the backend answers.
    pub async fn step(&mut self) -> Result<(VerifyReport, bool)> {
        // What can't be read is not damaged.
        self.log.shared.fallback.readable()?;
        let done = match (self.at, self.group.take()) {
            _ if self.ended => Ok(()),
            (None, _) => self.begin().await,
            (Some(at), None) => self.next_group(at).await,
            (_, Some(group)) if group.seen < group.numbers.len() => self.look(group).await,
            (_, Some(group)) => self.close(group).await,
        };
        match done {
            // The same group again: another tab has changed it.
            Err(why) if *why == Error::Conflict && self.tries < ATTEMPTS => {
                self.tries = self.tries.saturating_add(1)
            }
            done => done?,
        }
        Ok((self.report.clone(), self.ended))
    }

    pub(super) fn tell(
        &mut self,
        table: Table,
        number: i64,
        range: Option<Interval>,
        fault: Fault,
    ) {
        let damage = Damage {
            table,
            number,
            range,
            fault,
        };
        if !self.report.damages.contains(&damage) {
            self.report.damages.push(damage);
            let why = format!("{} {number}: {}", table.name(), fault.name());
            let message = "a record is damaged";
            self.log.report(Level::Warn, message, &Error::Corrupt(why));
        }
    }

    pub(super) fn lose(&mut self, range: Interval) {
        if !self.report.lost.contains(&range) {
            self.report.lost.push(range);
        }
    }

    async fn begin(&mut self) -> Result<()> {
        let log = Rc::clone(&self.log);
        let _writing = log.exclusive().await;
        log.load().await?;
        let state = log.snapshot();
        self.report = VerifyReport::default();
        self.report.total = state.pages.len() as u64;
        let misplaced = self.tail(&state).await?;
        self.record(&state, misplaced.is_empty())?;
        for number in self.foreign().await? {
            self.tell(Table::Conversations, number, None, Fault::Orphan);
        }
        for (number, fault) in log.outbox_damages(self.mend).await? {
            self.tell(Table::Outbox, number, None, fault);
        }
        self.at = Some(Key::FIRST);
        Ok(())
    }

    /// Looks at the tail.
    pub(super) async fn tail(&mut self, state: &State) -> Result<Vec<Misplaced>> {
        let log = Rc::clone(&self.log);
        let backend = &log.shared.backend;
        let (first, last) = (Key::FIRST, Key::LAST);
        let records = backend.range(Table::Tail, &log.id, first, last).await?;
        self.unchanged(state).await?;
        let mut misplaced = Vec::new();
        for (number, bytes) in records {
            let (fault, entry) = match Entry::decode(&bytes) {
                Err(why) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
                Err(_) => {
                    self.lose((number, number));
                    (fault_of(&bytes, 0), None)
                }
                Ok(entry) => {
                    let page = state.page_for(number).and_then(|at| state.pages.get(at));
                    let fault = match page {
                        _ if entry.position != number || !in_place(&entry) => Fault::Mismatch,
                        None => continue,
                        Some(page) if page.contains(number) => Fault::Orphan,
                        Some(_) => Fault::Order,
                    };
                    (fault, Some(entry))
                }
            };
            self.tell(Table::Tail, number, Some((number, number)), fault);
            misplaced.push((number, entry));
        }
        Ok(misplaced)
    }

    /// Compares the conversation's record with the rest.
    fn record(&mut self, state: &State, tail_is_sound: bool) -> Result<()> {
        let left = rebuilt(state);
        let fault = match state.stored.as_deref().map(|b| (b, Record::decode(b))) {
            None if state.events() > 0 => Fault::Missing,
            Some((_, Err(why))) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Some((bytes, Err(_))) => fault_of(bytes, 0),
            Some((_, Ok(record))) if tail_is_sound => {
                let paged = rebuilt(&State {
                    tail: SortedMap::default(),
                    ..state.clone()
                });
                let later = paged.first_timestamp.is_some()
                    && (record.first_timestamp.is_none()
                        || record.first_timestamp > paged.first_timestamp);
                // What was only added to the tail is not counted there yet.
                let counts = |least: u64, said: u64, all: u64| (least..=all).contains(&said);
                let within = |said: Interval, all: Interval| all.0 <= said.0 && said.1 <= all.1;
                let agrees = counts(state.paged.0, record.events, state.events())
                    && counts(state.paged.1, record.bytes, left.bytes)
                    && match record.range.zip(left.range) {
                        Some((said, all)) => within(said, all),
                        None => record.range.is_none() && state.pages.is_empty(),
                    }
                    && left.dialect.is_none_or(|_| record.dialect == left.dialect)
                    && record.next_page == state.record.next_page
                    && !later;
                let covered = record.coverage.known().last().map(|known| known.1);
                match left.range.zip(covered) {
                    _ if !agrees => Fault::Mismatch,
                    Some((range, covered)) if covered > range.1 => Fault::Ahead,
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        self.tell(Table::Conversations, 0, left.range, fault);
        Ok(())
    }

    /// Makes sure that another tab has not written while records were read one after the other.
    pub(super) async fn unchanged(&self, state: &State) -> Result<()> {
        match self.one(Table::Conversations, 0).await? == state.stored {
            true => Ok(()),
            false => Err(Error::Conflict.into()),
        }
    }

    /// The numbers of conversation records under which none belongs.
    pub(super) async fn foreign(&self) -> Result<Vec<i64>> {
        let backend = &self.log.shared.backend;
        let mut numbers = backend.numbers(Table::Conversations, &self.log.id).await?;
        numbers.retain(|number| *number != 0);
        Ok(numbers)
    }

    /// One record.
    pub(super) async fn one(&self, table: Table, number: i64) -> Result<Option<Vec<u8>>> {
        let backend = &self.log.shared.backend;
        let mut found = backend.get_many(table, &self.log.id, &[number]).await?;
        Ok(found.pop().flatten())
    }
}

/// Why a record can't be used; one of fewer than `least` bytes is cut off.
pub(super) fn fault_of(bytes: &[u8], least: u64) -> Fault {
    let len = bytes.len() as u64;
    if len <= CHECKSUM_BYTES as u64 || len < least {
        Fault::CutOff
    } else if Reader::checked("", bytes).is_err() {
        Fault::Checksum
    } else {
        Fault::Mismatch
    }
}

/// Whether an event lies at the position that its number asks for.
pub(super) fn in_place(entry: &Entry) -> bool {
    match &entry.event.header.id {
        Some(EventId::Number(id)) => *id == entry.position,
        Some(EventId::Text(_)) => true,
        None => false,
    }
}
