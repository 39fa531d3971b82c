//! Verifying pages, a group of them at a time: those that lie behind one record of summaries.

use std::rc::Rc;

use super::coverage::Interval;
use super::verify::{Fault, Verify, fault_of, in_place};
use crate::backend::Table;
use crate::error::{Error, Result};
use crate::page::{Page, Signatures, Summary};

/// How many pages are looked at in one step: two megabytes.
const FEW: usize = 16;

/// The pages of one record of summaries, or those of them that were not looked at with another one.
pub(super) struct Group {
    pub(super) key: i64,
    from: i64,
    /// The next group's key.
    pub(super) end: i64,
    summaries: Option<Vec<u8>>,
    /// They can be read.
    whole: bool,
    listed: Vec<Summary>,
    pub(super) numbers: Vec<i64>,
    pub(super) seen: usize,
    looked: Vec<Looked>,
    /// What the signatures should be.
    pub(super) signatures: Signatures,
}

struct Looked {
    number: i64,
    /// What a page holds; of one that can't be read, why not.
    found: std::result::Result<Rc<Summary>, Fault>,
    /// Its columns agree with its texts.
    agrees: bool,
}

/// What is to be done about a group.
#[derive(Default)]
pub(super) struct Findings {
    /// Its records have to be written anew.
    pub(super) rewrite: bool,
    /// Pages that hold something else than is said of them.
    pub(super) changed: Vec<Rc<Summary>>,
    /// Pages that are damaged or missing.
    pub(super) lost: Vec<i64>,
    /// Pages that can be read, but can't stay as they are.
    pub(super) remake: Vec<i64>,
    /// Signatures that belong to nothing.
    pub(super) strays: Vec<i64>,
}

impl Verify {
    pub(super) async fn next_group(&mut self, at: i64) -> Result<()> {
        let [keys, signed, mut numbers] = self.keys().await?;
        let mut after = keys.iter().copied().filter(|key| *key >= at);
        let next = after.next();
        // Pages and signatures before the first record.
        let before = next.unwrap_or(i64::MAX);
        let strays = numbers.iter().chain(&signed).copied();
        let stray = strays.filter(|number| (at..before).contains(number)).min();
        // Or those of a record that has grown over what was done with.
        let within = keys.iter().rfind(|key| **key < at);
        let (key, end) = match (stray, next) {
            (Some(stray), next) => (*within.unwrap_or(&stray), next),
            (None, Some(key)) => (key, after.next()),
            (None, None) => return self.finish().await,
        };
        let (from, end) = (key.max(at), end.unwrap_or(i64::MAX));
        numbers.retain(|number| (from..end).contains(number));
        let summaries = self.one(Table::Summaries, key).await?;
        let listed = match summaries.as_deref().map(|bytes| {
            let log = &self.log;
            Summary::decode(bytes, &mut |class| log.class(class))
        }) {
            Some(Err(why)) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Some(Ok(listed)) => Some(listed),
            _ => None,
        };
        self.at = Some(from);
        self.group = Some(Group {
            key,
            from,
            end,
            summaries,
            whole: listed.is_some(),
            listed: listed.unwrap_or_default(),
            numbers,
            seen: 0,
            looked: Vec::new(),
            signatures: Signatures::default(),
        });
        Ok(())
    }

    /// Looks at a few pages of a group.
    pub(super) async fn look(&mut self, mut group: Group) -> Result<()> {
        self.log.shared.clock.sleep(0).await;
        let rest = group.numbers.get(group.seen..).unwrap_or_default();
        let few: Vec<i64> = rest.iter().copied().take(FEW).collect();
        let backend = &self.log.shared.backend;
        let records = backend.get_many(Table::Pages, &self.log.id, &few).await?;
        for (number, record) in few.iter().zip(records) {
            // Where there is none, another tab has replaced it.
            if let Some(record) = record {
                group.take(*number, record)?;
            }
        }
        group.seen = group.seen.saturating_add(few.len());
        self.group = Some(group);
        Ok(())
    }

    /// Compares what was found with what the records say.
    pub(super) async fn close(&mut self, mut group: Group) -> Result<()> {
        let log = Rc::clone(&self.log);
        let _writing = log.exclusive().await;
        log.load().await?;
        if self.one(Table::Summaries, group.key).await? != group.summaries {
            return Err(Error::Conflict.into());
        }
        let signatures = self.one(Table::Signatures, group.key).await?;
        let [keys, signed, there] = self.keys().await?;
        let (until, after) = keys.split_at(keys.partition_point(|key| *key <= group.from));
        // They were read one after the other: another tab may have written meanwhile.
        let is_there = there.contains(&group.key) || signed.contains(&group.key);
        if group.summaries.is_none() && (!until.is_empty() || !is_there) {
            return Err(Error::Conflict.into());
        }
        // What was written since it was begun has a record of its own.
        group.end = after.first().map_or(group.end, |key| group.end.min(*key));
        let span = group.from..group.end;
        group.looked.retain(|page| span.contains(&page.number));
        let state = log.snapshot();
        self.unchanged(&state).await?;
        let sound = (self.report.events, self.report.bytes);
        let mut to_do = Findings::default();
        let mut live = Vec::new();
        for page in state.pages.iter().filter(|page| group.spans(page.number)) {
            live.push(Rc::clone(page));
            if there.binary_search(&page.number).is_err() {
                self.tell(Table::Pages, page.number, Some(range(page)), Fault::Missing);
                to_do.lost.push(page.number);
            }
        }
        self.compare_pages(&group, &live, &there, &mut to_do);
        self.compare_records(&group, &live, signatures.as_deref(), &mut to_do)?;
        // Both tables have the same keys.
        for stray in signed {
            if stray != group.key && group.spans(stray) {
                self.tell(Table::Summaries, stray, None, Fault::Missing);
                to_do.strays.push(stray);
            }
        }
        for page in &live {
            if to_do.lost.contains(&page.number) {
                log.damaged(page.number);
                self.lose(range(page));
            }
        }
        let (pages, next) = (live.len() as u64, group.end);
        if self.mend
            && let Err(why) = self.mend(group, to_do).await
        {
            (self.report.events, self.report.bytes) = sound;
            return Err(why);
        }
        self.tries = 0;
        self.report.pages = self.report.pages.saturating_add(pages);
        self.at = Some(next);
        Ok(())
    }

