//! Subscribers: each hears of what it wants, in order, and none disturbs another.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::LocalPool;
use oh_event_store::backend::{Backend, Clock, Memory};
use oh_event_store::error::Error;
use oh_event_store::event::{EventId, FrameForm, Secrets};
use oh_event_store::filter::EventFilter;
use oh_event_store::notice::Notice;
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, Item};
use oh_event_store::stream::{Drops, EventStream, Policy, SubscribeOptions};
use support::{ManualClock, all, events, lines, listening, pages, run, spawn, text_of};

type Told = Rc<RefCell<Vec<Notice>>>;

async fn stream(most: usize) -> (Rc<EventStream>, Told, Rc<Memory>) {
    counting(most, Drops::default()).await
}

async fn counting(most: usize, drops: Drops) -> (Rc<EventStream>, Told, Rc<Memory>) {
    let memory = Rc::new(Memory::new());
    let (reporter, told) = listening();
    let clock: Rc<dyn Clock> = ManualClock::new();
    let backend = Rc::clone(&memory) as Rc<dyn Backend>;
    let store = EventStore::new(backend, clock, reporter.clone(), &pages(300, 1000));
    let log = store.conversation("c", None).await.unwrap();
    (
        Rc::new(EventStream::new(log, reporter, most, drops)),
        told,
        memory,
    )
}

async fn feed(stream: &EventStream, id: i64) {
    let frame = events::frame(id, "x");
    let report = stream.feed(frame.as_bytes(), FrameForm::Raw).await.unwrap();
    assert_eq!(report.accepted, 1, "{report:?}");
}

fn policy(policy: Policy, buffer_size: u32) -> SubscribeOptions {
    SubscribeOptions {
        policy,
        buffer_size: Some(buffer_size),
        ..SubscribeOptions::default()
    }
}

#[test]
fn events_come_in_order_of_delivery_and_only_those_that_are_wanted() {
    run(async {
        let (stream, _, _) = stream(10).await;
        let filter = EventFilter {
            query: Some("\"id\": 1".into()),
            ..EventFilter::default()
        };
        let wanted = SubscribeOptions {
            filter: Some(filter),
            ..SubscribeOptions::default()
        };
        let ones = stream.subscribe("s", "ones", &wanted).unwrap();
        let every = stream
            .subscribe("s", "all", &SubscribeOptions::default())
            .unwrap();
        let ids = [3, 1, 10, 2, 15, 14];
        for id in ids {
            feed(&stream, id).await;
        }
        assert_eq!(every.next(100).await.unwrap().unwrap().positions, ids);
        assert_eq!(ones.next(2).await.unwrap().unwrap().positions, [1, 10]);
        assert_eq!(ones.next(9).await.unwrap().unwrap().positions, [15, 14]);
    });
}

#[test]
fn a_name_is_taken_until_its_subscription_ends() {
    run(async {
        let (stream, told, _) = stream(2).await;
        let options = SubscribeOptions::default();
        let first = stream.subscribe("s", "c", &options).unwrap();
        let taken = stream.subscribe("s", "c", &options).map(|_| ());
        assert!(taken.is_err_and(|why| matches!(*why, Error::DuplicateSubscription { .. })));
        let second = stream.subscribe("s", "d", &options).unwrap();
        let many = stream.subscribe("t", "c", &options).map(|_| ());
        assert_eq!(many, Err(Error::TooManySubscribers(2).into()));
        assert!(stream.unsubscribe("s", "d"));
        assert!(second.next(1).await.unwrap().is_none());
        assert_eq!(lines(&told), Vec::<String>::new());
        assert!(!stream.unsubscribe("s", "d"));
        assert!(!stream.unsubscribe("nobody", "c"));
        assert_eq!(lines(&told).len(), 2);
        assert!(lines(&told)[1].starts_with("warn: "));
        drop(first);
        assert!(!stream.unsubscribe("s", "c"));
        let _again = stream.subscribe("s", "c", &options).unwrap();
        let _other = stream.subscribe("t", "c", &options).unwrap();
    });
}

#[test]
fn a_full_subscriber_that_blocks_makes_the_feed_wait() {
    for kind in [Policy::Block, Policy::Batch] {
        let mut pool = LocalPool::new();
        let drops = Drops::default();
        let (stream, _, _) = pool.run_until(counting(10, Rc::clone(&drops)));
        let slow = stream.subscribe("s", "c", &policy(kind, 2)).unwrap();
        let feeder = Rc::clone(&stream);
        let feeding = spawn(&pool, async move {
            for id in 0..6 {
                feed(&feeder, id).await;
            }
        });
        pool.run_until_stalled();
        assert!(!feeding.ended());
        // It is durable, though whoever fed it waits.
        assert_eq!(stream.log().latest_event_id(), 2);
        let mut heard = Vec::new();
        while heard.len() < 6 {
            heard.extend(pool.run_until(slow.next(2)).unwrap().unwrap().positions);
            pool.run_until_stalled();
        }
        assert!(feeding.ended());
        assert_eq!(heard, (0..6).collect::<Vec<_>>());
        assert_eq!(drops.get(), 0);
    }
}

