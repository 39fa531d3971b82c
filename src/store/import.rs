//! A file of events into a log.

use super::commit::{Claim, Item, Outcome};
use super::coverage::Interval;
use super::log::Log;
use super::neighbors::After;
use crate::error::{Error, Result};
use crate::event::{
    Dialect, Documents, Event, EventError, EventId, FileForm, Frame, FrameForm, MAX_ID, Position,
    wire_form,
};
use crate::page::Origin;

/// About how many bytes of text go into one commit.
pub(super) const COMMIT_BYTES: usize = 2 << 20;

/// What an event that can't be read counts as: a short line takes more memory than its text does.
const UNUSABLE_BYTES: usize = 512;

/// The most faults that a report lists; all are counted.
const LISTED: usize = 1000;

/// The most stretches of a file that are taken for complete; a record lists them.
const MOST_RUNS: usize = 1000;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    /// The form it was recognised as.
    pub form: FileForm,
    /// Events that are in the log now, and were not before, or are there in a better copy.
    pub accepted: u64,
    /// Events that the log had.
    pub doubles: u64,
    /// Events that can't be in the log.
    pub rejected: u64,
    /// Why, and in which line, or which part of an archive, counted from 1; the first thousand.
    pub faults: Vec<(usize, String)>,
}

impl ImportReport {
    pub(super) fn new(form: FileForm) -> ImportReport {
        ImportReport {
            form,
            accepted: 0,
            doubles: 0,
            rejected: 0,
            faults: Vec::new(),
        }
    }

    /// Counts one that is not in the log, and lists it while there is room; `line` says where.
    pub(super) fn reject(&mut self, line: impl FnOnce() -> usize, why: String) {
        self.rejected = self.rejected.saturating_add(1);
        self.list(line, why);
    }

    pub(super) fn list(&mut self, line: impl FnOnce() -> usize, why: String) {
        if self.faults.len() < LISTED {
            self.faults.push((line(), why));
        }
    }

    /// Counts what became of an event.
    pub(super) fn count(&mut self, outcome: Outcome, line: impl FnOnce() -> usize) {
        match outcome {
            Outcome::Accepted(_) | Outcome::Replaced(_) => {
                self.accepted = self.accepted.saturating_add(1);
            }
            Outcome::Double => self.doubles = self.doubles.saturating_add(1),
            Outcome::Rejected(why) => self.reject(line, why),
        }
    }
}

impl Log {
    /// Writes the events of a file: a trajectory, JSON Lines, an evaluation's `output.jsonl`, an
    /// answer of `GET /events`, or an event file. What can't be read is reported, and the rest goes
    /// in. `progress` hears of the bytes done.
    ///
    /// Events come to the form that the server would send, whatever version stored them. A V0 event
    /// without an id gets the number after the id of the event before it in the file, the first one
    /// gets 0: the same file has the same ids each time. V1 events go where the file has them: after
    /// the one before it there.
    ///
    /// # Errors
    /// `InvalidEvent` when the file is not text, or what the backend answers; what was committed
    /// before stays, and the same import again goes on from there.
    pub async fn import(
        &self,
        file: &[u8],
        progress: &mut dyn FnMut(usize),
    ) -> Result<ImportReport> {
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        if file.starts_with(b"PK\x03\x04") {
            let why = "a zip file has to be unpacked first";
            return Err(Error::InvalidEvent(why.to_owned()).into());
        }
        let text = std::str::from_utf8(file).map_err(|why| {
            Error::InvalidEvent(format!(
                "the file is not UTF-8 text: byte {}",
                why.valid_up_to()
            ))
        })?;
        let documents = Documents::of(text);
        let mut import = Import {
            log: self,
            lines: Lines {
                text,
                at: 0,
                line: 1,
            },
            items: Vec::new(),
            places: Vec::new(),
            bytes: 0,
            after: None,
            last: None,
            next_id: 0,
            given: Vec::new(),
            report: ImportReport::new(documents.form()),
        };
        for (at, found) in documents {
            let mut size = found.as_ref().map_or(0, |text| text.len());
            let mut id = None;
            let item = match found.and_then(|text| import.read(text)) {
                Ok(Frame::Event(event)) => {
                    // The wire form of a short text may be long.
                    size = size.max(event.text.len());
                    id.clone_from(&event.header.id);
                    import.item(event)
                }
                other => {
                    size = size.max(UNUSABLE_BYTES);
                    let why = other.err().map(|why| why.to_string());
                    let why = why.unwrap_or_else(|| "not an event of a conversation".into());
                    Item::Unusable(why, import.after.unwrap_or(After::Unknown))
                }
            };
            import.places.push((at, id));
            import.items.push(item);
            import.bytes = import.bytes.saturating_add(size);
            if import.bytes >= COMMIT_BYTES {
                import.commit(false).await?;
                progress(at);
            }
        }
        import.commit(true).await?;
        progress(file.len());
        Ok(import.report)
    }
}

