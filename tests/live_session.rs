//! Whatever a network does, a log that is connected becomes the server's: each event once, in
//! order, and no more is fetched than has to be. `SEED=n` runs one schedule, `TELL=1` says what
//! happens in it.
#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code)]
#[path = "support/live/mod.rs"]
mod live;
#[allow(dead_code)]
#[path = "support/random.rs"]
mod random;

use std::rc::Rc;

use live::model::Kind;
use live::network::Weather;
use live::scene::{KINDS, Scene, any_control};
use live::tab::How;
use oh_event_store::backend::Faults;
use oh_event_store::sync::{Control, State};
use random::{Random, for_seeds};

fn misfortune(scene: &mut Scene, random: &mut Random, number: u64) {
    let world = Rc::clone(&scene.world);
    match random.below(12) {
        0 => world.cut_all(),
        1 | 2 => scene.any_weather(random),
        3 => {
            // Clocks are set, and machines sleep.
            let jump = random.number(-7_200_000, 7_200_000) as f64;
            world.offset.set(world.offset.get() + jump);
        }
        4 if scene.tabs.len() < 3 => scene.open(How {
            seed: number,
            ..How::default()
        }),
        5 if scene.tabs.len() > 1 => {
            let index = random.below(scene.tabs.len() as u64) as usize;
            scene.tabs.remove(index).crash(&mut scene.pool);
        }
        6 => {
            let tab = random.pick(&scene.tabs);
            tab.connection.control(any_control(random));
        }
        7 => {
            let abort = random.below(30);
            let tab = random.pick(&scene.tabs);
            tab.disk.set_faults(Faults {
                abort,
                ..Faults::default()
            });
        }
        _ => scene.happen(random.below(40) as usize),
    }
}

#[test]
fn a_message_of_v1_that_could_not_be_read_is_fetched() {
    let mut scene = Scene::live(Kind::V1);
    scene.happen(3);
    scene.pass(5_000.0);
    // The server has an event that comes as half a message.
    let world = Rc::clone(&scene.world);
    let _ = (world.model.borrow_mut()).append(&mut world.random.borrow_mut());
    world.say_all("{\"id\": \"");
    scene.pass(100.0);
    scene.happen(2);
    scene.pass(30_000.0);
    scene.check();
}

#[test]
fn what_a_v1_server_tells_and_does_not_keep_ends_no_connection() {
    let mut scene = Scene::live(Kind::V1);
    for (number, key) in ["stats", "execution_status"].iter().enumerate() {
        scene.happen(3);
        scene.pass(1_000.0);
        scene.world.say_all(&format!(
            "{{\"id\": \"told-{number}\", \"timestamp\": \"2026-01-01T00:00:09\", \
             \"kind\": \"ConversationStateUpdateEvent\", \"key\": \"{key}\"}}"
        ));
        scene.pass(1_000.0);
        scene.world.cut_all();
        scene.happen(3);
        scene.pass(60_000.0);
        assert_eq!(scene.tabs[0].state(), State::Live, "{key}");
        let mut ours = scene.tabs[0].texts();
        ours.retain(|text| !text.contains("told-"));
        assert_eq!(ours, scene.world.model.borrow().texts());
        assert_eq!(scene.tabs[0].log().coverage().1, []);
    }
}

#[test]
fn the_state_that_a_v1_server_tells_whoever_connects_is_no_event() {
    for own in [false, true] {
        let mut scene = Scene::new(4, Kind::V1);
        scene.world.greeting.set("execution_status");
        scene.happen(10);
        scene.open(How {
            own,
            ..How::default()
        });
        scene.pass(5_000.0);
        scene.check();
        scene.world.cut_all();
        scene.pass(60_000.0);
        scene.check();
    }
}

#[test]
fn an_applications_own_socket_of_a_v1_server_is_known_by_what_its_pages_say() {
    let mut scene = Scene::new(5, Kind::V1);
    scene.happen(120);
    scene.open(How {
        own: true,
        unknown: true,
        ..How::default()
    });
    scene.pass(5_000.0);
    scene.check();
}

fn schedule(seed: u64, kind: Kind) {
    let mut random = Random::new(seed ^ 0x5eed);
    let mut scene = Scene::new(seed, kind);
    scene.happen(random.below(300) as usize);
    scene.open(How {
        seed,
        ..How::default()
    });
    for number in 0..random.below(40) {
        misfortune(&mut scene, &mut random, number);
        let most = *random.pick(&[10, 1000, 10_000, 100_000]);
        let time = random.below(most);
        scene.pass(time as f64);
    }
    scene.world.say(|| "the network is good again".to_owned());
    scene.world.weather.set(Weather {
        delay: 30,
        ..Weather::default()
    });
    for tab in &scene.tabs {
        tab.disk.set_faults(Faults::default());
        for control in [Control::Holder(true), Control::Online(true), Control::Start] {
            tab.connection.control(control);
        }
    }
    scene.pass(200_000.0);
    scene.world.append(true);
    // A V1 server that says nothing is asked once a minute.
    scene.pass(120_000.0);
    scene.check();
    scene.tabs.truncate(1);
    scene.pass(100.0);
    assert_eq!(scene.world.open_lines(), 1, "sockets that nobody closed");
}

