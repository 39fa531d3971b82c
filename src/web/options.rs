//! The options of all calls, read in one place: unknown ones and ones of a wrong type are errors.

use js_sys::{Object, Reflect};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::backend::Durability;
use crate::error::{Error, Result};
use crate::event::{Dialect, MAX_ID};
use crate::filter::EventFilter;
use crate::replay::ReplayOptions;
use crate::store::{ExportFormat, MatchingOptions, SearchOptions};
use crate::stream::{Policy, SubscribeOptions};

/// Every option that some call takes. Each call names those that it knows.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Options {
    pub(super) name: Option<String>,
    pub(super) user_id: Option<String>,
    pub(super) cache_size: Option<f64>,
    pub(super) memory_budget: Option<f64>,
    pub(super) timeout: Option<f64>,
    pub(super) max_subscribers: Option<f64>,
    pub(super) log_level: Option<String>,
    pub(super) id: Option<String>,
    pub(super) screenshots: Option<bool>,
    durability: Option<String>,
    dialect: Option<String>,
    start_id: Option<f64>,
    end_id: Option<f64>,
    reverse: Option<bool>,
    limit: Option<f64>,
    filter: Option<EventFilter>,
    query: Option<String>,
    event_types: Option<Vec<String>>,
    source: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    from: Option<f64>,
    policy: Option<String>,
    buffer_size: Option<f64>,
    speed: Option<f64>,
    max_idle: Option<f64>,
    format: Option<String>,
}

/// The options of `EventStore.open`; the page keeps those that are its own.
pub(super) const OPEN: &str = "name userId worker durability cacheSize memoryBudget storageBudget \
    timeout maxSubscribers logLevel";
pub(super) const CONVERSATION: &str = "dialect secrets";
pub(super) const IMPORT: &str = "id";
pub(super) const SEARCH: &str = "startId endId reverse limit filter";
pub(super) const MATCHING: &str = "query eventTypes source startDate endDate startId limit reverse";
pub(super) const FOLLOW: &str = "from filter";
pub(super) const SUBSCRIBE: &str = "filter from policy bufferSize";
pub(super) const REPLAY: &str = "speed maxIdle filter";
pub(super) const EXPORT: &str = "format screenshots";
const FILTER: &str = "query includeTypes excludeTypes source startDate endDate excludeHidden";

impl Options {
    /// Reads the options of a call that knows these, named with spaces between. Nothing given is
    /// the same as no option set.
    pub(super) fn read(value: JsValue, known: &str) -> Result<Options> {
        if value.is_undefined() || value.is_null() {
            return Ok(Options::default());
        }
        only_known(&value, known)?;
        let filter = Reflect::get(&value, &JsValue::from_str("filter"));
        if let Some(filter) = filter.ok().filter(JsValue::is_object) {
            only_known(&filter, FILTER)?;
        }
        from_js(value)
    }

    /// Reads a filter that stands on its own.
    pub(super) fn filter(value: JsValue) -> Result<EventFilter> {
        if value.is_undefined() || value.is_null() {
            return Ok(EventFilter::default());
        }
        only_known(&value, FILTER)?;
        from_js(value)
    }

    pub(super) fn durability(&self) -> Result<Durability> {
        match self.durability.as_deref() {
            None | Some("relaxed") => Ok(Durability::Relaxed),
            Some("strict") => Ok(Durability::Strict),
            Some(other) => Err(unknown("durability", "relaxed or strict", other)),
        }
    }

    pub(super) fn dialect(&self) -> Result<Option<Dialect>> {
        match self.dialect.as_deref() {
            None => Ok(None),
            Some("v0") => Ok(Some(Dialect::V0)),
            Some("v1") => Ok(Some(Dialect::V1)),
            Some(other) => Err(unknown("dialect", "v0 or v1", other)),
        }
    }

    pub(super) fn format(&self) -> Result<ExportFormat> {
        match self.format.as_deref() {
            None | Some("trajectory") => Ok(ExportFormat::Trajectory),
            Some("jsonl") => Ok(ExportFormat::JsonLines),
            Some(other) => Err(unknown("format", "trajectory or jsonl", other)),
        }
    }

    pub(super) fn search(self) -> Result<SearchOptions> {
        Ok(SearchOptions {
            start_id: integer("startId", self.start_id)?,
            end_id: integer("endId", self.end_id)?,
            reverse: self.reverse.unwrap_or(false),
            limit: integer("limit", self.limit)?,
            filter: self.filter,
        })
    }

    pub(super) fn matching(self) -> Result<MatchingOptions> {
        Ok(MatchingOptions {
            query: self.query,
            event_types: self.event_types,
            source: self.source,
            start_date: self.start_date,
            end_date: self.end_date,
            start_id: integer("startId", self.start_id)?,
            limit: integer("limit", self.limit)?,
            reverse: self.reverse.unwrap_or(false),
        })
    }

    pub(super) fn subscribe(self) -> Result<SubscribeOptions> {
        let policy = match self.policy.as_deref() {
            None | Some("block") => Policy::Block,
            Some("batch") => Policy::Batch,
            Some("latest") => Policy::Latest,
            Some(other) => return Err(unknown("policy", "block, batch or latest", other)),
        };
        Ok(SubscribeOptions {
            filter: self.filter,
            from: integer("from", self.from)?,
            policy,
            buffer_size: self.buffer_size.map(|size| size as u32),
        })
    }

    pub(super) fn replay(self) -> ReplayOptions {
        ReplayOptions {
            speed: self.speed,
            max_idle: self.max_idle,
            filter: self.filter,
        }
    }
}

/// A size, or the default where none is given that makes sense.
pub(super) fn size(given: Option<f64>, default: usize) -> usize {
    given
        .filter(|size| *size >= 1.0)
        .map_or(default, |size| size as usize)
}

/// An integer that JavaScript holds exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= MAX_ID as f64).then_some(number as i64)
}

fn integer(name: &str, given: Option<f64>) -> Result<Option<i64>> {
    let read = |number| {
        whole(number).ok_or_else(|| Error::InvalidArgument(format!("{name} is not an integer")))
    };
    given.map(read).transpose()
}

fn unknown(name: &str, known: &str, given: &str) -> Error {
    Error::InvalidArgument(format!("{name} is {known}, not {given}"))
}

fn only_known(value: &JsValue, known: &str) -> Result<()> {
    let Some(object) = value.dyn_ref::<Object>() else {
        return Err(Error::InvalidArgument(
            "the options are not an object".into(),
        ));
    };
    for key in Object::keys(object)
        .iter()
        .filter_map(|key| key.as_string())
    {
        if !known.split(' ').any(|known| known == key) {
            return Err(Error::InvalidArgument(format!("there is no option {key}")));
        }
    }
    Ok(())
}

fn from_js<T: serde::de::DeserializeOwned>(value: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(value)
        .map_err(|why| Error::InvalidArgument(format!("the options can't be read: {why}")))
}
