//! A search through all conversations gives every match once and by time, whatever goes on in them.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{
    Answer, Backend, Clock, Durability, Faults, Faulty, Key, Memory, Numbered, Table, WriteBatch,
};
use oh_event_store::event::Event;
use oh_event_store::filter::{EventFilter, Matcher};
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item, SearchAll};
use support::{ManualClock, Random, all, events, for_seeds, lines, listening, pages, run, store};

/// A match as it is told, with its timestamp for comparison.
type Match = (Option<Vec<u8>>, String, i64, String);

async fn append(store: &EventStore, id: &str, items: Vec<Event>) {
    let log = store.conversation(id, None).await.expect("it opens");
    for event in items {
        let item = Item::event(event, Origin::Remote);
        log.append(vec![item], None).await.expect("it is stored");
    }
}

/// Some conversations with some events each; ids have holes.
async fn fill(random: &mut Random, store: &EventStore) {
    for number in 0..random.below(6) {
        let count = random.number(0, 40);
        let ids = (0..count).filter(|id| id % 7 != 3);
        let events = ids.map(|id| events::v0(random, id)).collect();
        append(store, &format!("c{number}"), events).await;
    }
}

/// The next matches, with the order checked that they come in.
async fn read(search: &mut SearchAll, store: &EventStore, max: usize) -> Option<Vec<Match>> {
    let found = search.next(store, max).await.expect("it goes on")?;
    assert!(found.len() <= max.max(1));
    assert_eq!(found.len(), found.conversations.len());
    let conversations = found.conversations.iter().map(|id| id.to_string());
    let texts = found.texts().map(str::to_owned);
    let places = conversations.zip(&found.positions).zip(texts);
    Some(
        places
            .map(|((id, position), text)| as_match(id, *position, text))
            .collect(),
    )
}

fn as_match(conversation: String, position: i64, text: String) -> Match {
    let event = Event::from_json(text.as_bytes()).expect("an event");
    let timestamp = event.header.timestamp.map(Vec::from);
    (timestamp, conversation, position, text)
}

async fn found(store: &EventStore, filter: &EventFilter, reverse: bool, max: usize) -> Vec<Match> {
    let mut search = store.search_all(filter, reverse, None);
    let mut all = Vec::new();
    while let Some(more) = read(&mut search, store, max).await {
        all.extend(more);
    }
    all
}

/// By time, conversation and position; what has no timestamp comes last.
fn sort(matches: &mut [Match], reverse: bool) {
    matches.sort();
    if reverse {
        matches.reverse();
    }
    matches.sort_by_key(|found| found.0.is_none());
}

async fn oracle(store: &EventStore, filter: &EventFilter, reverse: bool) -> Vec<Match> {
    let matcher = Matcher::new(filter);
    let mut matches = Vec::new();
    for info in store.conversations().await.expect("they are there") {
        let log = store.conversation(&info.id, None).await.expect("it opens");
        for (position, text) in all(&log).await {
            let event = Event::from_json(text.as_bytes()).expect("an event");
            if matcher.matches(&event) {
                matches.push(as_match(info.id.to_string(), position, text));
            }
        }
    }
    sort(&mut matches, reverse);
    matches
}

#[test]
fn every_match_comes_once_and_by_time() {
    for_seeds(300, |_, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let mut options = pages(300, 1000);
            options.memory_budget = *random.pick(&[0, 1 << 20]);
            let records = Rc::new(Memory::new());
            fill(&mut random, &store(Rc::clone(&records) as _, &options)).await;
            let store = store(records, &options);
            for reverse in [false, true] {
                let filter = events::filter(&mut random);
                let max = random.below(9) as usize;
                let expected = oracle(&store, &filter, reverse).await;
                assert_eq!(
                    found(&store, &filter, reverse, max).await,
                    expected,
                    "{filter:?}"
                );

                let limit = random.number(-1, 9);
                let kept = match limit {
                    0 => expected.len(),
                    limit => limit.max(1) as usize,
                };
                let mut search = store.search_all(&filter, reverse, Some(limit));
                let mut some = Vec::new();
                while let Some(more) = read(&mut search, &store, max).await {
                    some.extend(more);
                }
                assert_eq!(some, expected[..kept.min(expected.len())]);
            }
        });
    });
}