#[test]
fn after_any_schedule_the_log_is_the_servers() {
    for kind in KINDS {
        for_seeds(50, |seed, _| {
            eprintln!("{kind:?}");
            schedule(seed, kind);
        });
    }
}

/// Tabs of which one at a time is connected: the first one. It goes, stands still or gives way.
fn turns(seed: u64, kind: Kind) {
    let mut random = Random::new(seed ^ 0x7ab5);
    let mut scene = Scene::new(seed, kind);
    scene.happen(random.below(200) as usize);
    for number in 0..4 {
        scene.open(How {
            seed: seed ^ number,
            holder: number == 0,
            ..How::default()
        });
    }
    for number in 4..8 + random.below(16) {
        scene.happen(random.below(30) as usize);
        let most = *random.pick(&[5, 500, 5_000, 30_000]);
        let time = random.below(most);
        scene.pass(time as f64);
        match random.below(4) {
            0 => scene.tabs.remove(0).crash(&mut scene.pool),
            1 => drop(scene.tabs.remove(0)),
            2 => {
                scene.tabs[0].connection.control(Control::Holder(false));
                scene.tabs.rotate_left(1);
            }
            _ => misfortune_of_lines(&scene, &mut random),
        }
        while scene.tabs.len() < 4 {
            scene.open(How {
                seed: seed ^ number,
                holder: false,
                ..How::default()
            });
        }
        scene.tabs[0].connection.control(Control::Holder(true));
        scene.pass(0.0);
        assert!(scene.world.open_lines() <= 1, "more than one socket");
    }
    scene.world.weather.set(Weather::default());
    scene.pass(200_000.0);
    scene.world.append(true);
    scene.pass(120_000.0);
    assert_eq!(scene.tabs[0].state(), State::Live);
    for tab in &scene.tabs[1..] {
        assert_eq!(tab.state(), State::Follower);
    }
    scene.check();
    assert_eq!(scene.world.open_lines(), 1);
}

fn misfortune_of_lines(scene: &Scene, random: &mut Random) {
    match random.below(2) {
        0 => scene.world.cut_all(),
        _ => scene.world.weather.set(Weather {
            delay: random.below(2000),
            failing: random.below(30),
            cutting: random.below(5),
            doubling: random.below(20),
            partition: random.one_in(5),
        }),
    }
}

#[test]
fn tabs_of_which_one_is_connected_have_the_servers_log_whoever_that_is() {
    for kind in KINDS {
        for_seeds(40, |seed, _| {
            eprintln!("{kind:?}");
            turns(seed, kind);
        });
    }
}

#[test]
fn a_tab_that_takes_over_goes_on_after_what_the_other_one_has_stored() {
    for kind in KINDS {
        let mut scene = Scene::new(6, kind);
        scene.happen(10);
        scene.open(How::default());
        scene.open(How {
            holder: false,
            ..How::default()
        });
        scene.pass(10_000.0);
        scene.happen(1000);
        scene.pass(60_000.0);
        // The other one has not looked at the log meanwhile.
        scene.tabs.remove(0).crash(&mut scene.pool);
        scene.happen(30);
        let world = Rc::clone(&scene.world);
        let before = (world.pushed.get(), scene.served());
        scene.tabs[0].connection.control(Control::Holder(true));
        scene.pass(10_000.0);
        let (pushed, served) = (world.pushed.get() - before.0, scene.served() - before.1);
        assert!(pushed + served <= 30 + 100, "{kind:?}: {pushed}, {served}");
        world.append(true);
        scene.pass(70_000.0);
        scene.check();
    }
}

#[test]
fn a_reconnect_costs_what_was_missed_and_at_most_one_page() {
    for kind in KINDS {
        let mut scene = Scene::new(5, kind);
        scene.happen(1000);
        scene.open(How::default());
        scene.pass(10_000.0);
        scene.happen(30);
        // The last one is none that the socket leaves out.
        scene.world.append(true);
        scene.pass(10_000.0);
        scene.check();
        let world = Rc::clone(&scene.world);
        let before = (world.pushed.get(), scene.served());
        world.weather.set(Weather {
            partition: true,
            ..Weather::default()
        });
        world.cut_all();
        scene.happen(249);
        scene.world.append(true);
        scene.pass(3_000.0);
        world.weather.set(Weather::default());
        scene.pass(60_000.0);
        scene.check();
        let (pushed, served) = (world.pushed.get() - before.0, scene.served() - before.1);
        assert!(
            pushed + served <= 250 + 100,
            "{kind:?}: {pushed} and {served}"
        );
    }
}

