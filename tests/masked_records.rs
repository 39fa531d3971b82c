//! No stored byte belongs to a secret: whatever brought the event, and wherever it lies.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;

use oh_event_store::backend::Memory;
use oh_event_store::event::{FrameForm, Masking, Secrets};
use oh_event_store::notice::Reporter;
use oh_event_store::stream::{Drops, EventStream};
use support::{Random, for_seeds, open, pages, run};

/// None of these letters is in a key, a name or a mark.
const LETTERS: [&str; 14] = [
    "Q",
    "Z",
    "X",
    "J",
    "W",
    "\u{e9}",
    "\u{1f511}",
    "\u{7f}",
    "\"",
    "'",
    "\\",
    "\n",
    "/",
    "\u{3a3}",
];

fn word(random: &mut Random, from: u64, to: u64) -> String {
    let count = from + random.below(to - from + 1);
    (0..count).map(|_| *random.pick(&LETTERS)).collect()
}

/// Long enough not to be among a page's numbers by chance; some overlap, some hold others.
fn secrets(random: &mut Random) -> Vec<String> {
    let mut secrets: Vec<String> = Vec::new();
    for _ in 0..1 + random.below(4) {
        let own = word(random, 6, 12);
        let other = secrets.last().cloned().unwrap_or_default();
        let half: String = other.chars().skip(other.chars().count() / 2).collect();
        secrets.push(match random.below(3) {
            0 => format!("{other}{own}"),
            1 => format!("{half}{own}"),
            _ => own,
        });
    }
    secrets
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text with secrets in it, as JSON: plain, or in what tools and servers put into texts.
fn leak(random: &mut Random, secrets: &[String]) -> String {
    let secret = random.pick(secrets).clone();
    let around = [word(random, 0, 3), word(random, 0, 3)];
    let text = format!("{}{secret}{}", around[0], around[1]);
    let dumped = oh_event_store::event::dumps(json(&text).as_bytes()).expect("JSON");
    match random.below(5) {
        0 => json(&format!("{{\"command\": {}}}", json(&text))),
        1 => json(&format!("{{\"command\": {dumped}}}")),
        2 => dumped,
        3 => json(&format!("{text}{text}")),
        _ => json(&text),
    }
}

/// An event's members after its id.
fn members(random: &mut Random, secrets: &[String]) -> String {
    let [a, b, c, d] = std::array::from_fn(|_| leak(random, secrets));
    let call = format!(
        "\"tool_call_metadata\": {{\"model_response\": {{\"choices\": [{{\"arguments\": {d}}}]}}}}"
    );
    match random.below(4) {
        0 => format!(
            "\"message\": {a}, \"action\": \"run\", {call}, \"args\": {{\"command\": {b}, {c}: 1}}"
        ),
        1 => format!(
            "\"observation\": \"run\", \"content\": {a}, \"extras\": {{\"l\": [[{b}], {c}]}}"
        ),
        2 => format!(
            "\"action\": \"odd\", {call}, \"note\": {{\"a\": {{\"b\": [{a}]}}, \"c\": {b}}}"
        ),
        _ => format!(
            "\"action\": \"call_tool_mcp\", \"args\": {{\"name\": \"n\", \"arguments\": {{\"k\": {a}, {b}: [{c}]}}}}"
        ),
    }
}

fn spellings(secret: &str) -> Vec<Vec<u8>> {
    let inside = |json: String| json[1..json.len() - 1].to_owned();
    let dumped = |text: &str| inside(oh_event_store::event::dumps(json(text).as_bytes()).unwrap());
    let once = [secret.to_owned(), dumped(secret), inside(json(secret))];
    let repr = secret.replace('\\', "\\\\").replace('\n', "\\n");
    let reprs = [repr.replace('\'', "\\'"), repr];
    let all = once.iter().chain(&reprs);
    all.flat_map(|text| [text.clone(), dumped(text)])
        .map(String::into_bytes)
        .collect()
}

#[test]
fn no_stored_byte_belongs_to_a_secret() {
    for_seeds(150, |_, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let secrets = secrets(&mut random);
            let records = Rc::new(Memory::new());
            let log = open(&records, &pages(2000, 1000)).await;
            let pairs = secrets.iter().map(|secret| (String::new(), secret.clone()));
            log.set_secrets(Secrets::new(pairs, Masking::Strict));
            let stream =
                EventStream::new(Rc::clone(&log), Reporter::default(), 10, Drops::default());
            for _ in 0..30 {
                let id = random.below(60);
                let members = members(&mut random, &secrets);
                let event = format!("{{\"id\": {id}, {members}}}");
                match random.below(4) {
                    0 => {
                        let stored = format!("[{{{members}}}, {event}]");
                        let report = log.import(stored.as_bytes(), &mut |_| {}).await.unwrap();
                        assert_eq!(report.rejected, 0, "{report:?}");
                    }
                    1 => {
                        let new = format!("{{{members}}}");
                        let time = "2025-08-31T12:00:00".to_owned();
                        stream
                            .add_event(new.as_bytes(), "user", time, None)
                            .await
                            .unwrap();
                    }
                    kind => {
                        let form = [FrameForm::Raw, FrameForm::Parsed][kind as usize - 2];
                        let report = stream.feed(event.as_bytes(), form).await.unwrap();
                        assert_eq!(report.rejected, 0, "{report:?}");
                    }
                }
            }
            assert!(log.record().events > 10);
            let records = records.records();
            assert!(records.len() > 3);
            for secret in &secrets {
                for spelled in spellings(secret) {
                    for ((table, _), bytes) in &records {
                        let leaks = bytes.windows(spelled.len()).any(|part| part == spelled);
                        let text = String::from_utf8_lossy(bytes);
                        assert!(!leaks, "{secret:?} in {table:?}: {text}");
                    }
                }
            }
        });
    });
}
