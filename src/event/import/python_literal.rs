//! Python's `ast.literal_eval` of what `repr` writes for values that JSON has.

use crate::event::dumps;
use crate::event::json_string::push_text;

/// The literal as canonical JSON; `None` if it is none, or holds what JSON has not.
///
/// Tuples become lists. Sets, bytes, complex numbers, f-strings and named characters are refused.
pub(super) fn literal(python: &str) -> Option<String> {
    let mut reader = Reader {
        rest: python,
        out: String::with_capacity(python.len()),
    };
    reader.run()?;
    // Checks brackets, commas and keys, and gives a repeated key its last value.
    dumps(reader.out.as_bytes()).ok()
}

struct Reader<'a> {
    rest: &'a str,
    out: String,
}

impl Reader<'_> {
    fn run(&mut self) -> Option<()> {
        // The comma that may end a list is written only when a value follows.
        let mut comma = false;
        let mut after_value = false;
        loop {
            let first = self.rest.chars().next();
            if first.is_some_and(|char| matches!(char, ' ' | '\t' | '\n' | '\r')) {
                self.skip(1);
                continue;
            }
            match first {
                None => return Some(()),
                Some(',') if after_value => {
                    self.skip(1);
                    comma = true;
                    after_value = false;
                    continue;
                }
                Some(']' | '}' | ')') => {
                    self.bracket();
                    comma = false;
                    after_value = true;
                    continue;
                }
                _ => {}
            }
            if std::mem::take(&mut comma) {
                self.out.push(',');
            }
            match first {
                Some('[' | '{' | '(' | ':') => {
                    self.bracket();
                    after_value = false;
                    continue;
                }
                Some('\'' | '"') => self.string()?,
                _ => self.word()?,
            }
            after_value = true;
        }
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn bracket(&mut self) {
        self.out.push(match self.rest.chars().next() {
            Some('(') => '[',
            Some(')') => ']',
            other => other.unwrap_or(' '),
        });
        self.skip(1);
    }

    fn word(&mut self) -> Option<()> {
        let is_inside = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_');
        let after_sign = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let tail = after_sign.trim_start_matches(|char| is_inside(char) || char == '+');
        let word = self.rest.strip_suffix(tail)?;
        let json = match word {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            number if number.bytes().any(|byte| byte.is_ascii_digit()) => number,
            _ => return None,
        };
        self.out.push_str(json);
        self.rest = tail;
        Some(())
    }

    fn string(&mut self) -> Option<()> {
        let mut chars = self.rest.chars();
        let quote = chars.next()?;
        let mut text = String::new();
        self.out.push('"');
        loop {
            let char = chars.next()?;
            if char == quote {
                break;
            }
            if char != '\\' {
                if char == '\n' {
                    return None;
                }
                text.push(char);
                continue;
            }
            let escape = chars.next()?;
            let digits = match escape {
                'n' => '\n'.into(),
                'r' => '\r'.into(),
                't' => '\t'.into(),
                'a' => '\u{7}'.into(),
                'b' => '\u{8}'.into(),
                'f' => '\u{c}'.into(),
                'v' => '\u{b}'.into(),
                '\\' | '\'' | '"' => escape.into(),
                'x' => hexadecimal(&mut chars, 2)?,
                'u' => hexadecimal(&mut chars, 4)?,
                'U' => hexadecimal(&mut chars, 8)?,
                '\n' => continue,
                '0'..='7' | 'N' => return None,
                other => {
                    text.push('\\');
                    other.into()
                }
            };
            match char::from_u32(digits) {
                Some(char) => text.push(char),
                None => {
                    push_text(&mut self.out, &std::mem::take(&mut text));
                    push_surrogate(&mut self.out, digits)?;
                }
            }
        }
        push_text(&mut self.out, &text);
        self.out.push('"');
        self.rest = chars.as_str();
        Some(())
    }
}

fn hexadecimal(chars: &mut std::str::Chars<'_>, count: usize) -> Option<u32> {
    let (digits, rest) = chars.as_str().split_at_checked(count)?;
    *chars = rest.chars();
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| all)
}

fn push_surrogate(out: &mut String, point: u32) -> Option<()> {
    let unit = u16::try_from(point).ok()?;
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        let digit = u32::from((unit >> shift) & 0xf);
        out.push(char::from_digit(digit, 16)?);
    }
    Some(())
}
