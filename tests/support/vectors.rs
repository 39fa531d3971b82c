//! Files of answers that the OpenHands server gave, compared with this crate's.
//!
//! They are told apart by their shape: searches (`events` or `events_raw`, and `cases`), canonical
//! texts (`tag`, `raw`, `canon`) and secrets (`event`, `secrets`, `out`).

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::future::LocalBoxFuture;
use oh_event_store::backend::{Clock, Memory};
use oh_event_store::event::{
    Dialect, Event, EventError, Items, Masking, Secrets, dumps, members, string_value,
};
use oh_event_store::filter::EventFilter;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, Log, Outcome, SearchOptions, StoreOptions};
use serde_json::Value;

/// What came of the comparisons.
#[derive(Default)]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
}

impl Tally {
    fn check(&mut self, what: &str, ours: &str, theirs: &str) {
        if ours == theirs {
            self.passed += 1;
        } else {
            self.fail(&format!("{what}: {ours}, the server: {theirs}"));
        }
    }

    pub fn fail(&mut self, what: &str) {
        self.failed += 1;
        println!("FAILED {what}");
    }
}

/// One object of a vector file.
struct Object<'a>(BTreeMap<Box<str>, &'a str>);

impl<'a> Object<'a> {
    fn read(json: &'a str) -> Result<Self, EventError> {
        Ok(Self(members(json)?.into_iter().collect()))
    }

    fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    fn json(&self, key: &str) -> Result<&'a str, String> {
        self.0
            .get(key)
            .copied()
            .ok_or_else(|| format!("no {key:?} in it"))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.0
            .get(key)
            .and_then(|json| string_value(json))
            .map(String::from)
    }

    fn integer(&self, key: &str) -> Result<Option<i64>, String> {
        match self.0.get(key).copied() {
            None | Some("null") => Ok(None),
            Some(json) => json
                .parse()
                .map(Some)
                .map_err(|_| format!("{key} is {json}")),
        }
    }

    fn list(&self, key: &str) -> Result<Vec<&'a str>, String> {
        list(self.json(key)?)
    }
}

fn list(json: &str) -> Result<Vec<&str>, String> {
    let items = Items::of(json).and_then(Iterator::collect);
    items.map_err(|error| error.to_string())
}

/// Compares every answer in one vector file.
pub fn compare(file: &str, text: &str, tally: &mut Tally) -> Result<(), String> {
    if text.trim_start().starts_with('{') {
        return search_file(file, text, tally);
    }
    let rows = list(text)?;
    let first = Object::read(rows.first().ok_or("an empty list")?).map_err(|e| e.to_string())?;
    if first.has("raw") && first.has("canon") {
        canonical_texts(file, &rows, tally)
    } else if first.has("secrets") && first.has("out") {
        secrets(file, &rows, tally)
    } else if first.has("cases") && first.has("form") {
        rows.iter()
            .try_for_each(|row| search_file(file, row, tally))
    } else {
        Err("its rows are neither searches nor canonical texts nor secrets".to_owned())
    }
}

fn canonical_texts(file: &str, rows: &[&str], tally: &mut Tally) -> Result<(), String> {
    let mut not_compared = 0;
    for (index, row) in rows.iter().enumerate() {
        let row = Object::read(row).map_err(|error| error.to_string())?;
        let tag = row.text("tag").ok_or("a row without tag")?;
        if !(tag.starts_with("wire:") || tag.starts_with("exotic:")) {
            not_compared += 1;
            continue;
        }
        let raw = row.text("raw").ok_or("a row without raw")?;
        let canon = row.text("canon").ok_or("a row without canon")?;
        let what = format!("{file} row {index} ({tag})");
        match Event::from_json(raw.as_bytes()) {
            Ok(event) => tally.check(&what, &event.text, &canon),
            Err(error) => tally.fail(&format!("{what}: {error}")),
        }
    }
    if not_compared > 0 {
        println!("{file}: {not_compared} rows of the stored form are not yet compared");
    }
    Ok(())
}

