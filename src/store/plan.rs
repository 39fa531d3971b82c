//! What a commit will change: where each event goes.

use std::rc::Rc;

use super::blocks::Block;
use super::commit::{Claim, Item, Outcome};
use super::coverage::Interval;
use super::log::{Log, Shared, text_id};
use super::state::State;
use crate::backend::{Table, Write};
use crate::error::{Error, Result};
use crate::event::{Dialect, EventId, MAX_ID, Position, stamp};
use crate::page::{Entry, Origin, Page, Signatures};
use crate::sorted_map::SortedMap;

/// So many numbers of pages a millisecond is worth: they stay below 2^53 until the year 2109.
const PAGES_A_MILLISECOND: i64 = 2048;

/// The longest text of an event that a log takes, in bytes: what is in a log fits into an archive.
pub const LONGEST_EVENT: usize = 100 << 20;

/// A commit, worked out but not done: the state after it and the writes that lead there.
pub(crate) struct Plan {
    pub(crate) next: State,
    pub(crate) writes: Vec<Write>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Accepted and replaced entries in order of arrival.
    pub(crate) committed: Vec<Entry>,
    pub(crate) sealed: Vec<(i64, Rc<Page>)>,
    /// The signatures beside those of pages before them, as they are written.
    pub(super) signed: Option<(Block, Rc<Signatures>)>,
    /// The numbers of pages that are no more.
    pub(crate) gone: Vec<i64>,
    /// Those of them that are damaged or missing. Another tab may just have replaced them; then
    /// this commit conflicts with that one.
    pub(crate) given_up: Vec<i64>,
    /// Those of them whose range no other page covers.
    pub(super) uncovered: Vec<i64>,
    /// What lay above this position is taken away.
    pub(crate) truncated: Option<Position>,
    /// It was made from a state that another tab has changed since: it must not be carried out.
    pub(crate) stale: bool,
    /// It only adds records to the tail: nothing that is stored is relied on but that they aren't
    /// there yet.
    pub(super) appends: bool,
    /// The state was read just now, so a page that is missing is lost.
    pub(super) fresh_state: bool,
    /// Positions of the events with string ids in this commit.
    pending: SortedMap<Box<str>, Position>,
    /// Entries for pages, by page number.
    late: SortedMap<i64, SortedMap<Position, Entry>>,
    /// Positions in the tail that are new or changed.
    fresh: SortedMap<Position, ()>,
    /// Where the item before is, or would be, of those whose neighbor is known.
    pub(super) previous: Option<Position>,
    /// The stretches between neighbors.
    pub(super) links: Vec<Interval>,
}

impl Plan {
    /// One that changes nothing yet.
    pub(super) fn of(log: &Log, fresh_state: bool) -> Plan {
        Plan {
            next: (*log.snapshot()).clone(),
            stale: false,
            fresh_state,
            appends: false,
            truncated: None,
            pending: SortedMap::default(),
            writes: Vec::new(),
            outcomes: Vec::new(),
            committed: Vec::new(),
            sealed: Vec::new(),
            signed: None,
            gone: Vec::new(),
            given_up: Vec::new(),
            uncovered: Vec::new(),
            late: SortedMap::default(),
            fresh: SortedMap::default(),
            previous: None,
            links: Vec::new(),
        }
    }

    pub(crate) async fn make(
        log: &Log,
        items: &[&Item],
        claims: &[&Claim],
        fresh_state: bool,
    ) -> Result<Plan> {
        let mut plan = Plan::of(log, fresh_state);
        let is_new = plan.next.stored.is_none() && plan.next.pages.is_empty();
        let degraded = log.shared.fallback.is_degraded();
        if is_new || degraded {
            // In the database other pages get the numbers that a log in memory would come to.
            let apart = if degraded { PAGES_A_MILLISECOND / 2 } else { 0 };
            let first = log.shared.first_page().saturating_add(apart);
            plan.next.record.next_page = plan.next.record.next_page.max(first);
        }
        plan.take_in(log, items).await?;
        for Claim { complete, given } in claims {
            if given.iter().all(|position| plan.next.contains(*position)) {
                for (first, last) in complete {
                    plan.next.record.coverage.add(*first, *last);
                }
            }
        }
        plan.linked();
        let covered = plan.next.record.coverage != log.snapshot().record.coverage;
        if !plan.writes.is_empty() || covered {
            plan.appends = !covered && !degraded && plan.only_appends(log, items);
            plan.finish(log);
        }
        Ok(plan)
    }

