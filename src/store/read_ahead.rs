//! Pages for a reader that goes in order: many are read at once, and while it works on them, the
//! next ones come.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, MaybeDone, maybe_done};

use super::log::Log;
use super::state::State;
use crate::backend::Table;
use crate::error::Result;
use crate::notice::Level;
use crate::page::{Page, Summary};

/// The most pages that are read at once: six megabytes.
const WINDOW: usize = 48;

/// From so many pages at once on, the next ones are asked for before they are needed.
const STEADY: usize = 4;

/// The pages of one read, and what the backend answers.
type Answers = (Vec<i64>, Result<Vec<Option<Vec<u8>>>>);
type Coming = Pin<Box<MaybeDone<LocalBoxFuture<'static, Answers>>>>;

/// The pages that one reader asks for.
pub(crate) struct ReadAhead {
    /// How many to read at once; it grows while the reader goes on.
    window: usize,
    coming: Option<Coming>,
    /// The page that the reader is at.
    last: Option<i64>,
}

/// Which of the pages after the reader's it will want: `None` where that isn't known yet.
pub(crate) type Wanted<'a> = &'a mut dyn FnMut(&Summary) -> Option<bool>;

impl ReadAhead {
    /// For a reader that may soon have enough: it begins with so many pages.
    pub(crate) fn careful(window: usize) -> ReadAhead {
        ReadAhead {
            window,
            coming: None,
            last: None,
        }
    }

    /// For a reader that goes to the end.
    pub(crate) fn eager() -> ReadAhead {
        ReadAhead::careful(WINDOW)
    }

    /// The reader has come to know which pages it will want: some of them are read at once.
    pub(crate) fn widen(&mut self) {
        self.window = self.window.max(STEADY);
    }

    /// The page at `index`; `None` where another tab has replaced it.
    pub(crate) async fn page(
        &mut self,
        log: &Log,
        state: &State,
        (index, reverse): (usize, bool),
        wanted: Wanted<'_>,
    ) -> Result<Option<Rc<Page>>> {
        let Some(summary) = state.pages.get(index) else {
            return Ok(None);
        };
        let last = self.last.replace(summary.number);
        if let Some(last) = last.filter(|last| *last != summary.number) {
            log.shared.cache.passed(&log.id, last);
        }
        let holds = |number| log.shared.cache.holds(&log.id, number);
        if !holds(summary.number) {
            let window = self.window.min(room(log));
            self.window = self.window.saturating_mul(2).min(WINDOW);
            let mut next = |arrived: &[i64]| {
                let (before, after) = state.pages.split_at_checked(index).unwrap_or_default();
                let pages: &mut dyn Iterator<Item = &Rc<Summary>> = match reverse {
                    false => &mut after.iter(),
                    true => &mut before.iter().chain(after.first()).rev(),
                };
                let known = pages.map_while(|page| Some((page.number, wanted(page)?)));
                let absent = |number: &i64| !arrived.contains(number) && !holds(*number);
                let numbers = known.filter(|(number, wanted)| *wanted && absent(number));
                let numbers: Vec<i64> = numbers.map(|(number, _)| number).take(window).collect();
                (!numbers.is_empty()).then(|| ask(log, numbers))
            };
            let mut arrived = self.arrive().await;
            if window > 1 && !arrived.0.contains(&summary.number) {
                keep(log, arrived);
                self.coming = next(&[]);
                arrived = self.arrive().await;
            }
            // The database goes on while what has arrived is worked on.
            if window >= STEADY
                && let Some(mut coming) = next(&arrived.0)
            {
                // The requests are made when it is polled first.
                let _ = poll_fn(|context| Poll::Ready(coming.poll_unpin(context))).await;
                self.coming = Some(coming);
            }
            keep(log, arrived);
        }
        log.page(summary.number).await
    }

    /// Waits for what was asked for.
    async fn arrive(&mut self) -> Answers {
        let mut answers = None;
        if let Some(mut coming) = self.coming.take() {
            coming.as_mut().await;
            answers = coming.as_mut().take_output();
        }
        answers.unwrap_or_else(|| (Vec::new(), Ok(Vec::new())))
    }
}

/// Takes pages into the cache. What is absent or damaged, or could not be read, shows when it is
/// asked for alone.
fn keep(log: &Log, (numbers, records): Answers) {
    for (number, record) in numbers.into_iter().zip(records.unwrap_or_default()) {
        if let Some(Err(why)) = record.map(|record| log.keep(number, record)) {
            log.report(Level::Debug, "a page that was read ahead is damaged", &why);
        }
    }
}

/// The most pages that are read at once: more than the cache keeps would be read in vain. A page of
/// small events takes up to three times its text.
fn room(log: &Log) -> usize {
    let page = log.shared.page_bytes.saturating_mul(3);
    log.shared.cache.budget().checked_div(page).unwrap_or(1)
}

fn ask(log: &Log, numbers: Vec<i64>) -> Coming {
    let (backend, id) = (Rc::clone(&log.shared.backend), Rc::clone(&log.id));
    let read = async move {
        let found = backend.get_many(Table::Pages, &id, &numbers).await;
        (numbers, found)
    };
    Box::pin(maybe_done(read.boxed_local()))
}
