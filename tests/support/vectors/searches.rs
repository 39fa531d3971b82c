//! Searches: a store's events, and the ids that the server found.

use oh_event_store::event::{Event, dumps, string_value, wire_form};

use super::call::read_call;
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