#[test]
fn a_feed_that_waits_goes_on_when_the_subscriber_goes() {
    for way in 0..3 {
        let mut pool = LocalPool::new();
        let (stream, _, _) = pool.run_until(stream(10));
        let slow = stream
            .subscribe("s", "c", &policy(Policy::Block, 1))
            .unwrap();
        let feeder = Rc::clone(&stream);
        let feeding = spawn(&pool, async move {
            for id in 0..6 {
                feed(&feeder, id).await;
            }
        });
        pool.run_until_stalled();
        assert!(!feeding.ended());
        match way {
            0 => drop(slow),
            1 => assert!(stream.unsubscribe("s", "c")),
            _ => stream.close(),
        }
        pool.run_until_stalled();
        assert!(feeding.ended());
    }
}

#[test]
fn the_policy_latest_drops_the_oldest_and_counts_them() {
    run(async {
        let drops = Drops::default();
        let (stream, _, _) = counting(10, Rc::clone(&drops)).await;
        let latest = policy(Policy::Latest, 3);
        let latest = ["c", "d"].map(|callback| stream.subscribe("s", callback, &latest).unwrap());
        for id in 0..10 {
            feed(&stream, id).await;
        }
        for latest in &latest {
            let kept = latest.next(100).await.unwrap().unwrap();
            assert_eq!(kept.positions, [7, 8, 9]);
        }
        assert_eq!(drops.get(), 14);
    });
}

#[test]
fn a_callback_that_adds_an_event_does_not_wait_for_itself() {
    let mut pool = LocalPool::new();
    let (stream, _, _) = pool.run_until(stream(10));
    let mine = stream
        .subscribe("s", "c", &policy(Policy::Block, 1))
        .unwrap();
    let adder = Rc::clone(&stream);
    let task = spawn(&pool, async move {
        let mut heard = Vec::new();
        while heard.len() < 20 {
            let batch = mine.next(5).await.unwrap().unwrap();
            heard.extend(batch.positions);
            let json = b"{\"action\": \"think\", \"args\": {\"thought\": \"more\"}}";
            for _ in 0..3 {
                let added = adder.add_event(json, "agent", "2025".into(), None).await;
                assert_eq!(added.unwrap().len(), 1);
            }
        }
        heard
    });
    pool.run_until(async { feed(&stream, 0).await });
    pool.run_until_stalled();
    let heard = task.take().expect("it hangs");
    assert_eq!(heard, (0..heard.len() as i64).collect::<Vec<_>>());
}

#[test]
fn added_events_are_numbered_and_the_servers_copy_replaces_them() {
    run(async {
        let (stream, _, _) = stream(10).await;
        let listener = stream.follow(None, None);
        let json = b"{\"action\": \"message\", \"args\": {\"content\": \"mine\"}}";
        for id in 0..3 {
            let added = stream
                .add_event(json, "user", "2025-01-01T00:00:00".into(), None)
                .await;
            let text = added.unwrap().texts().next().unwrap().to_owned();
            let start = format!("{{\"id\": {id}, \"timestamp\": \"2025-01-01T00:00:00\"");
            assert!(text.starts_with(&start), "{text}");
            assert!(text.contains("\"source\": \"user\""), "{text}");
            // What a search of the server's finds.
            assert!(text.contains("\"message\": \"mine\""), "{text}");
            assert!(text.contains("\"security_risk\": -1"), "{text}");
        }
        assert_eq!(
            listener.next(9).await.unwrap().unwrap().positions,
            [0, 1, 2]
        );
        let report = stream
            .feed(events::frame(1, "server's").as_bytes(), FrameForm::Raw)
            .await
            .unwrap();
        assert_eq!((report.accepted, report.doubles), (1, 0));
        assert!(text_of(stream.log(), 1).await.unwrap().contains("server's"));
        assert_eq!(stream.log().record().events, 3);
        let numbered =
            stream.add_event(b"{\"id\": 7, \"action\": \"run\"}", "user", "".into(), None);
        assert!(
            numbered
                .await
                .is_err_and(|why| matches!(*why, Error::InvalidArgument(_)))
        );
        for bad in [&b"[]"[..], b"", b"{", b"{\"args\": {}}"] {
            let added = stream.add_event(bad, "user", String::new(), None).await;
            assert!(added.is_err_and(|why| matches!(*why, Error::InvalidEvent(_))));
        }
        assert_eq!(stream.log().record().events, 3);
    });
}

