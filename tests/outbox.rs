//! What a user does is kept until the server has it or doesn't want it, and it is said which.
#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code)]
#[path = "support/live/mod.rs"]
mod live;
#[allow(dead_code)]
#[path = "support/random.rs"]
mod random;

use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::Poll;

use futures::executor::{LocalPool, block_on};
use futures::future::{Either, select};
use live::model::Kind;
use live::network::{Manners, Weather};
use live::scene::{KINDS, Scene};
use oh_event_store::backend::{
    Backend, Durability, Expected, Fallback, Faults, Faulty, Key, Memory, Table, Write, WriteBatch,
};
use oh_event_store::error::Error;
use oh_event_store::notice::Reporter;
use oh_event_store::store::{Action, EventStore, Stage, StoreOptions};
use oh_event_store::sync::Control;
use random::for_seeds;

#[test]
fn what_the_server_rejects_is_an_error_and_stays_listed_until_it_is_dismissed() {
    for kind in KINDS {
        let mut scene = Scene::live(kind);
        scene.world.manners.set(Manners::Refuses);
        scene.send(0, "a", "bad");
        scene.pass(1_000.0);
        let why = Error::ActionRejected("no".to_owned());
        assert_eq!(scene.end("a"), Some(Err(why.into())));
        scene.world.manners.set(Manners::Takes);
        scene.send(0, "b", "good");
        scene.pass(600_000.0);
        assert_eq!(scene.acts(), ["good"], "it is not sent again");
        let pending = scene.pending(0);
        assert_eq!(pending.len(), 1);
        assert_eq!(pending[0].action.stage, Stage::Rejected);
        scene.cancel(0, "a");
        assert_eq!(scene.pending(0), []);
        scene.close();
    }
}

#[test]
fn what_the_server_never_answers_or_never_survives_is_given_up() {
    for kind in KINDS {
        for manners in [Manners::Ignores, Manners::Breaks] {
            let mut scene = Scene::live(kind);
            scene.world.manners.set(manners);
            scene.send(0, "a", "bad");
            scene.pass(5_000_000.0);
            let end = scene.end("a").expect("it ends");
            assert_eq!(end.unwrap_err().code(), "action-rejected");
            assert_eq!(scene.pending(0)[0].action.stage, Stage::Rejected);
            scene.world.manners.set(Manners::Takes);
            scene.send(0, "b", "good");
            scene.pass(120_000.0);
            assert_eq!(scene.acts(), ["good"], "{kind:?} {manners:?}");
            scene.close();
        }
    }
}

#[test]
fn what_is_cancelled_before_it_is_sent_never_is() {
    for kind in KINDS {
        let mut scene = Scene::live(kind);
        scene.go_offline();
        for (id, content) in [("a", "one"), ("b", "two"), ("c", "three")] {
            scene.send(0, id, content);
        }
        scene.pass(1_000.0);
        assert!(scene.cancel(0, "b"));
        assert!(!scene.cancel(0, "d"), "there is none");
        scene.pass(1_000.0);
        assert_eq!(scene.end("b"), Some(Err(Error::ActionCancelled.into())));
        assert_eq!(scene.pending(0).len(), 2);
        scene.tabs[0].connection.control(Control::Online(true));
        scene.pass(60_000.0);
        assert_eq!(scene.acts(), ["one", "three"]);
        // What is on its way can't be called back, but is not sent again.
        scene.world.manners.set(Manners::Breaks);
        scene.send(0, "e", "four");
        scene.pass(100.0);
        assert!(!scene.cancel(0, "e"));
        scene.pass(10.0);
        assert_eq!(scene.end("e"), Some(Err(Error::ActionCancelled.into())));
        scene.world.manners.set(Manners::Takes);
        scene.pass(300_000.0);
        assert_eq!(scene.acts(), ["one", "three"]);
        assert_eq!(
            scene
                .records
                .records()
                .iter()
                .filter(|(at, _)| at.0 == Table::Outbox)
                .count(),
            0
        );
        scene.close();
    }
}

