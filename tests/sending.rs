//! What a user does reaches the server, once and in order, whatever happens to connections and tabs;
//! or it is said why it doesn't. `SEED=n` runs one schedule, `TELL=1` says what happens in it.
#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code)]
#[path = "support/live/mod.rs"]
mod live;
#[allow(dead_code)]
#[path = "support/random.rs"]
mod random;

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use live::model::Kind;
use live::network::{Manners, Weather, World};
use live::tab::{How, Tab};
use oh_event_store::backend::{Faults, Memory, Table};
use oh_event_store::error::{Error, Result};
use oh_event_store::store::{EventStore, Queued, Stage, StoreOptions};
use oh_event_store::sync::{Control, State};
use random::{Random, for_seeds};

const KINDS: [Kind; 3] = [Kind::V0, Kind::V0Late, Kind::V1];

/// What has become of calls, by the actions' ids.
type Ends = Rc<RefCell<Vec<(String, Result<()>)>>>;

struct Scene {
    world: Rc<World>,
    pool: LocalPool,
    records: Rc<Memory>,
    tabs: Vec<Tab>,
    ends: Ends,
    /// The contents of what was sent by chance.
    sent: Vec<String>,
    seed: u64,
}

impl Scene {
    fn new(seed: u64, kind: Kind) -> Scene {
        Scene {
            world: World::new(seed, kind),
            pool: LocalPool::new(),
            records: Rc::new(Memory::new()),
            tabs: Vec::new(),
            ends: Ends::default(),
            sent: Vec::new(),
            seed: seed << 8,
        }
    }

    fn open(&mut self, pages: bool) {
        self.seed += 1;
        let how = How {
            seed: self.seed,
            pages,
            ..How::default()
        };
        let tab = Tab::open(&self.world, &mut self.pool, &self.records, how);
        self.tabs.push(tab);
    }

    /// One tab that is connected.
    fn live(kind: Kind) -> Scene {
        let mut scene = Scene::new(1, kind);
        for _ in 0..10 {
            scene.world.append(true);
        }
        scene.open(true);
        scene.pass(10_000.0);
        assert_eq!(scene.tabs[0].state(), State::Live);
        scene
    }

    fn go_offline(&mut self) {
        self.tabs[0].connection.control(Control::Online(false));
        self.pass(1.0);
        self.world.cut_all();
        self.pass(1.0);
        assert_eq!(self.tabs[0].state(), State::Offline);
    }

    fn pass(&mut self, milliseconds: f64) {
        let pool = &mut self.pool;
        self.world.pass(milliseconds, || pool.run_until_stalled());
    }

    fn action(&self, content: &str) -> String {
        match self.world.model.borrow().kind {
            Kind::V1 => format!(
                "{{\"role\": \"user\", \"content\": [{{\"type\": \"text\", \"text\": \"{content}\"}}]}}"
            ),
            _ => format!("{{\"action\": \"message\", \"args\": {{\"content\": \"{content}\"}}}}"),
        }
    }

    fn send(&mut self, tab: usize, id: &str, content: &str) {
        let call = self.tabs[tab].connection.send(id, &self.action(content));
        let (ends, id) = (Rc::clone(&self.ends), id.to_owned());
        let end = async move {
            let end = call.await;
            ends.borrow_mut().push((id, end));
        };
        self.pool.spawner().spawn_local(end).unwrap();
        self.pool.run_until_stalled();
    }

    fn send_by_chance(&mut self, random: &mut Random) {
        if random.one_in(2) {
            // People say the same thing twice.
            let content = *random.pick(&["yes", "no", "go on"]);
            self.send(0, &self.sent.len().to_string(), content);
            self.sent.push(content.to_owned());
        }
    }

    fn end(&self, id: &str) -> Option<Result<()>> {
        let ends = self.ends.borrow();
        let found: Vec<_> = ends.iter().filter(|(of, _)| of == id).collect();
        assert!(found.len() < 2, "it ends once");
        found.first().map(|(_, end)| end.clone())
    }

    fn pending(&mut self, tab: usize) -> Vec<Queued> {
        let pending = self.tabs[tab].connection.pending();
        self.pool.run_until(pending).unwrap()
    }

    fn cancel(&mut self, tab: usize, id: &str) -> bool {
        let cancelled = self.tabs[tab].connection.cancel(id);
        self.pool.run_until(cancelled).unwrap()
    }

    /// What the server was told, by the contents.
    fn acts(&self) -> Vec<String> {
        let model = self.world.model.borrow();
        let content = |act: &String| {
            let mut parts = act.rsplit('"');
            parts.nth(1).expect("a content").to_owned()
        };
        model.acts.iter().map(content).collect()
    }

    fn weather(&self, weather: Weather) {
        self.world.weather.set(weather);
    }

