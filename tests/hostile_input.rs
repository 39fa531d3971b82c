//! The hardest inputs end in an error or an event, in memory that grows with them and no more, and
//! in linear time: what is quadratic would take hours here.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::fmt::Write;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use oh_event_store::backend::Memory;
use oh_event_store::event::{
    Event, EventError, EventId, Frame, FrameForm, Masking, Secrets, dumps, stamp, trajectory,
    wire_form,
};
use oh_event_store::filter::{EventFilter, Matcher};
use oh_event_store::notice::Reporter;
use oh_event_store::store::{
    ExportFormat, ImportReport, Log, MatchingOptions, SearchOptions, StoreOptions,
};
use oh_event_store::stream::{Drops, EventStream};
use peak_alloc::PeakAlloc;
use support::{Random, open, pages, run};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory is counted for the whole process: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Runs something that may hold `times` the bytes of its input at once, and a megabyte.
fn within<T>(what: &str, input: usize, times: usize, run: impl FnOnce() -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = run();
    let peak = MEMORY.peak_usage().saturating_sub(before);
    assert!(
        peak <= input * times + (1 << 20),
        "{what}: {peak} bytes for {input}, {} times as many",
        peak / input.max(1)
    );
    result
}

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Feeds a frame; true if it is in the log then.
fn fed(log: &Rc<Log>, frame: String, form: FrameForm) -> Result<bool, String> {
    let stream = EventStream::new(Rc::clone(log), Reporter::default(), 10, Drops::default());
    let report = run(async move { stream.feed(frame.as_bytes(), form).await });
    let report = report.map_err(|why| why.to_string())?;
    match report.reason {
        Some(why) => Err(why),
        None => Ok(report.accepted == 1),
    }
}

fn new_log() -> Rc<Log> {
    run(async { open(&Rc::new(Memory::new()), &StoreOptions::default()).await })
}

fn imported(file: String) -> (ImportReport, Rc<Log>) {
    let log = new_log();
    let target = Rc::clone(&log);
    let report = run(async move { target.import(file.as_bytes(), &mut |_| {}).await });
    (report.expect("a report"), log)
}