#[test]
fn what_was_there_comes_once_and_in_order_whatever_is_written_meanwhile() {
    for_seeds(200, |seed, random| {
        let mut random = Random::new(random.next());
        run(async move {
            let options = pages(300, 1000);
            let records = Rc::new(Memory::new());
            let faults = Faults {
                seed,
                delay: 2,
                ..Faults::default()
            };
            let here = store(Rc::new(Faulty::new(&records, faults)), &options);
            let there = store(Rc::clone(&records) as _, &options);
            fill(&mut random, &there).await;
            let (filter, reverse) = (EventFilter::default(), random.one_in(2));
            let before = oracle(&there, &filter, reverse).await;
            let mut search = here.search_all(&filter, reverse, None);
            let mut matches = Vec::new();
            while let Some(more) = read(&mut search, &here, 1 + random.below(5) as usize).await {
                matches.extend(more);
                let tab = if random.one_in(2) { &here } else { &there };
                let id = format!("c{}", random.below(7));
                let event = events::v0(&mut random, matches.len() as i64 * 3 + 3);
                let log = tab.conversation(&id, None).await.expect("it opens");
                let item = Item::event(event, Origin::Live);
                log.append(vec![item], None).await.expect("it is stored");
            }
            let mut sorted = matches.clone();
            sort(&mut sorted, reverse);
            assert_eq!(matches, sorted);
            sorted.dedup();
            assert_eq!(sorted.len(), matches.len());
            assert!(before.iter().all(|found| matches.contains(found)));
        });
    });
}

/// A backend that notes whose state is read: that is done when a conversation is opened.
struct Noting {
    records: Memory,
    opened: RefCell<Vec<Rc<str>>>,
}

impl Backend for Noting {
    fn get_many<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        numbers: &'a [i64],
    ) -> Answer<'a, Vec<Option<Vec<u8>>>> {
        self.records.get_many(table, conversation, numbers)
    }

    fn range<'a>(
        &'a self,
        table: Table,
        conversation: &'a Rc<str>,
        first: i64,
        last: i64,
    ) -> Answer<'a, Numbered> {
        self.records.range(table, conversation, first, last)
    }

    fn all<'a>(
        &'a self,
        tables: &'a [Table],
        conversation: &'a Rc<str>,
    ) -> Answer<'a, Vec<Numbered>> {
        self.opened.borrow_mut().push(Rc::clone(conversation));
        self.records.all(tables, conversation)
    }

    fn numbers<'a>(&'a self, table: Table, conversation: &'a Rc<str>) -> Answer<'a, Vec<i64>> {
        self.records.numbers(table, conversation)
    }

    fn keys(&self, table: Table) -> Answer<'_, Vec<Key>> {
        self.records.keys(table)
    }

    fn conversations(&self) -> Answer<'_, Vec<(Rc<str>, Vec<u8>)>> {
        self.records.conversations()
    }

    fn commit(&self, batch: WriteBatch, durability: Durability) -> Answer<'_, ()> {
        self.records.commit(batch, durability)
    }

    fn close(&self) {
        self.records.close();
    }
}

#[test]
fn a_conversation_whose_dates_cannot_be_next_stays_closed() {
    run(async {
        let options = pages(300, 1000);
        let noting = Rc::new(Noting {
            records: Memory::new(),
            opened: RefCell::default(),
        });
        let filled = store(Rc::clone(&noting) as _, &options);
        for number in 0..1000 {
            let event = |id: i64| {
                let json = format!(
                    r#"{{"id": {id}, "timestamp": "{:04}-01-01T00:00:{id:02}", "action": "message",
                        "args": {{"content": "hello"}}}}"#,
                    // The ids of conversations say nothing of their dates.
                    1000 + number * 7 % 1000,
                );
                Event::from_json(json.as_bytes()).expect("an event")
            };
            append(
                &filled,
                &format!("c{number:03}"),
                (0..8).map(event).collect(),
            )
            .await;
        }
        drop(filled);
        noting.opened.take();
        let store = store(Rc::clone(&noting) as _, &options);
        let filter = EventFilter {
            text: Some("HELLO".into()),
            ..EventFilter::default()
        };
        let mut search = store.search_all(&filter, true, None);
        let mut seen = Vec::new();
        while seen.len() < 80 {
            let more = read(&mut search, &store, 5).await.expect("there are more");
            seen.extend(more);
            let opened = noting.opened.borrow().len();
            assert!(
                opened <= seen.len().div_ceil(8) + 1,
                "{opened} for {}",
                seen.len()
            );
        }
        while let Some(more) = read(&mut search, &store, 500).await {
            seen.extend(more);
        }
        assert_eq!(seen.len(), 8000);
        let opened = noting.opened.take();
        assert_eq!(opened.len(), 1000, "each of them once");
    });
}

#[test]
fn what_is_damaged_is_reported_and_passed_by() {
    run(async {
        let memory = Rc::new(Memory::new());
        let options = pages(300, 1000);
        let filled = store(Rc::clone(&memory) as _, &options);
        for id in ["a", "b", "c"] {
            let events = (0..20).map(|number| events::message(number, id));
            append(&filled, id, events.collect()).await;
        }
        let whole = memory.records();
        let tables = [
            Table::Conversations,
            Table::Pages,
            Table::Summaries,
            Table::Tail,
        ];
        for table in tables {
            let mut records = whole.clone();
            let bytes = records
                .iter_mut()
                .find(|((of, key), _)| *of == table && &*key.conversation == "b");
            let (_, bytes) = bytes.expect("it is there");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            let damaged = Rc::new(Memory::new());
            damaged.restore(records);
            let (reporter, told) = listening();
            let clock: Rc<dyn Clock> = ManualClock::new();
            let store = EventStore::new(damaged, clock, reporter, &options);
            let matches = found(&store, &EventFilter::default(), true, 100).await;
            let of = |id: &str| matches.iter().filter(|found| found.1 == id).count();
            assert_eq!((of("a"), of("c")), (20, 20), "{table:?}");
            // These two are made anew from the others.
            let whole = matches!(table, Table::Conversations | Table::Summaries);
            assert_eq!(of("b") == 20, whole, "{table:?}: {}", of("b"));
            assert!(!lines(&told).is_empty(), "{table:?}");
        }
    });
}

