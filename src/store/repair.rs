//! Putting right what a look at a log's records has found.

use std::rc::Rc;

use super::blocks::Block;
use super::commit::Item;
use super::load::rebuilt;
use super::log::Log;
use super::plan::Plan;
use super::verify::Verify;
use super::verify_pages::{Findings, Group};
use crate::backend::{Table, Write};
use crate::error::{Error, Result};
use crate::event::Position;
use crate::page::{Page, Signatures, Summary};

impl Verify {
    /// Writes a group's records anew, without what is lost, and then the pages that can't stay as
    /// they are. Only while nothing else is being written.
    pub(super) async fn mend(&mut self, group: Group, to_do: Findings) -> Result<()> {
        if to_do.rewrite || !to_do.lost.is_empty() || !to_do.strays.is_empty() {
            let log = Rc::clone(&self.log);
            let mut plan = Plan::of(&log, true);
            plan.leave_out(&log, &to_do);
            plan.index(&log).await?;
            plan.rewrite_group(&log, &group);
            self.carry_out(plan).await?;
        }
        for number in to_do.remake {
            self.remake(number).await?;
        }
        Ok(())
    }

    /// Takes a page apart and finds each of its events its place.
    async fn remake(&mut self, number: i64) -> Result<()> {
        let log = Rc::clone(&self.log);
        let page = match log.shared.cache.page(&log.id, number) {
            Some(page) => page,
            None => match self.one(Table::Pages, number).await? {
                Some(record) => Rc::new(Page::decode(record)?),
                None => return Ok(()),
            },
        };
        let mut plan = Plan::of(&log, true);
        let mut items = Vec::new();
        for (index, position) in page.positions().iter().enumerate() {
            match page.entry(index) {
                Ok(entry) => items.push(Item::Entry(entry)),
                Err(_) => {
                    self.lose((*position, *position));
                    plan.next.record.coverage.remove(*position, *position);
                }
            }
        }
        plan.take_away(&log, number);
        plan.uncover(number);
        self.place(plan, items).await
    }

    /// Puts events where they belong and carries the plan out.
    async fn place(&mut self, mut plan: Plan, items: Vec<Item>) -> Result<()> {
        let log = Rc::clone(&self.log);
        let items: Vec<&Item> = items.iter().collect();
        plan.take_in(&log, &items).await?;
        if plan.stale {
            return Err(Error::Conflict.into());
        }
        let before = log.snapshot();
        plan.committed
            .retain(|entry| !before.contains(entry.position));
        self.carry_out(plan).await
    }

    async fn carry_out(&mut self, mut plan: Plan) -> Result<()> {
        let left = rebuilt(&plan.next);
        let record = &mut plan.next.record;
        record.dialect = left.dialect.or(record.dialect);
        record.first_timestamp = left.first_timestamp;
        record.last_timestamp = left.last_timestamp;
        if let Some((_, last)) = left.range {
            record
                .coverage
                .remove(last.saturating_add(1), Position::MAX);
        }
        plan.finish(&self.log);
        self.log.start(plan, &[], false);
        self.log.land().await
    }

    /// Ends a look at all records; what is wrong with the tail and with the conversation's record is
    /// put right now.
    pub(super) async fn finish(&mut self) -> Result<()> {
        if self.mend && !self.report.damages.is_empty() {
            let log = Rc::clone(&self.log);
            let _writing = log.exclusive().await;
            log.load().await?;
            let mut plan = Plan::of(&log, true);
            let mut items = Vec::new();
            for number in self.foreign().await? {
                let key = log.key(number);
                plan.writes.push(Write::Delete(Table::Conversations, key));
            }
            for (number, entry) in self.tail(&log.snapshot()).await? {
                plan.writes
                    .push(Write::Delete(Table::Tail, log.key(number)));
                let Some(entry) = entry else { continue };
                if let Some(known) = plan.next.tail.remove(&entry.position) {
                    plan.next.tail_bytes = plan.next.tail_bytes.saturating_sub(known.len());
                }
                items.push(Item::Entry(entry));
            }
            self.place(plan, items).await?;
            let state = log.snapshot();
            (self.report.events, self.report.bytes) = (state.events(), state.bytes());
        } else {
            let state = self.log.snapshot();
            let (events, bytes) = (state.tail.len() as u64, state.tail_bytes as u64);
            self.report.events = self.report.events.saturating_add(events);
            self.report.bytes = self.report.bytes.saturating_add(bytes);
        }
        self.ended = true;
        Ok(())
    }
}

impl Plan {
    fn leave_out(&mut self, log: &Log, to_do: &Findings) {
        for number in &to_do.lost {
            self.give_up(*number);
            self.take_away(log, *number);
            self.uncover(*number);
        }
        for page in &to_do.changed {
            let known = self.next.remove_page(page.number);
            if let Some(known) = known.filter(|known| known.runs != page.runs) {
                let record = &mut self.next.record;
                record.coverage.remove(known.first(), known.last());
            }
            self.next.add_page(log.share(Summary::clone(page)));
        }
        for stray in &to_do.strays {
            let write = Write::Delete(Table::Signatures, log.key(*stray));
            self.writes.push(write);
        }
    }

    fn rewrite_group(&mut self, log: &Log, group: &Group) {
        let key = group.key;
        let summaries = self.pages_from(key, group.end);
        let there = |number: i64| summaries.iter().any(|page| page.number == number);
        let mut signatures = Signatures::default();
        signatures.append(&group.signatures, &there);
        self.next.blocks.retain(|block| block.key != key);
        if summaries.is_empty() {
            for table in [Table::Summaries, Table::Signatures] {
                self.writes.push(Write::Delete(table, log.key(key)));
            }
            return;
        }
        let place = self.next.blocks.partition_point(|block| block.key < key);
        let pages = summaries.len();
        self.next.blocks.insert(place, Block { key, pages });
        self.put(log, Table::Summaries, key, Summary::encode(&summaries));
        self.put(log, Table::Signatures, key, signatures.encode());
    }
}