fn secrets(file: &str, rows: &[&str], tally: &mut Tally) -> Result<(), String> {
    for (index, row) in rows.iter().enumerate() {
        let row = Object::read(row).map_err(|error| error.to_string())?;
        let pairs = members(row.json("secrets")?).map_err(|error| error.to_string())?;
        let pairs = pairs.into_iter().map(|(name, value)| {
            let value = string_value(value).map(String::from);
            value
                .map(|value| (name.into(), value))
                .ok_or("a secret that is no string")
        });
        let secrets = Secrets::new(pairs.collect::<Result<Vec<_>, _>>()?, Masking::Server);
        let theirs = dumps(row.json("out")?.as_bytes()).map_err(|error| error.to_string())?;
        let what = format!("{file} row {index}");
        match Event::from_json(row.json("event")?.as_bytes()) {
            Ok(event) => tally.check(&what, &secrets.mask(event).text, &theirs),
            Err(error) => tally.fail(&format!("{what}: {error}")),
        }
    }
    Ok(())
}

fn search_file(file: &str, text: &str, tally: &mut Tally) -> Result<(), String> {
    let object = Object::read(text).map_err(|error| error.to_string())?;
    let name = object.text("name").unwrap_or_else(|| file.to_owned());
    let cases = object.list("cases")?;
    if object.text("form").as_deref() != Some("wire") {
        let count = cases.len();
        println!("{file}: {name}: {count} searches over the stored form are not yet compared");
        return Ok(());
    }
    let log = if object.has("events_raw") {
        let texts = object.list("events_raw")?;
        let texts = texts
            .iter()
            .map(|json| string_value(json).ok_or("a raw event is no string"));
        let texts = texts.collect::<Result<Vec<_>, _>>()?;
        Stored::new(texts.iter().map(|text| &**text))?
    } else {
        Stored::new(object.list("events")?.into_iter())?
    };
    for (index, case) in cases.iter().enumerate() {
        let case = Object::read(case).map_err(|error| error.to_string())?;
        let theirs = dumps(case.json("ids")?.as_bytes()).map_err(|error| error.to_string())?;
        let call = case.json("call")?;
        let ours = format!("{:?}", log.search(&read_call(call)?)?);
        tally.check(&format!("{file} case {index} {call}"), &ours, &theirs);
    }
    Ok(())
}

fn read_call(json: &str) -> Result<SearchOptions, String> {
    let call = Object::read(json).map_err(|error| error.to_string())?;
    Ok(SearchOptions {
        start_id: call.integer("start_id")?,
        end_id: call.integer("end_id")?,
        reverse: call.json("reverse") == Ok("true"),
        limit: call.integer("limit")?,
        filter: match call.json("filter") {
            Ok("null") | Err(_) => None,
            Ok(filter) => Some(read_filter(filter)?),
        },
    })
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

/// The events of a file in a store of small pages, so that searches go over many of them.
struct Stored(Rc<Log>);

impl Stored {
    fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let options = StoreOptions {
            page_bytes: 8 * 1024,
            ..StoreOptions::default()
        };
        let backend = Rc::new(Memory::new());
        let store = EventStore::new(backend, Rc::new(StillClock), Reporter::default(), &options);
        let log = block_on(store.conversation("vectors", Some(Dialect::V0)));
        let log = log.map_err(|error| error.to_string())?;
        for text in texts {
            let event = Event::from_json(text.as_bytes()).map_err(|error| error.to_string())?;
            let items = vec![Item::Event(event, Origin::Remote)];
            let outcomes = block_on(log.append(items, None)).map_err(|error| error.to_string())?;
            if !matches!(outcomes.as_slice(), [Outcome::Accepted(_)]) {
                return Err(format!("an event that the store does not take: {text}"));
            }
        }
        Ok(Self(log))
    }

    fn search(&self, options: &SearchOptions) -> Result<Vec<i64>, String> {
        let mut search = self.0.search(options);
        let mut ids = Vec::new();
        while let Some(batch) = block_on(search.next(100)).map_err(|error| error.to_string())? {
            ids.extend(batch.positions);
        }
        Ok(ids)
    }
}

/// Nothing here waits for time to pass.
struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> f64 {
        0.0
    }

    fn timestamp(&self) -> String {
        String::new()
    }

    fn sleep(&self, _milliseconds: u32) -> LocalBoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
}

/// Polls until it is ready: over memory and without a clock nothing waits for anything else.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