fn in_args(value: &str) -> String {
    format!(r#"{{"id": 1, "action": "run", "args": {{"command": {value}}}}}"#)
}

#[test]
fn a_hundred_thousand_levels_are_an_error() {
    let _alone = alone();
    const LEVELS: usize = 100_000;
    let nests = [
        ("[".repeat(LEVELS), "]".repeat(LEVELS)),
        ("{\"a\":".repeat(LEVELS), "}".repeat(LEVELS)),
        ("[{\"a\": ".repeat(LEVELS), "}]".repeat(LEVELS)),
        ("{\"a\":0,\"a\":".repeat(LEVELS), "}".repeat(LEVELS)),
    ];
    for (before, after) in nests {
        for value in [format!("{before}1{after}"), before] {
            let frame = in_args(&value);
            for form in [FrameForm::Raw, FrameForm::Parsed] {
                let read = within("read", frame.len(), 4, || {
                    Frame::read(frame.as_bytes(), form)
                });
                assert!(matches!(read, Err(EventError::TooDeep { .. })), "{read:?}");
            }
            let id = EventId::Number(1);
            assert!(stamp(frame.as_bytes(), &id, "", "user").is_err());
            assert!(wire_form(&frame).is_none());
            let why = fed(&new_log(), frame.clone(), FrameForm::Raw).expect_err("too deep");
            assert!(why.contains("1000 levels"), "{why}");
            for file in [format!("[{frame}]"), format!("{{}}\n{frame}\n"), value] {
                let length = file.len();
                let (report, _) = within("import", length, 8, || imported(file));
                assert_eq!(report.accepted, 0);
                assert!(report.rejected > 0);
            }
        }
    }
    let code = format!("print(file_editor(**{{'path': {}}}))", "[".repeat(LEVELS));
    let edit = format!(
        r#"{{"action": "edit", "args": {{"path": "", "translated_ipython_code": "{code}"}}}}"#
    );
    let wire = within("a literal", edit.len(), 4, || wire_form(&edit));
    assert!(wire.is_some_and(|wire| wire.len() < 1000));
}

#[test]
fn the_most_levels_with_repeated_keys_in_each_take_linear_time() {
    let _alone = alone();
    const LEVELS: usize = 990;
    let twice = "{\"a\": 1, \"a\": 2}, ".repeat(100_000);
    let before = "{\"b\": 1, \"b\": ".repeat(LEVELS);
    let value = format!("{before}[{twice}0]{}", "}".repeat(LEVELS));
    let frame = in_args(&value);
    let dumped = within("repeated keys", frame.len(), 16, || dumps(frame.as_bytes()));
    let expected = value.replace("\"b\": 1, ", "").replace("\"a\": 1, ", "");
    assert_eq!(dumped, Ok(in_args(&expected)));
}

#[test]
fn a_million_keys_are_an_event() {
    let _alone = alone();
    let distinct = |count: usize| {
        (0..count).fold(String::new(), |mut all, key| {
            let _ = write!(all, "\"{key:x}\": 0, ");
            all
        })
    };
    let same = |count: usize| "\"k\": 0, ".repeat(count);
    let object = |members: String| in_args(&format!("{{{members}\"z\": 1}}"));
    for (frame, keys) in [
        (object(distinct(1_000_000)), 1_000_001),
        (object(same(1_000_000)), 2),
    ] {
        let length = frame.len();
        let dumped = within("keys", length, 16, || dumps(frame.as_bytes()));
        let dumped = dumped.expect("JSON");
        assert_eq!(dumped.matches("\": ").count(), keys + 4);
        let accepted = within("feed", length, 16, || {
            fed(&new_log(), frame, FrameForm::Raw)
        });
        assert_eq!(accepted, Ok(true));
    }
    for members in [distinct(100_000), same(100_000)] {
        // In a place that the wire form spells anew, and in one where it looks for its fields.
        let arguments = format!("{{\"name\": \"\", \"arguments\": {{{members}\"z\": 1}}}}");
        let file = format!(r#"{{"action": "call_tool_mcp", "args": {arguments}}}"#);
        let length = file.len();
        let (report, _) = within("import", length, 40, || imported(file));
        assert_eq!(report.accepted, 1, "{report:?}");
        let file = object(members.clone());
        let (report, _) = within("import", length, 40, || imported(file));
        assert_eq!(report.accepted, 1, "{report:?}");
        // At the top level, where the header is read.
        let frame = format!("{{{members}\"id\": 3, \"observation\": \"run\"}}");
        assert_eq!(fed(&new_log(), frame, FrameForm::Parsed), Ok(true));
    }
}

#[test]
fn keys_whose_hashes_are_equal_are_told_apart() {
    let _alone = alone();
    // The hash of `repeated_keys.rs`, turned round: the second word makes up for the first.
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    const WANTED: u64 = 0x5151_5151_5151_5151;
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    let mut random = Random::new(11);
    let mut keys = Vec::new();
    while keys.len() < 500 {
        let letters: [u8; 7] = std::array::from_fn(|_| b'a' + random.below(26) as u8);
        let mut first = [b'"'; 8];
        first[1..].copy_from_slice(&letters);
        let mixed = (ODD.rotate_left(23) ^ u64::from_le_bytes(first)).wrapping_mul(ODD);
        let second = (mixed.rotate_left(23) ^ WANTED).to_le_bytes();
        if second.iter().all(is_plain) {
            let text = [&letters[..], &second[..]].concat();
            keys.push(String::from_utf8(text).expect("ASCII"));
        }
    }
    let mut members = String::new();
    for value in 0..3 {
        for key in &keys {
            let _ = write!(members, "\"{key}\": {value}, ");
        }
    }
    let dumped = dumps(format!("{{{members}\"z\": 0}}").as_bytes()).expect("JSON");
    let last: Vec<String> = keys.iter().map(|key| format!("\"{key}\": 2")).collect();
    assert_eq!(dumped, format!("{{{}, \"z\": 0}}", last.join(", ")));
}

#[test]
fn numbers_of_any_length_are_kept_or_rounded_as_python_does() {
    let _alone = alone();
    for count in [10_000, 1_000_000] {
        let digits = "7".repeat(count);
        let zeros = "0".repeat(count);
        for (number, python) in [
            (digits.clone(), digits.clone()),
            (format!("-{digits}"), format!("-{digits}")),
            (format!("{digits}.5"), "Infinity".to_owned()),
            (format!("-{digits}e1"), "-Infinity".to_owned()),
            (format!("0.{digits}"), "0.7777777777777778".to_owned()),
            (format!("0.{zeros}1"), "0.0".to_owned()),
            (
                format!("{digits}e-{count}"),
                "0.7777777777777778".to_owned(),
            ),
            (format!("1e{digits}"), "Infinity".to_owned()),
            (format!("1e-{digits}"), "0.0".to_owned()),
            (format!("1.{zeros}1e5"), "100000.0".to_owned()),
        ] {
            let frame = in_args(&number);
            let text = within("a number", frame.len(), 8, || dumps(frame.as_bytes()));
            assert_eq!(text, Ok(in_args(&python)));
            for member in ["timeout", "id", "cause"] {
                let frame = format!(r#"{{"action": "run", "{member}": {number}}}"#);
                let read = within("a field", frame.len(), 8, || {
                    Frame::read(frame.as_bytes(), FrameForm::Parsed)
                });
                assert_eq!(
                    read.is_err(),
                    member == "id" && number.starts_with("77") && python == number
                );
                let _ = within("a wire form", frame.len(), 16, || imported(frame));
            }
        }
    }
    for (number, python) in [("1e999999999", "Infinity"), ("-1E+999999999", "-Infinity")] {
        assert_eq!(dumps(number.as_bytes()).as_deref(), Ok(python));
    }
}

#[test]
fn sixty_four_megabytes_are_an_event_that_is_found_and_exported() {
    let _alone = alone();
    const BYTES: usize = 64 << 20;
    let content = "Hello, \\\"world\\\"\\n".repeat(BYTES / 19);
    let frame = format!(
        r#"{{"id": 7, "source": "agent", "observation": "run", "content": "{content}needle", "extras": {{"screenshot": "x"}}}}"#
    );
    drop(content);
    let log = new_log();
    log.set_secrets(Secrets::new(
        [("A".to_owned(), "needle".to_owned())],
        Masking::Strict,
    ));
    let bytes = frame.len();
    let accepted = within("feed", bytes, 12, || fed(&log, frame, FrameForm::Raw));
    assert_eq!(accepted, Ok(true));
    let found = within("a search", bytes, 4, || {
        let log = Rc::clone(&log);
        run(async move {
            let options = |query: &str| MatchingOptions {
                query: Some(query.to_owned()),
                ..MatchingOptions::default()
            };
            let marked = log
                .matching(options("<SECRET_hidden>"))
                .await
                .expect("a search");
            let needle = log.matching(options("needle")).await.expect("a search");
            (marked.positions, needle.len())
        })
    });
    assert_eq!(found, (vec![7], 0));
    let piece = within("an export", bytes, 6, || {
        let log = Rc::clone(&log);
        run(async move {
            let mut export = log.export(ExportFormat::Trajectory, false);
            export
                .next()
                .await
                .expect("a piece")
                .map(|piece| piece.len())
        })
    });
    assert!(piece.is_some_and(|piece| piece.abs_diff(bytes) < 100));
}

#[test]
fn files_of_nothing_but_lines_take_linear_time() {
    let _alone = alone();
    const LINES: usize = 1_000_000;
    let event = r#"{"id": 1, "action": "null"}"#;
    let other = r#"{"id": 2, "action": "null"}"#;
    let blank = "\n".repeat(LINES);
    let spaces = " \t\r\n".repeat(LINES / 4);
    for (file, accepted, rejected) in [
        (format!("{event}\n{blank}{other}"), 2, 0),
        (format!("{event}\n{spaces}{other}\n{blank}"), 2, 0),
        (format!("{event}\n{other}{spaces}"), 2, 0),
        (format!("{blank}{event}{spaces}"), 1, 0),
        (
            format!("{event}\n{}", "x\n".repeat(LINES / 4)),
            1,
            LINES / 4,
        ),
        (
            format!("{event}\n{}", "[]\n".repeat(LINES / 4)),
            1,
            LINES / 4,
        ),
        (
            format!("[{event}{}]", ", 1".repeat(LINES / 4)),
            1,
            LINES / 4,
        ),
        (format!("[{event}{}]", ", [[]]".repeat(LINES / 4)), 1, 0),
    ] {
        let length = file.len();
        let (report, _) = within("lines", length, 4, || imported(file));
        assert_eq!(report.accepted, accepted);
        assert_eq!(report.rejected, rejected as u64);
        assert!(report.faults.len() <= 1000);
    }
}

#[test]
fn short_texts_of_long_wire_forms_are_written_a_few_at_a_time() {
    let _alone = alone();
    let condensation = |ids: (i64, i64)| {
        let (first, last) = ids;
        format!(
            r#"{{"action": "condensation", "args": {{"forgotten_events_start_id": {first}, "forgotten_events_end_id": {last}}}}}"#
        )
    };
    assert!(wire_form(&condensation((0, i64::MAX))).is_none());
    assert!(wire_form(&condensation((i64::MIN, i64::MAX))).is_none());
    let lines: Vec<String> = (0..30).map(|_| condensation((0, 60_000))).collect();
    let file = lines.join("\n");
    let (report, log) = within("an import", 1 << 20, 40, || imported(file));
    assert_eq!((report.accepted, report.rejected), (30, 0));
    assert!(log.record().bytes > 10_000_000);
}

#[test]
fn many_secrets_and_large_filters_cost_what_they_are() {
    let _alone = alone();
    let mut random = Random::new(3);
    let mut word = |length: usize| -> String {
        let letters = (0..length).map(|_| char::from(b'a' + random.below(26) as u8));
        letters.collect()
    };
    let words: Vec<String> = (0..10_000).map(|_| word(24)).collect();
    let pairs = words.iter().map(|word| (String::new(), word.clone()));
    let secrets = Secrets::new(pairs, Masking::Strict);
    let content = words
        .iter()
        .take(500)
        .cloned()
        .collect::<Vec<_>>()
        .join("\\n");
    let text = in_args(&format!("[\"{content}\", \"{}\"]", "a".repeat(5000)));
    let event = Event::from_json(text.as_bytes()).expect("an event");
    let masked = within("masking", text.len(), 16, || secrets.mask(event.into()));
    assert_eq!(masked.text.matches("<secret_hidden>").count(), 500);

    let mut filter = EventFilter {
        include_types: words.clone(),
        ..EventFilter::default()
    };
    assert!(!Matcher::new(&filter).matches(&masked));
    filter.include_types.push("Action".to_owned());
    assert!(Matcher::new(&filter).matches(&masked));

    // A query of a megabyte, in a text that nearly has it everywhere.
    let text = in_args(&format!("\"{}b\"", "a".repeat(4 << 20)));
    let event = Event::from_json(text.as_bytes()).expect("an event");
    for (query, found) in [
        ("A".repeat(1 << 20), true),
        (format!("{}b", "A".repeat(1 << 20)), true),
        (format!("b{}", "A".repeat(1 << 20)), false),
        (
            format!("{}b{}", "A".repeat(1 << 19), "A".repeat(1 << 19)),
            false,
        ),
        ("A".repeat(8 << 20), false),
    ] {
        let filter = EventFilter {
            query: Some(query),
            ..EventFilter::default()
        };
        let matches = within("a query", text.len(), 16, || {
            Matcher::new(&filter).matches(&event)
        });
        assert_eq!(matches, found);
    }
}

#[test]
fn a_secret_that_overlaps_itself_takes_linear_time() {
    let _alone = alone();
    let secret = "a".repeat(10_000);
    let text = in_args(&format!("\"{}\"", "a".repeat(2_000_000)));
    let event = Event::from_json(text.as_bytes()).expect("an event");
    let secrets = Secrets::new([(String::new(), secret.clone())], Masking::Strict);
    let masked = within("masking", text.len(), 8, || secrets.mask(event.into()));
    assert!(!masked.text.contains(&secret));
    assert!(masked.text.contains("<secret_hidden>"));
}

#[test]
fn an_export_without_screenshots_takes_linear_time() {
    let _alone = alone();
    let member = r#""screenshot": {"dom_object": [1, 2]}, "a": [{"set_of_marks": 1, "b": 2}], "#;
    let members = member.replace("\"a\"", "\"a%\"");
    let members: String = (0..20_000)
        .map(|index| members.replace('%', &index.to_string()))
        .collect();
    let json = format!(
        r#"{{"id": 1, "observation": "browse", "content": "", "extras": {{{members}"z": 0}}}}"#
    );
    let event = Event::from_json(json.as_bytes()).expect("an event");
    let text = within("an export", json.len(), 4, || {
        trajectory(&event.text, false)
    });
    assert!(!text.contains("set_of_marks") && text.contains("\"a19999\": [{\"b\": 2}]"));
}

#[test]
fn a_hundred_thousand_string_ids_take_linear_time() {
    let _alone = alone();
    const EVENTS: usize = 100_000;
    let mut random = Random::new(5);
    let mut file = String::new();
    for _ in 0..EVENTS {
        let id = random.next();
        let _ = writeln!(file, r#"{{"id": "{id:016x}", "kind": "E"}}"#);
    }
    let records = Rc::new(Memory::new());
    let place = Rc::clone(&records);
    run(async move {
        let log = open(&place, &pages(128 << 10, 1000)).await;
        let report = log
            .import(file.as_bytes(), &mut |_| {})
            .await
            .expect("it is text");
        assert_eq!(report.accepted, EVENTS as u64);
        let log = open(&place, &pages(128 << 10, 1000)).await;
        let last = log.latest_event().await.expect("an event");
        let text = last.texts().next().expect("a text");
        let event = Event::from_canonical(text.into()).expect("an event");
        let id = event.header.id.expect("an id");
        assert_eq!(
            log.get_event(&id).await.expect("it is there").positions,
            last.positions
        );
        let again = log
            .import(file.as_bytes(), &mut |_| {})
            .await
            .expect("it is text");
        assert_eq!((again.accepted, again.doubles), (0, EVENTS as u64));
        let options = SearchOptions {
            limit: Some(1),
            ..SearchOptions::default()
        };
        assert!(
            log.search(&options)
                .next(10)
                .await
                .expect("a search")
                .is_some()
        );
    });
}
