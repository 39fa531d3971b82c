//! A log as a file, written piece by piece.

use std::rc::Rc;

use super::archive;
use super::coverage::Coverage;
use super::log::Log;
use super::search::{Search, SearchOptions};
use super::state::State;
use crate::error::{Error, Result};
use crate::event::{Position, trajectory, transcript, transcript_title};
use crate::filter::EventFilter;
use crate::notice::Level;
use crate::page::{Entry, Page};

/// About how many bytes a piece of an archive has.
const PIECE: usize = 1 << 20;

/// The form of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// One JSON array, in the form of the server's trajectory export. Hidden events are in it, which
    /// the server leaves out.
    #[default]
    Trajectory,
    /// Every event whole, one to a line.
    JsonLines,
    /// A transcript for people, without hidden events.
    Markdown,
    /// The log itself, to be imported elsewhere: see `format.md`. It is meant to be packed by gzip.
    Archive,
}

/// An export under way: it holds one piece at a time.
pub struct Export {
    log: Rc<Log>,
    search: Search,
    format: ExportFormat,
    screenshots: bool,
    /// The next position of an archive, and the last.
    at: Position,
    last: Position,
    /// What the archive says is complete.
    claimed: Coverage,
    /// How many events are in the archive.
    events: u64,
    done: u64,
    total: u64,
    begun: bool,
    ended: bool,
}

impl Log {
    /// Begins an export of the whole log. Screenshots concern the trajectory and the transcript.
    #[must_use]
    pub fn export(self: &Rc<Log>, format: ExportFormat, screenshots: bool) -> Export {
        let filter = EventFilter {
            exclude_hidden: format == ExportFormat::Markdown,
            ..EventFilter::default()
        };
        let options = SearchOptions {
            filter: Some(filter),
            ..SearchOptions::default()
        };
        let state = self.snapshot();
        Export {
            log: Rc::clone(self),
            search: self.search(&options),
            format,
            screenshots,
            at: state.first().unwrap_or(0),
            last: state.last().unwrap_or(-1),
            claimed: Coverage::default(),
            events: 0,
            done: 0,
            total: state.record.bytes,
            begun: false,
            ended: false,
        }
    }
}

impl Export {
    /// The bytes of text that are written, and how many there were when it began.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.done, self.total)
    }

    /// The next piece of the file, about a megabyte; `None` at its end.
    ///
    /// # Errors
    /// What the backend answers.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        if self.ended {
            return Ok(None);
        }
        let mut piece = Vec::new();
        if self.format == ExportFormat::Archive {
            self.archive(&mut piece).await?;
            return Ok(Some(piece));
        }
        let array = self.format == ExportFormat::Trajectory;
        if self.format == ExportFormat::Markdown && !self.begun {
            let record = self.log.record();
            let (first, last) = (&record.first_timestamp, &record.last_timestamp);
            let (first, last) = (first.as_deref(), last.as_deref());
            piece.extend(transcript_title(self.log.id(), record.events, first, last).into_bytes());
        }
        let Some(batch) = self.search.next(usize::MAX).await? else {
            self.ended = true;
            self.done = self.total;
            if array {
                piece.extend_from_slice(if self.begun { b"\n]\n" } else { b"[]\n" });
            }
            return Ok(Some(piece));
        };
        let text = batch.bytes.len().saturating_add(batch.len());
        self.done = self.done.saturating_add(text as u64);
        piece.reserve(text.saturating_add(batch.len()));
        for text in batch.texts() {
            if array {
                piece.extend_from_slice(if self.begun { b",\n" } else { b"[\n" });
                piece.extend_from_slice(trajectory(text, self.screenshots).as_bytes());
            } else if self.format == ExportFormat::Markdown {
                piece.extend_from_slice(transcript(text, self.screenshots).as_bytes());
            } else {
                piece.extend_from_slice(text.as_bytes());
                piece.push(b'\n');
            }
            self.begun = true;
        }
        Ok(Some(piece))
    }

    /// Writes the log as it lies there: its pages, what is in no page yet as one more, and the end.
    async fn archive(&mut self, piece: &mut Vec<u8>) -> Result<()> {
        if !self.begun {
            self.begun = true;
            let state = self.log.snapshot();
            let mut record = state.record.clone();
            record.range = state.first().zip(state.last());
            self.claimed = record.coverage.clone();
            archive::begin(piece, self.log.id(), &record);
        }
        let mut missing = None;
        while piece.len() < PIECE {
            let state = self.log.snapshot();
            let index = state.pages.partition_point(|page| page.last() < self.at);
            let summary = state.pages.get(index);
            let Some(summary) = summary.filter(|page| page.first() <= self.last) else {
                let tail = state.tail.values();
                self.run(piece, tail.cloned().collect());
                self.pass(piece, &state, self.last);
                archive::end(piece, self.events);
                self.ended = true;
                return Ok(());
            };
            match self.log.page(summary.number).await {
                Ok(Some(page)) => {
                    if self.at <= summary.first() && summary.last() <= self.last {
                        self.page(piece, &page);
                    } else {
                        self.run(piece, page.entries()?);
                    }
                }
                // Another tab may have replaced it.
                Ok(None) if missing != Some(summary.number) => {
                    missing = Some(summary.number);
                    self.log.refresh().await?;
                    continue;
                }
                Err(why) if !matches!(*why, Error::Corrupt(_)) => return Err(why),
                Ok(None) | Err(_) => {
                    let why = Error::Corrupt(format!("page {}", summary.number));
                    self.log
                        .report(Level::Error, "a damaged page is not exported", &why);
                    let first = summary.first().max(self.at);
                    archive::push_lost(piece, (first, summary.last().min(self.last)));
                }
            }
            self.pass(piece, &state, summary.last());
        }
        Ok(())
    }

    /// Goes on behind a position. What was rolled back or deleted since it was begun is not there.
    fn pass(&mut self, piece: &mut Vec<u8>, state: &State, last: Position) {
        for (first, last) in state.record.coverage.gaps(self.at, last) {
            for (from, to) in self.claimed.known() {
                if *from <= last && *to >= first {
                    archive::push_lost(piece, (first.max(*from), last.min(*to)));
                }
            }
        }
        self.at = last.saturating_add(1);
    }

    /// Writes those of the entries that belong to the export as a page of their own.
    fn run(&mut self, piece: &mut Vec<u8>, mut entries: Vec<Entry>) {
        entries.retain(|entry| (self.at..=self.last).contains(&entry.position));
        if !entries.is_empty() {
            self.page(piece, &Page::new(&entries));
        }
    }

    fn page(&mut self, piece: &mut Vec<u8>, page: &Page) {
        archive::push_page(piece, page);
        self.events = self.events.saturating_add(page.len() as u64);
        self.done = self.done.saturating_add(page.texts_len() as u64);
    }
}