    fn close(mut self) {
        self.tabs.clear();
        self.pass(20_000.0);
        assert_eq!(self.world.open_lines(), 0, "sockets that nobody closed");
        assert_eq!(self.world.sleeping(), 0, "something still waits");
    }
}

fn good(scene: &mut Scene) {
    scene.world.say(|| "the network is good again".to_owned());
    scene.weather(Weather {
        delay: 30,
        ..Weather::default()
    });
    scene.world.manners.set(Manners::Takes);
    for tab in &scene.tabs {
        tab.disk.set_faults(Faults::default());
        for control in [Control::Online(true), Control::Start] {
            tab.connection.control(control);
        }
    }
    scene.pass(300_000.0);
    scene.world.append(true);
    scene.pass(120_000.0);
}

fn misfortune(scene: &mut Scene, random: &mut Random) {
    let world = Rc::clone(&scene.world);
    match random.below(12) {
        0 | 1 => world.cut_all(),
        2 => {
            world.weather.set(Weather {
                delay: [0, 20, 400, 4000][random.below(4) as usize],
                failing: random.below(40),
                cutting: random.below(6),
                doubling: random.below(20),
                partition: random.one_in(4),
            });
            world.say(|| format!("{:?}", world.weather.get()));
        }
        3 => {
            let manners = [Manners::Breaks, Manners::TakesAndBreaks];
            world.manners.set(*random.pick(&manners));
            scene.send_by_chance(random);
            scene.pass(random.below(30_000) as f64);
            world.manners.set(Manners::Takes);
        }
        4 | 5 => {
            world.say(|| "the page is loaded again".to_owned());
            scene.tabs.remove(0).crash(&mut scene.pool);
            scene.open(true);
            scene.tabs[0].connection.control(Control::Holder(true));
        }
        6 => {
            let control = *random.pick(&[
                Control::Wake,
                Control::Online(false),
                Control::Online(true),
                Control::Holder(false),
                Control::Holder(true),
            ]);
            scene.tabs[0].connection.control(control);
        }
        7 => scene.world.append(random.one_in(2)),
        _ => {}
    }
}

#[test]
fn after_any_schedule_the_server_was_told_everything_once_and_in_order() {
    for kind in KINDS {
        for_seeds(60, |seed, random| {
            eprintln!("{kind:?}");
            let mut scene = Scene::new(seed, kind);
            scene.open(true);
            scene.tabs[0].connection.control(Control::Holder(true));
            for _ in 0..random.below(40) {
                misfortune(&mut scene, random);
                scene.send_by_chance(random);
                let most = *random.pick(&[10, 1000, 10_000, 100_000]);
                let time = random.below(most);
                scene.pass(time as f64);
            }
            scene.tabs[0].connection.control(Control::Holder(true));
            good(&mut scene);
            assert_eq!(scene.acts(), scene.sent);
            assert_eq!(scene.pending(0), []);
            let ends = scene.ends.borrow();
            assert!(ends.iter().all(|(_, end)| end.is_ok()), "{ends:?}");
            drop(ends);
            scene.close();
        });
    }
}

#[test]
fn what_is_sent_ends_when_the_server_has_it() {
    for kind in KINDS {
        let mut scene = Scene::live(kind);
        scene.weather(Weather {
            delay: 50,
            ..Weather::default()
        });
        scene.send(0, "a", "one");
        scene.send(0, "b", "two");
        assert_eq!((scene.end("a"), scene.end("b")), (None, None));
        assert_eq!(scene.pending(0).len(), 2);
        scene.pass(1_000.0);
        assert_eq!(
            (scene.end("a"), scene.end("b")),
            (Some(Ok(())), Some(Ok(())))
        );
        assert_eq!(scene.acts(), ["one", "two"]);
        assert_eq!(scene.pending(0), []);
        scene.close();
    }
}

#[test]
fn without_pages_a_lost_acknowledgement_is_made_up_for_by_what_is_replayed() {
    for kind in KINDS {
        let mut scene = Scene::new(3, kind);
        scene.open(false);
        scene.pass(5_000.0);
        scene.world.manners.set(Manners::TakesAndBreaks);
        scene.send(0, "a", "yes");
        scene.pass(10.0);
        scene.world.manners.set(Manners::Takes);
        scene.send(0, "b", "yes");
        scene.pass(200_000.0);
        assert_eq!(scene.acts(), ["yes", "yes"], "{kind:?}");
        assert_eq!(
            (scene.end("a"), scene.end("b")),
            (Some(Ok(())), Some(Ok(())))
        );
        scene.close();
    }
}

