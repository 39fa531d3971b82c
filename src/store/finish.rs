//! The end of a plan: what the conversation's record and the keys of its tail will be.

use super::commit::Item;
use super::log::Log;
use super::plan::Plan;
use crate::backend::{Table, Write};
use crate::event::EventId;
use crate::page::{Entry, Origin};

impl Plan {
    /// Whether it puts events of a server, whose ids are their places, behind all that is there. Of
    /// such events it doesn't matter what another tab has written meanwhile: what it has as well is
    /// the same event.
    pub(super) fn only_appends(&self, log: &Log, items: &[&Item]) -> bool {
        if !log.shared.alone.get() {
            return false;
        }
        let before = log.snapshot();
        let (Some(last), Some(_)) = (before.last(), &before.stored) else {
            return false;
        };
        let is_after = |entry: &Entry| {
            let has_number = matches!(entry.event.header.id, Some(EventId::Number(_)));
            has_number && entry.position > last && entry.origin != Origin::Local
        };
        let is_event = |item: &&Item| matches!(item, Item::Event(..));
        self.writes.len() == self.committed.len()
            && self
                .writes
                .iter()
                .all(|w| matches!(w, Write::Put(Table::Tail, ..)))
            && self.committed.iter().all(is_after)
            && items.iter().all(is_event)
            && !before.unsaid
            && log.intact(&before) == before.record.coverage
    }

    /// Brings the record up to date.
    pub(super) fn finish(&mut self, log: &Log) {
        let before = log.snapshot();
        let range = self.next.first().zip(self.next.last());
        let (events, bytes) = (self.next.events(), self.next.bytes());
        self.next.record.coverage = log.intact(&self.next);
        let record = &mut self.next.record;
        record.range = range;
        record.events = events;
        let stamps = self.committed.iter();
        for timestamp in stamps.filter_map(|entry| entry.event.header.timestamp.as_ref()) {
            if record
                .first_timestamp
                .as_ref()
                .is_none_or(|first| timestamp < first)
            {
                record.first_timestamp = Some(timestamp.clone());
            }
            if record
                .last_timestamp
                .as_ref()
                .is_none_or(|last| timestamp > last)
            {
                record.last_timestamp = Some(timestamp.clone());
            }
        }
        record.bytes = bytes;
        if self.appends {
            self.writes.iter_mut().for_each(Write::add);
            return self.number_tail();
        }
        record.generation = before.record.generation.saturating_add(1);
        record.last_access = log.shared.clock.now();
        let bytes = record.encode();
        self.writes
            .push(Write::Put(Table::Conversations, log.key(0), bytes.clone()));
        self.next.stored = Some(bytes);
        self.next.unsaid = false;
        self.number_tail();
    }

    /// Says which records the tail will have.
    fn number_tail(&mut self) {
        let numbers = &mut self.next.tail_numbers;
        for write in self
            .writes
            .iter()
            .filter(|write| write.table() == Table::Tail)
        {
            match write {
                Write::Put(_, key, _) | Write::Add(_, key, _) => {
                    if let Err(place) = numbers.binary_search(&key.number) {
                        numbers.insert(place, key.number);
                    }
                }
                Write::Delete(_, key) => numbers.retain(|number| *number != key.number),
                Write::DeleteRange(_, key, last) => {
                    numbers.retain(|number| !(key.number..=*last).contains(number));
                }
            }
        }
    }
}
