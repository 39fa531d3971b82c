//! A search as the files of vectors spell it.

use oh_event_store::event::members;
use oh_event_store::filter::EventFilter;
use oh_event_store::store::SearchOptions;
use serde_json::Value;

/// `{start_id, end_id, reverse, limit, filter}`; what is absent takes the server's default.
pub fn read_call(json: &str) -> Result<SearchOptions, String> {
    let mut call = SearchOptions::default();
    for (key, value) in members(json).map_err(|error| error.to_string())? {
        let number = || match value {
            "null" => Ok(None),
            _ => value
                .parse()
                .map(Some)
                .map_err(|_| format!("{key} is {value}")),
        };
        match &*key {
            "start_id" => call.start_id = number()?,
            "end_id" => call.end_id = number()?,
            "limit" => call.limit = number()?,
            "reverse" => call.reverse = value == "true",
            "filter" if value == "null" => {}
            "filter" => call.filter = Some(read_filter(value)?),
            other => return Err(format!("unknown in a search: {other}")),
        }
    }
    Ok(call)
}

fn read_filter(json: &str) -> Result<EventFilter, String> {
    let mut camel_case = serde_json::Map::new();
    for (key, value) in members(json).map_err(|error| error.to_string())? {
        let key = match &*key {
            "query" | "source" => &*key,
            "include_types" => "includeTypes",
            "exclude_types" => "excludeTypes",
            "start_date" => "startDate",
            "end_date" => "endDate",
            "exclude_hidden" => "excludeHidden",
            other => return Err(format!("unknown in a filter: {other}")),
        };
        // A lone surrogate can't be in Rust's text: it comes as the replacement character.
        let value = match serde_json::from_str(value) {
            Err(_) if value.starts_with('"') => Value::from("\u{fffd}"),
            value => value.map_err(|error| error.to_string())?,
        };
        camel_case.insert(key.to_owned(), value);
    }
    serde_json::from_value(Value::Object(camel_case)).map_err(|error| error.to_string())
}
