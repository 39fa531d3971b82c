//! Which pages a search has to read: by what is remembered, by their summaries, by their
//! signatures.

use std::rc::Rc;

use super::blocks::{Block, block_of};
use super::found::Found;
use super::log::Log;
use super::state::State;
use crate::backend::Table;
use crate::error::{Error, Result};
use crate::filter::{AsciiFinder, EventFilter, Matcher};
use crate::notice::Level;
use crate::page::{Page, Probe, Signatures, Summary};
use crate::sorted_map::SortedMap;

/// Signatures of about so many pages are read at once: eight megabytes.
const PAGES_AT_ONCE: usize = 4096;

/// A filter with all that is known of pages under it.
pub(crate) struct Sieve {
    pub(crate) matcher: Matcher,
    filter: EventFilter,
    probe: Probe,
    /// Whether a class is wanted, by where it lies in memory. The log never lets go of one.
    classes: SortedMap<usize, bool>,
    found: Option<Rc<Found>>,
    signatures: Vec<(Block, Rc<Signatures>)>,
}

/// What can be said of a page that isn't read.
pub(crate) enum Verdict {
    /// So many events in it match.
    Exactly(u64),
    /// These events in it match.
    These(Box<[u16]>),
    /// Only reading it will tell.
    Unknown,
    /// Its signature has to be read first.
    Unread(Block),
}

impl Verdict {
    /// How many events match, where that is certain.
    pub(crate) fn count(&self) -> Option<u64> {
        match self {
            Verdict::Exactly(count) => Some(*count),
            Verdict::These(indices) => Some(indices.len() as u64),
            Verdict::Unknown | Verdict::Unread(_) => None,
        }
    }
}

impl Sieve {
    pub(crate) fn new(log: &Log, filter: EventFilter) -> Sieve {
        let matcher = log.matcher(&filter);
        Sieve {
            probe: Probe::new(matcher.query().map_or(&[], AsciiFinder::needle)),
            matcher,
            filter,
            classes: SortedMap::default(),
            found: None,
            signatures: Vec::new(),
        }
    }

    /// Recalls what the filter found before in this log.
    pub(crate) fn recall(&mut self, log: &Log, state: &State) {
        let all = self.filter == EventFilter::default();
        if let (false, Some(block)) = (all, state.blocks.first()) {
            let findings = &log.shared.findings;
            self.found = Some(findings.of(&log.id, &self.filter, block.key));
        }
    }

    /// How many events in all these pages match, where that was counted before.
    pub(crate) fn counted(&self, pages: &Rc<Vec<Rc<Summary>>>) -> Option<u64> {
        self.found.as_ref()?.counted(pages)
    }

    pub(crate) fn keep_count(&self, pages: &Rc<Vec<Rc<Summary>>>, count: u64) {
        if let Some(found) = &self.found {
            found.keep_count(pages, count);
        }
    }

    /// What can be said of a page.
    pub(crate) fn verdict(&mut self, state: &State, page: &Summary) -> Verdict {
        let found = self.found.as_ref();
        if let Some(indices) = found.and_then(|found| found.in_page(page.number)) {
            return Verdict::These(indices);
        }
        if !page.in_dates(&self.matcher) {
            return Verdict::Exactly(0);
        }
        let mut wanted = 0u64;
        for (class, count) in &page.classes {
            let ok = match self.classes.get(&(Rc::as_ptr(class) as usize)) {
                Some(ok) => *ok,
                None => {
                    let ok = class.wanted(&self.matcher);
                    self.classes.insert(Rc::as_ptr(class) as usize, ok);
                    ok
                }
            };
            wanted = wanted.saturating_add(if ok { u64::from(*count) } else { 0 });
        }
        if wanted == 0 || !self.matcher.reads_text() && page.all_in_dates(&self.matcher) {
            return Verdict::Exactly(wanted);
        }
        if self.probe.is_empty() {
            return Verdict::Unknown;
        }
        let Some((_, block)) = block_of(&state.blocks, page.number) else {
            return Verdict::Unknown;
        };
        let signatures = self.signatures.iter().find(|(known, _)| *known == block);
        match signatures.map(|(_, signatures)| signatures.may_hold(page.number, &self.probe)) {
            Some(true) => Verdict::Unknown,
            Some(false) => Verdict::Exactly(0),
            None => Verdict::Unread(block),
        }
    }

    /// Brings the signatures of a block into memory, with those of the blocks that come after it.
    pub(crate) async fn read(
        &mut self,
        log: &Log,
        state: &State,
        block: Block,
        reverse: bool,
    ) -> Result<()> {
        let place = block_of(&state.blocks, block.key).map_or(0, |(index, _)| index);
        let (before, after) = state.blocks.split_at_checked(place).unwrap_or_default();
        let mut blocks: Vec<Block> = match reverse {
            false => after.to_vec(),
            true => before.iter().chain(after.first()).rev().copied().collect(),
        };
        let mut pages = 0usize;
        blocks.retain(|other| {
            pages = pages.saturating_add(other.pages);
            pages <= PAGES_AT_ONCE || *other == block
        });
        self.signatures = log.signatures(&blocks).await?;
        Ok(())
    }

    /// The indices of the events in a page that match.
    pub(crate) fn matching(&self, log: &Log, number: i64, page: &Page) -> Box<[u16]> {
        let indices = page.matching(&self.matcher);
        if let Some(found) = &self.found {
            log.shared.findings.keep(found, number, &indices);
        }
        indices
    }
}

impl Log {
    /// The signatures of blocks, from the cache or the backend. Those that are missing or damaged
    /// say nothing.
    pub(super) async fn signatures(
        &self,
        blocks: &[Block],
    ) -> Result<Vec<(Block, Rc<Signatures>)>> {
        let cache = &self.shared.cache;
        let known: Vec<_> = (blocks.iter())
            .map(|block| cache.signatures(&self.id, *block))
            .collect();
        let unknown = blocks
            .iter()
            .zip(&known)
            .filter(|(_, known)| known.is_none());
        let keys: Vec<i64> = unknown.map(|(block, _)| block.key).collect();
        let mut found = Vec::new();
        if !keys.is_empty() {
            let table = Table::Signatures;
            found = self.shared.backend.get_many(table, &self.id, &keys).await?;
        }
        let mut found = found.into_iter();
        let mut all = Vec::with_capacity(blocks.len());
        for (block, known) in blocks.iter().zip(known) {
            let signatures = match known {
                Some(known) => known,
                None => {
                    let read = Rc::new(self.decoded(found.next().flatten())?);
                    cache.keep_signatures(&self.id, *block, &read);
                    read
                }
            };
            all.push((*block, signatures));
        }
        Ok(all)
    }

    fn decoded(&self, record: Option<Vec<u8>>) -> Result<Signatures> {
        match record.map(|bytes| Signatures::decode(&bytes)) {
            Some(Err(why)) if matches!(*why, Error::Corrupt(_)) => {
                self.report(Level::Warn, "damaged signatures are passed by", &why);
                Ok(Signatures::default())
            }
            Some(decoded) => decoded,
            None => Ok(Signatures::default()),
        }
    }
}