#[test]
fn what_is_no_event_is_reported_and_changes_nothing() {
    run(async {
        let (stream, told, memory) = stream(10).await;
        feed(&stream, 0).await;
        let before = memory.records();
        let bad = [
            "",
            " ",
            "{",
            "[]",
            "null",
            "7",
            "\"x\"",
            "{\"id\": 1,}",
            "{\"id\": 1} x",
            "{\"id\": 9007199254740992, \"action\": \"run\"}",
            "{\"id\": \"a\", \"kind\": \"MessageEvent\"}",
        ];
        for (index, frame) in bad.iter().enumerate() {
            let report = stream.feed(frame.as_bytes(), FrameForm::Raw).await.unwrap();
            assert_eq!((report.rejected, report.accepted), (1, 0), "{frame}");
            assert!(report.reason.is_some(), "{frame}");
            assert_eq!(lines(&told).len(), index + 1);
        }
        for bytes in [
            &b"\xff\xfe"[..],
            &[0; 64],
            "{\"a\": ".repeat(5000).as_bytes(),
        ] {
            let report = stream.feed(bytes, FrameForm::Raw).await.unwrap();
            assert_eq!(report.rejected, 1);
        }
        let status = [
            "{\"status_update\": true, \"type\": \"info\", \"id\": \"STATUS$READY\"}",
            "{\"error\": true, \"message\": \"no\"}",
            "{\"id\": -1, \"action\": \"run\"}",
            "{\"observation\": \"agent_state_changed\", \"extras\": {}}",
        ];
        for frame in status {
            let report = stream.feed(frame.as_bytes(), FrameForm::Raw).await.unwrap();
            assert_eq!((report.status, report.rejected), (1, 0), "{frame}");
        }
        let told = told.take();
        let notices = told.iter().filter_map(|notice| match notice {
            Notice::Status {
                conversation,
                text,
                shared: false,
            } => Some((&**conversation, &**text)),
            _ => None,
        });
        assert!(notices.eq(status.map(|text| ("c", text))));
        assert_eq!(memory.records(), before);
        let report = stream
            .feed(events::frame(0, "x").as_bytes(), FrameForm::Raw)
            .await;
        assert_eq!(report.unwrap().doubles, 1);
    });
}

#[test]
fn no_secret_reaches_storage_subscribers_or_notices() {
    run(async {
        let (stream, told, memory) = stream(10).await;
        let secret = "s3cr\u{e9}t\"\\k";
        let pairs = [("KEY".to_owned(), secret.to_owned())];
        stream
            .log()
            .set_secrets(Secrets::new(pairs, Default::default()));
        let listener = stream.follow(None, None);
        let quoted = serde_json::to_string(&format!("a {secret} b")).unwrap();
        for id in 0..20 {
            let frame = format!(
                "{{\"id\": {id}, \"action\": \"run\", \"message\": {quoted}, \
                 \"args\": {{\"command\": {quoted}, \"list\": [{quoted}, {{{quoted}: 1}}]}}}}"
            );
            let report = stream.feed(frame.as_bytes(), FrameForm::Raw).await.unwrap();
            assert_eq!(report.accepted, 1);
        }
        let json = format!("{{\"action\": \"think\", \"args\": {{\"thought\": {quoted}}}}}");
        stream
            .add_event(json.as_bytes(), "agent", "2025".into(), None)
            .await
            .unwrap();
        let status = format!("{{\"error\": true, \"message\": {quoted}}}");
        stream
            .feed(status.as_bytes(), FrameForm::Raw)
            .await
            .unwrap();

        let mut kept: Vec<u8> = memory.records().into_values().flatten().collect();
        kept.extend(listener.next(100).await.unwrap().unwrap().bytes);
        kept.extend(format!("{:?}", told.borrow()).bytes());
        let written = b"s3cr";
        assert!(!kept.windows(4).any(|bytes| bytes == written));
        assert_eq!(all(stream.log()).await.len(), 21);
    });
}

#[test]
fn a_v1_event_is_added_under_the_id_it_is_given() {
    run(async {
        let (stream, _, _) = stream(10).await;
        let json = b"{\"kind\": \"MessageEvent\", \"text\": \"hello\"}";
        let id = || Some(EventId::Text("e1".into()));
        let added = stream
            .add_event(json, "user", "2025".into(), id())
            .await
            .unwrap();
        assert_eq!(added.positions, [0]);
        let again = stream.add_event(json, "user", "2025".into(), id()).await;
        assert!(again.is_err_and(|why| matches!(*why, Error::InvalidArgument(_))));
        let found = stream
            .log()
            .get_event(&EventId::Text("e1".into()))
            .await
            .unwrap();
        assert_eq!(found.bytes, added.bytes);
        let copy = b"{\"id\": \"e1\", \"kind\": \"MessageEvent\", \"text\": \"server's\"}";
        let copy = oh_event_store::event::Event::from_json(copy).unwrap();
        stream
            .log()
            .append(vec![Item::event(copy, Origin::Live)], None)
            .await
            .unwrap();
        assert_eq!(stream.log().record().events, 1);
    });
}
