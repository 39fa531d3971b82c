//! What a commit does to pages: the tail is sealed, late events are put among those of a page.

use std::rc::Rc;

use super::log::Log;
use super::plan::Plan;
use crate::backend::{Table, Write};
use crate::error::Result;
use crate::event::Position;
use crate::page::{Entry, Page, Summary};
use crate::sorted_map::SortedMap;

impl Plan {
    /// Makes a page anew with late entries in it. It gets new numbers, as pages never change. Of
    /// a damaged page only they are left, and what it covered is a gap.
    pub(super) async fn rewrite(
        &mut self,
        log: &Log,
        number: i64,
        late: SortedMap<Position, Entry>,
    ) -> Result<()> {
        let known = match self.page(log, number).await? {
            Some(page) => page.entries()?,
            None if self.stale => return Ok(()),
            None => {
                self.give_up(number);
                self.uncover(number);
                Vec::new()
            }
        };
        let mut entries: SortedMap<Position, Entry> = known
            .into_iter()
            .map(|entry| (entry.position, entry))
            .collect();
        entries.extend(late.into_entries());
        let entries: Vec<Entry> = entries.into_values();
        let replaced = self.take_away(log, number);
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
        let covers = |page: &Rc<Summary>| {
            let pages = &self.next.pages;
            let index = pages.partition_point(|other| other.last() < page.first());
            let other = pages.get(index);
            other.is_some_and(|other| other.first() <= page.last())
        };
        if !replaced.as_ref().is_some_and(covers) {
            self.uncovered.push(number);
        }
        Ok(())
    }

    pub(super) fn take_away(&mut self, log: &Log, number: i64) -> Option<Rc<Summary>> {
        self.gone.push(number);
        self.writes
            .push(Write::Delete(Table::Pages, log.key(number)));
        self.next.remove_page(number)
    }

    pub(super) fn give_up(&mut self, number: i64) {
        self.given_up.push(number);
        if let Some(page) = self.next.pages.iter().find(|page| page.number == number) {
            self.next.record.coverage.remove(page.first(), page.last());
        }
    }

    /// Takes note that a page's range may not be covered any more: its summary has to go, and those
    /// of the pages that it once replaced.
    pub(super) fn uncover(&mut self, number: i64) {
        let keys = self.next.blocks.iter().map(|block| block.key);
        self.uncovered.extend(keys.filter(|key| *key <= number));
        self.uncovered.push(number);
    }

    /// Moves what fills whole pages out of the tail.
    pub(super) fn seal(&mut self, log: &Log) {
        let (target, most) = (log.shared.page_bytes, log.shared.page_events);
        if self.next.tail_bytes < target && self.next.tail.len() < most {
            return;
        }
        let tail: Vec<Entry> = std::mem::take(&mut self.next.tail).into_values();
        let mut rest = 0usize;
        for run in runs(&tail, target, most) {
            let bytes = run.iter().map(Entry::len).fold(0, usize::saturating_add);
            // What is left when pages are sealed is one, too, rather than many small records.
            let is_rest = rest > 0 && bytes >= target / 2;
            if bytes >= target || run.len() >= most || is_rest {
                self.add_page(log, run);
                rest = rest.saturating_add(run.len());
            }
        }
        let stored = &log.snapshot().tail;
        let (sealed, open) = tail.split_at_checked(rest).unwrap_or((&[], &tail));
        if let (Some(first), Some(last)) = (sealed.first(), sealed.last())
            && !stored.range(first.position..=last.position).is_empty()
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

    pub(super) fn add_page(&mut self, log: &Log, entries: &[Entry]) {
        let number = self.next.record.next_page;
        self.next.record.next_page = number.saturating_add(1);
        let page = Rc::new(Page::new(entries));
        let record = page.record().to_vec();
        self.writes
            .push(Write::Put(Table::Pages, log.key(number), record));
        self.next.add_page(log.share(page.summary(number)));
        self.sealed.push((number, page));
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
