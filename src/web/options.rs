//! The options of all calls, read in one place: unknown ones and ones of a wrong type are errors.

use js_sys::{Array, Object, Reflect};
use wasm_bindgen::prelude::*;

use super::convert::strings;
use crate::backend::Durability;
use crate::error::{Error, Result};
use crate::event::{Dialect, MAX_ID};
use crate::filter::EventFilter;
use crate::notice::Level;
use crate::replay::ReplayOptions;
use crate::store::{ExportFormat, MatchingOptions, SearchOptions};
use crate::stream::{EventStream, Policy, SubscribeOptions};
use crate::sync::ServerOptions;

/// The options of one call, or undefined. `null` is the same as an option that is not set.
pub(super) struct Options(JsValue);

/// The options of `EventStore.open`; the page keeps those that are its own.
pub(super) const OPEN: &str = "name userId worker durability cacheSize memoryBudget storageBudget \
    timeout maxSubscribers logLevel";
pub(super) const CONVERSATION: &str = "dialect secrets";
pub(super) const IMPORT: &str = "id";
pub(super) const SEARCH: &str = "startId endId reverse limit filter";
pub(super) const SEARCH_ALL: &str = "reverse limit";
pub(super) const MATCHING: &str = "query eventTypes source startDate endDate startId limit reverse";
pub(super) const FOLLOW: &str = "from filter";
pub(super) const SUBSCRIBE: &str = "filter from policy bufferSize";
pub(super) const REPLAY: &str = "speed maxIdle filter";
pub(super) const SYNC: &str = "baseUrl sessionApiKey headers timeout";
pub(super) const CONNECT: &str = "transport url baseUrl conversationId sessionApiKey headers query \
    timeout parsed";
pub(super) const NESTED: &str = "baseUrl sessionApiKey headers timeout worker logLevel";
pub(super) const EXPORT: &str = "format screenshots";
const FILTER: &str = "query includeTypes excludeTypes source startDate endDate excludeHidden \
    text";

impl Options {
    /// The options of a call that knows these, named with spaces between.
    pub(super) fn read(value: JsValue, known: &str) -> Result<Options> {
        if value.is_undefined() || value.is_null() {
            return Ok(Options(JsValue::UNDEFINED));
        }
        let object = value
            .dyn_ref::<Object>()
            .ok_or_else(|| wrong("options", "object"))?;
        for key in Object::keys(object).iter() {
            let key = key.as_string().unwrap_or_default();
            if !known.split(' ').any(|known| known == key) {
                return Err(Error::InvalidArgument(format!("there is no option {key}")).into());
            }
        }
        Ok(Options(value))
    }

    pub(super) fn value(&self, name: &str) -> Result<Option<JsValue>> {
        if self.0.is_undefined() {
            return Ok(None);
        }
        let value = Reflect::get(&self.0, &JsValue::from_str(name))
            .map_err(|_| Error::InvalidArgument(format!("{name} can't be read")))?;
        Ok((!value.is_undefined() && !value.is_null()).then_some(value))
    }

