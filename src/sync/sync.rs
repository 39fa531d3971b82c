//! A log's gaps filled from the server.

use super::page::{Asked, Page};
use super::server::{Answered, Server};
use crate::error::{Error, Result};
use crate::event::{Dialect, Event, MAX_ID, Position};
use crate::page::Origin;
use crate::store::{Interval, Item, Log, Outcome};
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
                    return Err(Error::InvalidArgument(why.to_owned()).into());
                }
                // Another tab may have filled gaps.
                log.refresh().await?;
                *self.at.insert(0)
            }
        };
        let gap = log.record().coverage.gaps(at, MAX_ID).into_iter().next();
        let Some((first, last)) = gap.filter(|_| !self.ended) else {
            self.ended = true;
            return Ok(self.told(log));
        };
        // The last gap has no end.
        let open = last == MAX_ID;
        let asked = Asked {
            low: first,
            high: (!open).then_some(last),
            reverse: false,
            limit: Some(self.limit),
        };
        match self.server.get(&asked.path()).await? {
            Answered::NotFound => self.ended = true,
            Answered::TooLarge if self.limit > 1 => self.limit /= 2,
            Answered::TooLarge => return Err(Error::BadAnswer("it is too large".to_owned()).into()),
            Answered::Text(text) => {
                self.report.bytes = self.report.bytes.saturating_add(text.len() as u64);
                let page = asked.read(&text)?;
                let ended = open && !page.has_more;
                let after = asked.after(&page).map_or(first, |asked| asked.low);
                let end = if page.has_more || open {
                    after.saturating_sub(1)
                } else {
                    last
                };
                for (items, covers) in self.runs(page, (first, end)) {
                    let outcomes = stream.append(items, Some(covers)).await?;
                    outcomes.iter().for_each(|outcome| self.count(outcome));
                }
                self.at = Some(end.saturating_add(1));
                self.ended = ended;
            }
        }
        Ok(self.told(log))
    }

    /// A page's events in runs, each with the stretch in which nothing is missing. Where something
    /// can't be read, which may have had any id there, one run ends and the next begins.
    fn runs(&mut self, page: Page, ends: Interval) -> Vec<(Vec<Item>, Interval)> {
        let mut runs = Vec::new();
        let mut items = Vec::new();
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
                    let run = first.take().map(|first| (first, last));
                    runs.extend(run.map(|run| (std::mem::take(&mut items), run)));
                }
            }
        }
        runs.extend(first.map(|first| (items, (first, ends.1))));
        runs
    }

    fn count(&mut self, outcome: &Outcome) {
        let count = match outcome {
            Outcome::Accepted(_) => &mut self.report.accepted,
            Outcome::Replaced(_) => &mut self.report.replaced,
            Outcome::Double => &mut self.report.doubles,
            Outcome::Rejected(_) => &mut self.report.rejected,
        };
        *count = count.saturating_add(1);
    }

    fn told(&mut self, log: &Log) -> (SyncReport, bool) {
        self.report.requests = self.server.requests();
        self.report.gaps = log.coverage().1;
        self.report.complete = self.ended && self.report.gaps.is_empty();
        (self.report.clone(), self.ended)
    }
}

fn of_v0((id, event): (Position, Event)) -> std::result::Result<(Position, Event), String> {
    match event.dialect() {
        Some(Dialect::V0) => Ok((id, event)),
        _ => Err("it is neither an action nor an observation".to_owned()),
    }
}
