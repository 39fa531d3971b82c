//! Looking at every record of a log: what is sound, and what is wrong with the rest.

use std::rc::Rc;

use super::commit::ATTEMPTS;
use super::coverage::Interval;
use super::load::rebuilt;
use super::log::{Log, State};
use super::record::Record;
use crate::backend::{Key, Table};
use crate::error::{Error, Result};
use crate::event::EventId;
use crate::notice::Level;
use crate::page::{CHECKSUM_BYTES, Entry, Page, Reader, Signatures, Summary};
use crate::sorted_map::SortedMap;

/// How many pages are looked at in one step: two megabytes.
const FEW: usize = 16;

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
    group: Option<Group>,
    tries: u32,
    pub(super) ended: bool,
    pub(super) report: VerifyReport,
}

/// The pages of one record of summaries.
pub(super) struct Group {
    pub(super) key: i64,
    /// The next group's key.
    pub(super) end: i64,
    summaries: Option<Vec<u8>>,
    /// They can be read.
    whole: bool,
    listed: Vec<Summary>,
    numbers: Vec<i64>,
    seen: usize,
    looked: Vec<Looked>,
    /// What the signatures should be.
    pub(super) signatures: Signatures,
}

struct Looked {
    number: i64,
    /// What a page holds; of one that can't be read, why not.
    found: std::result::Result<Rc<Summary>, Fault>,
    /// Its columns agree with its texts.
    agrees: bool,
}

/// What is to be done about a group.
#[derive(Default)]
pub(super) struct Findings {
    /// Its records have to be written anew.
    pub(super) rewrite: bool,
    /// Pages that hold something else than is said of them.
    pub(super) changed: Vec<Rc<Summary>>,
    /// Pages that are damaged or missing.
    pub(super) lost: Vec<i64>,
    /// Pages that can be read, but can't stay as they are.
    pub(super) remake: Vec<i64>,
    /// Signatures that belong to nothing.
    pub(super) strays: Vec<i64>,
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
        self.log.check_open()?;
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
        self.unchanged(&state).await?;
        self.record(&state, misplaced.is_empty())?;
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

    async fn next_group(&mut self, at: i64) -> Result<()> {
        let [keys, signed, mut numbers] = self.keys().await?;
        let mut after = keys.iter().copied().filter(|key| *key >= at);
        let next = after.next();
        // Pages and signatures before the first record.
        let before = next.unwrap_or(i64::MAX);
        let strays = numbers.iter().chain(&signed).copied();
        let stray = strays.filter(|number| (at..before).contains(number)).min();
        let (key, end) = match (stray, next) {
            (Some(stray), next) => (stray, next),
            (None, Some(key)) => (key, after.next()),
            (None, None) => return self.finish().await,
        };
        let end = end.unwrap_or(i64::MAX);
        numbers.retain(|number| (key..end).contains(number));
        let summaries = self.one(Table::Summaries, key).await?;
        let listed = match summaries.as_deref().map(|bytes| {
            let log = &self.log;
            Summary::decode(bytes, &mut |class| log.class(class))
        }) {
            Some(Err(why)) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Some(Ok(listed)) => Some(listed),
            _ => None,
        };
        self.at = Some(key);
        self.group = Some(Group {
            key,
            end,
            summaries,
            whole: listed.is_some(),
            listed: listed.unwrap_or_default(),
            numbers,
            seen: 0,
            looked: Vec::new(),
            signatures: Signatures::default(),
        });
        Ok(())
    }

    /// Looks at a few pages of a group.
    async fn look(&mut self, mut group: Group) -> Result<()> {
        self.log.shared.clock.sleep(0).await;
        let rest = group.numbers.get(group.seen..).unwrap_or_default();
        let few: Vec<i64> = rest.iter().copied().take(FEW).collect();
        let backend = &self.log.shared.backend;
        let records = backend.get_many(Table::Pages, &self.log.id, &few).await?;
        for (number, record) in few.iter().zip(records) {
            // Where there is none, another tab has replaced it.
            if let Some(record) = record {
                group.take(*number, record)?;
            }
        }
        group.seen = group.seen.saturating_add(few.len());
        self.group = Some(group);
        Ok(())
    }

    /// Compares what was found with what the records say.
    async fn close(&mut self, group: Group) -> Result<()> {
        let log = Rc::clone(&self.log);
        let _writing = log.exclusive().await;
        log.load().await?;
        if self.one(Table::Summaries, group.key).await? != group.summaries {
            return Err(Error::Conflict.into());
        }
        let signatures = self.one(Table::Signatures, group.key).await?;
        let [_, signed, there] = self.keys().await?;
        let state = log.snapshot();
        self.unchanged(&state).await?;
        let sound = (self.report.events, self.report.bytes);
        let mut to_do = Findings::default();
        let mut live = Vec::new();
        for page in state.pages.iter().filter(|page| group.spans(page.number)) {
            live.push(Rc::clone(page));
            if there.binary_search(&page.number).is_err() {
                self.tell(Table::Pages, page.number, Some(range(page)), Fault::Missing);
                to_do.lost.push(page.number);
            }
        }
        self.compare_pages(&group, &live, &there, &mut to_do);
        self.compare_records(&group, &live, signatures.as_deref(), &mut to_do)?;
        // Both tables have the same keys.
        for stray in signed {
            if stray != group.key && group.spans(stray) {
                self.tell(Table::Summaries, stray, None, Fault::Missing);
                to_do.strays.push(stray);
            }
        }
        for page in &live {
            if to_do.lost.contains(&page.number) {
                log.damaged(page.number);
                self.lose(range(page));
            }
        }
        let (pages, next) = (live.len() as u64, group.end);
        if self.mend
            && let Err(why) = self.mend(group, to_do).await
        {
            (self.report.events, self.report.bytes) = sound;
            return Err(why);
        }
        self.tries = 0;
        self.report.pages = self.report.pages.saturating_add(pages);
        self.at = Some(next);
        Ok(())
    }

