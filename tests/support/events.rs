//! Events to be kept, of all shapes that a log tells apart.

use oh_event_store::event::Event;
use oh_event_store::filter::EventFilter;

use super::random::Random;

const WORDS: [&str; 8] = [
    "alpha",
    "Beta",
    "gamma",
    "caf\u{e9}",
    "git status",
    "\"quoted\"",
    "",
    "\u{1f600}",
];
const SOURCES: [Option<&str>; 4] = [Some("agent"), Some("user"), Some("environment"), None];
const TYPES: [&str; 7] = [
    "CmdRunAction",
    "MessageAction",
    "CmdOutputObservation",
    "Action",
    "Observation",
    "Event",
    "odd",
];

/// A V0 event with this id. Two calls hardly ever give the same text.
pub fn v0(random: &mut Random, id: i64) -> Event {
    let mut json = format!("{{\"id\": {id}");
    push_stamp(random, &mut json);
    let word = serde_json::to_string(random.pick(&WORDS)).unwrap();
    let salt = random.below(1_000_000);
    let hidden = *random.pick(&["", ", \"hidden\": true", ", \"hidden\": false"]);
    let nan = if random.one_in(9) {
        ", \"score\": NaN"
    } else {
        ""
    };
    json.push_str(&match random.below(5) {
        0 => format!(", \"action\": \"message\", \"args\": {{\"content\": {word}{nan}}}"),
        1 => format!(", \"action\": \"run\", \"args\": {{\"command\": {word}{hidden}}}"),
        2 => format!(
            ", \"observation\": \"run\", \"content\": {word}, \"extras\": {{\"n\": 1{hidden}}}"
        ),
        3 => format!(", \"action\": \"odd\", \"args\": {{\"x\": [{word}, 1.50]{nan}}}"),
        _ => format!(", \"observation\": \"null\", \"content\": {word}, \"cause\": {salt}"),
    });
    if random.one_in(3) {
        let long = "x".repeat(random.below(400) as usize);
        json.push_str(&format!(", \"long\": \"{long}\""));
    }
    json.push_str(&format!(", \"salt\": {salt}}}"));
    Event::from_json(json.as_bytes()).expect("it is an event")
}

/// Two ids of which FNV-1a makes the same 64 bits.
pub const OF_ONE_HASH: [&str; 2] = ["8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ"];

/// A V1 event with this id.
pub fn v1(random: &mut Random, id: &str) -> Event {
    let mut json = format!("{{\"id\": \"{id}\"");
    push_stamp(random, &mut json);
    let kind = random.pick(&["MessageEvent", "ActionEvent", "ObservationEvent"]);
    let word = serde_json::to_string(random.pick(&WORDS)).unwrap();
    let salt = random.below(1_000_000);
    json.push_str(&format!(
        ", \"kind\": \"{kind}\", \"text\": {word}, \"salt\": {salt}}}"
    ));
    Event::from_json(json.as_bytes()).expect("it is an event")
}

/// A plain V0 event: a message with this content.
pub fn message(id: i64, content: &str) -> Event {
    Event::from_json(frame(id, content).as_bytes()).expect("it is an event")
}

/// The same as a socket would bring it.
pub fn frame(id: i64, content: &str) -> String {
    let content = serde_json::to_string(content).unwrap();
    let second = id.rem_euclid(60);
    format!(
        "{{\"id\": {id}, \"timestamp\": \"2025-08-31T15:23:{second:02}.000000\", \
         \"source\": \"agent\", \"action\": \"message\", \"args\": {{\"content\": {content}}}}}"
    )
}

fn push_stamp(random: &mut Random, json: &mut String) {
    match random.below(8) {
        0 => {}
        1 => json.push_str(", \"timestamp\": 17"),
        _ => {
            let (day, second) = (1 + random.below(28), random.below(60));
            json.push_str(&format!(
                ", \"timestamp\": \"2025-08-{day:02}T15:23:{second:02}.5\""
            ));
        }
    }
    if let Some(source) = random.pick(&SOURCES) {
        json.push_str(&format!(", \"source\": \"{source}\""));
    }
}

/// Any filter, the empty one too.
pub fn filter(random: &mut Random) -> EventFilter {
    let mut filter = EventFilter::default();
    let date = |random: &mut Random| format!("2025-08-{:02}", random.number(1, 28));
    if random.one_in(3) {
        let queries = [
            "ALPHA",
            "a",
            "\"id\": 1",
            "caf\u{e9}",
            "caf\\u00e9",
            "",
            "git",
        ];
        filter.query = Some((*random.pick(&queries)).to_owned());
    }
    if random.one_in(3) {
        filter.include_types = vec![(*random.pick(&TYPES)).to_owned()];
    }
    if random.one_in(5) {
        filter.exclude_types = vec![(*random.pick(&TYPES)).to_owned()];
    }
    if random.one_in(4) {
        filter.source = Some((*random.pick(&["agent", "user", "Agent", ""])).to_owned());
    }
    if random.one_in(5) {
        filter.start_date = Some(date(random));
    }
    if random.one_in(5) {
        filter.end_date = Some(date(random));
    }
    if random.one_in(5) {
        filter.text = Some((*random.pick(&["ALPHA", "É", "git", "\"q", "text"])).to_owned());
    }
    filter.exclude_hidden = random.one_in(3);
    filter
}
