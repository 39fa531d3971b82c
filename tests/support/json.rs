//! JSON as a tree, and Python's `json.dumps` of it, written with nothing of the crate.

use serde_json::Value;

use super::Random;

/// A JSON value as Python reads it.
#[derive(Clone, Debug)]
pub enum Json {
    /// `null`, `true`, `NaN` and the like, and integers: as they are written.
    Word(String),
    Float(f64),
    /// UTF-16, with any lone surrogates.
    Text(Vec<u16>),
    List(Vec<Json>),
    /// In the order of the members, with those that come again.
    Object(Vec<(Vec<u16>, Json)>),
}

impl From<&Value> for Json {
    fn from(value: &Value) -> Json {
        let units = |text: &str| text.encode_utf16().collect::<Vec<u16>>();
        match value {
            Value::Number(number) => number_of(&number.to_string()),
            Value::String(text) => Json::Text(units(text)),
            Value::Array(items) => Json::List(items.iter().map(Json::from).collect()),
            Value::Object(members) => {
                let members = members.iter();
                Json::Object(
                    members
                        .map(|(key, value)| (units(key), value.into()))
                        .collect(),
                )
            }
            word => Json::Word(word.to_string()),
        }
    }
}

fn number_of(text: &str) -> Json {
    match text {
        "-0" => Json::Word("0".to_owned()),
        _ if text.contains(['.', 'e', 'E']) => Json::Float(text.parse().expect("a number")),
        _ => Json::Word(text.to_owned()),
    }
}

impl Json {
    /// What `json.dumps` writes.
    pub fn dumps(&self) -> String {
        match self {
            Json::Word(word) => word.clone(),
            Json::Float(number) => float(*number),
            Json::Text(units) => text(units),
            Json::List(items) => {
                let items: Vec<String> = items.iter().map(Json::dumps).collect();
                format!("[{}]", items.join(", "))
            }
            Json::Object(members) => {
                let mut dict: Vec<(&[u16], &Json)> = Vec::new();
                for (key, value) in members {
                    match dict.iter_mut().find(|(known, _)| known == key) {
                        Some(known) => known.1 = value,
                        None => dict.push((key, value)),
                    }
                }
                let dict = dict.iter();
                let members = dict.map(|(key, value)| format!("{}: {}", text(key), value.dumps()));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Any value, so many levels deep at most.
    pub fn random(random: &mut Random, levels: u32) -> Json {
        match random.below(if levels > 0 { 9 } else { 6 }) {
            0 => {
                let words = ["null", "true", "false", "NaN", "Infinity", "-Infinity"];
                Json::Word((*random.pick(&words)).to_owned())
            }
            1 => Json::Word(integer(random)),
            2 => Json::Float(f64::from_bits(random.next())).finite(),
            3 => Json::Float(random.number(-9999, 9999) as f64 / 100.0),
            4 | 5 => Json::Text(units(random)),
            6 => {
                let count = random.below(6);
                Json::List(
                    (0..count)
                        .map(|_| Json::random(random, levels - 1))
                        .collect(),
                )
            }
            _ => {
                let most = *random.pick(&[3, 6, 40]);
                let count = random.below(most);
                let mut members: Vec<(Vec<u16>, Json)> = Vec::new();
                for _ in 0..count {
                    let known = members.get(random.below(9) as usize);
                    let key = match known.filter(|_| random.one_in(4)) {
                        Some((key, _)) => key.clone(),
                        None => units(random),
                    };
                    members.push((key, Json::random(random, levels - 1)));
                }
                Json::Object(members)
            }
        }
    }

    fn finite(self) -> Json {
        match self {
            Json::Float(number) if !number.is_finite() => Json::Float(0.0),
            json => json,
        }
    }

    /// One of the many ways to write it.
    pub fn spelled(&self, random: &mut Random, out: &mut String) {
        blank(random, out);
        match self {
            Json::Word(word) if word == "0" && random.one_in(2) => out.push_str("-0"),
            Json::Word(word) => out.push_str(word),
            Json::Float(number) => out.push_str(&match random.below(3) {
                0 => format!("{number:?}"),
                1 => exponential(*number, random),
                _ => format!("{number:.1100}"),
            }),
            Json::Text(units) => spell_text(units, random, out),
            Json::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    item.spelled(random, out);
                }
                blank(random, out);
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    blank(random, out);
                    spell_text(key, random, out);
                    blank(random, out);
                    out.push(':');
                    value.spelled(random, out);
                }
                blank(random, out);
                out.push('}');
            }
        }
        blank(random, out);
    }
}