#[test]
fn a_failed_read_can_be_repeated() {
    run(async {
        let memory = Rc::new(Memory::new());
        let options = pages(300, 1000);
        let filled = store(Rc::clone(&memory) as _, &options);
        for id in ["a", "b", "c"] {
            let events = (0..20).map(|number| events::message(number, id));
            append(&filled, id, events.collect()).await;
        }
        let expected = oracle(&filled, &EventFilter::default(), false).await;
        let faults = Faults {
            seed: 7,
            read: 10,
            ..Faults::default()
        };
        let mut options = options;
        options.memory_budget = 0;
        let store = store(Rc::new(Faulty::new(&memory, faults)), &options);
        let mut search = store.search_all(&EventFilter::default(), false, None);
        let (mut matches, mut failed) = (Vec::new(), 0);
        loop {
            match search.next(&store, 7).await {
                Ok(Some(more)) => {
                    let ids = more.conversations.iter().map(|id| id.to_string());
                    let texts = more.texts().map(str::to_owned);
                    let places = ids.zip(more.positions.iter().copied()).zip(texts);
                    matches.extend(places.map(|((id, at), text)| as_match(id, at, text)));
                }
                Ok(None) => break,
                Err(_) => failed += 1,
            }
        }
        assert_eq!(matches, expected);
        assert!(failed > 0);
    });
}

#[test]
fn a_copy_with_another_date_comes_in_its_own_place_or_not_at_all() {
    for reverse in [false, true] {
        for (second, kept) in [("01", false), ("07", true)] {
            run(async move {
                let store = store(Rc::new(Memory::new()), &pages(300, 1000));
                let log = store.conversation("c", None).await.expect("it opens");
                let live = |id| Item::event(events::message(id, "x"), Origin::Live);
                log.append(vec![live(5), live(6), live(4), live(9)], None)
                    .await
                    .unwrap();
                let mut search = store.search_all(&EventFilter::default(), reverse, None);
                let (first, left) = match reverse {
                    false => (2, 2),
                    true => (1, 3),
                };
                let mut matches = Vec::new();
                for _ in 0..first {
                    matches.extend(read(&mut search, &store, 1).await.expect("a match"));
                }
                // 4, 5 are given, 6 and 9 wait; in reverse 9 is given.
                let text = events::frame(6, "x").replace("15:23:06", &format!("15:23:{second}"));
                let better = Event::from_json(text.as_bytes()).expect("an event");
                log.append(vec![Item::event(better, Origin::Remote)], None)
                    .await
                    .unwrap();
                while let Some(more) = read(&mut search, &store, 10).await {
                    matches.extend(more);
                }
                let mut sorted = matches.clone();
                sort(&mut sorted, reverse);
                assert_eq!(matches, sorted);
                let all = first + left - usize::from(!kept && !reverse);
                assert_eq!(matches.len(), all);
            });
        }
    }
}

#[test]
fn a_conversation_of_a_newer_release_does_not_hide_the_others() {
    run(async {
        let memory = Rc::new(Memory::new());
        let options = pages(300, 1000);
        let filled = store(Rc::clone(&memory) as _, &options);
        for id in ["a", "b", "c"] {
            append(&filled, id, vec![events::message(0, id)]).await;
        }
        // It has added to the tail, and nothing else; in one the rest was deleted.
        let mut records = memory.records();
        for id in ["b", "d"] {
            let key = |id: &str, number| (Table::Tail, Key::new(&id.into(), number));
            let mut newer = records[&key("a", 0)].clone();
            newer.truncate(newer.len() - 8);
            newer[0] = 2;
            newer.extend(xxhash_rust::xxh64::xxh64(&newer, 0).to_le_bytes());
            records.insert(key(id, 1), newer);
        }
        memory.restore(records);
        let (reporter, told) = listening();
        let clock: Rc<dyn Clock> = ManualClock::new();
        let store = EventStore::new(memory, clock, reporter, &options);
        let ids = store.conversations().await.expect("they are there");
        let ids: Vec<&str> = ids.iter().map(|info| &*info.id).collect();
        assert_eq!(ids, ["a", "c"]);
        assert_eq!(lines(&told).len(), 2);
        let matches = found(&store, &EventFilter::default(), false, 10).await;
        assert_eq!(matches.len(), 2);
    });
}
