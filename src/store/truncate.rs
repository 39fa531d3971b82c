//! Rolling a log back to an event.

use std::rc::Rc;

use super::commit::ATTEMPTS;
use super::load::rebuilt;
use super::log::Log;
use super::plan::Plan;
use crate::backend::{Key, Table, Write};
use crate::error::{Error, Result};
use crate::event::Position;
use crate::sorted_map::SortedMap;

impl Log {
    /// Takes every event above a position away, in one transaction, and answers how many went.
    /// What comes after that is new: it takes the positions that follow. Subscribers don't hear of
    /// what they had not been handed yet.
    ///
    /// # Errors
    /// What the backend answers; the log is as it was then, save after a timeout, when it is not
    /// known. `Unreachable` where the log was opened while its stored events could not be read.
    pub async fn truncate(&self, after: Position) -> Result<u64> {
        let _writing = self.exclusive().await;
        if self.unread.get() {
            self.shared.fallback.readable()?;
        }
        for _ in 0..ATTEMPTS {
            // Another tab may have written more.
            self.load().await?;
            let before = self.snapshot().events();
            let plan = Plan::truncate(self, after).await?;
            let gone = before.saturating_sub(plan.next.events());
            if plan.writes.is_empty() {
                return Ok(0);
            }
            self.start(plan, &[], false);
            match self.land().await {
                Err(why) if matches!(*why, Error::Conflict) => {}
                Err(why) if self.shared.fallback.replaces(&why) => {}
                answer => return answer.map(|()| gone),
            }
        }
        Err(Error::Conflict.into())
    }
}

impl Plan {
    async fn truncate(log: &Log, after: Position) -> Result<Plan> {
        let mut plan = Plan::of(log, true);
        if plan.next.last().is_none_or(|last| last <= after) {
            return Ok(plan);
        }
        let first = after.saturating_add(1);
        let pages = Rc::clone(&plan.next.pages);
        for page in pages.iter().filter(|page| page.last() > after) {
            let kept = match page.first() <= after {
                true => plan.page(log, page.number).await?,
                false => None,
            };
            if page.first() <= after && kept.is_none() {
                plan.give_up(page.number);
            }
            plan.take_away(log, page.number);
            if let Some(kept) = kept {
                let mut entries = kept.entries()?;
                entries.retain(|entry| entry.position <= after);
                plan.add_page(log, &entries);
            }
        }
        let tail = std::mem::take(&mut plan.next.tail).into_entries();
        plan.next.tail = SortedMap::default();
        plan.next.tail_bytes = 0;
        for (position, entry) in tail.into_iter().filter(|(position, _)| *position <= after) {
            plan.next.tail_bytes = plan.next.tail_bytes.saturating_add(entry.len());
            plan.next.tail.insert(position, entry);
        }
        let all = Write::DeleteRange(Table::Tail, log.key(first), Key::LAST);
        plan.writes.push(all);
        // A page that goes may have covered one that it replaced, in any of the records.
        let blocks = plan.next.blocks.iter();
        plan.uncovered = blocks.map(|block| block.key).collect();
        plan.index(log).await?;
        // Positions that were free before it may be given to what comes now.
        let last = plan
            .next
            .last()
            .map_or(first, |last| last.saturating_add(1));
        plan.next.record.coverage.remove(last, Position::MAX);
        let left = rebuilt(&plan.next);
        plan.next.record.first_timestamp = left.first_timestamp;
        plan.next.record.last_timestamp = left.last_timestamp;
        plan.truncated = Some(after);
        plan.finish(log);
        Ok(plan)
    }
}
