//! What a commit will change: where each event goes, which pages are sealed or made anew.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::commit::{Item, Outcome};
use super::log::{Log, State};
use crate::backend::{Table, Write};
use crate::error::{Error, Result};
use crate::event::{Dialect, Event, EventId, MAX_ID, Position, stamp};
use crate::page::{Entry, Origin, Page};

/// A commit, worked out but not done: the state after it and the writes that lead there.
pub(crate) struct Plan {
    pub(crate) next: State,
    pub(crate) writes: Vec<Write>,
    pub(crate) outcomes: Vec<Outcome>,
    /// Accepted and replaced entries in order of arrival.
    pub(crate) committed: Vec<Entry>,
    pub(crate) sealed: Vec<(i64, Rc<Page>)>,
    /// The numbers of pages that are no more.
    pub(crate) gone: Vec<i64>,
    /// Entries for pages, by page number.
    late: BTreeMap<i64, BTreeMap<Position, Entry>>,
    /// Positions in the tail that are new or changed.
    fresh: BTreeSet<Position>,
}

impl Plan {
    pub(crate) async fn make(
        log: &Log,
        items: &[Item],
        covers: &[(Position, Position)],
    ) -> Result<Plan> {
        let mut plan = Plan {
            next: (*log.snapshot()).clone(),
            writes: Vec::new(),
            outcomes: Vec::with_capacity(items.len()),
            committed: Vec::new(),
            sealed: Vec::new(),
            gone: Vec::new(),
            late: BTreeMap::new(),
            fresh: BTreeSet::new(),
        };
        for item in items {
            let outcome = match plan.entry(log, item) {
                Ok(entry) => plan.place(log, entry).await?,
                Err(why) => Outcome::Rejected(why),
            };
            if let Outcome::Accepted(entry) | Outcome::Replaced(entry) = &outcome {
                plan.committed.push(entry.clone());
            }
            plan.outcomes.push(outcome);
        }
        for (number, entries) in std::mem::take(&mut plan.late) {
            plan.rewrite(log, number, entries).await?;
        }
        plan.seal(log);
        let tail = std::mem::take(&mut plan.fresh);
        for entry in tail
            .iter()
            .filter_map(|position| plan.next.tail.get(position))
        {
            plan.writes.push(Write::Put(
                Table::Tail,
                log.key(entry.position),
                entry.encode(),
            ));
        }
        for (first, last) in covers {
            plan.next.record.coverage.add(*first, *last);
        }
        let covered = plan.next.record.coverage != log.snapshot().record.coverage;
        if !plan.writes.is_empty() || covered {
            plan.finish(log);
        }
        Ok(plan)
    }

    /// The item as an entry of this log, or why it can't be one.
    fn entry(&mut self, log: &Log, item: &Item) -> std::result::Result<Entry, String> {
        let last = self.next.last();
        let (event, origin) = match item {
            Item::Event(event, origin) => (event.clone(), *origin),
            Item::New {
                json,
                id,
                timestamp,
                source,
            } => {
                let after = last.map_or(0, |last| last.saturating_add(1).max(0));
                let id = id.clone().unwrap_or(EventId::Number(after));
                let event = stamp(json, &id, timestamp, source).map_err(|why| why.to_string())?;
                (event, Origin::Local)
            }
        };
        let dialect = event
            .dialect()
            .ok_or("it has neither the keys of V0 nor those of V1")?;
        match self.next.record.dialect {
            None => self.next.record.dialect = Some(dialect),
            Some(of_log) if of_log != dialect => {
                return Err(format!(
                    "the conversation holds {} events, this one is {}",
                    name(of_log),
                    name(dialect)
                ));
            }
            Some(_) => {}
        }
        let event = log.secrets.borrow().mask(event);
        let position = match &event.header.id {
            Some(EventId::Number(id)) if (0..=MAX_ID).contains(id) => *id,
            Some(EventId::Text(text)) => self
                .pending(text)
                .or_else(|| log.position_of(&EventId::Text(text.clone())))
                .unwrap_or_else(|| last.map_or(0, |last| last.saturating_add(1))),
            _ => return Err("it has no usable id".into()),
        };
        Ok(Entry {
            position,
            origin,
            version: 0,
            event: Rc::new(event),
        })
    }

    /// The position of an event with this string id among those of this commit.
    fn pending(&self, id: &str) -> Option<Position> {
        let same = |event: &Event| matches!(&event.header.id, Some(EventId::Text(t)) if **t == *id);
        self.committed
            .iter()
            .find(|entry| same(&entry.event))
            .map(|entry| entry.position)
    }

