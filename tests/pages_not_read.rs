//! A search reads no more than it has to, and misses nothing for it.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;

use oh_event_store::backend::{Backend, Table};
use oh_event_store::event::Event;
use oh_event_store::filter::{EventFilter, Matcher};
use oh_event_store::page::{Entry, Origin, Page, Probe, Signatures};
use oh_event_store::store::{Item, Log, SearchOptions, StoreOptions};
use support::oracle::Oracle;
use support::{Counting, Random, events, for_seeds, found, pages, run, store};

async fn open(records: &Rc<Counting>, options: &StoreOptions) -> Rc<Log> {
    let store = store(Rc::clone(records) as Rc<dyn Backend>, options);
    store.conversation("c", None).await.expect("it opens")
}

async fn append(log: &Log, oracle: &mut Oracle, events: impl IntoIterator<Item = Event>) {
    let mut items = Vec::new();
    for event in events {
        oracle.add(&event, Origin::Live);
        items.push(Item::event(event, Origin::Live));
    }
    log.append(items, None).await.unwrap();
}

fn query(text: &str) -> EventFilter {
    EventFilter {
        query: Some(text.to_owned()),
        ..EventFilter::default()
    }
}

fn by(filter: &EventFilter, reverse: bool) -> SearchOptions {
    SearchOptions {
        filter: Some(filter.clone()),
        reverse,
        ..SearchOptions::default()
    }
}

/// Text as a person or a program may have written it: all that a signature must not trip over.
fn text(random: &mut Random) -> String {
    const PIECES: [&str; 14] = [
        "Kelvin",
        "\u{212a}",
        "sky",
        "SKIN",
        "\"",
        "\\",
        "\n",
        "caf\u{e9}",
        "\u{1f600}",
        "\u{7f}",
        "a",
        "aa",
        "_0",
        " ",
    ];
    let count = 1 + random.below(12);
    (0..count).map(|_| *random.pick(&PIECES)).collect()
}

/// Some of a text, in letters of any case.
fn part(random: &mut Random, text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let start = random.below(chars.len() as u64) as usize;
    let len = 1 + random.below(9) as usize;
    let part = chars[start..].iter().take(len);
    part.map(|char| match random.below(3) {
        0 => char.to_ascii_uppercase(),
        1 if char.eq_ignore_ascii_case(&'k') => '\u{212a}',
        _ => *char,
    })
    .collect()
}

#[test]
fn a_page_whose_signature_says_no_holds_no_match() {
    let mut passed_by = 0;
    for_seeds(400, |_, random| {
        let contents: Vec<String> = (0..1 + random.below(5)).map(|_| text(random)).collect();
        let entries = contents
            .iter()
            .enumerate()
            .map(|(position, content)| Entry {
                position: position as i64,
                origin: Origin::Live,
                version: 0,
                event: Rc::new(events::message(position as i64, content)),
            });
        let entries: Vec<Entry> = entries.collect();
        let mut signatures = Signatures::default();
        Page::new(&entries).sign(7, &mut signatures);
        for _ in 0..40 {
            let stored = random.pick(&entries).event.text.to_string();
            let other = text(random);
            let from = *random.pick(&[&stored, &other]);
            let matcher = Matcher::new(&query(&part(random, from)));
            let Some(finder) = matcher.query() else {
                continue;
            };
            let holds = entries.iter().any(|entry| matcher.matches(&entry.event));
            let may_hold = signatures.may_hold(7, &Probe::new(finder.needle()));
            assert!(may_hold || !holds, "{:?}", finder.needle());
            passed_by += u32::from(!may_hold);
        }
    });
    assert!(passed_by > 1000, "{passed_by}");
}

#[test]
fn searches_by_text_find_what_is_there_and_leave_out_most_pages() {
    run(async {
        let records = Counting::new();
        let log = open(&records, &pages(4000, 1000)).await;
        let (mut random, mut oracle) = (Random::new(3), Oracle::default());
        for first in (0..4000).step_by(50) {
            let event = |id| {
                let word = if id % 1500 == 700 {
                    "n\u{e9}edle"
                } else {
                    "hay"
                };
                events::message(id, &format!("{word} {}", text(&mut random)))
            };
            append(&log, &mut oracle, (first..first + 50).map(event)).await;
        }
        let all = records.sizes(Table::Pages).len();
        assert!(all > 100, "{all}");
        for needle in [
            "N\\u00E9EDLE",
            "\\u00e9edle needle",
            "s\u{212a}in",
            "ha",
            "_0\\\"",
        ] {
            for reverse in [false, true] {
                let log = open(&records, &pages(4000, 1000)).await;
                records.forget();
                let options = by(&query(needle), reverse);
                assert_eq!(
                    found(&log, &options, 9).await,
                    oracle.search(&options),
                    "{needle}"
                );
                let read = records.read(Table::Pages).len();
                println!("{needle}: {read} of {all} pages");
                assert!(read < 6 || !needle.contains("EDLE"), "{read}");
                let asked = !records.read(Table::Signatures).is_empty();
                assert!(asked || !needle.contains("EDLE"), "{needle}");
                assert!(!asked || needle.len() >= 3, "{needle}");
            }
        }
    });
}

