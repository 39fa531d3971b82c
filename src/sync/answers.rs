//! What a sync makes of a server's answers.

use std::rc::Rc;

use super::agent_server::{another_history, read_page};
use super::page::Page;
use super::sync::{Ask, Sync};
use crate::error::{Error, Result};
use crate::event::{Dialect, Event, EventId, MAX_ID, Position};
use crate::page::Origin;
use crate::store::{After, Interval, Item, Log};

/// Items to write at once, and the stretch in which nothing is missing then.
pub(super) type Run = (Vec<Item>, Option<Interval>);

/// Where an answer leads.
pub(super) enum Then {
    /// To what comes after a position, or to the end.
    From(Position, bool),
    /// The id of its last event, how much comes after that and can't be kept, and the id of the next
    /// page.
    Page(Option<EventId>, Position, Option<Box<str>>),
}

impl Then {
    /// Whether nothing of what was asked for is left.
    pub(super) fn covers(&self, ask: &Ask) -> bool {
        match (self, ask) {
            (Then::From(end, ended), Ask::Stretch(_, (_, last), _)) => *ended || end >= last,
            _ => true,
        }
    }
}

impl Sync {
    /// An answer's events in runs, and where they lead.
    pub(super) fn read(&mut self, log: &Log, text: &str, ask: &Ask) -> Result<(Vec<Run>, Then)> {
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
    pub(super) async fn go_on(&mut self, log: &Rc<Log>, ask: &Ask, then: Then) -> Result<()> {
        let (last, lost, next) = match then {
            Then::From(end, ended) => {
                self.at = Some(end.saturating_add(1));
                self.ended = ended;
                return Ok(());
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
        let last = log.position_of(last.as_ref()).await?.or(before);
        let Some(last) = last else {
            // There is nothing at all, or nothing that can be kept.
            self.ended = next.is_none();
            let before = log.snapshot().before_first().saturating_add(lost);
            self.walk.next = next.map(|next| (next, before));
            return Ok(());
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
        Ok(())
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
}

fn gone(known: &Event) -> Box<Error> {
    let id = known.header.id.as_ref().map(ToString::to_string);
    another_history(&id.unwrap_or_default())
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
