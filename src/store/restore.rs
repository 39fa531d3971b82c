//! An archive into a log: what is intact goes in, what is lost is told and becomes a gap.

use std::rc::Rc;

use super::archive::{Part, Parts};
use super::commit::{Claim, Item};
use super::event_store::EventStore;
use super::import::{COMMIT_BYTES, ImportReport};
use super::log::Log;
use super::record::Record;
use crate::error::{Error, Result};
use crate::event::{Event, FileForm, MAX_ID, Position};
use crate::page::{Entry, Page};

/// An import of an archive under way. It holds a part of it and the events of one commit.
pub struct Restore<'a> {
    store: &'a EventStore,
    /// The conversation's id, where it is not to be the archive's.
    id: Option<String>,
    parts: Parts,
    /// The log, and the record that the archive gives, without what is lost.
    log: Option<(Rc<Log>, Record)>,
    /// How many parts were read.
    part: usize,
    /// The least position that nothing is known of yet.
    at: Position,
    /// A part was damaged since the last one that could be used.
    hole: bool,
    /// It is known what is lost.
    lost: bool,
    /// How many events were read.
    events: u64,
    /// How many there should be.
    end: Option<u64>,
    /// Why nothing after this part can be read.
    torn: Option<String>,
    /// An event isn't where it was in the archive's log, so that its coverage says nothing here.
    moved: bool,
    /// Where the log has the events.
    given: Vec<Position>,
    items: Vec<Item>,
    bytes: usize,
    done: u64,
    report: ImportReport,
}

impl EventStore {
    /// Begins to take an archive in, into the conversation that it came from or into `id`. It comes
    /// in pieces of any size, unpacked.
    #[must_use]
    pub fn restore(&self, id: Option<String>) -> Restore<'_> {
        Restore {
            store: self,
            id,
            parts: Parts::default(),
            log: None,
            part: 0,
            at: Position::MIN,
            hole: false,
            lost: false,
            events: 0,
            end: None,
            torn: None,
            moved: false,
            given: Vec::new(),
            items: Vec::new(),
            bytes: 0,
            done: 0,
            report: ImportReport::new(FileForm::Archive),
        }
    }
}