#[test]
fn bad_actions_and_a_full_outbox_are_clear_errors() {
    let mut scene = Scene::live(Kind::V1);
    scene.go_offline();
    for json in [
        "",
        "[]",
        "null",
        "{",
        "\"text\"",
        "{\"role\": \"user\", \"run\": false}",
    ] {
        let call = scene.tabs[0].connection.send("x", json);
        let why = scene.pool.run_until(call).unwrap_err();
        assert_eq!(why.code(), "invalid-argument", "{json}");
    }
    let long = "x".repeat(6 << 20);
    scene.send(0, "a", &long);
    scene.send(0, "b", &long);
    scene.send(0, "c", &long);
    assert_eq!(scene.end("c").unwrap().unwrap_err().code(), "outbox-full");
    assert!(scene.cancel(0, "a") && scene.cancel(0, "b"));
    scene.pass(10.0);
    for number in 0..1001 {
        scene.send(0, &format!("n{number}"), "x");
    }
    assert_eq!(scene.end("n999"), None);
    assert_eq!(
        scene.end("n1000").unwrap().unwrap_err().code(),
        "outbox-full"
    );
    scene.close();
}

#[test]
fn a_connection_that_is_closed_keeps_its_actions_and_says_so() {
    let mut scene = Scene::live(Kind::V0);
    scene.go_offline();
    scene.send(0, "a", "one");
    scene.tabs[0].connection.control(Control::Stop);
    scene.pass(10.0);
    assert_eq!(
        scene.end("a"),
        Some(Err(Error::Closed("connection").into()))
    );
    scene.send(0, "b", "two");
    assert_eq!(
        scene.end("b"),
        Some(Err(Error::Closed("connection").into()))
    );
    scene.tabs.clear();
    scene.open_another(true);
    scene.pass(10_000.0);
    assert_eq!(scene.acts(), ["one"]);
    scene.close();
}

#[test]
fn a_damaged_record_is_listed_and_not_sent() {
    let mut scene = Scene::live(Kind::V0);
    scene.go_offline();
    scene.send(0, "a", "one");
    scene.send(0, "b", "two");
    let mut records = scene.records.records();
    let place = records
        .keys()
        .find(|place| place.0 == Table::Outbox)
        .cloned();
    let place = place.expect("it is there");
    records.get_mut(&place).unwrap()[5] ^= 4;
    scene.records.restore(records);
    let log = Rc::clone(scene.tabs[0].log());
    let verified = |mut look: oh_event_store::store::Verify, pool: &mut LocalPool| {
        pool.run_until(async move {
            loop {
                if let (report, true) = look.step().await.unwrap() {
                    return report.damages;
                }
            }
        })
    };
    let damages = verified(log.verify(), &mut scene.pool);
    assert_eq!(damages.len(), 1);
    assert_eq!(
        (damages[0].table, damages[0].number),
        (Table::Outbox, place.1.number)
    );
    scene.tabs[0].connection.control(Control::Online(true));
    scene.pass(60_000.0);
    assert_eq!(scene.acts(), ["two"]);
    verified(log.repair(), &mut scene.pool);
    assert_eq!(verified(log.verify(), &mut scene.pool), []);
    assert_eq!(scene.end("a").unwrap().unwrap_err().code(), "corrupt");
    scene.close();
}

#[test]
fn deleting_takes_the_outbox_along_and_eviction_leaves_it() {
    let mut scene = Scene::live(Kind::V0);
    scene.go_offline();
    scene.send(0, "a", "one");
    scene.tabs.remove(0).crash(&mut scene.pool);
    let backend = Rc::clone(&scene.records);
    let clock = Rc::new(live::platform::Network(Rc::clone(&scene.world)));
    let options = StoreOptions {
        storage_budget: Some(1),
        ..StoreOptions::default()
    };
    let store = EventStore::new(backend, clock, Reporter::default(), &options);
    let event = |id| format!("{{\"id\": {id}, \"action\": \"message\", \"args\": {{}}}}");
    let fill = |id: &'static str| {
        let store = &store;
        async move {
            let log = store.conversation(id, None).await.unwrap();
            let stream = oh_event_store::stream::EventStream::new(
                log,
                Reporter::default(),
                1,
                Rc::default(),
            );
            let form = oh_event_store::event::FrameForm::Raw;
            stream.feed(event(1).as_bytes(), form).await.unwrap();
        }
    };
    scene.pool.run_until(async {
        fill("d").await;
        fill("e").await;
    });
    let kept = |scene: &Scene, id: &str| {
        let records = scene.records.records();
        records
            .keys()
            .any(|place| *place.1.conversation == *id && place.0 == Table::Conversations)
    };
    assert!(kept(&scene, "c") && !kept(&scene, "d"));
    scene
        .pool
        .run_until(store.delete_conversation("c"))
        .unwrap();
    let records = scene.records.records();
    assert!(!records.keys().any(|place| *place.1.conversation == *"c"));
}

