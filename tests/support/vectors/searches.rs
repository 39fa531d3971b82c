//! Searches: a store's events, and the ids that the server found.

use oh_event_store::event::{Event, dumps, members, string_value, wire_form};
use oh_event_store::filter::EventFilter;
use oh_event_store::store::SearchOptions;
use serde_json::Value;

use super::store::Stored;
use super::{Object, Tally};

/// The searches over one store.
pub fn compare(file: &str, object: &Object<'_>, tally: &mut Tally) -> Result<(), String> {
    let name = object.text("name").unwrap_or_default();
    let texts: Vec<String> = if object.has("events_raw") {
        let texts = object.list("events_raw")?;
        let texts = texts.iter().map(|json| {
            string_value(json)
                .map(String::from)
                .ok_or("a raw event is no string")
        });
        texts.collect::<Result<_, _>>()?
    } else {
        object
            .list("events")?
            .into_iter()
            .map(String::from)
            .collect()
    };
    let is_stored = object.text("form").as_deref() == Some("stored");
    let mut is_poisoned = false;
    let mut all = Vec::new();
    let mut loadable = Vec::new();
    for text in texts {
        let mut event = read(&text)?;
        match wire_form(&event.text).filter(|_| is_stored) {
            Some(wire) => event = read(&wire)?,
            None if is_stored => {
                // An event that is neither action nor observation has no place in a log.
                if event.dialect().is_some() {
                    all.push(event);
                }
                is_poisoned = true;
                continue;
            }
            None => {}
        }
        loadable.push(event.clone());
        all.push(event);
    }
    let log = Stored::new(all)?;
    let loadable = Stored::new(loadable)?;
    for (index, case) in object.list("cases")?.into_iter().enumerate() {
        let case = Object::read(case)?;
        let call = case.json("call")?;
        let options = read_call(call)?;
        let ours = log.search(&options)?;
        let what = format!("{file} {name} case {index} {call}");
        if is_poisoned && case.has("error") && case.json("error")? != "null" {
            let theirs = dumps(case.json("ids")?.as_bytes()).map_err(|error| error.to_string())?;
            go_on(&what, &ours, &theirs, &loadable.search(&options)?, tally);
        } else {
            tally.check(&what, &format!("{ours:?}"), &dumped(case.json("ids")?)?);
        }
    }
    Ok(())
}

/// The server stops where it can't load an event. Ours gives what the server gave until there,
/// goes on, and finds of the other events what is found without that one.
fn go_on(what: &str, ours: &[i64], theirs: &str, loadable: &[i64], tally: &mut Tally) {
    let theirs = theirs.trim_matches(['[', ']']);
    let start = format!("{ours:?}");
    let start = start.trim_matches(['[', ']']);
    let goes_on = start.starts_with(theirs) && start.len() > theirs.len();
    tally.check(what, if goes_on { theirs } else { start }, theirs);
    let others: Vec<i64> = ours
        .iter()
        .copied()
        .filter(|id| loadable.contains(id))
        .collect();
    let length = others.len();
    let expected = loadable.get(..length).unwrap_or(loadable);
    tally.check(what, &format!("{others:?}"), &format!("{expected:?}"));
}

/// Searches over ids with gaps: the answers that the server gives without its cache of pages.
pub fn compare_over_gaps(file: &str, row: &Object<'_>, tally: &mut Tally) -> Result<(), String> {
    let events = row.list("ids_present")?.into_iter().map(|id| {
        let text = format!("{{\"id\": {id}, \"action\": \"null\", \"args\": {{}}}}");
        read(&text)
    });
    let log = Stored::new(events.collect::<Result<Vec<_>, _>>()?)?;
    for (call, theirs) in row
        .list("calls")?
        .into_iter()
        .zip(row.list("single_files")?)
    {
        let ours = format!("{:?}", log.search(&read_call(call)?)?);
        tally.check(&format!("{file} {call}"), &ours, &dumped(theirs)?);
    }
    Ok(())
}

fn read(text: &str) -> Result<Event, String> {
    Event::from_json(text.as_bytes()).map_err(|error| error.to_string())
}

fn dumped(json: &str) -> Result<String, String> {
    dumps(json.as_bytes()).map_err(|error| error.to_string())
}

fn read_call(json: &str) -> Result<SearchOptions, String> {
    let call = Object::read(json)?;
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