impl Restore<'_> {
    /// The bytes of text that were read, and how many there should be.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let total = self.log.as_ref().map_or(0, |(_, record)| record.bytes);
        (self.done, total.max(self.done))
    }

    /// Takes in the next piece of the archive.
    ///
    /// # Errors
    /// `Corrupt` or `VersionTooNew` where it can't be read, or what the backend answers. What was
    /// committed before stays, and the same import again goes on from there.
    pub async fn push(&mut self, piece: &[u8]) -> Result<()> {
        if self.end.is_some() || self.torn.is_some() {
            return Ok(());
        }
        self.parts.push(piece);
        while self.end.is_none() {
            let part = match self.parts.next() {
                Ok(Some(part)) => part,
                Ok(None) => break,
                Err(why) if self.log.is_none() => return Err(why),
                Err(why) => {
                    self.torn = Some(why.to_string());
                    break;
                }
            };
            self.part = self.part.saturating_add(1);
            match part {
                Part::Header(id, record) if self.log.is_none() => {
                    let id = self.id.as_deref().unwrap_or(&id);
                    let log = self.store.conversation(id, record.dialect).await?;
                    self.at = record.range.map_or(Position::MIN, |(first, _)| first);
                    self.log = Some((log, record));
                }
                Part::Damaged(why) if self.log.is_none() => return Err(why),
                _ if self.log.is_none() => {
                    return Err(Error::Corrupt("archive: it has no header".into()).into());
                }
                Part::Page(page) if page.positions().first() >= Some(&self.at) => {
                    self.page(&page);
                }
                Part::Lost((first, last)) => {
                    self.fault(format!(
                        "the events {first} to {last} are not in the archive"
                    ));
                    self.lose(first, last);
                }
                Part::End(events) => self.end = Some(events),
                Part::Damaged(why) => {
                    self.hole = true;
                    self.fault(why.to_string());
                }
                Part::Page(_) | Part::Header(..) => {
                    self.hole = true;
                    self.fault("out of order".into());
                }
            }
            if self.bytes >= COMMIT_BYTES {
                self.commit().await?;
            }
        }
        Ok(())
    }

    /// Ends the import: the id of the conversation, and what became of the events. `torn` is why no
    /// more of the file could be read, where it has not come to its end.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub async fn finish(mut self, torn: Option<String>) -> Result<(Rc<str>, ImportReport)> {
        self.commit().await?;
        let torn = self.torn.take().or(torn);
        let Some((log, mut record)) = self.log.take() else {
            let why = torn.unwrap_or_else(|| "it ends in its header".into());
            return Err(Error::Corrupt(format!("archive: {why}")).into());
        };
        if self.end.is_none() {
            self.hole = true;
            let why = torn.map_or_else(String::new, |why| [": ", &why].concat());
            self.fault(format!("the archive is cut off after this part{why}"));
        }
        let last = record.range.map_or(Position::MAX, |(_, last)| last);
        if self.hole && self.at <= last {
            self.lost = true;
            record.coverage.remove(self.at, last);
        }
        let missing = self
            .end
            .unwrap_or(record.events)
            .saturating_sub(self.events);
        self.report.rejected = self.report.rejected.saturating_add(missing);
        if missing > 0 && !self.lost {
            self.fault(format!("{missing} events are not in the archive"));
        } else if !self.moved {
            let known = record.coverage.known().to_vec();
            let claim = Claim {
                complete: known,
                given: self.given,
            };
            log.append_with(Vec::new(), Some(claim)).await?;
        }
        Ok((Rc::clone(&log.id), self.report))
    }

    fn page(&mut self, page: &Page) {
        let (Some(first), Some(last)) = (page.positions().first(), page.positions().last()) else {
            return;
        };
        self.account(*first);
        self.at = last.saturating_add(1);
        self.events = self.events.saturating_add(page.len() as u64);
        self.done = self.done.saturating_add(page.texts_len() as u64);
        self.bytes = self.bytes.saturating_add(page.texts_len());
        for (index, position) in page.positions().iter().enumerate() {
            // Whoever wrote it may have spelled it in a way of their own.
            let event = Event::from_json(page.text(index).unwrap_or_default().as_bytes());
            match event {
                Ok(event) if position.unsigned_abs() <= MAX_ID.unsigned_abs() => {
                    self.items.push(Item::Entry(Entry {
                        position: *position,
                        origin: page.origin(index),
                        version: page.version(index),
                        event: Rc::new(event),
                    }));
                }
                Ok(_) => self.reject("its position is out of range".into()),
                Err(why) => self.reject(why.to_string()),
            }
        }
    }

    /// What lies before `next` and was in damaged parts is lost.
    fn account(&mut self, next: Position) {
        if self.hole && self.at < next {
            self.lose(self.at, next.saturating_sub(1));
        }
        self.hole = false;
    }

    fn lose(&mut self, first: Position, last: Position) {
        self.lost = true;
        if let Some((_, record)) = &mut self.log {
            record.coverage.remove(first, last);
        }
    }

    fn fault(&mut self, why: String) {
        let part = self.part;
        self.report.list(|| part, why);
    }

    fn reject(&mut self, why: String) {
        self.moved = true;
        let part = self.part;
        self.report.reject(|| part, why);
    }

    async fn commit(&mut self) -> Result<()> {
        self.bytes = 0;
        let items = std::mem::take(&mut self.items);
        let Some((log, _)) = &self.log else {
            return Ok(());
        };
        let places: Vec<_> = items
            .iter()
            .filter_map(|item| match item {
                Item::Entry(entry) => Some((entry.event.header.id.clone(), entry.position)),
                _ => None,
            })
            .collect();
        for outcome in log.append(items, None).await? {
            let part = self.part;
            self.report.count(outcome, || part);
        }
        self.given
            .extend(places.iter().map(|(_, position)| *position));
        for (id, position) in &places {
            self.moved |= log.position_of(id.as_ref()).await? != Some(*position);
        }
        Ok(())
    }
}
