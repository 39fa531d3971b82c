//! The records that hold the summaries and the signatures of many pages.
//!
//! New pages get a record of their own; eight records of a size become one, until a record is full.
//! A page that was replaced stays in its record until that is merged: of pages whose ranges
//! overlap, only the one with the greatest number is there.

use std::rc::Rc;

use super::log::Log;
use super::plan::Plan;
use crate::backend::{Table, Write};
use crate::error::Result;
use crate::event::Position;
use crate::page::{Signatures, Summary};
use crate::sorted_map::SortedMap;

/// How many records of a size become one.
const FAN: usize = 8;

/// A record of so many pages is not merged any more: a megabyte of signatures.
const FULL: usize = 512;

/// A record of summaries, and one of signatures beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The number of its first page, which is its key.
    pub(crate) key: i64,
    /// How many pages it was written with.
    pub(crate) pages: usize,
}

/// The block with the page of this number.
pub(crate) fn block_of(blocks: &[Block], number: i64) -> Option<(usize, Block)> {
    let after = blocks.partition_point(|block| block.key <= number);
    let index = after.checked_sub(1)?;
    Some((index, *blocks.get(index)?))
}

/// Leaves out the pages that others have replaced, and puts the rest in order.
pub(crate) fn in_order(pages: Vec<Rc<Summary>>) -> Vec<Rc<Summary>> {
    let mut there: Vec<Rc<Summary>> = Vec::with_capacity(pages.len());
    for page in sorted(pages, |page| (page.first(), page.number)) {
        let overlaps = |before: &&Rc<Summary>| before.last() >= page.first();
        let mut newest = true;
        while let Some(before) = there.last().filter(overlaps) {
            newest = before.number < page.number;
            if !newest {
                break;
            }
            there.pop();
        }
        if newest {
            there.push(page);
        }
    }
    there
}

fn sorted(pages: Vec<Rc<Summary>>, key: fn(&Summary) -> (Position, i64)) -> Vec<Rc<Summary>> {
    let mut sorted = SortedMap::default();
    for page in pages {
        sorted.insert(key(&page), page);
    }
    sorted.into_values()
}

impl Plan {
    /// Writes down what the new pages hold, and takes away what would be taken for a page though
    /// it is none any more.
    pub(super) async fn index(&mut self, log: &Log) -> Result<()> {
        let end = match self.sealed.first() {
            Some((first, _)) => self.merge(log, *first).await?,
            None => i64::MAX,
        };
        self.forget(log, end);
        Ok(())
    }

    /// Writes the records of the new pages, the first of which has this number. Answers the number
    /// from which on all pages are in them.
    async fn merge(&mut self, log: &Log, first: i64) -> Result<i64> {
        let mut from = self.next.blocks.len();
        let mut pages = self.sealed.len();
        loop {
            let before = self.next.blocks.get(..from).unwrap_or_default().iter();
            let alike = |block: &&Block| block.pages <= pages && block.pages < FULL;
            let run: Vec<usize> = before.rev().take_while(alike).map(|b| b.pages).collect();
            if run.len() < FAN - 1 {
                break;
            }
            from = from.saturating_sub(run.len());
            pages = run.into_iter().fold(pages, usize::saturating_add);
        }
        let merged = self.next.blocks.split_off(from);
        let key = merged.first().map_or(first, |block| block.key);
        let block = Block { key, pages };
        self.next.blocks.push(block);
        let signatures = self.signatures(log, &merged).await?;
        for block in merged.iter().skip(1) {
            for table in [Table::Summaries, Table::Signatures] {
                self.writes.push(Write::Delete(table, log.key(block.key)));
            }
        }
        let summaries = Summary::encode(&self.pages_from(key, i64::MAX));
        self.put(log, Table::Summaries, key, summaries);
        self.put(log, Table::Signatures, key, signatures.encode());
        self.signed = Some((block, Rc::new(signatures)));
        Ok(key)
    }

    /// The signatures of the new pages, and those of records that are merged with them.
    async fn signatures(&mut self, log: &Log, merged: &[Block]) -> Result<Signatures> {
        let from = merged.first().map_or(i64::MAX, |block| block.key);
        let pages = self.pages_from(from, i64::MAX);
        let there = |number: i64| pages.binary_search_by_key(&number, |p| p.number).is_ok();
        let mut signatures = Signatures::default();
        for (_, other) in log.signatures(merged).await? {
            signatures.append(&other, &there);
        }
        for (number, page) in &self.sealed {
            page.sign(*number, &mut signatures);
        }
        Ok(signatures)
    }

    /// The pages with numbers from `first` to below `end`, by number.
    pub(super) fn pages_from(&self, first: i64, end: i64) -> Vec<Rc<Summary>> {
        let pages = self.next.pages.iter();
        let within = pages.filter(|page| first <= page.number && page.number < end);
        sorted(within.cloned().collect(), |page| (page.number, 0))
    }

    /// Writes the summaries beside pages that are no more anew, without them; of pages with numbers
    /// from `end` on that is done.
    fn forget(&mut self, log: &Log, end: i64) {
        let blocks = self.next.blocks.clone();
        let mut done = Vec::new();
        for number in std::mem::take(&mut self.uncovered) {
            let Some((index, block)) = block_of(&blocks, number).filter(|_| number < end) else {
                continue;
            };
            if done.contains(&block.key) {
                continue;
            }
            done.push(block.key);
            let after = index.checked_add(1).and_then(|i| blocks.get(i));
            let pages = self.pages_from(block.key, after.map_or(i64::MAX, |block| block.key));
            if pages.is_empty() {
                for table in [Table::Summaries, Table::Signatures] {
                    self.writes.push(Write::Delete(table, log.key(block.key)));
                }
                self.next.blocks.retain(|other| other.key != block.key);
            } else {
                self.put(log, Table::Summaries, block.key, Summary::encode(&pages));
            }
        }
    }

    pub(super) fn put(&mut self, log: &Log, table: Table, key: i64, record: Vec<u8>) {
        self.writes.push(Write::Put(table, log.key(key), record));
    }
}
