//! Files that hold events, taken apart without a tree: which form a file has, and the text of each
//! event in it.

use super::EventError;
use super::scan::{Members, Scanner, Token};

/// The forms that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileForm {
    /// A JSON array of events: the server's trajectory export.
    Trajectory,
    /// An answer of `GET /events`, or any object with a list of events in `events`, `trajectory`
    /// or `history`; an old evaluation's history holds pairs, `[[action, observation], …]`.
    Page,
    /// One event as a JSON object: a server's own event file.
    Event,
    /// One JSON object per line: an event, or an object with a list of them.
    JsonLines,
    /// An archive of this package, which holds a log as it was stored.
    Archive,
}

impl FileForm {
    /// The name that reports give.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            FileForm::Trajectory => "trajectory",
            FileForm::Page => "page",
            FileForm::Event => "event",
            FileForm::JsonLines => "jsonl",
            FileForm::Archive => "archive",
        }
    }
}

/// The events of a file, in its order.
pub struct Documents<'a> {
    text: &'a str,
    form: FileForm,
    /// The list being read, and where its text begins.
    list: Option<(usize, Scanner<'a>)>,
    /// Where the next document begins.
    at: usize,
}

/// One event's text, or why there is none, and where in the file it begins, in bytes.
pub type Found<'a> = (usize, Result<&'a str, EventError>);

impl<'a> Documents<'a> {
    /// Recognises the form of a file.
    #[must_use]
    pub fn of(text: &'a str) -> Documents<'a> {
        let trimmed = text.trim_start();
        let first_line = trimmed.lines().next().unwrap_or_default();
        let form = if trimmed.starts_with('[') {
            FileForm::Trajectory
        } else if first_line.len() < trimmed.trim_end().len() && whole(first_line) {
            FileForm::JsonLines
        } else if matches!(events_in(trimmed), Ok(Some(_))) {
            FileForm::Page
        } else if !whole(trimmed) && later(trimmed).any(whole) {
            // The first line is damaged.
            FileForm::JsonLines
        } else {
            FileForm::Event
        };
        let at = text.len().saturating_sub(trimmed.len());
        Documents {
            text,
            form,
            list: None,
            at,
        }
    }

    /// The form.
    #[must_use]
    pub fn form(&self) -> FileForm {
        self.form
    }

    /// The next element of the list that is being read; lists in it are read as if their elements
    /// were its own.
    fn element(&mut self) -> Option<Found<'a>> {
        let (start, scanner) = self.list.as_mut()?;
        let start = *start;
        let element = loop {
            break match scanner.next() {
                Ok(Some(Token::BeginArray | Token::EndArray)) => continue,
                Ok(Some(first)) => {
                    let from = scanner.token_start();
                    let rest = scanner.skip_rest_of(first);
                    rest.map(|()| Some((from, scanner.between(from, scanner.at()))))
                }
                Ok(None) => Ok(None),
                Err(why) => Err(why),
            };
        };
        let at = start.saturating_add(scanner.at());
        match element {
            Ok(Some((from, text))) => Some((start.saturating_add(from), Ok(text))),
            Ok(None) => {
                self.list = None;
                None
            }
            Err(why) => {
                self.list = None;
                Some((at, Err(why)))
            }
        }
    }

    /// The next document: a line in JSON Lines, else the rest of the file.
    fn document(&mut self) -> Option<(usize, &'a str)> {
        // White space is passed once, however much of it there is.
        let rest = self.text.get(self.at..)?.trim_start();
        if rest.is_empty() {
            return None;
        }
        let start = self.text.len().saturating_sub(rest.len());
        let document = match self.form {
            FileForm::JsonLines => rest.split('\n').next().unwrap_or(rest),
            _ => rest,
        };
        self.at = start.saturating_add(document.len()).saturating_add(1);
        Some((start, document))
    }

    fn open_list(&mut self, start: usize, list: &'a str) {
        let mut scanner = Scanner::new(list);
        // It begins with a bracket, as the caller has seen.
        if matches!(scanner.next(), Ok(Some(Token::BeginArray))) {
            self.list = Some((start, scanner));
        }
    }
}

impl<'a> Iterator for Documents<'a> {
    type Item = Found<'a>;

