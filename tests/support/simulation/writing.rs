//! Calls that write.

use oh_event_store::event::{Dialect, Event, EventId, FrameForm, wire_form};
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Outcome};

use super::check::contents;
use super::model::id_of;
use super::operations::Call;
use super::world::{NAMES, SECRET, World, dialect_of};
use crate::events;
use crate::random::Random;

/// An event as the server has it: new, or one that it has had for long.
fn server_event(world: &mut World, index: usize) -> String {
    let World { models, random, .. } = world;
    let server = &mut models[index].borrow_mut().server;
    let next = server.last_key_value().map_or(0, |(last, _)| last + 1);
    let id = match random.below(3) {
        0 if next > 0 => random.number(0, next),
        _ => next + random.number(0, 2),
    };
    if id >= next || server.contains_key(&id) {
        let made = || make(random, index, id);
        return server.entry(id).or_insert_with(made).clone();
    }
    let known: Vec<&String> = server.values().collect();
    random.pick(&known).to_string()
}

fn make(random: &mut Random, index: usize, id: i64) -> String {
    let event = match dialect_of(index) {
        Dialect::V0 => events::v0(random, id),
        Dialect::V1 => events::v1(random, &format!("e{id}")),
    };
    let mut text = event.text.to_string();
    if random.one_in(6) {
        text.truncate(text.len() - 1);
        text.push_str(&format!(", \"token\": \"the {SECRET}\"}}"));
    }
    // As an import would bring it, so that both are alike.
    wire_form(&text).unwrap_or(text)
}

/// The copy that the socket brings; the server rewrites some sources there.
fn live(random: &mut Random, text: &str) -> String {
    if random.one_in(4) {
        text.replace("\"source\": \"user\"", "\"source\": \"agent\"")
    } else {
        text.to_owned()
    }
}

fn masked(text: &str) -> String {
    text.replace(SECRET, "<secret_hidden>")
}

/// A message of the socket.
pub fn feed(world: &mut World, tab: usize, index: usize) {
    let text = server_event(world, index);
    let text = live(&mut world.random, &text);
    let call = Call::new(world, tab, index);
    let kept = masked(&text);
    world.say(|| {
        format!(
            "tab {} feeds {} to {}",
            call.tab,
            id_of(&text),
            NAMES[index]
        )
    });
    call.model.borrow_mut().offer(&kept, Origin::Live);
    world.spawn(tab, async move {
        let Ok(report) = call.stream.feed(text.as_bytes(), FrameForm::Raw).await else {
            return;
        };
        assert_eq!(report.rejected, 0, "{report:?}");
        match report.accepted {
            1 => call.accepted(&kept, Origin::Live),
            _ => call.double(&kept, Origin::Live),
        }
    });
}

/// A message that is no event.
pub fn garbage(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    let frame = *world.random.pick(&[
        "",
        "{",
        "[1]",
        "{\"id\": -1, \"action\": \"run\"}",
        "{\"status_update\": true, \"message\": \"x\"}",
    ]);
    world.spawn(tab, async move {
        if let Ok(report) = call.stream.feed(frame.as_bytes(), FrameForm::Raw).await {
            assert_eq!(report.accepted + report.doubles, 0, "{report:?}");
        }
    });
}

/// An event that is made here.
pub fn add(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    world.made += 1;
    let mark = format!("made-here-{}", world.made);
    let (json, id) = match dialect_of(index) {
        Dialect::V0 => {
            let json = format!(
                "{{\"action\": \"message\", \"args\": {{\"content\": \"{mark} {SECRET}\"}}}}"
            );
            (json, None)
        }
        Dialect::V1 => {
            let json = format!("{{\"kind\": \"MessageEvent\", \"text\": \"{mark} {SECRET}\"}}");
            (json, Some(EventId::Text(mark.as_str().into())))
        }
    };
    world.say(|| format!("tab {} adds {mark} to {}", call.tab, NAMES[index]));
    call.model.borrow_mut().offer_local(&mark);
    world.spawn(tab, async move {
        let stamp = "2025-08-31T15:23:21.5".to_owned();
        let added = call
            .stream
            .add_event(json.as_bytes(), "user", stamp, id)
            .await;
        if let Ok(batch) = added {
            let (position, text) = contents(&batch).remove(0);
            if call.certain() {
                call.model.borrow_mut().check_event(position, &text);
                call.accepted(&text, Origin::Local);
            }
        }
    });
}

/// A part of the server's events, in their order.
fn part(world: &mut World, index: usize, whole: bool) -> Vec<(i64, String)> {
    let World { models, random, .. } = world;
    let model = models[index].borrow();
    let all: Vec<(i64, String)> = model.server.clone().into_iter().collect();
    if whole || all.is_empty() {
        return all;
    }
    let first = random.below(all.len() as u64) as usize;
    let len = 1 + random.below(12) as usize;
    all.into_iter().skip(first).take(len).collect()
}

/// A file with all of the server's events, or some.
pub fn import(world: &mut World, tab: usize, index: usize) {
    let form = world.random.below(3);
    let events = part(world, index, form < 2);
    let call = Call::new(world, tab, index);
    let texts: Vec<&str> = events.iter().map(|(_, text)| text.as_str()).collect();
    let file = match form {
        0 => format!("[{}]", texts.join(", ")),
        1 => texts.iter().map(|text| format!("{text}\n")).collect(),
        _ => format!("{{\"events\": [{}], \"has_more\": false}}", texts.join(",")),
    };
    let kept: Vec<String> = texts.iter().map(|text| masked(text)).collect();
    world.say(|| {
        format!(
            "tab {} imports {} events to {}",
            call.tab,
            kept.len(),
            NAMES[index]
        )
    });
    for text in &kept {
        call.model.borrow_mut().offer(text, Origin::Remote);
    }
    world.spawn(tab, async move {
        let report = call.log().import(file.as_bytes(), &mut |_| {}).await;
        if let Ok(report) = report {
            assert_eq!(report.rejected, 0, "{report:?}");
            kept.iter()
                .for_each(|text| call.double(text, Origin::Remote));
        }
    });
}

/// What a sync does: the server's copies of a stretch, and that nothing is missing in it.
pub fn sync(world: &mut World, tab: usize, index: usize) {
    let events = part(world, index, false);
    let call = Call::new(world, tab, index);
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return;
    };
    let covers = match dialect_of(index) {
        Dialect::V0 => Some((first.0, last.0)),
        Dialect::V1 => None,
    };
    world.say(|| {
        format!(
            "tab {} syncs {}..{} of {}",
            call.tab, first.0, last.0, NAMES[index]
        )
    });
    let kept: Vec<String> = events.iter().map(|(_, text)| masked(text)).collect();
    for text in &kept {
        call.model.borrow_mut().offer(text, Origin::Remote);
    }
    let item = |(_, text): &(i64, String)| {
        let event = Event::from_canonical(text.as_str().into()).expect("it is an event");
        Item::event(event, Origin::Remote)
    };
    let items = events.iter().map(item).collect();
    world.spawn(tab, async move {
        let Ok(outcomes) = call.stream.log().append(items, covers).await else {
            return;
        };
        for (outcome, text) in outcomes.iter().zip(&kept) {
            match outcome {
                Outcome::Rejected(why) => panic!("rejected: {why}"),
                Outcome::Double => call.double(text, Origin::Remote),
                _ => call.accepted(text, Origin::Remote),
            }
        }
    });
}
