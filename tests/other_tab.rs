//! The fear: another tab, of this release or another, gets stuck on us, we on it, or one
//! overwrites what the other wrote.
#![cfg(target_arch = "wasm32")]

mod raw_database;

use std::rc::Rc;

use futures_util::future::{join, join3, poll_immediate};
use oh_event_store::backend::{
    Backend, Clock, Durability, Expected, Key, Table, Write, WriteBatch,
};
use oh_event_store::error::Error;
use oh_event_store::web::{BrowserClock, ConnectionEvent, ConnectionOptions, IndexedDb, schema};
use raw_database as raw;
use wasm_bindgen::JsValue;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

async fn open(name: &str) -> IndexedDb {
    IndexedDb::open(ConnectionOptions::new(name)).await.unwrap()
}

/// One that has written: what it is told to write from then on is on its way at once.
async fn open_and_write(name: &str) -> IndexedDb {
    let database = open(name).await;
    let other = Key::new(&Rc::from("other"), 0);
    let batch = WriteBatch {
        expected: None,
        writes: vec![Write::Put(Table::Tail, other, vec![])],
    };
    let written = database.commit(batch, Durability::Relaxed).await;
    assert_eq!(written, Ok(()));
    database
}

/// Takes a counter from one number to the next, and writes who did it.
fn step(before: Option<u32>, who: &str) -> WriteBatch {
    let id = Rc::from("c");
    let next = before.map_or(0, |n| n + 1);
    let counter = Key::new(&id, 0);
    WriteBatch {
        expected: Some(Expected {
            table: Table::Conversations,
            key: counter.clone(),
            value: before.map(|n| n.to_le_bytes().to_vec()),
            numbers: None,
        }),
        writes: vec![
            Write::Put(Table::Conversations, counter, next.to_le_bytes().to_vec()),
            Write::Put(Table::Tail, Key::new(&id, next.into()), who.into()),
        ],
    }
}

async fn counter(database: &IndexedDb) -> Option<u32> {
    let id = Rc::from("c");
    let found = database
        .get_many(Table::Conversations, &id, &[0])
        .await
        .unwrap();
    let bytes = found.into_iter().flatten().next()?;
    Some(u32::from_le_bytes(bytes.try_into().unwrap()))
}

async fn tail(database: &IndexedDb) -> Vec<(i64, Vec<u8>)> {
    database
        .range(Table::Tail, &Rc::from("c"), 0, 1 << 40)
        .await
        .unwrap()
}

#[wasm_bindgen_test]
async fn of_two_tabs_that_start_from_the_same_state_one_wins_each_round() {
    let (one, other) = (open("race").await, open("race").await);
    let mut winners = Vec::new();
    for round in 0..100_u32 {
        let before = counter(&one).await;
        assert_eq!(before, round.checked_sub(1));
        let commits = if round % 2 == 0 {
            let first = one.commit(step(before, "one"), Durability::Relaxed);
            join(
                first,
                other.commit(step(before, "other"), Durability::Relaxed),
            )
            .await
        } else {
            let first = other.commit(step(before, "other"), Durability::Relaxed);
            let (other, one) =
                join(first, one.commit(step(before, "one"), Durability::Relaxed)).await;
            (one, other)
        };
        winners.push(match commits {
            (Ok(()), Err(why)) if *why == Error::Conflict => "one",
            (Err(why), Ok(())) if *why == Error::Conflict => "other",
            answers => panic!("round {round}: {answers:?}"),
        });
    }
    let wanted: Vec<_> = (0..)
        .zip(winners.iter().map(|who| who.as_bytes().to_vec()))
        .collect();
    assert_eq!(tail(&other).await, wanted);
}

