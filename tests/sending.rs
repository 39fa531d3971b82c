//! What a user does reaches the server, once and in order, whatever happens to connections and tabs;
//! or it is said why it doesn't. `SEED=n` runs one schedule, `TELL=1` says what happens in it.
#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code)]
#[path = "support/live/mod.rs"]
mod live;
#[allow(dead_code)]
#[path = "support/random.rs"]
mod random;

use std::rc::Rc;

use live::model::Kind;
use live::network::{Manners, Weather};
use live::scene::{KINDS, Scene, any_control};
use oh_event_store::backend::Faults;
use oh_event_store::sync::{Control, State};
use random::{Random, for_seeds};

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

/// People say the same thing twice.
fn send_by_chance(scene: &mut Scene, random: &mut Random, sent: &mut Vec<String>) {
    if random.one_in(2) {
        let content = *random.pick(&["yes", "no", "go on"]);
        scene.send(0, &sent.len().to_string(), content);
        sent.push(content.to_owned());
    }
}

fn misfortune(scene: &mut Scene, random: &mut Random, sent: &mut Vec<String>) {
    let world = Rc::clone(&scene.world);
    match random.below(12) {
        0 | 1 => world.cut_all(),
        2 => scene.any_weather(random),
        3 => {
            let manners = [Manners::Breaks, Manners::TakesAndBreaks];
            world.manners.set(*random.pick(&manners));
            send_by_chance(scene, random, sent);
            scene.pass(random.below(30_000) as f64);
            world.manners.set(Manners::Takes);
        }
        4 | 5 => {
            world.say(|| "the page is loaded again".to_owned());
            scene.tabs.remove(0).crash(&mut scene.pool);
            scene.open_another(true);
            scene.tabs[0].connection.control(Control::Holder(true));
        }
        6 => {
            let control = any_control(random);
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
            let (mut scene, mut sent) = (Scene::new(seed, kind), Vec::new());
            scene.open_another(true);
            scene.tabs[0].connection.control(Control::Holder(true));
            for _ in 0..random.below(40) {
                misfortune(&mut scene, random, &mut sent);
                send_by_chance(&mut scene, random, &mut sent);
                let most = *random.pick(&[10, 1000, 10_000, 100_000]);
                let time = random.below(most);
                scene.pass(time as f64);
            }
            scene.tabs[0].connection.control(Control::Holder(true));
            good(&mut scene);
            assert_eq!(scene.acts(), sent);
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
        scene.open_another(false);
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
        scene.open_another(true);
        assert_eq!(scene.pending_ids(0), ["a", "b"]);
        scene.pass(30_000.0);
        assert_eq!(scene.acts(), ["one", "two"]);
        assert_eq!(scene.pending(0), []);
        scene.close();
    }
}

#[test]
fn a_tab_that_is_not_connected_has_its_actions_sent_by_the_one_that_is() {
    for kind in KINDS {
        let mut scene = Scene::live(kind);
        scene.open_another(true);
        scene.tabs[0].connection.control(Control::Holder(true));
        scene.tabs[1].connection.control(Control::Holder(false));
        scene.pass(1_000.0);
        assert_eq!(scene.tabs[1].state(), State::Follower);
        scene.send(1, "a", "one");
        scene.send(0, "b", "two");
        scene.world.manners.set(Manners::Takes);
        for tab in [0, 1, 0, 1] {
            scene.look(tab);
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
            scene.look(tab);
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
            scene.open_another(true);
            scene.open_another(true);
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
                    scene.look(random.below(2) as usize);
                }
                scene.pass(random.below(2_000) as f64);
            }
            for _ in 0..40 {
                for tab in [0, 1] {
                    scene.look(tab);
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
