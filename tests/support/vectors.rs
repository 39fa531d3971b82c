//! Files of answers that the OpenHands server gave, compared with this crate's.
//!
//! They are told apart by their shape: searches (`events` or `events_raw`, and `cases`), canonical
//! texts (`tag`, and `raw` or `gen`), secrets (`event`, `secrets`, `out`), searches over gaps
//! (`ids_present`), what a socket sends (`latest_event_id`, `emitted_ids`), and the remote store
//! (`cases` with `urls`).

#[path = "vectors/call.rs"]
mod call;
#[path = "vectors/canon.rs"]
mod canon;
#[path = "vectors/feeds.rs"]
mod feeds;
#[path = "vectors/nested.rs"]
mod nested;
#[path = "vectors/remote.rs"]
mod remote;
#[path = "route.rs"]
mod route;
#[path = "vectors/searches.rs"]
mod searches;
#[path = "vectors/store.rs"]
mod store;

use std::collections::BTreeMap;

use oh_event_store::event::{
    Event, EventError, Items, Masking, Secrets, dumps, members, string_value,
};

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
    fn read(json: &'a str) -> Result<Self, String> {
        let members: Result<_, EventError> = members(json);
        let members = members.map_err(|error| error.to_string())?;
        Ok(Self(members.into_iter().collect()))
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

    fn object(&self, key: &str) -> Result<Object<'a>, String> {
        Object::read(self.json(key)?)
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
    let rows = match text.trim_start().starts_with('{') {
        true => vec![text],
        false => list(text)?,
    };
    let rows = rows.into_iter().map(Object::read);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let first = rows.first().ok_or("an empty list")?;
    if first.has("tag") && first.has("canon") {
        canon::compare(file, &rows, tally)
    } else if first.has("secrets") && first.has("out") {
        secrets(file, &rows, tally)
    } else if rows.iter().all(|row| row.has("cases")) {
        rows.iter().try_for_each(|row| match asks_a_server(row)? {
            true => nested::compare(file, row, tally),
            false => searches::compare(file, row, tally),
        })
    } else if first.has("ids_present") {
        rows.iter()
            .try_for_each(|row| searches::compare_over_gaps(file, row, tally))
    } else if first.has("emitted_ids") {
        feeds::compare(file, &rows, tally)
    } else {
        Err("its rows are of no known shape".to_owned())
    }
}

/// Whether the searches of a row went over HTTP.
fn asks_a_server(row: &Object<'_>) -> Result<bool, String> {
    let cases = row.list("cases")?;
    let first = cases.first().map(|case| Object::read(case)).transpose()?;
    Ok(first.is_some_and(|case| case.has("urls")))
}

fn secrets(file: &str, rows: &[Object<'_>], tally: &mut Tally) -> Result<(), String> {
    for (index, row) in rows.iter().enumerate() {
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
            Ok(event) => tally.check(&what, &secrets.mask(event.into()).text, &theirs),
            Err(error) => tally.fail(&format!("{what}: {error}")),
        }
    }
    Ok(())
}
