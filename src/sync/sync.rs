//! A log's gaps filled from the server.

use std::rc::Rc;

use super::agent_server::{STATE, search_path};
use super::page::Asked;
use super::server::{Answered, Server};
use crate::error::{Error, Result};
use crate::event::{Dialect, Event, EventId, MAX_ID, Position};
use crate::filter::EventFilter;
use crate::store::{After, Interval, Log, Outcome, SearchOptions};
use crate::stream::EventStream;

/// The most events that the server gives at once.
const PAGE: i64 = 100;

/// So many events may come once more where that saves requests while a connection is live.
const FEW: i64 = 20;

/// So many gaps are asked for at the same time, as many as a browser has connections for.
const AT_ONCE: usize = 6;

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
    /// The end is reached, nothing is missing and nothing was rejected.
    pub complete: bool,
    /// What is not known to be complete.
    pub gaps: Vec<Interval>,
}

/// A sync under way: it asks for pages, writes their events together with what they prove, and so
/// on. Whatever ends it, what is written stays, and another one asks for the rest only.
pub struct Sync {
    pub(super) server: Server,
    /// Where the next gap is looked for; what lies below was asked for.
    pub(super) at: Option<Position>,
    /// No gap above it is looked for.
    pub(super) to: Position,
    pub(super) limit: i64,
    pub(super) ended: bool,
    /// V0: gaps that lie this close to the end are asked for at once, with what is between them.
    pub(super) near: i64,
    /// A log that has no event yet is of V1: as far as is known before, and by the server's answers.
    pub(super) expected: bool,
    pub(super) v1: bool,
    /// V0: the server has yet to show that it has the conversation, and in it the newest event that
    /// is known.
    pub(super) distrusts: bool,
    pub(super) walk: Walk,
    pub(super) report: SyncReport,
}

/// The newest event below a position that the server keeps.
async fn before(log: &Rc<Log>, position: Position) -> Result<Option<(Position, Event)>> {
    let below = SearchOptions {
        start_id: Some(-MAX_ID),
        end_id: Some(position.saturating_sub(1)),
        reverse: true,
        limit: Some(1),
        filter: Some(EventFilter {
            exclude_types: vec![STATE.to_owned()],
            ..EventFilter::default()
        }),
    };
    let found = log.search(&below).next(1).await?;
    Ok(found.and_then(|batch| {
        let event = Event::from_canonical(batch.texts().next()?.into()).ok()?;
        Some((*batch.positions.first()?, event))
    }))
}

fn text_id(event: &Event) -> Option<Box<str>> {
    match &event.header.id {
        Some(EventId::Text(id)) => Some(id.clone()),
        _ => None,
    }
}

/// Where a V1 sync is.
#[derive(Default)]
pub(super) struct Walk {
    /// The next page's id, and what comes before it.
    pub(super) next: Option<(Box<str>, Position)>,
    /// The pages that were asked for: a server must not lead in circles.
    pub(super) asked: Vec<Box<str>>,
    /// The end was reached, but there are newer events here: it is looked for once more.
    pub(super) again: bool,
}

/// One request.
pub(super) enum Ask {
    /// In a stretch of a V0 log; at its end from a known event on.
    Stretch(Asked, Interval, Option<Event>),
    /// From an event on; `known`: it is in the log.
    Page {
        id: Option<Box<str>>,
        known: bool,
        after: After,
    },
}

impl Sync {
    /// Prepares a sync from a server; nothing is asked yet.
    #[must_use]
    pub fn new(server: Server) -> Sync {
        Sync {
            server,
            at: None,
            to: MAX_ID,
            limit: PAGE,
            ended: false,
            near: 0,
            expected: false,
            v1: false,
            distrusts: false,
            walk: Walk::default(),
            report: SyncReport::default(),
        }
    }

    /// What a log is that has no event yet, where the server's answers don't say it.
    pub(crate) fn expect(&mut self, v1: bool) {
        self.expected = v1;
        self.v1 |= v1;
    }

    /// Takes a log without events for one of V1, if it was not yet.
    pub(super) fn turns_v1(&mut self, log: &Log) -> bool {
        let turns = !self.v1 && log.record().dialect.is_none();
        self.v1 |= turns;
        turns
    }

    /// Looks for gaps once more: all of them, or in V0 those up to a position. A server that began
    /// anew, so that its ids mean other events, is found out.
    pub(crate) fn again(&mut self, to: Option<Position>) {
        self.distrusts = true;
        self.v1 = self.expected;
        self.near = if to.is_some() { FEW } else { PAGE };
        self.at = None;
        self.to = to.unwrap_or(MAX_ID);
        self.limit = PAGE;
        self.ended = false;
        self.walk = Walk::default();
    }

