//! What calls answer besides events, as plain objects. What is absent has no key.

use std::borrow::Cow;

use js_sys::{Date, JsString};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::home::Fed;
use crate::event::Dialect;
use crate::replay::ReplayState;
use crate::store::{CacheStats, ConversationInfo, ImportReport};
use crate::stream::FeedReport;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Conversation<'a> {
    id: &'a str,
    dialect: Dialect,
    events: f64,
    bytes: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_timestamp: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_timestamp: Option<Cow<'a, str>>,
    last_access: f64,
    pinned: bool,
    gaps: usize,
}

pub(super) fn conversation(info: &ConversationInfo) -> JsValue {
    let record = &info.record;
    plain(&Conversation {
        id: &info.id,
        dialect: record.dialect.unwrap_or(Dialect::V0),
        events: record.events as f64,
        bytes: record.bytes as f64,
        first_timestamp: record
            .first_timestamp
            .as_deref()
            .map(String::from_utf8_lossy),
        last_timestamp: record
            .last_timestamp
            .as_deref()
            .map(String::from_utf8_lossy),
        last_access: record.last_access,
        pinned: record.pinned,
        gaps: info.gaps(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Import<'a> {
    conversation_id: &'a str,
    format: &'static str,
    accepted: f64,
    doubles: f64,
    rejected: f64,
    errors: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    line: usize,
    reason: &'a str,
}

pub(super) fn import(id: &str, report: &ImportReport) -> JsValue {
    let faults = report.faults.iter();
    plain(&Import {
        conversation_id: id,
        format: report.form.name(),
        accepted: report.accepted as f64,
        doubles: report.doubles as f64,
        rejected: report.rejected as f64,
        errors: faults
            .map(|(line, reason)| Fault {
                line: *line,
                reason,
            })
            .collect(),
    })
}

#[derive(Serialize)]
struct Feed<'a> {
    accepted: u32,
    doubles: u32,
    status: u32,
    rejected: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

pub(super) fn feed(report: &FeedReport) -> JsValue {
    plain(&Feed {
        accepted: report.accepted,
        doubles: report.doubles,
        status: report.status,
        rejected: report.rejected,
        reason: report.reason.as_deref(),
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    mode: &'static str,
    accepted: f64,
    doubles: f64,
    status: f64,
    rejected: f64,
    bytes_fed: f64,
    dropped: f64,
    cache_bytes: usize,
    cache_pages: usize,
    cache_hits: f64,
    cache_misses: f64,
}

pub(super) fn stats(mode: &'static str, fed: Fed, drops: u64, cache: CacheStats) -> JsValue {
    plain(&Stats {
        mode,
        accepted: fed.accepted,
        doubles: fed.doubles,
        status: fed.status,
        rejected: fed.rejected,
        bytes_fed: fed.bytes,
        dropped: drops as f64,
        cache_bytes: cache.bytes,
        cache_pages: cache.pages,
        cache_hits: cache.hits as f64,
        cache_misses: cache.misses as f64,
    })
}

#[derive(Serialize)]
struct Replay {
    status: &'static str,
    index: usize,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<f64>,
    time: f64,
    duration: f64,
    speed: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
}

pub(super) fn replay(state: &ReplayState) -> JsValue {
    plain(&Replay {
        status: state.status,
        index: state.index,
        total: state.total,
        position: state.position.map(|position| position as f64),
        time: state.time,
        duration: state.duration,
        speed: state.speed,
        date: state.recorded.map(date),
    })
}

/// Recorded times have no zone: they were read as UTC, and are given back so.
fn date(recorded: f64) -> String {
    let date: JsString = Date::new(&JsValue::from_f64(recorded)).to_iso_string();
    String::from(date).trim_end_matches('Z').to_owned()
}

/// Nothing in a report is beyond JavaScript, so this does not fail.
fn plain(report: &impl Serialize) -> JsValue {
    serde_wasm_bindgen::to_value(report).unwrap_or(JsValue::UNDEFINED)
}
