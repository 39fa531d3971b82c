//! A log's gaps filled from the server.

use std::rc::Rc;

use super::agent_server::{STATE, another_history, read_page, search_path};
use super::page::{Asked, Page};
use super::server::{Answered, Server};
use crate::error::{Error, Result};
use crate::event::{Dialect, Event, EventId, MAX_ID, Position};
use crate::filter::EventFilter;
use crate::page::Origin;
use crate::store::{After, Interval, Item, Log, Outcome, SearchOptions};
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
    server: Server,
    /// Where the next gap is looked for; what lies below was asked for.
    at: Option<Position>,
    /// No gap above it is looked for.
    to: Position,
    limit: i64,
    ended: bool,
    /// V0: gaps that lie this close to the end are asked for at once, with what is between them.
    near: i64,
    /// A log that has no event yet is of V1: as far as is known before, and by the server's answers.
    expected: bool,
    v1: bool,
    /// V0: the server has yet to show that it has the conversation, and in it the newest event that
    /// is known.
    distrusts: bool,
    walk: Walk,
    report: SyncReport,
}

/// Items to write at once, and the stretch in which nothing is missing then.
type Run = (Vec<Item>, Option<Interval>);

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

fn gone(known: &Event) -> Box<Error> {
    let id = known.header.id.as_ref().map(ToString::to_string);
    another_history(&id.unwrap_or_default())
}

/// Where an answer leads.
enum Then {
    /// To what comes after a position, or to the end.
    From(Position, bool),
    /// The id of its last event, how much comes after that and can't be kept, and the id of the next
    /// page.
    Page(Option<EventId>, Position, Option<Box<str>>),
}

impl Then {
    /// Whether nothing of what was asked for is left.
    fn covers(&self, ask: &Ask) -> bool {
        match (self, ask) {
            (Then::From(end, ended), Ask::Stretch(_, (_, last), _)) => *ended || end >= last,
            _ => true,
        }
    }
}

/// Where a V1 sync is.
#[derive(Default)]
struct Walk {
    /// The next page's id, and what comes before it.
    next: Option<(Box<str>, Position)>,
    /// The pages that were asked for: a server must not lead in circles.
    asked: Vec<Box<str>>,
    /// The end was reached, but there are newer events here: it is looked for once more.
    again: bool,
}