#[test]
fn the_first_matches_of_a_frequent_text_cost_no_signatures() {
    run(async {
        let records = Counting::new();
        let log = open(&records, &pages(3000, 1000)).await;
        let (mut random, mut oracle) = (Random::new(11), Oracle::default());
        append(
            &log,
            &mut oracle,
            (0..1000).map(|id| events::v0(&mut random, id)),
        )
        .await;
        for reverse in [false, true] {
            let log = open(&records, &pages(3000, 1000)).await;
            records.forget();
            let options = SearchOptions {
                limit: Some(5),
                ..by(&query("\"timestamp\""), reverse)
            };
            assert_eq!(found(&log, &options, 5).await, oracle.search(&options));
            assert!(records.read(Table::Pages).len() <= 3);
            assert!(records.read(Table::Signatures).is_empty());
        }
    });
}

#[test]
fn a_search_in_a_range_reads_no_page_outside_of_it() {
    run(async {
        let records = Counting::new();
        let log = open(&records, &pages(3000, 1000)).await;
        let (mut random, mut oracle) = (Random::new(17), Oracle::default());
        let events = (0..4000).map(|id| events::message(id, &text(&mut random)));
        append(&log, &mut oracle, events).await;
        let all = records.sizes(Table::Pages).len();
        assert!(all > 100, "{all}");
        for (filter, reverse) in [
            (EventFilter::default(), false),
            (EventFilter::default(), true),
            (query("message"), false),
            (query("message"), true),
        ] {
            let log = open(&records, &pages(3000, 1000)).await;
            records.forget();
            let options = SearchOptions {
                start_id: Some(1400),
                end_id: Some(2599),
                ..by(&filter, reverse)
            };
            assert_eq!(found(&log, &options, 99).await, oracle.search(&options));
            let read = records.read(Table::Pages);
            // Pages hold about as many events each, and come in the order of their numbers.
            let (first, last) = (read.iter().min().unwrap(), read.iter().max().unwrap());
            assert!(*last - *first < all as i64 * 4 / 10, "{read:?} of {all}");
        }
    });
}

#[test]
fn what_was_counted_is_counted_anew_only_where_pages_changed() {
    run(async {
        let records = Counting::new();
        let log = open(&records, &pages(3000, 1000)).await;
        let (mut random, mut oracle) = (Random::new(13), Oracle::default());
        let filter = query("\"source\": \"agent\"");
        for first in (0..600i64).step_by(3) {
            let events = (first..first + 3).map(|id| events::v0(&mut random, id * 2));
            append(&log, &mut oracle, events).await;
            if random.one_in(9) {
                let late = random.below(first as u64 * 2 + 1) as i64 | 1;
                append(&log, &mut oracle, [events::v0(&mut random, late)]).await;
            }
            for again in [false, true] {
                records.forget();
                let count = log.count_events(Some(filter.clone())).await.unwrap();
                assert_eq!(count, oracle.matching(&filter).len() as u64, "{first}");
                assert!(!again || records.read(Table::Pages).is_empty());
            }
        }
    });
}

#[test]
fn counting_by_type_source_and_date_reads_only_pages_on_the_edge_of_a_date() {
    run(async {
        let records = Counting::new();
        let log = open(&records, &pages(3000, 1000)).await;
        let (mut random, mut oracle) = (Random::new(5), Oracle::default());
        let event = |id: i64| {
            let stamp = format!("2025-08-{:02}T{:02}:00:00", 1 + id / 100, id % 24);
            let source = *random.pick(&["user", "agent"]);
            let action = *random.pick(&["run", "message", "think"]);
            let hidden = random.one_in(4);
            let json = format!(
                "{{\"id\": {id}, \"timestamp\": \"{stamp}\", \"source\": \"{source}\", \
                 \"action\": \"{action}\", \"args\": {{\"hidden\": {hidden}}}}}"
            );
            Event::from_json(json.as_bytes()).unwrap()
        };
        append(&log, &mut oracle, (0..2000).map(event)).await;
        let log = open(&records, &pages(3000, 1000)).await;
        let filter = EventFilter {
            include_types: vec!["CmdRunAction".to_owned()],
            source: Some("user".to_owned()),
            exclude_hidden: true,
            ..EventFilter::default()
        };
        records.forget();
        let count = log.count_events(Some(filter.clone())).await.unwrap();
        assert_eq!(count, oracle.matching(&filter).len() as u64);
        assert!(count > 100);
        assert!(records.read(Table::Pages).is_empty());
        let dated = EventFilter {
            start_date: Some("2025-08-05".to_owned()),
            end_date: Some("2025-08-15".to_owned()),
            ..filter
        };
        let count = log.count_events(Some(dated.clone())).await.unwrap();
        assert_eq!(count, oracle.matching(&dated).len() as u64);
        let read = records.read(Table::Pages).len();
        assert!((1..8).contains(&read), "{read}");
    });
}