    fn next(&mut self) -> Option<Found<'a>> {
        loop {
            if let Some(found) = self.element() {
                return Some(found);
            }
            let (start, document) = self.document()?;
            if self.form == FileForm::Trajectory {
                self.open_list(start, document);
                continue;
            }
            match events_in(document) {
                Ok(Some((offset, list))) => self.open_list(start.saturating_add(offset), list),
                Ok(None) => return Some((start, Ok(document.trim()))),
                Err(why) => return Some((start, Err(why))),
            }
        }
    }
}

/// The lines after the first that begin with an object, at their very beginning.
fn later(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip(1);
    lines.filter(|line| line.starts_with('{'))
}

/// Whether this is one complete JSON object.
fn whole(text: &str) -> bool {
    let Ok(mut members) = Members::of(text) else {
        return false;
    };
    loop {
        match members.next() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// The list of events in an object that isn't one itself, and its offset. A list that is cut off
/// counts: what can be read of it is read.
fn events_in(text: &str) -> Result<Option<(usize, &str)>, EventError> {
    let mut scanner = Scanner::new(text);
    if scanner.next()? != Some(Token::BeginObject) {
        return Err(EventError::NotAnObject);
    }
    let mut found = None;
    while let Some(Token::Key(key)) = scanner.next()? {
        if matches!(key.raw, "action" | "observation" | "kind") {
            return Ok(None);
        }
        let Some(first) = scanner.next()? else { break };
        let from = scanner.token_start();
        let is_list = matches!(key.raw, "events" | "trajectory" | "history" | "items")
            && first == Token::BeginArray;
        if is_list {
            found = Some((from, text.get(from..).unwrap_or_default()));
        }
        if let Err(why) = scanner.skip_rest_of(first) {
            return if is_list { Ok(found) } else { Err(why) };
        }
        if let (true, Some((_, list))) = (is_list, &mut found) {
            *list = scanner.between(from, scanner.at());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{Documents, FileForm};

    fn read(text: &str) -> (FileForm, Vec<Result<&str, usize>>) {
        let documents = Documents::of(text);
        let form = documents.form();
        (
            form,
            documents.map(|(at, found)| found.map_err(|_| at)).collect(),
        )
    }

    #[test]
    fn every_form_is_recognised() {
        assert_eq!(
            read(" [{\"a\": 1}, {}]\n"),
            (FileForm::Trajectory, vec![Ok("{\"a\": 1}"), Ok("{}")])
        );
        let page = "{\"has_more\": false, \"events\": [{\"a\": 1}]}";
        assert_eq!(read(page), (FileForm::Page, vec![Ok("{\"a\": 1}")]));
        let event = "{\n\"id\": 1, \"action\": \"run\", \"events\": []}\n";
        assert_eq!(read(event), (FileForm::Event, vec![Ok(event.trim())]));
        let lines = "{\"id\": 1}\n\n{\"history\": [{\"id\": 2}, {\"id\": 3}]}\r\n{\"id\": 4}";
        let found = vec![
            Ok("{\"id\": 1}"),
            Ok("{\"id\": 2}"),
            Ok("{\"id\": 3}"),
            Ok("{\"id\": 4}"),
        ];
        assert_eq!(read(lines), (FileForm::JsonLines, found));
    }

    #[test]
    fn pairs_of_a_history_are_read_one_after_the_other() {
        let pairs = "{\"id\": \"x\", \"history\": [[{\"a\": 1}, {\"b\": []}], [], [{\"c\": 1}]]}";
        let found = vec![Ok("{\"a\": 1}"), Ok("{\"b\": []}"), Ok("{\"c\": 1}")];
        assert_eq!(read(pairs), (FileForm::Page, found.clone()));
        let lines = format!("{pairs}\n{pairs}\n");
        let twice = [found.clone(), found].concat();
        assert_eq!(read(&lines), (FileForm::JsonLines, twice));
    }

    #[test]
    fn what_comes_before_a_fault_is_read() {
        assert_eq!(
            read("[{\"a\": 1}, {\"b\""),
            (FileForm::Trajectory, vec![Ok("{\"a\": 1}"), Err(15)])
        );
        let lines = "{\"id\": 1}\n{\"id\": \n{\"id\": 3}\n";
        assert_eq!(
            read(lines).1,
            [Ok("{\"id\": 1}"), Err(10), Ok("{\"id\": 3}")]
        );
        assert_eq!(
            read("{\"events\": [{\"a\": 1}, {\"b\"").1,
            [Ok("{\"a\": 1}"), Err(26)]
        );
        assert_eq!(read("hello").1, [Err(0)]);
        assert_eq!(read("  ").1, []);
    }
}