#[test]
fn what_goes_with_a_deleted_conversation_counts_as_cancelled_and_not_as_sent() {
    // Deleted in the tab that sends, in another one, by the browser.
    for by in 0..3 {
        let mut scene = Scene::live(Kind::V0);
        scene.open_another(true);
        scene.pass(10_000.0);
        scene.send(0, "before", "zero");
        scene.pass(10_000.0);
        assert_eq!(scene.end("before"), Some(Ok(())));
        scene.go_offline();
        scene.send(0, "a", "one");
        scene.pass(1_000.0);
        match by {
            2 => scene.records.restore(Default::default()),
            tab => {
                let deleting = scene.tabs[tab].store.delete_conversation("c");
                scene.pool.run_until(deleting).unwrap();
            }
        }
        let log = Rc::clone(scene.tabs[0].log());
        scene.pool.run_until(log.refresh()).unwrap();
        scene.pass(1_000.0);
        assert_eq!(
            scene.end("a"),
            Some(Err(Error::ActionCancelled.into())),
            "{by}"
        );
        scene.close();
    }
}

#[test]
fn what_is_queued_in_memory_is_in_the_database_afterwards_in_order_and_sent_once() {
    for (kind, loads_again) in KINDS
        .into_iter()
        .flat_map(|kind| [(kind, false), (kind, true)])
    {
        let mut scene = Scene::live(kind);
        scene.go_offline();
        scene.send(0, "a", "one");
        scene.tabs[0].lose_database();
        for (id, content) in [("b", "two"), ("c", "three"), ("d", "four")] {
            scene.send(0, id, content);
        }
        assert!(scene.tabs[0].store.is_degraded());
        assert!(scene.cancel(0, "c"));
        scene.pass(1_000.0);
        scene.tabs[0].find_database(&mut scene.pool);
        assert_eq!(scene.pending_ids(0), ["a", "b", "d"]);
        if loads_again {
            scene.tabs.remove(0).crash(&mut scene.pool);
            scene.open_another(true);
            assert_eq!(scene.pending_ids(0), ["a", "b", "d"]);
        }
        scene.tabs[0].connection.control(Control::Online(true));
        scene.pass(60_000.0);
        assert_eq!(scene.acts(), ["one", "two", "four"], "{kind:?}");
        assert_eq!(scene.pending(0), []);
        for id in ["a", "b", "d"].iter().filter(|_| !loads_again) {
            assert_eq!(scene.end(id), Some(Ok(())));
        }
        scene.close();
    }
}

#[test]
fn what_is_sent_from_memory_is_not_sent_again_from_the_database() {
    for kind in KINDS {
        for manners in [Manners::Takes, Manners::TakesAndBreaks] {
            let mut scene = Scene::live(kind);
            scene.go_offline();
            scene.send(0, "a", "one");
            scene.tabs[0].lose_database();
            scene.send(0, "b", "two");
            scene.world.manners.set(manners);
            scene.tabs[0].connection.control(Control::Online(true));
            scene.pass(5_000.0);
            scene.tabs[0].find_database(&mut scene.pool);
            scene.world.manners.set(Manners::Takes);
            scene.pass(120_000.0);
            let mut acts = scene.acts();
            acts.sort();
            assert_eq!(acts, ["one", "two"], "{kind:?} {manners:?}");
            assert_eq!(scene.pending(0), []);
            assert_eq!(
                (scene.end("a"), scene.end("b")),
                (Some(Ok(())), Some(Ok(())))
            );
            scene.close();
        }
    }
}

/// Two tabs without a network, of which the first has lost its database.
fn apart(kind: Kind) -> Scene {
    let mut scene = Scene::live(kind);
    scene.go_offline();
    scene.open_another(true);
    scene.tabs[1].connection.control(Control::Online(false));
    scene.pass(1.0);
    scene.tabs[0].lose_database();
    scene
}

