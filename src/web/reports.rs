//! What calls answer besides events, as plain objects.

use js_sys::{Array, Object};
use wasm_bindgen::prelude::*;

use super::convert::{put, timestamp};
use crate::event::Dialect;
use crate::store::{ConversationInfo, ImportReport};
use crate::stream::FeedReport;

pub(super) fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::V0 => "v0",
        Dialect::V1 => "v1",
    }
}

pub(super) fn conversation_info(info: &ConversationInfo) -> Object {
    let record = &info.record;
    let object = Object::new();
    put(&object, "id", &*info.id);
    put(
        &object,
        "dialect",
        name(record.dialect.unwrap_or(Dialect::V0)),
    );
    put(&object, "events", record.events as f64);
    put(&object, "bytes", record.bytes as f64);
    put(
        &object,
        "firstTimestamp",
        timestamp(record.first_timestamp.as_deref()),
    );
    put(
        &object,
        "lastTimestamp",
        timestamp(record.last_timestamp.as_deref()),
    );
    put(&object, "lastAccess", record.last_access);
    put(&object, "pinned", record.pinned);
    put(&object, "gaps", info.gaps() as f64);
    object
}

pub(super) fn import_report(id: &str, report: &ImportReport) -> JsValue {
    let fault = |(line, reason): &(usize, String)| {
        let fault = Object::new();
        put(&fault, "line", *line as f64);
        put(&fault, "reason", reason.as_str());
        fault
    };
    let object = Object::new();
    put(&object, "conversationId", id);
    put(&object, "format", report.form.name());
    put(&object, "accepted", report.accepted as f64);
    put(&object, "doubles", report.doubles as f64);
    put(&object, "rejected", report.rejected as f64);
    put(
        &object,
        "errors",
        report.faults.iter().map(fault).collect::<Array>(),
    );
    object.into()
}

pub(super) fn feed_report(report: &FeedReport) -> JsValue {
    let object = Object::new();
    put(&object, "accepted", report.accepted);
    put(&object, "doubles", report.doubles);
    put(&object, "status", report.status);
    put(&object, "rejected", report.rejected);
    if let Some(reason) = &report.reason {
        put(&object, "reason", reason.as_str());
    }
    object.into()
}
