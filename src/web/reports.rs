//! What calls answer besides events, as plain objects. What is absent has no key.

use js_sys::{Date, JsString};
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use super::home::Fed;
use crate::event::Dialect;
use crate::replay::{Recorded, ReplayState};
use crate::store::{CacheStats, ConversationInfo, ImportReport, Interval, VerifyReport};
use crate::stream::FeedReport;

/// What a report tells of one thing.
enum Value<'a> {
    Absent,
    Flag(bool),
    Number(f64),
    Text(&'a str),
    List(Vec<Value<'a>>),
    Fields(Vec<(&'static str, Value<'a>)>),
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Absent => serializer.serialize_none(),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
            Value::Number(number) => serializer.serialize_f64(*number),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(values) => serializer.collect_seq(values),
            Value::Fields(fields) => {
                let present = |field: &&(_, _)| !matches!(field.1, Value::Absent);
                let fields = fields.iter().filter(present);
                serializer.collect_map(fields.map(|(name, value)| (name, value)))
            }
        }
    }
}

impl From<usize> for Value<'_> {
    fn from(number: usize) -> Self {
        Value::Number(number as f64)
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Value::Absent, Value::Text)
    }
}

pub(super) fn conversation(info: &ConversationInfo) -> JsValue {
    let record = &info.record;
    plain(vec![
        ("id", Value::Text(&info.id)),
        (
            "dialect",
            Value::Text(record.dialect.unwrap_or(Dialect::V0).name()),
        ),
        ("events", Value::Number(record.events as f64)),
        ("bytes", Value::Number(record.bytes as f64)),
        (
            "firstTimestamp",
            record.first_timestamp.as_deref().map(readable).into(),
        ),
        (
            "lastTimestamp",
            record.last_timestamp.as_deref().map(readable).into(),
        ),
        ("lastAccess", Value::Number(record.last_access)),
        ("pinned", Value::Flag(record.pinned)),
        ("gaps", info.gaps().into()),
    ])
}

pub(super) fn import(id: &str, report: &ImportReport) -> JsValue {
    let faults = report.faults.iter().map(|(line, reason)| {
        Value::Fields(vec![
            ("line", (*line).into()),
            ("reason", Value::Text(reason)),
        ])
    });
    plain(vec![
        ("conversationId", Value::Text(id)),
        ("format", Value::Text(report.form.name())),
        ("accepted", Value::Number(report.accepted as f64)),
        ("doubles", Value::Number(report.doubles as f64)),
        ("rejected", Value::Number(report.rejected as f64)),
        ("errors", Value::List(faults.collect())),
    ])
}

/// What a look at all records has found so far, and whether that is all.
pub(super) fn verify(report: &VerifyReport, ended: bool) -> JsValue {
    let range = |(first, last): &Interval| {
        let ends = [*first, *last].map(|end| Value::Number(end as f64));
        Value::List(ends.into())
    };
    let damages = report.damages.iter().map(|damage| {
        Value::Fields(vec![
            ("table", Value::Text(damage.table.name())),
            ("number", Value::Number(damage.number as f64)),
            ("range", damage.range.as_ref().map_or(Value::Absent, range)),
            ("fault", Value::Text(damage.fault.name())),
        ])
    });
    let report = vec![
        ("sound", Value::Flag(report.damages.is_empty())),
        ("pages", Value::Number(report.pages as f64)),
        ("totalPages", Value::Number(report.total as f64)),
        ("events", Value::Number(report.events as f64)),
        ("bytes", Value::Number(report.bytes as f64)),
        ("damages", Value::List(damages.collect())),
        ("lost", Value::List(report.lost.iter().map(range).collect())),
    ];
    plain(vec![
        ("report", Value::Fields(report)),
        ("ended", Value::Flag(ended)),
    ])
}

/// Which of the counts `accepted`, `doubles` and `status` is one, or why the message was rejected:
/// thousands are answered at once, and a number is the quickest to go to the page.
pub(super) fn feed(report: &FeedReport) -> JsValue {
    match &report.reason {
        Some(why) => JsValue::from_str(why),
        None if report.accepted > 0 => 0.into(),
        None if report.doubles > 0 => 1.into(),
        None => 2.into(),
    }
}

pub(super) fn stats(mode: &'static str, fed: Fed, drops: u64, cache: CacheStats) -> JsValue {
    plain(vec![
        ("mode", Value::Text(mode)),
        ("accepted", Value::Number(fed.accepted)),
        ("doubles", Value::Number(fed.doubles)),
        ("status", Value::Number(fed.status)),
        ("rejected", Value::Number(fed.rejected)),
        ("bytesFed", Value::Number(fed.bytes)),
        ("dropped", Value::Number(drops as f64)),
        ("cacheBytes", cache.bytes.into()),
        ("cachePages", cache.pages.into()),
        ("cacheHits", Value::Number(cache.hits as f64)),
        ("cacheMisses", Value::Number(cache.misses as f64)),
    ])
}

pub(super) fn replay(state: &ReplayState) -> JsValue {
    let date = state.recorded.map(date);
    plain(vec![
        ("status", Value::Text(state.status)),
        ("index", state.index.into()),
        ("total", state.total.into()),
        (
            "position",
            state
                .position
                .map_or(Value::Absent, |position| Value::Number(position as f64)),
        ),
        ("time", Value::Number(state.time)),
        ("duration", Value::Number(state.duration)),
        ("speed", Value::Number(state.speed)),
        ("date", date.as_deref().into()),
    ])
}

/// A timestamp as far as it is text.
fn readable(timestamp: &[u8]) -> &str {
    let valid = match str::from_utf8(timestamp) {
        Ok(text) => return text,
        Err(why) => why.valid_up_to(),
    };
    timestamp
        .get(..valid)
        .and_then(|bytes| str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Recorded times without a zone were read as UTC, and are given back without one.
fn date(recorded: Recorded) -> String {
    let date: JsString = Date::new(&JsValue::from_f64(recorded.time)).to_iso_string();
    let mut date = String::from(date);
    if !recorded.zoned {
        date.pop();
    }
    date
}

/// Nothing in a report is beyond JavaScript, so this does not fail.
fn plain(fields: Vec<(&'static str, Value<'_>)>) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    let object = Value::Fields(fields).serialize(&serializer);
    object.unwrap_or(JsValue::UNDEFINED)
}