struct Import<'a> {
    log: &'a Log,
    lines: Lines<'a>,
    items: Vec<Item>,
    /// Where in the file each item begins, and its id.
    places: Vec<(usize, Option<EventId>)>,
    bytes: usize,
    /// What the next item comes after, once there was a V1 event.
    after: Option<After>,
    /// Where the last item that was committed is, or would be.
    last: Option<Position>,
    /// The id of an event that has none: the number after the id of the event before it.
    next_id: Position,
    /// Where the log has them.
    given: Vec<Position>,
    report: ImportReport,
}

/// The event as the server would load it, where it can.
fn loaded(text: &str) -> std::result::Result<Event, EventError> {
    let event = Event::from_json(text.as_bytes())?;
    match wire_form(&event.text) {
        Some(wire) => Event::from_canonical(wire.into_boxed_str()),
        None => Ok(event),
    }
}

impl Import<'_> {
    /// Reads an event in any shape that a server ever stored it in. One that the server could not
    /// load stays as it is.
    fn read(&mut self, text: &str) -> std::result::Result<Frame, EventError> {
        let mut event = loaded(text)?;
        if !event.header.kind.is_v0() {
            return Frame::read(event.text.as_bytes(), FrameForm::Raw);
        }
        if !matches!(event.header.id, Some(EventId::Number(0..))) {
            // What is no integer, or the server's -1, is no id; one that is too great is an error.
            match Frame::read(event.text.as_bytes(), FrameForm::Raw)? {
                Frame::Status(_) if !matches!(event.header.id, Some(EventId::Number(..-1))) => {}
                other => return Ok(other),
            }
            let members = event.text.strip_prefix('{').unwrap_or_default();
            let members = members.strip_suffix('}').unwrap_or_default();
            let id = ["\"id\": ", &self.next_id.to_string()].concat();
            // Of a key that comes twice, the last value counts.
            let text = ["{", &id, ", ", members, ", ", &id, "}"].concat();
            event = loaded(&text)?;
        }
        match event.header.id {
            Some(EventId::Number(id @ 0..=MAX_ID)) => {
                self.next_id = id.saturating_add(1);
                Ok(Frame::Event(event))
            }
            _ => Frame::read(event.text.as_bytes(), FrameForm::Raw),
        }
    }

    fn item(&mut self, event: Event) -> Item {
        let is_v1 = event.dialect() == Some(Dialect::V1);
        let begin = is_v1.then(|| self.begin(&event));
        match self.after.or(begin) {
            Some(after) => {
                self.after = Some(After::Item);
                Item::follows(event, Origin::Remote, after)
            }
            None => Item::event(event, Origin::Remote),
        }
    }

    /// Where the file's first V1 event goes, if the log doesn't have it: before what is later.
    fn begin(&self, event: &Event) -> After {
        let first = self.log.record().first_timestamp;
        match event.header.timestamp.as_ref().zip(first.as_ref()) {
            Some((own, first)) if own < first => After::Event(self.log.snapshot().before_first()),
            _ => After::Unknown,
        }
    }

    async fn commit(&mut self, last: bool) -> Result<()> {
        self.bytes = 0;
        let items = std::mem::take(&mut self.items);
        let outcomes = self.log.append(items, None).await?;
        for (outcome, (at, id)) in outcomes.into_iter().zip(std::mem::take(&mut self.places)) {
            let lines = &mut self.lines;
            self.report.count(outcome, || lines.line(at));
            match self.log.position_of(id.as_ref()).await? {
                Some(position) => {
                    self.last = Some(position);
                    self.given.push(position);
                }
                None => self.last = self.last.map(|last| last.saturating_add(1)),
            }
        }
        self.after = self.after.and(self.last).map(After::Event);
        if self.log.dialect() == Dialect::V1 {
            // Each event has said what is complete before it.
            return Ok(());
        }
        // Between two numbers that follow each other nothing is missing. Where some are left out,
        // that may be what was hidden, or a gap of the log that was exported.
        let is_export = matches!(self.report.form, FileForm::Trajectory | FileForm::JsonLines);
        if last && is_export && !self.given.is_empty() {
            let given = std::mem::take(&mut self.given);
            let mut complete: Vec<Interval> = Vec::new();
            for at in &given {
                match complete.last_mut() {
                    Some((_, last)) if *at == last.saturating_add(1) => *last = *at,
                    _ => complete.push((*at, *at)),
                }
            }
            complete.truncate(MOST_RUNS);
            let claim = Claim { complete, given };
            self.log.append_with(Vec::new(), Some(claim)).await?;
        }
        Ok(())
    }
}

/// Counts lines on the way.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn line(&mut self, at: usize) -> usize {
        if at >= self.at {
            let passed = self.text.as_bytes().get(self.at..at).unwrap_or_default();
            let breaks = passed.iter().filter(|byte| **byte == b'\n').count();
            self.line = self.line.saturating_add(breaks);
            self.at = at;
        }
        self.line
    }
}
