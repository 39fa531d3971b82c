//! JSON text read token by token, without a tree and without recursion, exactly as strict as
//! Python's `json.loads`: `NaN` and `Infinity` are read, a byte order mark is not.

use super::EventError;
use super::json_string::RawString;
use super::lanes::{find_either, plain_run};

/// How deep objects and lists may lie in each other; Python's parser gives up at about the same.
pub const MAX_DEPTH: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    BeginObject,
    EndObject,
    BeginArray,
    EndArray,
    Key(RawString<'a>),
    String(RawString<'a>),
    /// Digits of any number, with a leading minus perhaps.
    Integer(&'a str),
    /// A number with a fraction or an exponent.
    Float(&'a str),
    /// `true`, `false`, `null`.
    Literal(&'static str),
    /// `NaN`, `Infinity`, `-Infinity`: JSON to Python only.
    NonFinite(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Container {
    Object,
    Array,
}

#[derive(Clone, Copy)]
enum Expect {
    Value,
    FirstKey,
    Key,
    FirstItem,
    Separator,
}

/// Yields the tokens of one JSON value; after the first error nothing it says has a meaning.
pub(crate) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    token_start: usize,
    open: Vec<Container>,
    expect: Expect,
    non_finite: bool,
    /// Strings are taken to hold neither raw control characters nor anything but ASCII.
    canonical: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            token_start: 0,
            open: Vec::new(),
            expect: Expect::Value,
            non_finite: false,
            canonical: false,
        }
    }

    /// For text that has been made canonical before: faster, as strict on all but the characters
    /// of strings.
    pub(crate) fn of_canonical(text: &'a str) -> Self {
        Self {
            canonical: true,
            ..Self::new(text)
        }
    }

    /// Bytes read so far.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Where the last token that is no key began.
    pub(crate) fn token_start(&self) -> usize {
        self.token_start
    }

    /// The text between two offsets that [`at`](Self::at) has given.
    pub(crate) fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The next token; `None` once the value is complete and nothing but white space follows.
    pub(crate) fn next(&mut self) -> Result<Option<Token<'a>>, EventError> {
        loop {
            self.skip_whitespace();
            let next = self.peek();
            match (self.expect, self.open.last(), next) {
                (Expect::Separator, None, None) => return Ok(None),
                (Expect::Separator, None, _) => return Err(self.expected("the end of the text")),
                (Expect::Separator, Some(Container::Object), Some(b',')) => {
                    self.advance(1);
                    self.expect = Expect::Key;
                }
                (Expect::Separator, Some(Container::Array), Some(b',')) => {
                    self.advance(1);
                    self.expect = Expect::Value;
                }
                (Expect::Separator | Expect::FirstKey, Some(Container::Object), Some(b'}')) => {
                    self.close();
                    return Ok(Some(Token::EndObject));
                }
                (Expect::Separator | Expect::FirstItem, Some(Container::Array), Some(b']')) => {
                    self.close();
                    return Ok(Some(Token::EndArray));
                }
                (Expect::Separator, Some(Container::Object), _) => {
                    return Err(self.expected("',' or '}'"));
                }
                (Expect::Separator, Some(Container::Array), _) => {
                    return Err(self.expected("',' or ']'"));
                }
                (Expect::FirstKey | Expect::Key, _, Some(b'"')) => return self.key().map(Some),
                (Expect::FirstKey | Expect::Key, _, _) => {
                    return Err(self.expected("a key in double quotes"));
                }
                (Expect::Value | Expect::FirstItem, _, _) => return self.value().map(Some),
            }
        }
    }

    /// Reads on to the end of a value whose first token was `first`.
    pub(crate) fn skip_rest_of(&mut self, first: Token<'a>) -> Result<(), EventError> {
        if !matches!(first, Token::BeginObject | Token::BeginArray) {
            return Ok(());
        }
        let outside = self.open.len().saturating_sub(1);
        while self.open.len() > outside {
            if self.next()?.is_none() {
                break;
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline(always)]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    #[inline(always)]
    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn expected(&self, expected: &'static str) -> EventError {
        EventError::Syntax {
            offset: self.at,
            expected,
        }
    }

    #[inline(always)]
    fn skip_whitespace(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.advance(1);
        }
    }

    fn open(&mut self, container: Container, expect: Expect) -> Result<(), EventError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(EventError::TooDeep { offset: self.at });
        }
        self.advance(1);
        self.open.push(container);
        self.expect = expect;
        Ok(())
    }

    fn close(&mut self) {
        self.advance(1);
        self.open.pop();
        self.expect = Expect::Separator;
    }

    fn key(&mut self) -> Result<Token<'a>, EventError> {
        let key = self.string()?;
        self.skip_whitespace();
        if self.peek() != Some(b':') {
            return Err(self.expected("':'"));
        }
        self.advance(1);
        self.skip_whitespace();
        self.expect = Expect::Value;
        Ok(Token::Key(key))
    }

    fn value(&mut self) -> Result<Token<'a>, EventError> {
        self.token_start = self.at;
        let token = match self.peek() {
            Some(b'{') => {
                self.open(Container::Object, Expect::FirstKey)?;
                return Ok(Token::BeginObject);
            }
            Some(b'[') => {
                self.open(Container::Array, Expect::FirstItem)?;
                return Ok(Token::BeginArray);
            }
            Some(b'"') => Token::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => Token::Literal(self.literal("true")?),
            Some(b'f') => Token::Literal(self.literal("false")?),
            Some(b'n') => Token::Literal(self.literal("null")?),
            Some(b'N') => self.non_finite("NaN")?,
            Some(b'I') => self.non_finite("Infinity")?,
            _ => return Err(self.expected("a value")),
        };
        self.expect = Expect::Separator;
        Ok(token)
    }

    fn literal(&mut self, literal: &'static str) -> Result<&'static str, EventError> {
        if !self.rest().starts_with(literal.as_bytes()) {
            return Err(self.expected("a value"));
        }
        self.advance(literal.len());
        Ok(literal)
    }

    fn non_finite(&mut self, literal: &'static str) -> Result<Token<'a>, EventError> {
        self.non_finite = true;
        self.literal(literal).map(Token::NonFinite)
    }

    fn number(&mut self) -> Result<Token<'a>, EventError> {
        let start = self.at;
        if self.rest().starts_with(b"-I") {
            return self.non_finite("-Infinity");
        }
        if self.peek() == Some(b'-') {
            self.advance(1);
        }
        match self.digits() {
            0 => return Err(self.expected("a digit")),
            1 => {}
            // A number has no leading zero: the zero is all of it, and what follows is an error.
            more => {
                let digits_at = self.at.saturating_sub(more);
                if self.text.as_bytes().get(digits_at) == Some(&b'0') {
                    self.at = digits_at.saturating_add(1);
                    return Err(self.expected("no digit after a leading zero"));
                }
            }
        }
        let mut float = false;
        if self.peek() == Some(b'.') {
            float = true;
            self.advance(1);
            if self.digits() == 0 {
                return Err(self.expected("a digit after the decimal point"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            float = true;
            self.advance(1);
            if let Some(b'+' | b'-') = self.peek() {
                self.advance(1);
            }
            if self.digits() == 0 {
                return Err(self.expected("a digit of the exponent"));
            }
        }
        let text = self.between(start, self.at);
        Ok(if float {
            Token::Float(text)
        } else {
            Token::Integer(text)
        })
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit());
        let count = digits.count();
        self.advance(count);
        count
    }

    fn string(&mut self) -> Result<RawString<'a>, EventError> {
        let quote = self.at;
        self.advance(1);
        let start = self.at;
        let mut canonical = true;
        loop {
            let rest = self.rest();
            self.advance(match self.canonical {
                true => find_either(rest, b'"', b'\\').unwrap_or(rest.len()),
                false => plain_run(rest),
            });
            match self.peek() {
                Some(b'"') => {
                    let raw = self.between(start, self.at);
                    self.advance(1);
                    return Ok(RawString { raw, canonical });
                }
                Some(b'\\') => canonical &= self.escape()?,
                Some(0x7f..) => {
                    canonical = false;
                    let run = self.rest().iter().take_while(|byte| **byte >= 0x7f);
                    let count = run.count();
                    self.advance(count);
                }
                Some(_) => return Err(self.expected("an escape for a control character")),
                None => {
                    self.at = quote;
                    return Err(self.expected("a closing quote for the string that starts here"));
                }
            }
        }
    }

    /// Reads an escape; true if `json.dumps` would write it the same way.
    fn escape(&mut self) -> Result<bool, EventError> {
        let canonical = match self.rest() {
            [_, b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
            [_, b'/', ..] => false,
            [_, b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|d| d.is_ascii_hexdigit()) => {
                self.advance(6);
                let lower = [a, b, c, d].iter().all(|digit| !digit.is_ascii_uppercase());
                let short = matches!((a, b), (b'0', b'0'))
                    && (matches!(c, b'2'..=b'6')
                        || (*c == b'7' && !matches!(d, b'f' | b'F'))
                        || (*c == b'0' && matches!(d, b'8' | b'9' | b'a' | b'A'))
                        || (*c == b'0' && matches!(d, b'c' | b'C' | b'd' | b'D')));
                return Ok(lower && !short);
            }
            _ => return Err(self.expected("an escape of JSON")),
        };
        self.advance(2);
        Ok(canonical)
    }
}

/// One member of an object, its value as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    pub(crate) key: RawString<'a>,
    pub(crate) first: Token<'a>,
    pub(crate) value: &'a str,
}

/// The members of one object, nested values passed over. Ends at the first error.
pub(crate) struct Members<'a> {
    scanner: Scanner<'a>,
}

