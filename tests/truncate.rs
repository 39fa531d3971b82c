//! A log that is rolled back ends with the event it was rolled back to, wholly or not at all, and
//! goes on from there.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::rc::Rc;

use oh_event_store::backend::{Faults, Faulty, Memory};
use oh_event_store::event::EventId;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log, Outcome};
use oh_event_store::stream::{EventStream, SubscribeOptions};
use support::{all, contents, events, for_seeds, open, pages, run, store};

async fn fill(log: &Log, ids: impl IntoIterator<Item = i64>, word: &str) {
    for id in ids {
        let item = Item::event(events::message(id, word), Origin::Live);
        log.append(vec![item], None).await.unwrap();
    }
}

async fn ids(log: &Rc<Log>) -> Vec<i64> {
    all(log).await.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn it_ends_with_the_event_it_was_rolled_back_to() {
    for after in -1..62 {
        run(async move {
            let records = Rc::new(Memory::new());
            let log = open(&records, &pages(300, 1000)).await;
            fill(&log, (0..60).step_by(2), "some words").await;
            // One that comes late, so that pages lie out of the order of their numbers.
            fill(&log, [7, 31], "some words").await;
            log.append(vec![], Some((0, 60))).await.unwrap();
            let before = all(&log).await;
            let left: Vec<_> = before
                .iter()
                .filter(|(id, _)| *id <= after)
                .cloned()
                .collect();
            let gone = log.truncate(after).await.unwrap();
            assert_eq!(gone as usize, before.len() - left.len());
            assert_eq!(log.truncate(after).await.unwrap(), 0);
            let again = open(&records, &pages(300, 1000)).await;
            for log in [&log, &again] {
                assert_eq!(all(log).await, left);
                assert_eq!(log.record(), again.record());
                assert_eq!(log.record().events as usize, left.len());
                assert_eq!(log.latest_event_id(), left.last().map_or(-1, |(id, _)| *id));
                // What comes next may get a number that was free before.
                let last = left.last().map(|(id, _)| *id);
                let known = if gone == 0 { Some(60) } else { last };
                let covered = known.map(|known| (0, known));
                assert_eq!(log.coverage().0, Vec::from_iter(covered));
            }
            // Other events may take the places of those that went.
            fill(&again, (0..80).step_by(2), "other words").await;
            let texts = all(&open(&records, &pages(300, 1000)).await).await;
            for (id, text) in texts {
                let old = id <= after && id < 60;
                assert_eq!(text.contains("some words"), old, "{after}: {text}");
            }
        });
    }
}

#[test]
fn a_crash_in_the_middle_leaves_all_of_it_or_the_part_that_was_to_stay() {
    for_seeds(200, |seed, random| {
        let (after, records) = (random.number(-1, 40), Rc::new(Memory::new()));
        run(async move {
            let options = pages(300, 1000);
            let filled = open(&records, &options).await;
            fill(&filled, 0..40, "words").await;
            let faults = Faults {
                seed,
                delay: 3,
                crash_at: Some(1),
                ..Faults::default()
            };
            let backend = Rc::new(Faulty::new(&records, faults));
            let tab = store(backend, &options);
            let log = tab.conversation("c", None).await.unwrap();
            let _ = log.truncate(after).await;
            let again = open(&records, &options).await;
            let found = ids(&again).await;
            assert!(
                found == (0..40).collect::<Vec<_>>() || found == (0..=after).collect::<Vec<_>>()
            );
            assert_eq!(again.record().events as usize, found.len());
        });
    });
}

#[test]
fn subscribers_and_other_tabs_follow() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let other = open(&records, &pages(300, 1000)).await;
        let stream = EventStream::new(Rc::clone(&log), Reporter::default(), 10, Rc::default());
        let told = stream
            .subscribe("a", "b", &SubscribeOptions::default())
            .unwrap();
        fill(&log, 0..20, "old").await;
        other.refresh().await.unwrap();
        log.truncate(4).await.unwrap();
        fill(&log, [5], "new").await;
        let went = told.next(100).await.unwrap().unwrap();
        assert_eq!((went.gone, went.len()), (Some(4), 0));
        let heard = contents(&told.next(100).await.unwrap().unwrap());
        assert!(heard.iter().map(|(id, _)| *id).eq(0..=5));
        assert!(heard[5].1.contains("new"));
        other.refresh().await.unwrap();
        assert_eq!(all(&other).await, all(&log).await);
        // A tab that has not looked yet rolls back what is there now.
        let third = open(&records, &pages(300, 1000)).await;
        fill(&log, 6..30, "new").await;
        third.truncate(10).await.unwrap();
        assert!(ids(&third).await.into_iter().eq(0..=10));
    });
}

#[test]
fn string_ids_that_went_are_new_again() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        let mut random = support::Random::new(3);
        let made: Vec<_> = (0..20)
            .map(|n| events::v1(&mut random, &format!("e{n}")))
            .collect();
        let item = |n: usize| vec![Item::event(made[n].clone(), Origin::Live)];
        for n in 0..20 {
            log.append(item(n), None).await.unwrap();
        }
        assert_eq!(log.truncate(9).await.unwrap(), 10);
        let id = EventId::Text("e15".into());
        assert!(log.get_event(&id).await.is_err());
        let outcomes = log.append(item(15), None).await.unwrap();
        assert!(matches!(&outcomes[..], [Outcome::Accepted(entry)] if entry.position == 10));
        assert!(log.get_event(&id).await.is_ok());
    });
}

#[test]
fn a_page_that_was_replaced_does_not_come_back() {
    run(async {
        let records = Rc::new(Memory::new());
        let log = open(&records, &pages(300, 1000)).await;
        fill(&log, (0..60).step_by(2), "some words").await;
        // Every page is made anew, and the summaries of the old ones stay where they were.
        fill(&log, (1..60).step_by(6), "some words").await;
        log.truncate(10).await.unwrap();
        let again = open(&records, &pages(300, 1000)).await;
        assert_eq!(again.record(), log.record());
        assert_eq!(again.record().events, all(&again).await.len() as u64);
        assert_eq!(again.latest_event_id(), 10);
    });
}