    async fn place(&mut self, log: &Log, mut entry: Entry) -> Result<Outcome> {
        let position = entry.position;
        if let Some(index) = self.next.page_for(position) {
            let Some(summary) = self.next.pages.get(index).map(Rc::clone) else {
                return Err(Error::Corrupt("the page index".into()));
            };
            let late = self
                .late
                .get(&summary.number)
                .and_then(|late| late.get(&position));
            let known = match late {
                Some(entry) => Some(entry.clone()),
                None if !summary.contains(position) => None,
                None if entry.origin <= summary.weakest => return Ok(Outcome::Double),
                None => match log.page(summary.number).await {
                    Ok(Some(page)) => {
                        let index = page.positions().binary_search(&position);
                        index.ok().map(|index| page.entry(index)).transpose()?
                    }
                    // Another tab has replaced it: the commit will conflict and start over.
                    Ok(None) => return Ok(Outcome::Double),
                    Err(why @ Error::Corrupt(_)) => return Ok(Outcome::Rejected(why.to_string())),
                    Err(why) => return Err(why),
                },
            };
            let outcome = judge(known.as_ref(), &mut entry);
            if let Outcome::Accepted(_) | Outcome::Replaced(_) = outcome {
                self.late
                    .entry(summary.number)
                    .or_default()
                    .insert(position, entry);
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
            self.fresh.insert(position);
        }
        Ok(outcome)
    }

    /// Makes a page anew with late entries in it. It gets new numbers, as pages never change.
    async fn rewrite(
        &mut self,
        log: &Log,
        number: i64,
        late: BTreeMap<Position, Entry>,
    ) -> Result<()> {
        let Some(page) = log.page(number).await? else {
            return Ok(());
        };
        let mut entries: BTreeMap<Position, Entry> = page
            .entries()?
            .into_iter()
            .map(|entry| (entry.position, entry))
            .collect();
        entries.extend(late);
        let entries: Vec<Entry> = entries.into_values().collect();
        self.gone.push(number);
        self.writes
            .push(Write::Delete(Table::Pages, log.key(number)));
        self.writes
            .push(Write::Delete(Table::Summaries, log.key(number)));
        self.next.pages.retain(|page| page.number != number);
        let limit = log
            .shared
            .page_bytes
            .saturating_add(log.shared.page_bytes / 2);
        let bytes = entries
            .iter()
            .map(Entry::len)
            .fold(0, usize::saturating_add);
        let target = if bytes <= limit {
            limit
        } else {
            log.shared.page_bytes
        };
        for run in runs(&entries, target, log.shared.page_events) {
            self.add_page(log, run);
        }
        self.next.pages.sort_by_key(|page| page.first());
        Ok(())
    }

    /// Moves what fills whole pages out of the tail.
    fn seal(&mut self, log: &Log) {
        let (target, most) = (log.shared.page_bytes, log.shared.page_events);
        if self.next.tail_bytes < target && self.next.tail.len() < most {
            return;
        }
        let tail: Vec<Entry> = std::mem::take(&mut self.next.tail).into_values().collect();
        let mut rest = 0usize;
        for run in runs(&tail, target, most) {
            let bytes = run.iter().map(Entry::len).fold(0, usize::saturating_add);
            if bytes >= target || run.len() >= most {
                self.add_page(log, run);
                rest = rest.saturating_add(run.len());
            }
        }
        let stored = &log.snapshot().tail;
        let (sealed, open) = tail.split_at_checked(rest).unwrap_or((&[], &tail));
        if let (Some(first), Some(last)) = (sealed.first(), sealed.last())
            && stored
                .range(first.position..=last.position)
                .next()
                .is_some()
        {
            let from = log.key(first.position);
            self.writes
                .push(Write::DeleteRange(Table::Tail, from, last.position));
        }
        self.next.tail_bytes = open.iter().map(Entry::len).fold(0, usize::saturating_add);
        self.next.tail = open
            .iter()
            .map(|entry| (entry.position, entry.clone()))
            .collect();
    }

    fn add_page(&mut self, log: &Log, entries: &[Entry]) {
        let number = self.next.record.next_page;
        self.next.record.next_page = number.saturating_add(1);
        let page = Rc::new(Page::new(entries));
        let summary = page.summary(number);
        self.writes
            .push(Write::Put(Table::Pages, log.key(number), page.encode()));
        self.writes.push(Write::Put(
            Table::Summaries,
            log.key(number),
            summary.encode(),
        ));
        self.next.pages.push(Rc::new(summary));
        self.sealed.push((number, page));
    }

    /// Brings the record up to date.
    fn finish(&mut self, log: &Log) {
        let before = log.snapshot();
        let range = self.next.first().zip(self.next.last());
        let record = &mut self.next.record;
        record.range = range;
        for outcome in &self.outcomes {
            if let Outcome::Accepted(entry) = outcome {
                record.events = record.events.saturating_add(1);
                if let Some(timestamp) = &entry.event.header.timestamp {
                    let first = record
                        .first_timestamp
                        .get_or_insert_with(|| timestamp.clone());
                    *first = std::mem::take(first).min(timestamp.clone());
                    let last = record
                        .last_timestamp
                        .get_or_insert_with(|| timestamp.clone());
                    *last = std::mem::take(last).max(timestamp.clone());
                }
            }
        }
        let pages = self
            .next
            .pages
            .iter()
            .map(|page| page.bytes)
            .fold(0, u64::saturating_add);
        record.bytes = pages.saturating_add(self.next.tail_bytes as u64);
        record.generation = before.record.generation.saturating_add(1);
        record.last_access = log.shared.clock.now();
        let bytes = record.encode();
        self.writes
            .push(Write::Put(Table::Conversations, log.key(0), bytes.clone()));
        self.next.stored = Some(bytes);
    }
}

/// Whether an entry is new, better than the one that is there, or a double of it.
fn judge(known: Option<&Entry>, entry: &mut Entry) -> Outcome {
    match known {
        None => Outcome::Accepted(entry.clone()),
        Some(known) if entry.origin > known.origin && entry.event.text != known.event.text => {
            entry.version = known.version.saturating_add(1);
            Outcome::Replaced(entry.clone())
        }
        Some(_) => Outcome::Double,
    }
}

/// Cuts entries into runs that each reach `bytes` or hold `events`, the last one excepted.
fn runs(entries: &[Entry], bytes: usize, events: usize) -> impl Iterator<Item = &[Entry]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut size = 0usize;
        let full = rest.iter().take(events).position(|entry| {
            size = size.saturating_add(entry.len());
            size >= bytes
        });
        let len = full.map_or(rest.len().min(events), |last| last.saturating_add(1));
        let (run, after) = rest.split_at_checked(len)?;
        rest = after;
        (!run.is_empty()).then_some(run)
    })
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::V0 => "V0",
        Dialect::V1 => "V1",
    }
}
