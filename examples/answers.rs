//! Answers questions about events, one per line, as the OpenHands server would.
//!
//! `npm run test:server` asks it and the server's own code the same. A question is a JSON object
//! with one member, an answer is a JSON value:
//!
//! - `{"wire": TEXT}`: the wire form of an event's JSON text, or `null` if it can't be loaded;
//! - `{"trajectory": [TEXT, SCREENSHOTS]}`: the exported form of an event in wire form;
//! - `{"mask": [TEXT, SECRETS]}`: an event's text without the values of the object `SECRETS`;
//! - `{"store": [TEXT, …]}`: searches are over these events from now on; how many they are;
//! - `{"search": CALL}`: the ids that are found; `CALL` is spelled as in the files of vectors;
//! - `{"nested": CALL}`: what the remote store finds and asks for over the same events;
//! - `{"matching": CALL}`: the ids that `get_matching_events` gives, `null` where it refuses; of the
//!   call it has no use for `end_id`, `exclude_types` and `exclude_hidden`.

#[path = "../tests/support/vectors/call.rs"]
mod call;
#[path = "../tests/support/vectors/remote.rs"]
mod remote;
#[path = "../tests/support/route.rs"]
mod route;
#[path = "../tests/support/vectors/store.rs"]
mod store;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use call::read_call;
use oh_event_store::event::{
    Event, EventId, Items, Masking, Secrets, dumps, members, string_value, trajectory, wire_form,
};
use oh_event_store::store::{MatchingOptions, SearchOptions};
use route::Route;
use store::{Stored, block_on};

fn main() -> ExitCode {
    let mut answers = Answers::default();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let answer = line
            .map_err(|error| error.to_string())
            .and_then(|line| answers.answer(&line));
        let written = match answer {
            Ok(answer) => writeln!(out, "{answer}").and_then(|()| out.flush()),
            Err(error) => {
                eprintln!("answers: {error}");
                return ExitCode::FAILURE;
            }
        };
        if written.is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

#[derive(Default)]
struct Answers {
    store: Option<Stored>,
    route: Route,
}

impl Answers {
    fn answer(&mut self, line: &str) -> Result<String, String> {
        let question = members(line).map_err(|error| error.to_string())?;
        let [(name, value)] = question.as_slice() else {
            return Err(format!("not one question: {line}"));
        };
        match &**name {
            "wire" => match wire_form(&read(value)?.text) {
                Some(wire) => quoted(&wire),
                None => Ok("null".to_owned()),
            },
            "trajectory" => {
                let [text, screenshots] = two(value)?;
                quoted(&trajectory(&read(text)?.text, screenshots == "true"))
            }
            "mask" => {
                let [text, secrets] = two(value)?;
                let pairs = members(secrets).map_err(|error| error.to_string())?;
                let pairs = pairs.into_iter().map(|(name, value)| {
                    let value = string_value(value).unwrap_or_default();
                    (String::from(name), String::from(value))
                });
                let secrets = Secrets::new(pairs, Masking::Server);
                quoted(&secrets.mask(read(text)?.into()).text)
            }
            "store" => {
                let texts = items(value)?;
                let events = texts.into_iter().map(read);
                let events = events.collect::<Result<Vec<_>, _>>()?;
                let count = events.len();
                let texts = events.iter().filter_map(|event| match event.header.id {
                    Some(EventId::Number(id)) => Some((id, event.text.to_string())),
                    _ => None,
                });
                self.route = Route(texts.collect());
                self.store = Some(Stored::new(events)?);
                Ok(count.to_string())
            }
            "search" => {
                let store = self.store.as_ref().ok_or("there is no store yet")?;
                Ok(format!("{:?}", store.search(&read_call(value)?)?))
            }
            "nested" => {
                let call = read_call(value)?;
                let found = remote::search(&self.route, &call);
                Ok(match call.limit {
                    // Here the server's own asks for ever.
                    Some(0) => format!("{:?}", found.ids),
                    _ => format!(
                        "[{:?}, {:?}, {}]",
                        found.ids,
                        found.urls,
                        found.error.is_some()
                    ),
                })
            }
            "matching" => {
                let store = self.store.as_ref().ok_or("there is no store yet")?;
                let found = block_on(store.0.matching(matching(read_call(value)?)));
                Ok(found.map_or("null".to_owned(), |batch| format!("{:?}", batch.positions)))
            }
            other => Err(format!("no such question: {other}")),
        }
    }
}

/// What of a search `get_matching_events` can be asked for.
fn matching(call: SearchOptions) -> MatchingOptions {
    let filter = call.filter.unwrap_or_default();
    MatchingOptions {
        query: filter.query,
        event_types: Some(filter.include_types),
        source: filter.source,
        start_date: filter.start_date,
        end_date: filter.end_date,
        start_id: call.start_id,
        limit: call.limit,
        reverse: call.reverse,
    }
}

/// The event in a JSON string that holds its JSON text.
fn read(text: &str) -> Result<Event, String> {
    let text = string_value(text).ok_or("an event's text is no string")?;
    Event::from_json(text.as_bytes()).map_err(|error| error.to_string())
}

fn quoted(text: &str) -> Result<String, String> {
    let json = serde_json::to_string(text).map_err(|error| error.to_string())?;
    dumps(json.as_bytes()).map_err(|error| error.to_string())
}

fn items(json: &str) -> Result<Vec<&str>, String> {
    let items = Items::of(json).and_then(Iterator::collect);
    items.map_err(|error| error.to_string())
}

fn two(json: &str) -> Result<[&str; 2], String> {
    items(json)?
        .try_into()
        .map_err(|_| format!("not two: {json}"))
}