    /// Finds each item its place, and says what that changes besides the conversation's record.
    pub(super) async fn take_in(&mut self, log: &Log, items: &[&Item]) -> Result<()> {
        for item in items {
            let after = item.after();
            let before = after.and_then(|after| self.before(after));
            let mut entry = self.entry(log, item);
            if let Ok(new) = &mut entry
                && let Some(EventId::Text(id)) = &new.event.header.id
            {
                let known = match self.pending.get(id) {
                    Some(position) => Some(*position),
                    None => stored(log, id).await,
                };
                new.position = known.unwrap_or(new.position);
            }
            let outcome = match entry.and_then(placed) {
                Ok(entry) => {
                    let position = entry.position;
                    let outcome = self.place(log, entry).await?;
                    if let Some(after) = after {
                        self.link(after, before, position);
                    }
                    outcome
                }
                Err(why) => {
                    // Nothing is complete across a place that stays free.
                    let place = before.map(|before| before.saturating_add(1));
                    self.previous = place.filter(|place| !self.is_taken(*place));
                    Outcome::Rejected(why)
                }
            };
            if let Outcome::Accepted(entry) | Outcome::Replaced(entry) = &outcome {
                let id = text_id(entry).map(|id| (id.into(), entry.position));
                self.pending.extend(id);
                self.committed.push(entry.clone());
            }
            self.outcomes.push(outcome);
        }
        for (number, entries) in std::mem::take(&mut self.late).into_entries() {
            self.rewrite(log, number, entries).await?;
        }
        self.seal(log);
        self.index(log).await?;
        let tail = std::mem::take(&mut self.fresh);
        for entry in tail
            .entries()
            .iter()
            .filter_map(|(position, ())| self.next.tail.get(position))
        {
            self.writes.push(Write::Put(
                Table::Tail,
                log.key(entry.position),
                entry.encode(),
            ));
        }
        Ok(())
    }

    /// The item as an entry of this log, or why it can't be one. One with a string id has the place of
    /// a new event.
    fn entry(&mut self, log: &Log, item: &Item) -> std::result::Result<Entry, String> {
        let last = self.next.last();
        let mut version = 0;
        let mut place = None;
        let (event, origin) = match item {
            Item::Event(event, origin) | Item::Follows(event, origin, _) => {
                (Rc::clone(event), *origin)
            }
            Item::Entry(entry) => {
                version = entry.version;
                place = Some(entry.position);
                (Rc::clone(&entry.event), entry.origin)
            }
            Item::Unusable(why, _) => return Err(why.clone()),
            Item::New {
                json,
                id,
                timestamp,
                source,
            } => {
                let after = last.map_or(0, |last| last.saturating_add(1).max(0));
                let id = id.clone().unwrap_or(EventId::Number(after));
                let event = stamp(json, &id, timestamp, source).map_err(|why| why.to_string())?;
                (Rc::new(event), Origin::Local)
            }
        };
        let dialect = event
            .dialect()
            .ok_or("it has neither the keys of V0 nor those of V1")?;
        if let Some(of_log) = self.next.record.dialect
            && of_log != dialect
        {
            return Err(format!(
                "the conversation holds {} events, this one is {}",
                name(of_log),
                name(dialect)
            ));
        }
        let event = log.secrets.borrow().mask(event);
        // What is stored already stays.
        if place.is_none() && event.text.len() > LONGEST_EVENT {
            return Err(format!("it has more than {LONGEST_EVENT} bytes"));
        }
        let position = match &event.header.id {
            Some(EventId::Number(id)) if (0..=MAX_ID).contains(id) => *id,
            Some(EventId::Text(_)) => place
                .filter(|place| !self.is_taken(*place))
                .or_else(|| item.after().and_then(|after| self.place_after(after)))
                .unwrap_or_else(|| last.map_or(0, |last| last.saturating_add(1))),
            _ => return Err("it has no usable id".into()),
        };
        self.next.record.dialect = Some(dialect);
        Ok(Entry {
            position,
            origin,
            version,
            event,
        })
    }