/// One request.
enum Ask {
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
    fn turns_v1(&mut self, log: &Log) -> bool {
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
                        self.go_on(log, ask, then);
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

    /// An answer's events in runs, and where they lead.
    fn read(&mut self, log: &Log, text: &str, ask: &Ask) -> Result<(Vec<Run>, Then)> {
        match ask {
            Ask::Stretch(asked, (first, last), known) => {
                let mut page = asked.read(text)?;
                let only_v1 = page.is_v1 && page.events.iter().all(std::result::Result::is_err);
                if only_v1 && self.turns_v1(log) {
                    return Ok((Vec::new(), Then::From((-MAX_ID).saturating_sub(1), false)));
                }
                let after = asked.after(&page).map_or(*first, |asked| asked.low);
                if let Some(known) = known {
                    let same = |event: &Event| {
                        event.header.id == known.header.id
                            && event.header.timestamp == known.header.timestamp
                    };
                    let mut events = page.events.into_iter();
                    if !matches!(events.next(), Some(Ok((_, event))) if same(&event)) {
                        return Err(gone(known));
                    }
                    page.events = events.collect();
                    self.distrusts = false;
                }
                let open = asked.high.is_none();
                let ended = open && !page.has_more;
                let end = if page.has_more || open {
                    after.saturating_sub(1)
                } else {
                    *last
                };
                Ok((self.runs(page, (*first, end)), Then::From(end, ended)))
            }
            Ask::Page { id, known, after } => {
                if let Some(id) = id
                    && self.walk.asked.contains(id)
                {
                    let why = "its pages lead in circles".to_owned();
                    return Err(Error::BadAnswer(why).into());
                }
                let page = read_page(text, id.as_deref(), *known)?;
                let (mut items, mut last, mut lost) = (Vec::new(), None, 0i64);
                let mut after = *after;
                for found in page.events {
                    self.report.events = self.report.events.saturating_add(1);
                    items.push(match found.and_then(of_v1) {
                        Ok(event) => {
                            (last, lost) = (event.header.id.clone(), 0);
                            Item::follows(event, Origin::Remote, after)
                        }
                        Err(why) => {
                            lost = lost.saturating_add(1);
                            self.server.skipped(&why);
                            Item::Unusable(why, after)
                        }
                    });
                    after = After::Item;
                }
                Ok((vec![(items, None)], Then::Page(last, lost, page.next)))
            }
        }
    }

    /// Takes in where a page leads, once it is written.
    fn go_on(&mut self, log: &Rc<Log>, ask: &Ask, then: Then) {
        let (last, lost, next) = match then {
            Then::From(end, ended) => {
                self.at = Some(end.saturating_add(1));
                self.ended = ended;
                return;
            }
            Then::Page(last, lost, next) => (last, lost, next),
        };
        self.walk.next = None;
        let mut before = None;
        if let Ask::Page { id, after, .. } = ask {
            self.walk.asked.extend(id.clone());
            if let After::Event(at) = after {
                before = Some(*at);
            }
        }
        let last = last.and_then(|id| log.position_of(&id)).or(before);
        let Some(last) = last else {
            // There is nothing at all, or nothing that can be kept.
            self.ended = next.is_none();
            let before = log.snapshot().before_first().saturating_add(lost);
            self.walk.next = next.map(|next| (next, before));
            return;
        };
        let last = last.saturating_add(lost);
        self.at = Some(last.saturating_add(1));
        let (gap, newest) = (
            log.record().coverage.gaps(last.saturating_add(1), MAX_ID),
            log.latest_position(),
        );
        let adjoins = gap
            .first()
            .is_some_and(|(first, _)| *first == last.saturating_add(1));
        match next {
            Some(next) if adjoins => self.walk.next = Some((next, last)),
            Some(_) => {}
            None if adjoins && newest.is_some_and(|newest| newest > last) && !self.walk.again => {
                self.walk.again = true;
                self.walk.asked.clear();
            }
            None => self.ended = true,
        }
    }

    /// A page's events in runs, each with the stretch in which nothing is missing. Where something
    /// can't be read, which may have had any id there, one run ends and the next begins.
    fn runs(&mut self, page: Page, ends: Interval) -> Vec<Run> {
        let mut runs = Vec::new();
        let mut items = Vec::new();
        let (mut first, mut last) = (Some(ends.0), ends.0.saturating_sub(1));
        for found in page.events {
            self.report.events = self.report.events.saturating_add(1);
            match found.and_then(of_v0) {
                Ok((id, event)) => {
                    first.get_or_insert(id);
                    last = id;
                    items.push(Item::event(event, Origin::Remote));
                }
                Err(why) => {
                    self.report.rejected = self.report.rejected.saturating_add(1);
                    self.server.skipped(&why);
                    let run = first.take().map(|first| (first, last));
                    runs.extend(run.map(|run| (std::mem::take(&mut items), Some(run))));
                }
            }
        }
        runs.extend(first.map(|first| (items, Some((first, ends.1)))));
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
        let whole = self.report.gaps.is_empty() && self.report.rejected == 0;
        self.report.complete = self.ended && whole;
        (self.report.clone(), self.ended)
    }
}

/// What a V1 server answers at the address of V0's pages: there it wants ids in a body, or redirects.
fn wants_v1(why: &Error) -> bool {
    matches!(why, Error::Refused(0 | 405 | 422))
}

fn of_v1(event: Event) -> std::result::Result<Event, String> {
    match event.dialect() {
        Some(Dialect::V1) => Ok(event),
        _ => Err("it is no V1 event".to_owned()),
    }
}

fn of_v0((id, event): (Position, Event)) -> std::result::Result<(Position, Event), String> {
    match event.dialect() {
        Some(Dialect::V0) => Ok((id, event)),
        _ => Err("it is neither an action nor an observation".to_owned()),
    }
}
