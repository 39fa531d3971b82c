//! What a socket sends, and what a store holds that was fed with it.

use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::event::{Event, Frame, FrameForm};
use oh_event_store::page::Origin;
use oh_event_store::store::{Log, SearchOptions};

use super::store::{Stored, block_on, feed};
use super::{Object, Tally, list};

/// A conversation: the server's event texts by their ids, and the ids sent live with their source.
struct Conversation<'a> {
    events: BTreeMap<usize, &'a str>,
    live: Vec<(usize, String)>,
}

impl<'a> Conversation<'a> {
    fn read(row: &Object<'a>) -> Result<Self, String> {
        let mut live = Vec::new();
        for sent in row.list("live")? {
            if let [sent_id, source] = list(sent).unwrap_or_default().as_slice() {
                live.push((id(sent_id)?, (*source).to_owned()));
            }
        }
        let mut events = BTreeMap::new();
        for text in row.list("events")? {
            events.insert(id(Object::read(text)?.json("id")?)?, text);
        }
        Ok(Self { events, live })
    }

    fn event(&self, id: usize, source: Option<&str>) -> Result<Event, String> {
        let mut text = (*self.events.get(&id).ok_or("no such event")?).to_owned();
        if let Some(source) = source {
            let event: serde_json::Value =
                serde_json::from_str(&text).map_err(|error| error.to_string())?;
            let before = format!("\"source\": {}", event["source"]);
            text = text.replacen(&before, &format!("\"source\": {source}"), 1);
        }
        match Frame::read(text.as_bytes(), FrameForm::Raw) {
            Ok(Frame::Event(event)) => Ok(event),
            other => Err(format!("not an event: {other:?}")),
        }
    }
}

fn id(json: &str) -> Result<usize, String> {
    json.parse().map_err(|_| format!("not an id: {json}"))
}

/// Each row is one connect. What was sent live before it is in the store; then comes the replay.
pub fn compare(file: &str, rows: &[Object<'_>], tally: &mut Tally) -> Result<(), String> {
    let mut conversation = None;
    for (index, row) in rows.iter().enumerate() {
        if row.has("events") {
            conversation = Some(Conversation::read(row)?);
        }
        let conversation = conversation.as_ref().ok_or("a row before its events")?;
        let emitted = row.list("emitted_ids")?;
        let emitted = emitted.into_iter().map(id).collect::<Result<Vec<_>, _>>()?;
        let what = format!("{file} row {index}");
        let store = Stored::new(Vec::new())?;
        let mut expected = BTreeMap::new();
        for (id, source) in &conversation.live {
            let event = conversation.event(*id, Some(source))?;
            expected.insert(*id, event.text.to_string());
            feed(&store.0, event, Origin::Live)?;
        }
        for id in &emitted {
            let event = conversation.event(*id, None)?;
            expected.insert(*id, event.text.to_string());
            feed(&store.0, event, Origin::Remote)?;
        }
        let held: Vec<String> = texts(&store.0)?;
        let expected_texts: Vec<String> = expected.values().cloned().collect();
        tally.check(&what, &format!("{held:?}"), &format!("{expected_texts:?}"));
        let newest = expected
            .keys()
            .next_back()
            .map_or("-1".into(), ToString::to_string);
        tally.check(&what, &store.0.latest_event_id().to_string(), &newest);
    }
    Ok(())
}

/// The texts of all events, in their order.
fn texts(log: &Rc<Log>) -> Result<Vec<String>, String> {
    let mut search = log.search(&SearchOptions::default());
    let mut texts = Vec::new();
    while let Some(batch) = block_on(search.next(100)).map_err(|error| error.to_string())? {
        texts.extend(batch.texts().map(String::from));
    }
    Ok(texts)
}