#[test]
fn what_two_tabs_have_queued_under_one_number_is_sent_and_ends_in_both() {
    for kind in KINDS {
        let mut scene = apart(kind);
        // The network's clock stands still meanwhile.
        scene.send(0, "a", "one");
        scene.send(1, "b", "two");
        scene.tabs[0].find_database(&mut scene.pool);
        scene.look(1);
        assert_eq!(scene.pending_ids(1), ["b", "a"]);
        assert_eq!((scene.end("a"), scene.end("b")), (None, None));
        scene.tabs[1].connection.control(Control::Online(true));
        for _ in 0..60 {
            scene.pass(1_000.0);
            scene.look(0);
        }
        assert_eq!(scene.acts(), ["two", "one"], "{kind:?}");
        let ends = (scene.end("a"), scene.end("b"));
        assert_eq!(ends, (Some(Ok(())), Some(Ok(()))));
        scene.close();
    }
}

#[test]
fn what_the_server_says_of_an_action_is_not_taken_for_another_tabs() {
    for kind in KINDS {
        let mut scene = apart(kind);
        scene.send(0, "a", "one");
        scene.send(1, "b", "two");
        scene.weather(Weather {
            delay: 500,
            ..Weather::default()
        });
        scene.tabs[0].connection.control(Control::Online(true));
        for _ in 0..1000 {
            scene.pass(10.0);
            if scene.acts() == ["one"] {
                break;
            }
        }
        assert_eq!(scene.end("a"), None, "{kind:?}: its answer is on its way");
        scene.tabs[0].find_database(&mut scene.pool);
        for _ in 0..60 {
            scene.pass(1_000.0);
            scene.look(1);
        }
        assert_eq!(scene.acts(), ["one", "two"], "{kind:?}");
        let ends = (scene.end("a"), scene.end("b"));
        assert_eq!(ends, (Some(Ok(())), Some(Ok(()))));
        scene.close();
    }
}

#[test]
fn what_is_sent_before_it_is_known_to_be_queued_is_queued() {
    let mut taken = 0;
    for_seeds(50, |seed, _| {
        let records = Rc::new(Memory::new());
        let faults = Faults {
            seed,
            delay: 10,
            timeout: 100,
            ..Faults::default()
        };
        let backend = Rc::new(Faulty::new(&records, faults));
        let world = live::network::World::new(seed, Kind::V0);
        let clock = Rc::new(live::platform::Network(world));
        let store = EventStore::new(
            backend,
            clock,
            Reporter::default(),
            &StoreOptions::default(),
        );
        // Another tab, which is quick.
        let takes = async {
            poll_fn(|context| {
                let mut all = records.records();
                let place = all.keys().find(|place| place.0 == Table::Outbox).cloned();
                if let Some(record) = place.and_then(|place| all.get_mut(&place)) {
                    let mut action = Action::decode(record).unwrap();
                    (action.stage, action.tries, action.by) = (Stage::Sent, 1, 77);
                    *record = action.encode();
                    records.restore(all);
                    taken += 1;
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
            pending::<()>().await;
        };
        let queued = block_on(async {
            let log = store.conversation("c", None).await.unwrap();
            let queue = log.queue("mine", "{\"action\": \"message\"}");
            match select(Box::pin(queue), Box::pin(takes)).await {
                Either::Left((answer, _)) => answer,
                Either::Right(_) => unreachable!("it never ends"),
            }
        });
        let is_there = records.records().keys().any(|it| it.0 == Table::Outbox);
        assert_eq!(queued.is_ok(), is_there, "{queued:?}");
    });
    assert!(taken > 10);
}

#[test]
fn an_outbox_in_memory_is_not_changed_by_who_has_not_seen_the_last_change() {
    block_on(async {
        let gone = Faults {
            gone: true,
            ..Faults::default()
        };
        let database = Rc::new(Faulty::new(&Rc::new(Memory::new()), gone));
        let backend = Fallback::new(database, Reporter::default());
        let write = |before: Option<&str>, after: &str| {
            let key = Key::new(&"c".into(), 7);
            let expected = Expected {
                table: Table::Outbox,
                key: key.clone(),
                value: before.map(|text| text.as_bytes().to_vec()),
                numbers: None,
            };
            let batch = WriteBatch {
                expected: Some(expected),
                writes: vec![Write::Put(Table::Outbox, key, after.into())],
            };
            backend.commit(batch, Durability::Relaxed)
        };
        write(None, "waiting").await.unwrap_err();
        // What it replaces may lie in the database.
        write(Some("before"), "waiting").await.unwrap();
        write(Some("waiting"), "cancelled").await.unwrap();
        for before in [Some("waiting"), None] {
            let why = write(before, "sent").await.unwrap_err();
            assert_eq!(*why, Error::Conflict);
        }
    });
}