    /// A name, which has to arrive as it was given.
    pub(super) fn name(&self, name: &str) -> Result<Option<String>> {
        self.value(name)?
            .map(|value| exact(name, &value))
            .transpose()
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<String>> {
        self.value(name)?
            .map(|value| value.as_string().ok_or_else(|| wrong(name, "string")))
            .transpose()
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>> {
        self.value(name)?
            .map(|value| value.as_f64().ok_or_else(|| wrong(name, "number")))
            .transpose()
    }

    /// False unless it is set.
    pub(super) fn flag(&self, name: &str) -> Result<bool> {
        match self.value(name)? {
            None => Ok(false),
            Some(value) => value.as_bool().ok_or_else(|| wrong(name, "boolean")),
        }
    }

    fn texts(&self, name: &str) -> Result<Option<Vec<String>>> {
        let Some(value) = self.value(name)? else {
            return Ok(None);
        };
        value
            .dyn_ref::<Array>()
            .and_then(|list| list.iter().map(|text| text.as_string()).collect())
            .map(Some)
            .ok_or_else(|| wrong(name, "array of strings"))
    }

    /// A size, at least 1, or the default where none is given.
    pub(super) fn size(&self, name: &str, default: usize) -> Result<usize> {
        match self.number(name)? {
            None => Ok(default),
            Some(size) if size >= 1.0 => Ok(size as usize),
            Some(_) => Err(Error::InvalidArgument(format!("{name} is at least 1")).into()),
        }
    }

    /// Bytes on disk, which may be more than an address here can be.
    pub(super) fn storage_budget(&self) -> Result<Option<u64>> {
        match self.number("storageBudget")? {
            Some(bytes) if bytes.is_nan() || bytes < 1.0 => {
                Err(Error::InvalidArgument("storageBudget is at least 1".into()).into())
            }
            given => Ok(given.map(|bytes| bytes as u64)),
        }
    }

    /// An integer that JavaScript holds exactly.
    fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.number(name)?
            .map(|number| whole(number).ok_or_else(|| wrong(name, "integer")))
            .transpose()
    }

    fn filter(&self) -> Result<Option<EventFilter>> {
        self.value("filter")?.map(filter).transpose()
    }

    pub(super) fn durability(&self) -> Result<Durability> {
        match self.text("durability")?.as_deref() {
            None | Some("relaxed") => Ok(Durability::Relaxed),
            Some("strict") => Ok(Durability::Strict),
            Some(other) => Err(unknown("durability", "relaxed or strict", other)),
        }
    }

    /// The least level of log lines to tell of; none for `off`.
    pub(super) fn log_level(&self) -> Result<Option<Level>> {
        match self.text("logLevel")?.as_deref() {
            Some("off") => Ok(None),
            Some("debug") => Ok(Some(Level::Debug)),
            Some("info") => Ok(Some(Level::Info)),
            None | Some("warn") => Ok(Some(Level::Warn)),
            Some("error") => Ok(Some(Level::Error)),
            Some(other) => Err(unknown(
                "logLevel",
                "debug, info, warn, error or off",
                other,
            )),
        }
    }

    pub(super) fn dialect(&self) -> Result<Option<Dialect>> {
        match self.text("dialect")?.as_deref() {
            None => Ok(None),
            Some("v0") => Ok(Some(Dialect::V0)),
            Some("v1") => Ok(Some(Dialect::V1)),
            Some(other) => Err(unknown("dialect", "v0 or v1", other)),
        }
    }

    pub(super) fn format(&self) -> Result<ExportFormat> {
        match self.text("format")?.as_deref() {
            None | Some("trajectory") => Ok(ExportFormat::Trajectory),
            Some("jsonl") => Ok(ExportFormat::JsonLines),
            Some("markdown") => Ok(ExportFormat::Markdown),
            Some("archive") => Ok(ExportFormat::Archive),
            Some(other) => Err(unknown(
                "format",
                "trajectory, jsonl, markdown or archive",
                other,
            )),
        }
    }

    /// Milliseconds.
    pub(super) fn timeout(&self, default: u32) -> Result<u32> {
        Ok(self.size("timeout", default as usize)? as u32)
    }

    /// Strings by name.
    pub(super) fn pairs(&self, name: &str) -> Result<Vec<(String, String)>> {
        match self.value(name)? {
            Some(pairs) => strings(&pairs),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn server(&self, timeout: Option<u32>) -> Result<ServerOptions> {
        let defaults = ServerOptions::default();
        Ok(ServerOptions {
            base_url: self.text("baseUrl")?.unwrap_or_default(),
            session_api_key: self.name("sessionApiKey")?,
            headers: self.pairs("headers")?,
            timeout: self.timeout(timeout.unwrap_or(defaults.timeout))?,
        })
    }

    pub(super) fn search(&self) -> Result<SearchOptions> {
        Ok(SearchOptions {
            start_id: self.integer("startId")?,
            end_id: self.integer("endId")?,
            reverse: self.flag("reverse")?,
            limit: self.integer("limit")?,
            filter: self.filter()?,
        })
    }

    pub(super) fn matching(&self) -> Result<MatchingOptions> {
        Ok(MatchingOptions {
            query: self.text("query")?,
            event_types: self.texts("eventTypes")?,
            source: self.text("source")?,
            start_date: self.text("startDate")?,
            end_date: self.text("endDate")?,
            start_id: self.integer("startId")?,
            limit: self.integer("limit")?,
            reverse: self.flag("reverse")?,
        })
    }

    pub(super) fn subscribe(&self) -> Result<SubscribeOptions> {
        let policy = match self.text("policy")?.as_deref() {
            None | Some("block") => Policy::Block,
            Some("batch") => Policy::Batch,
            Some("latest") => Policy::Latest,
            Some(other) => return Err(unknown("policy", "block, batch or latest", other)),
        };
        Ok(SubscribeOptions {
            filter: self.filter()?,
            from: self.integer("from")?,
            policy,
            buffer_size: Some(self.size("bufferSize", EventStream::BUFFER)? as u32),
        })
    }

    pub(super) fn replay(&self) -> Result<ReplayOptions> {
        Ok(ReplayOptions {
            speed: self.number("speed")?,
            max_idle: self.number("maxIdle")?,
            filter: self.filter()?,
        })
    }
}

/// A filter; nothing given matches everything.
pub(super) fn filter(value: JsValue) -> Result<EventFilter> {
    let given = Options::read(value, FILTER)?;
    Ok(EventFilter {
        query: given.text("query")?,
        include_types: given.texts("includeTypes")?.unwrap_or_default(),
        exclude_types: given.texts("excludeTypes")?.unwrap_or_default(),
        source: given.text("source")?,
        start_date: given.text("startDate")?,
        end_date: given.text("endDate")?,
        exclude_hidden: given.flag("excludeHidden")?,
        text: given.text("text")?,
    })
}

/// A text without half of a surrogate pair: UTF-8 has no place for one, so that two texts would
/// become the same.
#[inline(never)]
pub(super) fn exact(name: &str, value: &JsValue) -> Result<String> {
    let text = value.as_string().ok_or_else(|| wrong(name, "string"))?;
    if JsValue::from_str(&text) == *value {
        Ok(text)
    } else {
        Err(wrong(name, "well-formed string"))
    }
}

/// An integer that JavaScript holds exactly.
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= MAX_ID as f64).then_some(number as i64)
}

fn unknown(name: &str, known: &str, given: &str) -> Box<Error> {
    Error::InvalidArgument(format!("{name} is {known}, not {given}")).into()
}

fn wrong(name: &str, kind: &str) -> Box<Error> {
    Error::InvalidArgument(format!("{name}: not of the type {kind}")).into()
}