    /// Whether an event stands at this position, or will once the commit is done.
    pub(super) fn is_taken(&self, position: Position) -> bool {
        let page = self.next.page_for(position);
        let page = page.and_then(|index| self.next.pages.get(index));
        let late = page.and_then(|page| self.late.get(&page.number));
        self.next.contains(position) || late.is_some_and(|late| late.contains_key(&position))
    }

    /// The page's events; `None` where it is damaged, or where the plan is stale.
    pub(super) async fn page(&mut self, log: &Log, number: i64) -> Result<Option<Rc<Page>>> {
        if log.is_damaged(number) {
            return Ok(None);
        }
        match log.page(number).await {
            Ok(None) => {
                self.stale = !self.fresh_state;
                Ok(None)
            }
            Err(why) if matches!(*why, Error::Corrupt(_)) => Ok(None),
            other => other,
        }
    }

    async fn place(&mut self, log: &Log, mut entry: Entry) -> Result<Outcome> {
        let position = entry.position;
        if let Some(index) = self.next.page_for(position) {
            let Some(summary) = self.next.pages.get(index).map(Rc::clone) else {
                return Err(Error::Corrupt("the page index".into()).into());
            };
            let late = self
                .late
                .get(&summary.number)
                .and_then(|late| late.get(&position));
            let known = match late {
                Some(entry) => Some(entry.clone()),
                None if !summary.contains(position) => self.next.stray(position).cloned(),
                None if entry.origin <= summary.weakest && !log.is_damaged(summary.number) => {
                    return Ok(Outcome::Double);
                }
                None => match self.page(log, summary.number).await? {
                    Some(page) => {
                        let index = page.positions().binary_search(&position);
                        index.ok().map(|index| page.entry(index)).transpose()?
                    }
                    None => None,
                },
            };
            let outcome = judge(known.as_ref(), &mut entry);
            if let Outcome::Accepted(_) | Outcome::Replaced(_) = outcome
                && let Some(late) = self.late.or_default(summary.number)
            {
                late.insert(position, entry);
            }
            return Ok(outcome);
        }
        let known = self.next.tail.get(&position);
        let outcome = judge(known, &mut entry);
        if let Outcome::Accepted(_) | Outcome::Replaced(_) = outcome {
            let before = known.map_or(0, Entry::len);
            let bytes = self.next.tail_bytes.saturating_sub(before);
            self.next.tail_bytes = bytes.saturating_add(entry.len());
            self.next.tail.insert(position, entry);
            self.fresh.insert(position, ());
        }
        Ok(outcome)
    }
}

impl Shared {
    /// The number of a new conversation's first page. Where a conversation is deleted and comes
    /// again, nobody must take its new pages for the old ones, even within a millisecond.
    fn first_page(&self) -> i64 {
        let now = self.clock.now().max(0.0) as i64;
        let after = self.begun.get().saturating_add(1);
        self.begun.set(now.max(after));
        self.begun.get().saturating_mul(PAGES_A_MILLISECOND)
    }
}

/// Refuses an entry that is behind the last place of a log.
fn placed(entry: Entry) -> std::result::Result<Entry, String> {
    match entry.position > MAX_ID {
        true => Err("no place is left behind the last event".into()),
        false => Ok(entry),
    }
}

/// The position of the event with this id. One that can't be read is taken for it by its hash.
async fn stored(log: &Log, id: &str) -> Option<Position> {
    for place in log.places(id) {
        match log.entry_now(place).await {
            Ok(Some(entry)) if text_id(&entry) != Some(id) => {}
            _ => return Some(place),
        }
    }
    None
}

/// Whether an entry is new, better than the one that is there, or a double of it.
fn judge(known: Option<&Entry>, entry: &mut Entry) -> Outcome {
    match known {
        None => Outcome::Accepted(entry.clone()),
        Some(known) if entry.origin > known.origin && entry.event.text != known.event.text => {
            entry.version = entry.version.max(known.version.saturating_add(1));
            Outcome::Replaced(entry.clone())
        }
        Some(_) => Outcome::Double,
    }
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::V0 => "V0",
        Dialect::V1 => "V1",
    }
}