#[test]
fn a_connection_resumes_after_what_is_stored() {
    let mut scene = Scene::new(1, Kind::V0);
    scene.happen(40);
    let how = How {
        pages: false,
        ..How::default()
    };
    scene.open(how.clone());
    scene.pass(10_000.0);
    let latest = scene.tabs[0].log().latest_event_id();
    scene.tabs.remove(0).crash(&mut scene.pool);
    scene.open(how);
    scene.pass(10_000.0);
    let urls = scene.world.urls.borrow();
    assert!(urls[0].contains("&latest_event_id=-1&"), "{urls:?}");
    assert!(
        urls[1].contains(&format!("&latest_event_id={latest}&")),
        "{urls:?}"
    );
}

#[test]
fn a_replay_that_takes_long_is_heard_to_its_end() {
    for kind in [Kind::V0, Kind::V0Late] {
        let mut scene = Scene::new(1, kind);
        scene.world.pace.set(200.0);
        scene.happen(200);
        scene.open(How::default());
        scene.pass(120_000.0);
        scene.check();
        assert_eq!(scene.world.connects.get(), 1, "{kind:?}");
    }
}

#[test]
fn without_pages_gaps_are_shown_and_not_made_up() {
    let mut scene = Scene::new(3, Kind::V0);
    scene.happen(200);
    scene.open(How {
        pages: false,
        ..How::default()
    });
    scene.pass(10_000.0);
    scene.happen(50);
    scene.pass(10_000.0);
    assert_eq!(scene.tabs[0].state(), State::Live);
    let (known, gaps) = scene.tabs[0].log().coverage();
    let theirs = scene.world.model.borrow().texts();
    let ours = scene.tabs[0].texts();
    assert!(ours.len() < theirs.len() && !gaps.is_empty());
    let exact = ours.iter().filter(|text| theirs.contains(text)).count();
    let covered: i64 = known.iter().map(|(first, last)| last - first + 1).sum();
    assert_eq!(
        covered as usize, exact,
        "only what is as on the server is known"
    );
}

#[test]
fn without_pages_v1_asks_for_what_came_since() {
    let mut scene = Scene::new(4, Kind::V1);
    scene.happen(30);
    scene.open(How {
        pages: false,
        ..How::default()
    });
    scene.pass(1_000.0);
    scene.world.cut_all();
    scene.happen(10);
    scene.pass(60_000.0);
    scene.happen(5);
    scene.pass(1_000.0);
    assert_eq!(scene.tabs[0].texts(), scene.world.model.borrow().texts());
    let urls = scene.world.urls.borrow();
    assert!(urls[0].ends_with("?resend_mode=all"), "{urls:?}");
    assert!(urls[1].contains("?resend_mode=since&after_timestamp=2026-01-01T00%3A00%3A07"));
}

#[test]
fn odd_messages_change_nothing() {
    let frames = [
        "",
        "4",
        "42",
        "42[\"oh_event\"]",
        "42[\"oh_event\",[]]",
        "42[\"oh_event\",{\"id\": -1}]",
        "451-[\"oh_event\",{\"_placeholder\":true,\"num\":0}]",
        "43",
        "9",
        "\u{1f600}",
        "{",
        "[1",
        "{\"id\": \"x\"}",
        "null",
        "42/other,[\"oh_event\",{\"id\":0,\"action\":\"run\"}]",
    ];
    for kind in KINDS {
        let mut scene = Scene::new(8, kind);
        scene.happen(20);
        scene.open(How::default());
        scene.pass(10_000.0);
        for frame in frames {
            scene.world.say_all(frame);
            scene.happen(2);
        }
        scene.world.append(true);
        scene.pass(10_000.0);
        scene.check();
        assert_eq!(scene.world.connects.get(), 1, "{kind:?}");
    }
}

#[test]
fn a_connection_that_is_dropped_leaves_nothing_behind() {
    for kind in KINDS {
        let mut scene = Scene::new(8, kind);
        scene.happen(20);
        scene.open(How::default());
        scene.pass(5.0);
        scene.tabs.clear();
        scene.pass(5.0);
        assert_eq!(scene.world.open_lines(), 0);
        assert_eq!(scene.world.sleeping(), 0);
    }
}