    /// Asks for one more page, or for one of each of several gaps, and writes what comes. Answers
    /// what was done so far, and whether that is all. After an error the same call asks again.
    ///
    /// # Errors
    /// `Network`, `Timeout`, `Refused` or `BadAnswer` of the server; or what the backend answers.
    pub async fn step(&mut self, stream: &EventStream) -> Result<(SyncReport, bool)> {
        let log = stream.log();
        if self.at.is_none() {
            // Another tab may have filled gaps.
            log.refresh().await?;
        }
        let asks = self.asks(log).await?;
        if asks.is_empty() {
            self.ended = true;
        }
        let paths: Vec<String> = asks.iter().map(|ask| self.path(ask)).collect();
        let answers = self.server.get_all(&paths).await;
        let limit = self.limit;
        // The stretches so far are whole.
        let mut whole = true;
        for (ask, answer) in asks.iter().zip(answers) {
            if answer.as_ref().is_err_and(|why| wants_v1(why)) && self.turns_v1(log) {
                self.at = None;
                continue;
            }
            match (answer?, ask) {
                (Answered::NotFound, Ask::Stretch(..)) if !self.distrusts => self.ended = true,
                (Answered::NotFound, _) => return Err(Error::Refused(404).into()),
                (Answered::TooLarge, _) if limit > 1 => {
                    self.limit = limit / 2;
                    whole = false;
                }
                (Answered::TooLarge, _) => {
                    return Err(Error::BadAnswer("it is too large".to_owned()).into());
                }
                (Answered::Text(text), _) => {
                    self.report.bytes = self.report.bytes.saturating_add(text.len() as u64);
                    let (runs, then) = self.read(log, &text, ask)?;
                    for (items, covers) in runs {
                        let outcomes = log.append(items, covers).await?;
                        outcomes.iter().for_each(|outcome| self.count(outcome));
                    }
                    if whole {
                        whole = then.covers(ask);
                        self.go_on(log, ask, then).await?;
                    }
                }
            }
        }
        Ok(self.told(log))
    }

    fn path(&self, ask: &Ask) -> String {
        match ask {
            Ask::Stretch(asked, ..) => asked.path(),
            Ask::Page { id, .. } => search_path(id.as_deref(), self.limit),
        }
    }

    /// What to ask for next, at the same time. Nothing where nothing is missing.
    async fn asks(&mut self, log: &Rc<Log>) -> Result<Vec<Ask>> {
        if self.ended {
            return Ok(Vec::new());
        }
        let mut asks: Vec<Ask> = self.ask(log).await?.into_iter().collect();
        let from = self.at;
        while asks.len() < AT_ONCE {
            let Some(Ask::Stretch(_, (_, last), _)) = asks.last() else {
                break;
            };
            // The one at the end depends on what is found before.
            self.at = Some(last.saturating_add(1));
            match self.ask(log).await? {
                Some(ask @ Ask::Stretch(Asked { high: Some(_), .. }, ..)) => asks.push(ask),
                _ => break,
            }
        }
        self.at = from;
        Ok(asks)
    }

    /// What to ask for next; `None` where nothing is missing.
    async fn ask(&mut self, log: &Rc<Log>) -> Result<Option<Ask>> {
        let v1 = match log.record().dialect {
            Some(dialect) => dialect == Dialect::V1,
            None => self.v1 || log.dialect() == Dialect::V1,
        };
        let begin = if v1 { -MAX_ID } else { 0 };
        let at = *self.at.get_or_insert(begin);
        let gap = log.record().coverage.gaps(at, self.to).into_iter().next();
        let Some((first, mut last)) = gap else {
            return Ok(None);
        };
        let near = log.latest_position().unwrap_or(-1).saturating_sub(first);
        if !v1 && near < self.near {
            last = self.to;
        }
        if let Some((id, before)) = self.walk.next.clone() {
            return Ok(Some(Ask::Page {
                id: Some(id),
                known: false,
                after: After::Event(before),
            }));
        }
        // The last gap has no end.
        let high = (last != MAX_ID).then_some(last);
        let found = match first {
            _ if first == begin => None,
            _ if v1 || (high.is_none() && self.distrusts) => before(log, first).await?,
            _ => None,
        };
        if v1 {
            let (id, after) = match found {
                Some((at, event)) => (text_id(&event), After::Event(at)),
                None => (None, After::Nothing),
            };
            let known = id.is_some();
            return Ok(Some(Ask::Page { id, known, after }));
        }
        let asked = Asked {
            low: found.as_ref().map_or(first, |(at, _)| *at),
            high,
            reverse: false,
            limit: Some(self.limit),
        };
        let known = found.map(|(_, event)| event);
        Ok(Some(Ask::Stretch(asked, (first, last), known)))
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
        let whole = self.report.gaps.is_empty() && self.report.rejected == 0;
        self.report.complete = self.ended && whole;
        (self.report.clone(), self.ended)
    }
}

/// What a V1 server answers at the address of V0's pages: there it wants ids in a body, or redirects.
fn wants_v1(why: &Error) -> bool {
    matches!(why, Error::Refused(0 | 405 | 422))
}