    fn compare_pages(
        &mut self,
        group: &Group,
        live: &[Rc<Summary>],
        there: &[i64],
        to_do: &mut Findings,
    ) {
        for Looked {
            number,
            found,
            agrees,
        } in &group.looked
        {
            let number = *number;
            if there.binary_search(&number).is_err() {
                continue;
            }
            let known = live.iter().find(|page| page.number == number);
            let listed = group.listed.iter().find(|page| page.number == number);
            let (about, fault) = match found {
                Err(fault) => {
                    let about = known.map(|page| &**page).or(listed);
                    match self.log.shared.cache.holds(&self.log.id, number) {
                        true => to_do.remake.push(number),
                        false => to_do.lost.push(number),
                    }
                    (about.map(range), *fault)
                }
                Ok(page) => {
                    if let Some(known) = known {
                        self.report.events = self.report.events.saturating_add(page.count());
                        self.report.bytes = self.report.bytes.saturating_add(page.bytes);
                        if known != page {
                            let about = Some(range(page));
                            self.tell(Table::Summaries, group.key, about, Fault::Mismatch);
                            to_do.rewrite = true;
                            to_do.changed.push(Rc::clone(page));
                        }
                    }
                    let fault = match (known, listed) {
                        (Some(_), _) if !agrees => Fault::Mismatch,
                        (None, Some(_)) => Fault::Order,
                        (Some(_), None) if group.whole => {
                            to_do.rewrite = true;
                            Fault::Orphan
                        }
                        (None, None) => Fault::Orphan,
                        (Some(_), _) => continue,
                    };
                    if known.is_none() || !agrees {
                        to_do.remake.push(number);
                    }
                    (Some(range(page)), fault)
                }
            };
            self.tell(Table::Pages, number, about, fault);
        }
    }

    fn compare_records(
        &mut self,
        group: &Group,
        live: &[Rc<Summary>],
        signatures: Option<&[u8]>,
        to_do: &mut Findings,
    ) -> Result<()> {
        let ranges = live.iter().map(|page| range(page));
        let all = ranges.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let missing = Some(Fault::Missing);
        let summaries = match &group.summaries {
            Some(_) if group.whole => None,
            found => found
                .as_ref()
                .map_or(missing, |bytes| Some(fault_of(bytes, 0))),
        };
        let signatures = match signatures.map(|bytes| (bytes, Signatures::decode(bytes))) {
            None => missing.filter(|_| group.summaries.is_some()),
            Some((_, Err(why))) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Some((bytes, Err(_))) => Some(fault_of(bytes, 0)),
            Some((_, Ok(stored))) => {
                let mut others = live.iter().map(|page| page.number).filter(|number| {
                    let (stored, right) = (stored.get(*number), group.signatures.get(*number));
                    stored.is_some() && right.is_some() && stored != right
                });
                others.next().map(|_| Fault::Mismatch)
            }
        };
        let both = [
            (Table::Summaries, summaries),
            (Table::Signatures, signatures),
        ];
        for (table, fault) in both {
            if let Some(fault) = fault {
                self.tell(table, group.key, all, fault);
                to_do.rewrite = true;
            }
        }
        Ok(())
    }

    /// Makes sure that another tab has not written while records were read one after the other.
    async fn unchanged(&self, state: &State) -> Result<()> {
        match self.one(Table::Conversations, 0).await? == state.stored {
            true => Ok(()),
            false => Err(Error::Conflict.into()),
        }
    }

    /// One record.
    pub(super) async fn one(&self, table: Table, number: i64) -> Result<Option<Vec<u8>>> {
        let backend = &self.log.shared.backend;
        let mut found = backend.get_many(table, &self.log.id, &[number]).await?;
        Ok(found.pop().flatten())
    }

    /// The numbers of all records of summaries, of signatures, and of pages.
    async fn keys(&self) -> Result<[Vec<i64>; 3]> {
        let mut keys = [Table::Summaries, Table::Signatures, Table::Pages].map(|t| (t, Vec::new()));
        for (table, keys) in &mut keys {
            *keys = self
                .log
                .shared
                .backend
                .numbers(*table, &self.log.id)
                .await?;
        }
        Ok(keys.map(|(_, keys)| keys))
    }
}

impl Group {
    fn spans(&self, number: i64) -> bool {
        (self.key..self.end).contains(&number)
    }

    fn take(&mut self, number: i64, record: Vec<u8>) -> Result<()> {
        let listed = self.listed.iter().find(|page| page.number == number);
        let texts = listed.map_or(0, |page| page.bytes);
        let fault = fault_of(&record, texts);
        let (found, agrees) = match Page::decode(record) {
            Err(why) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Ok(page) if !page.is_empty() => {
                page.sign(number, &mut self.signatures);
                (Ok(Rc::new(page.summary(number))), agrees(&page))
            }
            _ => (Err(fault), true),
        };
        self.looked.push(Looked {
            number,
            found,
            agrees,
        });
        Ok(())
    }
}

fn range(page: &Summary) -> Interval {
    (page.first(), page.last())
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

/// Whether the columns say what the texts do.
fn agrees(page: &Page) -> bool {
    let entries = page.entries();
    entries.is_ok_and(|entries| {
        entries.iter().all(in_place) && Page::new(&entries).record() == page.record()
    })
}

/// Whether an event lies at the position that its number asks for.
fn in_place(entry: &Entry) -> bool {
    match &entry.event.header.id {
        Some(EventId::Number(id)) => *id == entry.position,
        Some(EventId::Text(_)) => true,
        None => false,
    }
}