    fn compare_pages(
        &mut self,
        group: &Group,
        live: &[Rc<Summary>],
        there: &[i64],
        to_do: &mut Findings,
    ) {
        for Looked {
            number,
            found,
            agrees,
        } in &group.looked
        {
            let number = *number;
            if there.binary_search(&number).is_err() {
                continue;
            }
            let known = live.iter().find(|page| page.number == number);
            let listed = group.listed.iter().find(|page| page.number == number);
            let (about, fault) = match found {
                Err(fault) => {
                    let about = known.map(|page| &**page).or(listed);
                    match self.log.shared.cache.holds(&self.log.id, number) {
                        true => to_do.remake.push(number),
                        false => to_do.lost.push(number),
                    }
                    (about.map(range), *fault)
                }
                Ok(page) => {
                    if let Some(known) = known {
                        self.report.events = self.report.events.saturating_add(page.count());
                        self.report.bytes = self.report.bytes.saturating_add(page.bytes);
                        if known != page {
                            let about = Some(range(page));
                            self.tell(Table::Summaries, group.key, about, Fault::Mismatch);
                            to_do.rewrite = true;
                            to_do.changed.push(Rc::clone(page));
                        }
                    }
                    let fault = match (known, listed) {
                        (Some(_), _) if !agrees => Fault::Mismatch,
                        (None, Some(_)) => Fault::Order,
                        (Some(_), None) if group.whole => {
                            to_do.rewrite = true;
                            Fault::Orphan
                        }
                        (None, None) => Fault::Orphan,
                        (Some(_), _) => continue,
                    };
                    if known.is_none() || !agrees {
                        to_do.remake.push(number);
                    }
                    (Some(range(page)), fault)
                }
            };
            self.tell(Table::Pages, number, about, fault);
        }
    }

    fn compare_records(
        &mut self,
        group: &Group,
        live: &[Rc<Summary>],
        signatures: Option<&[u8]>,
        to_do: &mut Findings,
    ) -> Result<()> {
        let ranges = live.iter().map(|page| range(page));
        let all = ranges.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let missing = Some(Fault::Missing);
        let summaries = match &group.summaries {
            Some(_) if group.whole => None,
            found => found
                .as_ref()
                .map_or(missing, |bytes| Some(fault_of(bytes, 0))),
        };
        let signatures = match signatures.map(|bytes| (bytes, Signatures::decode(bytes))) {
            None => missing.filter(|_| group.summaries.is_some()),
            Some((_, Err(why))) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Some((bytes, Err(_))) => Some(fault_of(bytes, 0)),
            Some((_, Ok(stored))) => {
                let mut others = live.iter().map(|page| page.number).filter(|number| {
                    let (stored, right) = (stored.get(*number), group.signatures.get(*number));
                    stored.is_some() && right.is_some() && stored != right
                });
                others.next().map(|_| Fault::Mismatch)
            }
        };
        let both = [
            (Table::Summaries, summaries),
            (Table::Signatures, signatures),
        ];
        for (table, fault) in both {
            if let Some(fault) = fault {
                self.tell(table, group.key, all, fault);
                to_do.rewrite = true;
            }
        }
        Ok(())
    }

    /// The numbers of all records of summaries, of signatures, and of pages.
    async fn keys(&self) -> Result<[Vec<i64>; 3]> {
        let mut keys = [Table::Summaries, Table::Signatures, Table::Pages].map(|t| (t, Vec::new()));
        for (table, keys) in &mut keys {
            *keys = self
                .log
                .shared
                .backend
                .numbers(*table, &self.log.id)
                .await?;
        }
        Ok(keys.map(|(_, keys)| keys))
    }
}

impl Group {
    fn spans(&self, number: i64) -> bool {
        (self.from..self.end).contains(&number)
    }

    fn take(&mut self, number: i64, record: Vec<u8>) -> Result<()> {
        let listed = self.listed.iter().find(|page| page.number == number);
        let texts = listed.map_or(0, |page| page.bytes);
        let fault = fault_of(&record, texts);
        let (found, agrees) = match Page::decode(record) {
            Err(why) if matches!(*why, Error::VersionTooNew { .. }) => return Err(why),
            Ok(page) if !page.is_empty() => {
                page.sign(number, &mut self.signatures);
                (Ok(Rc::new(page.summary(number))), agrees(&page))
            }
            _ => (Err(fault), true),
        };
        self.looked.push(Looked {
            number,
            found,
            agrees,
        });
        Ok(())
    }
}

fn range(page: &Summary) -> Interval {
    (page.first(), page.last())
}

/// Whether the columns say what the texts do.
fn agrees(page: &Page) -> bool {
    let entries = page.entries();
    entries.is_ok_and(|entries| {
        entries.iter().all(in_place) && Page::new(&entries).record() == page.record()
    })
}