/// `repr(float)`.
fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    // The fewest digits that mean this float; of two equally near spellings the even one.
    let rounded = |digits: usize| format!("{number:.digits$e}");
    let means_it = |text: &String| text.parse() == Ok(number);
    let short = (0..17).map(rounded).find(means_it).expect("17 digits");
    let (digits, exponent) = short.split_once('e').expect("an exponent");
    let exponent: i32 = exponent.parse().expect("a number");
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.unsigned_abs());
    }
    let fraction = digits.split_once('.').map_or("", |(_, fraction)| fraction);
    let decimals = fraction.len() as i32 - exponent;
    format!("{number:.*}", decimals.max(1) as usize)
}

/// A float with an exponent, spelled as one.
fn exponential(number: f64, random: &mut Random) -> String {
    let short = format!("{number:e}");
    let (digits, exponent) = short.split_once('e').expect("an exponent");
    let exponent = match exponent.strip_prefix('-') {
        Some(size) => format!("-{size}"),
        None => format!("{}{exponent}", random.pick(&["", "+", "+00"])),
    };
    format!("{digits}{}{exponent}", random.pick(&["e", "E"]))
}

fn text(units: &[u16]) -> String {
    let mut out = String::from("\"");
    for unit in units {
        match (unit, char::from_u32(u32::from(*unit))) {
            (_, Some('"')) => out += "\\\"",
            (_, Some('\\')) => out += "\\\\",
            (_, Some('\n')) => out += "\\n",
            (_, Some('\r')) => out += "\\r",
            (_, Some('\t')) => out += "\\t",
            (8, _) => out += "\\b",
            (12, _) => out += "\\f",
            (32..=126, Some(char)) => out.push(char),
            _ => out += &format!("\\u{unit:04x}"),
        }
    }
    out + "\""
}

fn integer(random: &mut Random) -> String {
    let count = *random.pick(&[1, 1, 3, 17, 19, 20, 60]);
    let digits = (0..count).map(|_| char::from(b'0' + random.below(10) as u8));
    let digits: String = digits.collect();
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        digits if random.one_in(3) => format!("-{digits}"),
        digits => digits.to_owned(),
    }
}

fn units(random: &mut Random) -> Vec<u16> {
    let most = *random.pick(&[2, 5, 20]);
    let count = random.below(most);
    let unit = |random: &mut Random| match random.below(8) {
        0 => random.below(0x20) as u16,
        1 => *random.pick(&[0x22, 0x5c, 0x2f, 0x7e, 0x7f, 0x80, 0x2028]),
        2 => 0xd800 + random.below(0x400) as u16,
        3 => 0xdc00 + random.below(0x400) as u16,
        4 => random.next() as u16,
        _ => 0x20 + random.below(0x5f) as u16,
    };
    (0..count).map(|_| unit(random)).collect()
}

fn blank(random: &mut Random, out: &mut String) {
    if random.one_in(4) {
        out.push_str(random.pick::<&str>(&[" ", "\n", "\t \r\n", "  "]));
    }
}

fn spell_text(units: &[u16], random: &mut Random, out: &mut String) {
    out.push('"');
    for char in char::decode_utf16(units.iter().copied()) {
        match char {
            Ok(char @ ('"' | '\\')) => out.extend(['\\', char]),
            Ok('/') if random.one_in(2) => out.push_str("\\/"),
            Ok('\n') if random.one_in(2) => out.push_str("\\n"),
            Ok('\u{8}') if random.one_in(2) => out.push_str("\\b"),
            Ok(char @ ' '..) if !random.one_in(3) => out.push(char),
            Ok(char) => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    escape(*unit, random, out);
                }
            }
            Err(lone) => escape(lone.unpaired_surrogate(), random, out),
        }
    }
    out.push('"');
}

fn escape(unit: u16, random: &mut Random, out: &mut String) {
    out.push_str(&if random.one_in(2) {
        format!("\\u{unit:04x}")
    } else {
        format!("\\u{unit:04X}")
    });
}
