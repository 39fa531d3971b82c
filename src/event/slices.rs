//! Files of events taken apart into the texts of their parts, without a tree.

use super::EventError;
use super::scan::{Members, Scanner, Token};

/// The items of a JSON list, each as the text that stands in the file: `NaN`, lone surrogates and
/// the spelling of numbers survive.
///
/// Ends after the first error.
pub struct Items<'a> {
    scanner: Scanner<'a>,
    done: bool,
}

impl<'a> Items<'a> {
    /// Takes a list such as a trajectory's.
    ///
    /// # Errors
    /// When `json` doesn't begin as a list.
    pub fn of(json: &'a str) -> Result<Self, EventError> {
        let mut scanner = Scanner::new(json);
        let is_list = scanner.next()? == Some(Token::BeginArray);
        if !is_list {
            return Err(EventError::Syntax {
                offset: 0,
                expected: "a list",
            });
        }
        Ok(Self {
            scanner,
            done: false,
        })
    }

    fn item(&mut self) -> Result<Option<&'a str>, EventError> {
        let Some(first) = self.scanner.next()? else {
            return Ok(None);
        };
        if first == Token::EndArray {
            // Whatever follows the list is an error.
            self.scanner.next()?;
            return Ok(None);
        }
        let start = self.scanner.token_start();
        self.scanner.skip_rest_of(first)?;
        Ok(Some(self.scanner.between(start, self.scanner.at())))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Result<&'a str, EventError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.item().transpose();
        self.done = !matches!(item, Some(Ok(_)));
        item
    }
}

/// The members of a JSON object in their order: each key as it is meant, each value as the text
/// that stands in the file.
///
/// # Errors
/// When `json` is no object, or not JSON to Python.
pub fn members(json: &str) -> Result<Vec<(Box<str>, &str)>, EventError> {
    let mut members = Members::of(json)?;
    let mut found = Vec::new();
    while let Some(member) = members.next()? {
        found.push((member.key.to_text(), member.value));
    }
    Ok(found)
}

/// The string that a JSON text means; `None` if it means none. A string with lone surrogates
/// stays in its escaped form.
#[must_use]
pub fn string_value(json: &str) -> Option<Box<str>> {
    let mut scanner = Scanner::new(json);
    match (scanner.next(), scanner.next()) {
        (Ok(Some(Token::String(text))), Ok(None)) => Some(text.to_text()),
        _ => None,
    }
}