impl<'a> Members<'a> {
    /// Fails unless `text` begins as an object.
    pub(crate) fn of(text: &'a str) -> Result<Self, EventError> {
        Self::begin(Scanner::new(text))
    }

    /// As [`of`](Self::of), for text that has been made canonical before.
    pub(crate) fn of_canonical(text: &'a str) -> Result<Self, EventError> {
        Self::begin(Scanner::of_canonical(text))
    }

    fn begin(mut scanner: Scanner<'a>) -> Result<Self, EventError> {
        match scanner.next()? {
            Some(Token::BeginObject) => Ok(Self { scanner }),
            _ => Err(EventError::NotAnObject),
        }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Member<'a>>, EventError> {
        let Some(Token::Key(key)) = self.scanner.next()? else {
            // Whatever follows the object is an error.
            self.scanner.next()?;
            return Ok(None);
        };
        let Some(first) = self.scanner.next()? else {
            return Ok(None);
        };
        let start = self.scanner.token_start();
        self.scanner.skip_rest_of(first)?;
        let value = self.scanner.between(start, self.scanner.at());
        Ok(Some(Member { key, first, value }))
    }

    /// One of the values passed over was `NaN` or infinite.
    pub(crate) fn non_finite(&self) -> bool {
        self.scanner.non_finite
    }
}