#[wasm_bindgen_test]
async fn nothing_is_lost_when_tabs_count_on_without_waiting_for_each_other() {
    const EACH: usize = 60;
    let count = async |who: &'static str| {
        let database = open("count").await;
        let mut done = 0;
        while done < EACH {
            let before = counter(&database).await;
            match database
                .commit(step(before, who), Durability::Relaxed)
                .await
            {
                Ok(()) => done += 1,
                Err(error) if *error == Error::Conflict => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    };
    join3(count("a"), count("b"), count("c")).await;
    let database = open("count").await;
    assert_eq!(counter(&database).await, Some(3 * EACH as u32 - 1));
    let tail = tail(&database).await;
    for who in ["a", "b", "c"] {
        let steps = tail.iter().filter(|(_, value)| value == who.as_bytes());
        assert_eq!(steps.count(), EACH, "{who}");
    }
}

#[wasm_bindgen_test]
async fn a_conflict_is_seen_even_when_nobody_looks_at_the_answer_in_time() {
    let name = "unpolled";
    let (one, other) = (open_and_write(name).await, open_and_write(name).await);
    let winner = one.commit(step(None, "one"), Durability::Relaxed);
    let mut late = other.commit(step(None, "other"), Durability::Relaxed);
    let mut winner = std::pin::pin!(winner);
    assert!(poll_immediate(&mut winner).await.is_none());
    assert!(poll_immediate(&mut late).await.is_none());
    // Neither is looked at while the browser works on them.
    BrowserClock::new().sleep(300).await;
    assert_eq!(tail(&one).await, vec![(0, b"one".to_vec())]);
    assert_eq!(late.await, Err(Error::Conflict.into()));
    assert_eq!(winner.await, Ok(()));
    assert_eq!(tail(&one).await, vec![(0, b"one".to_vec())]);
}

#[wasm_bindgen_test]
async fn another_tabs_upgrade_goes_on_at_once() {
    let (options, events) = raw::watched("upgrade");
    let database = IndexedDb::open(options).await.unwrap();
    assert_eq!(
        database.commit(step(None, "we"), Durability::Strict).await,
        Ok(())
    );

    // It fails when it is blocked.
    let newer = raw::open("upgrade", schema::VERSION + 1).await.unwrap();
    assert_eq!(*events.borrow(), [ConnectionEvent::Blocking]);
    let answer = database
        .commit(step(Some(0), "we"), Durability::Strict)
        .await;
    assert_eq!(answer, Err(Error::Closed("database").into()));
    assert_eq!(
        database.conversations().await,
        Err(Error::Closed("database").into())
    );
    let value = raw::get(&newer, "tail", "c", 0.0).await;
    assert_eq!(js_sys::Uint8Array::new(&value).to_vec(), b"we");
    raw::close(&newer);
}

#[wasm_bindgen_test]
async fn what_was_begun_before_another_tabs_upgrade_is_finished() {
    let database = open_and_write("finish").await;
    let commit = database.commit(step(None, "we"), Durability::Relaxed);
    let (answer, newer) = join(commit, raw::open("finish", schema::VERSION + 1)).await;
    let newer = newer.unwrap();
    assert_eq!(answer, Ok(()));
    let value = raw::get(&newer, "tail", "c", 0.0).await;
    assert_eq!(js_sys::Uint8Array::new(&value).to_vec(), b"we");
    raw::close(&newer);
}

#[wasm_bindgen_test]
async fn a_deletion_of_the_database_goes_on_at_once() {
    let (options, events) = raw::watched("deletion");
    let database = IndexedDb::open(options).await.unwrap();
    raw::remove("deletion").await.unwrap();
    assert_eq!(*events.borrow(), [ConnectionEvent::Blocking]);
    assert_eq!(
        database.conversations().await,
        Err(Error::Closed("database").into())
    );
}

#[wasm_bindgen_test]
async fn a_newer_releases_data_is_refused_and_left_alone() {
    let newer = raw::open("newer", 7).await.unwrap();
    raw::put(&newer, "tail", &raw::key("c", 1.0), "in a later form").await;
    let answer = IndexedDb::open(ConnectionOptions::new("newer"))
        .await
        .map(drop);
    let (what, found, known) = ("database", 7, schema::VERSION);
    assert_eq!(
        answer,
        Err(Error::VersionTooNew { what, found, known }.into())
    );
    let value = raw::get(&newer, "tail", "c", 1.0).await;
    assert_eq!(value, JsValue::from("in a later form"));
    raw::close(&newer);
    // We have not kept it open either.
    raw::close(&raw::open("newer", 8).await.unwrap());
}

#[wasm_bindgen_test]
async fn an_upgrade_that_an_older_tab_blocks_ends_with_blocked() {
    let older = raw::open("blocked", 1).await.unwrap();
    let (mut options, events) = raw::watched("blocked");
    options.version = 2;
    options.timeout = 300;
    let answer = IndexedDb::open(options.clone()).await.map(drop);
    assert_eq!(answer, Err(Error::Blocked.into()));
    assert_eq!(*events.borrow(), [ConnectionEvent::Blocked]);

    // When the tab has gone, it works; and the attempt given up does not block others.
    raw::close(&older);
    options.timeout = 30_000;
    let database = IndexedDb::open(options).await.unwrap();
    assert_eq!(database.conversations().await, Ok(vec![]));
    database.close();
    let newest = raw::open("blocked", 3).await.unwrap();
    assert_eq!(
        raw::store_names(&newest),
        "conversations outbox pages summaries tail"
    );
    raw::close(&newest);
}

#[wasm_bindgen_test]
async fn an_upgrade_that_is_blocked_for_a_moment_succeeds() {
    let older = raw::open("moment", 1).await.unwrap();
    let (mut options, events) = raw::watched("moment");
    options.version = 2;
    let close = async {
        while events.borrow().is_empty() {
            BrowserClock::new().sleep(5).await;
        }
        raw::close(&older);
    };
    let (database, ()) = join(IndexedDb::open(options), close).await;
    assert_eq!(database.unwrap().conversations().await, Ok(vec![]));
    assert_eq!(*events.borrow(), [ConnectionEvent::Blocked]);
}