#[test]
fn what_is_sent_offline_outlives_the_page() {
    for kind in KINDS {
        let mut scene = Scene::live(kind);
        scene.go_offline();
        scene.send(0, "a", "one");
        scene.send(0, "b", "two");
        scene.pass(60_000.0);
        assert_eq!(scene.end("a"), None);
        scene.tabs.remove(0).crash(&mut scene.pool);
        scene.open(true);
        let ids: Vec<_> = scene
            .pending(0)
            .iter()
            .map(|it| it.action.id.clone())
            .collect();
        assert_eq!(ids, ["a".into(), "b".into()]);
        scene.pass(30_000.0);
        assert_eq!(scene.acts(), ["one", "two"]);
        assert_eq!(scene.pending(0), []);
        scene.close();
    }
}

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
fn a_tab_that_is_not_connected_has_its_actions_sent_by_the_one_that_is() {
    for kind in KINDS {
        let mut scene = Scene::live(kind);
        scene.open(true);
        scene.tabs[0].connection.control(Control::Holder(true));
        scene.tabs[1].connection.control(Control::Holder(false));
        scene.pass(1_000.0);
        assert_eq!(scene.tabs[1].state(), State::Follower);
        scene.send(1, "a", "one");
        scene.send(0, "b", "two");
        scene.world.manners.set(Manners::Takes);
        // As the message of a channel would have it.
        for tab in [0, 1, 0, 1] {
            let log = Rc::clone(scene.tabs[tab].log());
            scene.pool.run_until(log.refresh()).unwrap();
            scene.pass(5_000.0);
        }
        assert_eq!(scene.acts(), ["one", "two"]);
        assert_eq!(
            (scene.end("a"), scene.end("b")),
            (Some(Ok(())), Some(Ok(())))
        );
        scene.world.manners.set(Manners::Refuses);
        scene.send(1, "c", "three");
        for tab in [0, 1] {
            let log = Rc::clone(scene.tabs[tab].log());
            scene.pool.run_until(log.refresh()).unwrap();
            scene.pass(5_000.0);
        }
        let end = scene.end("c").expect("it is told").unwrap_err();
        assert_eq!(end.code(), "action-rejected");
        scene.close();
    }
}

#[test]
fn two_tabs_that_are_both_connected_send_nothing_twice() {
    for kind in KINDS {
        for_seeds(20, |seed, random| {
            let mut scene = Scene::new(seed, kind);
            scene.open(true);
            scene.open(true);
            scene.weather(Weather {
                delay: 300,
                ..Weather::default()
            });
            scene.pass(20_000.0);
            let mut sent = Vec::new();
            for number in 0..20 {
                let content = format!("say {number}");
                scene.send(random.below(2) as usize, &number.to_string(), &content);
                sent.push(content);
                if random.one_in(6) {
                    scene.world.cut_all();
                }
                if random.one_in(3) {
                    let log = Rc::clone(scene.tabs[random.below(2) as usize].log());
                    scene.pool.run_until(log.refresh()).unwrap();
                }
                scene.pass(random.below(2_000) as f64);
            }
            for _ in 0..40 {
                for tab in [0, 1] {
                    let log = Rc::clone(scene.tabs[tab].log());
                    scene.pool.run_until(log.refresh()).unwrap();
                }
                scene.pass(20_000.0);
            }
            assert_eq!(scene.acts(), sent);
            assert_eq!(scene.ends.borrow().len(), 20);
            scene.close();
        });
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
    scene.open(true);
    scene.pass(10_000.0);
    assert_eq!(scene.acts(), ["one"]);
    scene.close();
}

#[test]
fn secrets_are_sent_as_they_are_and_the_masked_event_is_known_again() {
    let mut scene = Scene::live(Kind::V0);
    let secrets = || {
        let pairs = vec![("TOKEN".to_owned(), "hush-hush".to_owned())];
        oh_event_store::event::Secrets::new(pairs, oh_event_store::event::Masking::Strict)
    };
    scene.tabs[0].log().set_secrets(secrets());
    scene.world.manners.set(Manners::TakesAndBreaks);
    scene.send(0, "a", "my hush-hush");
    scene.pass(100.0);
    scene.world.manners.set(Manners::Takes);
    scene.pass(60_000.0);
    assert_eq!(scene.acts(), ["my hush-hush"]);
    assert_eq!(scene.end("a"), Some(Ok(())));
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
    let clock = Rc::new(live::network::Network(Rc::clone(&scene.world)));
    let options = StoreOptions {
        storage_budget: Some(1),
        ..StoreOptions::default()
    };
    let store = EventStore::new(
        backend,
        clock,
        oh_event_store::notice::Reporter::default(),
        &options,
    );
    let event = |id| format!("{{\"id\": {id}, \"action\": \"message\", \"args\": {{}}}}");
    let fill = |id: &'static str| {
        let store = &store;
        async move {
            let log = store.conversation(id, None).await.unwrap();
            let stream = oh_event_store::stream::EventStream::new(
                log,
                oh_event_store::notice::Reporter::default(),
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
