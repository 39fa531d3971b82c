//! The remote store: the ids that it found and every address that it asked.

use std::collections::BTreeMap;

use oh_event_store::event::{Event, EventId, string_value};

use super::call::read_call;
use super::remote::search;
use super::route::Route;
use super::store::Stored;
use super::{Object, Tally, list};

/// The searches over one conversation.
pub fn compare(file: &str, row: &Object<'_>, tally: &mut Tally) -> Result<(), String> {
    let name = row.text("name").unwrap_or_default();
    let texts: Vec<String> = if row.has("events_raw") {
        let texts = row.list("events_raw")?;
        let texts = texts
            .iter()
            .map(|json| string_value(json).map(String::from));
        texts
            .collect::<Option<_>>()
            .ok_or("a raw event is no string")?
    } else {
        row.list("events")?.into_iter().map(String::from).collect()
    };
    let (mut by_id, mut events) = (BTreeMap::new(), Vec::new());
    for text in texts {
        let event = Event::from_json(text.as_bytes()).map_err(|error| error.to_string())?;
        let Some(EventId::Number(id)) = event.header.id else {
            return Err(format!("an event without an id: {text}"));
        };
        by_id.insert(id, text);
        events.push(event);
    }
    let (route, log) = (Route(by_id), Stored::new(events)?);
    for (index, case) in row.list("cases")?.into_iter().enumerate() {
        let case = Object::read(case)?;
        let call = case.json("call")?;
        let options = read_call(call)?;
        let ours = search(&route, &options);
        let what = format!("{file} {name} case {index} {call}");
        let looped = case.json("looped") == Ok("true");
        if looped && options.limit == Some(0) {
            // The server's asks for ever: ours gives what a log gives.
            let found = format!("{:?}", log.search(&options)?);
            tally.check(&what, &format!("{:?}", ours.ids), &found);
            continue;
        }
        let sides = [
            ours.ids.iter().map(i64::to_string).collect(),
            ours.urls.iter().map(|url| format!("{url:?}")).collect(),
            ours.statuses.iter().map(u16::to_string).collect(),
        ];
        for (name, mut ours) in ["ids", "urls", "statuses"].into_iter().zip(sides) {
            let ours: &mut Vec<String> = &mut ours;
            let theirs = list(case.json(name)?)?;
            if looped {
                // One that took many requests was stopped: ours begins in the same way.
                ours.truncate(theirs.len());
            }
            tally.check(
                &format!("{what} {name}"),
                &ours.join(" "),
                &theirs.join(" "),
            );
        }
        let failed = case.json("error").is_ok_and(|error| error != "null");
        let error = ours.error.unwrap_or_default();
        let what = format!("{what} error {error}");
        let ours = (!error.is_empty()).to_string();
        tally.check(&what, &ours, &failed.to_string());
    }
    Ok(())
}
