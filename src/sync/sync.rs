//! A log's gaps filled from the server.

use super::page::{Asked, Page};
use super::server::{Answered, Server};
use crate::error::{Error, Result};
use crate::event::{Dialect, Event, MAX_ID, Position};
use crate::page::Origin;
use crate::store::{Interval, Item, Outcome};
use crate::stream::EventStream;

/// The most events that the server gives at once.
const PAGE: i64 = 100;

/// What a sync has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SyncReport {
    /// Requests, those that had to be repeated too.
    pub requests: u64,
    /// Events that came.
    pub events: u64,
    /// The bytes of the answers.
    pub bytes: u64,
    /// Events that the log didn't have.
    pub accepted: u64,
    /// Copies from a socket that the server's own have replaced.
    pub replaced: u64,
    /// Events that the log had.
    pub doubles: u64,
    /// What can't be in the log.
    pub rejected: u64,
    /// The end is reached and nothing is missing.
    pub complete: bool,
    /// What is not known to be complete.
    pub gaps: Vec<Interval>,
}

/// A sync under way: it asks for a page, writes its events together with what they prove, and so
/// on. Whatever ends it, what is written stays, and another one asks for the rest only.
pub struct Sync {
    server: Server,
    /// Where the next gap is looked for; what lies below was asked for.
    at: Option<Position>,
    limit: i64,
    ended: bool,
    report: SyncReport,
}

impl Sync {
    /// Prepares a sync from a server; nothing is asked yet.
    #[must_use]
    pub fn new(server: Server) -> Sync {
        Sync {
            server,
            at: None,
            limit: PAGE,
            ended: false,
            report: SyncReport::default(),
        }
    }

    /// Asks for one more page and writes it. Answers what was done so far, and whether that is
    /// all. After an error the same call asks again.
    ///
    /// # Errors
    /// `Network`, `Timeout`, `Refused` or `BadAnswer` of the server; `InvalidArgument` for a V1
    /// conversation; or what the backend answers.
    pub async fn step(&mut self, stream: &EventStream) -> Result<(SyncReport, bool)> {
        let log = stream.log();
        let at = match self.at {
            Some(at) => at,
            None => {
                if log.dialect() == Dialect::V1 {
                    let why = "only V0 conversations can be synced";
                    return Err(Error::InvalidArgument(why.to_owned()));
                }
                // Another tab may have filled gaps.
                log.refresh().await?;
                *self.at.insert(0)
            }
        };
        let gap = log.record().coverage.gaps(at, MAX_ID).into_iter().next();
        match gap.filter(|_| !self.ended) {
            Some(gap) => self.fill(stream, gap).await?,
            None => self.ended = true,
        }
        self.report.requests = self.server.requests();
        self.report.gaps = log.coverage().1;
        self.report.complete = self.ended && self.report.gaps.is_empty();
        Ok((self.report.clone(), self.ended))
    }

    /// Asks for the events of a gap; the last gap has no end.
    async fn fill(&mut self, stream: &EventStream, (first, last): Interval) -> Result<()> {
        let open = last == MAX_ID;
        let asked = Asked {
            low: first,
            high: (!open).then_some(last),
            reverse: false,
            limit: Some(self.limit),
        };
        let text = match self.server.get(&asked.path()).await? {
            Answered::Text(text) => text,
            Answered::NotFound => {
                self.ended = true;
                return Ok(());
            }
            Answered::TooLarge if self.limit > 1 => {
                self.limit /= 2;
                return Ok(());
            }
            Answered::TooLarge => return Err(Error::BadAnswer("it is too large".to_owned())),
        };
        self.report.bytes = self.report.bytes.saturating_add(text.len() as u64);
        let page = asked.read(&text)?;
        let after = asked.after(&page).map_or(first, |asked| asked.low);
        let end = if page.has_more || open {
            after.saturating_sub(1)
        } else {
            last
        };
        let has_more = page.has_more;
        self.write(stream, page, (first, end)).await?;
        self.at = Some(end.saturating_add(1));
        self.ended = open && !has_more;
        Ok(())
    }

    /// Writes a page. Nothing is missing between its ends and its events, save where something in
    /// it can't be read: that may have had any id there.
    async fn write(&mut self, stream: &EventStream, page: Page, ends: Interval) -> Result<()> {
        let mut items = Vec::new();
        // Where the run of events that is being gathered begins, and its newest event.
        let (mut first, mut last) = (Some(ends.0), ends.0.saturating_sub(1));
        for found in page.events {
            self.report.events = self.report.events.saturating_add(1);
            match found.and_then(of_v0) {
                Ok((id, event)) => {
                    first.get_or_insert(id);
                    last = id;
                    items.push(Item::Event(event, Origin::Remote));
                }
                Err(why) => {
                    self.report.rejected = self.report.rejected.saturating_add(1);
                    self.server.skipped(&why);
                    if let Some(first) = first.take() {
                        let items = std::mem::take(&mut items);
                        self.commit(stream, items, (first, last)).await?;
                    }
                }
            }
        }
        match first {
            Some(first) => self.commit(stream, items, (first, ends.1)).await,
            None => Ok(()),
        }
    }

    async fn commit(
        &mut self,
        stream: &EventStream,
        items: Vec<Item>,
        covers: Interval,
    ) -> Result<()> {
        for outcome in stream.append(items, Some(covers)).await? {
            let count = match outcome {
                Outcome::Accepted(_) => &mut self.report.accepted,
                Outcome::Replaced(_) => &mut self.report.replaced,
                Outcome::Double => &mut self.report.doubles,
                Outcome::Rejected(_) => &mut self.report.rejected,
            };
            *count = count.saturating_add(1);
        }
        Ok(())
    }
}

fn of_v0((id, event): (Position, Event)) -> std::result::Result<(Position, Event), String> {
    match event.dialect() {
        Some(Dialect::V0) => Ok((id, event)),
        _ => Err("it is neither an action nor an observation".to_owned()),
    }
}