#[test]
fn what_was_found_is_remembered_and_only_new_events_are_looked_at() {
    run(async {
        let records = Counting::new();
        let mut options = pages(3000, 1000);
        options.memory_budget = 100_000;
        let log = open(&records, &options).await;
        let (mut random, mut oracle) = (Random::new(7), Oracle::default());
        let mut event = |id| events::v0(&mut random, id);
        append(&log, &mut oracle, (0..3000).map(&mut event)).await;
        let filter = query("\"id\": 77");
        let options = by(&filter, false);
        let mut count = async || {
            let count = log.count_events(Some(filter.clone())).await.unwrap();
            assert_eq!(count, oracle.matching(&filter).len() as u64);
            assert_eq!(found(&log, &options, 5).await, oracle.search(&options));
            let last = 3000 + oracle.events.len() as i64;
            append(&log, &mut oracle, [events::message(last, "\\\"id\\\": 77")]).await;
            records.read(Table::Pages)
        };
        let all = records.sizes(Table::Pages).len();
        let first = count().await;
        assert!(first.len() > 20, "{} of {all}", first.len());
        for _ in 0..3 {
            let again = count().await;
            assert!(again.len() <= 6, "{again:?}");
        }
        // A page that takes in a late event is a new one.
        append(
            &log,
            &mut oracle,
            [events::message(3000, "late: \"id\": 77")],
        )
        .await;
        let count = log.count_events(Some(filter.clone())).await.unwrap();
        assert_eq!(count, oracle.matching(&filter).len() as u64);
    });
}

#[test]
fn summaries_and_signatures_of_many_pages_lie_together() {
    run(async {
        let records = Counting::new();
        let options = pages(1, 1);
        let log = open(&records, &options).await;
        let (mut oracle, mut random) = (Oracle::default(), Random::new(1));
        let mut written = 0;
        for id in 0..1300 {
            append(&log, &mut oracle, [events::v0(&mut random, id * 2)]).await;
        }
        for table in [Table::Summaries, Table::Signatures] {
            let sizes = records.sizes(table);
            assert!(sizes.len() < 30, "{}", sizes.len());
            assert_eq!(records.sizes(Table::Pages).len(), 1300);
        }
        let full = records.sizes(Table::Signatures)[0];
        assert!(full > 1 << 20, "{full}");
        // A late event costs a page and two small records.
        records.written();
        for id in [1, 901, 2401] {
            append(&log, &mut oracle, [events::v0(&mut random, id)]).await;
            let sizes: Vec<usize> = records.written().iter().map(|(_, size)| *size).collect();
            written += sizes.into_iter().sum::<usize>();
        }
        assert!(written < 120_000, "{written}");
        for reopened in [false, true] {
            let log = match reopened {
                true => open(&records, &options).await,
                false => Rc::clone(&log),
            };
            // Who has written them knows them.
            assert!(records.read(Table::Signatures).is_empty());
            assert_eq!(
                found(&log, &SearchOptions::default(), 99).await,
                oracle.texts()
            );
            assert_eq!(log.record().events, 1303);
            for needle in ["alpha", "git status", "\"id\": 901,", "nowhere"] {
                let options = by(&query(needle), true);
                assert_eq!(found(&log, &options, 99).await, oracle.search(&options));
            }
            records.forget();
        }
    });
}

#[test]
fn who_reads_more_than_memory_holds_leaves_what_is_there_in_its_place() {
    run(async {
        let records = Counting::new();
        let mut options = pages(4096, 1000);
        let log = open(&records, &options).await;
        let (mut oracle, mut random) = (Oracle::default(), Random::new(1));
        for from in 0..40 {
            let some = (from * 50..from * 50 + 50).map(|id| events::v0(&mut random, id));
            append(&log, &mut oracle, some.collect::<Vec<_>>()).await;
        }
        let all = records.sizes(Table::Pages).len();
        options.memory_budget = all * 4096;
        let log = open(&records, &options).await;
        let everything = SearchOptions::default();
        let mut read = Vec::new();
        for _ in 0..3 {
            assert_eq!(found(&log, &everything, 99).await, oracle.texts());
            read.push(records.read(Table::Pages).len());
            records.forget();
        }
        assert_eq!(read[0], all);
        assert!(
            read[1] < all * 4 / 5 && read[2] < all * 4 / 5,
            "{read:?} of {all}"
        );
    });
}
