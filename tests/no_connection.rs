//! Where a connection can't be, it is tried again where that is of use, and only there; what is wrong
//! is said, and nothing that is stored is lost.
#![cfg(not(target_arch = "wasm32"))]

#[allow(dead_code)]
#[path = "support/live/mod.rs"]
mod live;
#[allow(dead_code)]
#[path = "support/random.rs"]
mod random;

use live::model::{Kind, Model};
use live::network::Weather;
use live::scene::{KINDS, Scene};
use live::tab::How;
use oh_event_store::backend::{Faults, Response};
use oh_event_store::error::Error;
use oh_event_store::sync::{Control, State};

#[test]
fn what_no_try_can_mend_is_said_and_not_tried_again() {
    let wrong = How {
        key: "wrong",
        ..How::default()
    };
    for kind in KINDS {
        let mut scene = Scene::new(1, kind);
        scene.open(wrong.clone());
        scene.pass(600_000.0);
        let state = scene.tabs[0].state();
        let State::Failed(why) = state else {
            panic!("{kind:?}: {state:?}");
        };
        assert!(!why.to_string().contains("wrong"), "{why}");
        assert_eq!(scene.world.connects.get(), 1, "{kind:?}");
        // Until the application says so.
        scene.tabs[0].connection.control(Control::Start);
        scene.pass(600_000.0);
        assert_eq!(scene.world.connects.get(), 2, "{kind:?}");
    }
    for code in [4001, 4004, 1008] {
        let mut scene = Scene::new(1, Kind::V1);
        scene.world.refusing.set(Some(code));
        scene.open(How::default());
        scene.pass(600_000.0);
        let state = scene.tabs[0].state();
        assert!(matches!(state, State::Failed(_)), "{code}: {state:?}");
        assert_eq!(scene.world.connects.get(), 1, "{code}");
    }
}

#[test]
fn answers_that_are_no_pages_are_a_clear_failure_and_errors_are_waited_out() {
    let answer = |status, body: &str| Response {
        status,
        retry_after: None,
        body: Some(body.as_bytes().to_vec()),
    };
    for kind in KINDS {
        for (status, body) in [(200, "<html>"), (200, "{}"), (401, ""), (403, "")] {
            let mut scene = Scene::new(1, kind);
            *scene.world.instead.borrow_mut() = Some(answer(status, body));
            scene.open(How::default());
            scene.pass(600_000.0);
            let state = scene.tabs[0].state();
            assert!(
                matches!(state, State::Failed(_)),
                "{kind:?} {status}: {state:?}"
            );
            assert_eq!(scene.world.open_lines(), 0);
        }
        let mut scene = Scene::new(1, kind);
        *scene.world.instead.borrow_mut() = Some(answer(500, ""));
        scene.happen(20);
        scene.open(How::default());
        scene.pass(120_000.0);
        scene.happen(20);
        scene.pass(1_000.0);
        assert_eq!(scene.tabs[0].state(), State::Syncing);
        assert!(
            scene.tabs[0].log().latest_event_id() > 0,
            "what is live is stored meanwhile"
        );
        scene.world.instead.take();
        scene.pass(60_000.0);
        scene.world.append(true);
        scene.pass(10_000.0);
        scene.check();
    }
}

#[test]
fn what_an_empty_log_is_taken_for_is_found_out_anew_with_each_try() {
    for status in [0, 422] {
        let mut scene = Scene::new(4, Kind::V0Late);
        *scene.world.instead.borrow_mut() = Some(Response {
            status,
            retry_after: None,
            body: None,
        });
        scene.open(How {
            unknown: true,
            ..How::default()
        });
        scene.pass(5_000.0);
        let why = Error::Refused(status).into();
        assert_eq!(scene.tabs[0].state(), State::Failed(why));
        scene.world.instead.take();
        scene.happen(150);
        // The pages are asked before there is an event.
        scene.world.pace.set(5_000.0);
        scene.tabs[0].connection.control(Control::Start);
        scene.pass(10_000.0);
        scene.check();
    }
}

#[test]
fn what_an_applications_own_socket_says_is_kept_whatever_becomes_of_the_pages() {
    for (status, body) in [(401, ""), (500, ""), (404, ""), (200, "<html>")] {
        let mut scene = Scene::new(6, Kind::V1);
        scene.happen(20);
        *scene.world.instead.borrow_mut() = Some(Response {
            status,
            retry_after: None,
            body: Some(body.as_bytes().to_vec()),
        });
        scene.open(How {
            own: true,
            ..How::default()
        });
        scene.pass(5_000.0);
        // The model's socket is closed with the session, an application's isn't.
        let failed = matches!(scene.tabs[0].state(), State::Failed(_));
        assert_eq!(failed, status != 500, "{status}");
        if failed {
            continue;
        }
        scene.happen(10);
        scene.pass(1_000.0);
        scene.world.cut_all();
        scene.pass(1_000.0);
        assert_eq!(scene.tabs[0].texts().len(), 10, "{status}");
        scene.world.instead.take();
        scene.happen(10);
        scene.pass(120_000.0);
        scene.check();
    }
}

#[test]
fn a_socket_that_does_not_open_waits_with_the_reason_that_the_pages_give() {
    for kind in KINDS {
        for status in [404, 500] {
            let mut scene = Scene::new(1, kind);
            scene.happen(120);
            scene.open(How::default());
            scene.pass(10_000.0);
            scene.world.refusing.set(Some(1006));
            *scene.world.instead.borrow_mut() = Some(Response {
                status,
                retry_after: None,
                body: None,
            });
            scene.world.cut_all();
            let mut reasons = Vec::new();
            for _ in 0..100 {
                scene.pass(1_000.0);
                match scene.tabs[0].state() {
                    State::Waiting(_, why) => reasons.push(*why),
                    State::Connecting => {}
                    state => panic!("{kind:?}: {state:?}"),
                }
            }
            assert!(reasons.contains(&Error::Refused(status)), "{reasons:?}");
            assert!(scene.world.connects.get() < 20);
            scene.world.refusing.set(None);
            scene.world.instead.take();
            scene.world.append(true);
            scene.pass(60_000.0);
            scene.check();
        }
    }
}

#[test]
fn a_server_with_too_many_connections_is_left_alone_for_a_while() {
    let connects = |code| {
        let mut scene = Scene::new(9, Kind::V1);
        scene.world.refusing.set(Some(code));
        scene.open(How::default());
        scene.pass(120_000.0);
        assert!(matches!(
            scene.tabs[0].state(),
            State::Waiting(..) | State::Connecting
        ));
        let tries = scene.world.connects.get();
        scene.world.refusing.set(None);
        scene.pass(60_000.0);
        scene.check();
        tries
    };
    assert!(connects(1013) < connects(1012));
}

#[test]
fn what_wakes_a_page_ends_a_pause_at_once() {
    for control in [Control::Wake, Control::Online(true)] {
        let mut scene = Scene::new(2, Kind::V0);
        scene.world.weather.set(Weather {
            cutting: 100,
            ..Weather::default()
        });
        scene.open(How::default());
        scene.pass(400_000.0);
        let State::Waiting(until, _) = scene.tabs[0].state() else {
            return scene.pass(1.0);
        };
        assert!(until > 0.0);
        scene.world.weather.set(Weather::default());
        scene.tabs[0].connection.control(control);
        scene.pass(5_000.0);
        scene.check();
    }
}

#[test]
fn a_try_that_the_application_asks_for_is_made_at_once() {
    for kind in KINDS {
        let mut scene = Scene::new(2, kind);
        scene.happen(10);
        scene.world.refusing.set(Some(1006));
        scene.open(How::default());
        let pause = |scene: &Scene| match scene.tabs[0].state() {
            State::Waiting(until, _) => until - scene.world.wall(),
            _ => 0.0,
        };
        while pause(&scene) < 10_000.0 {
            scene.pass(1_000.0);
        }
        scene.world.refusing.set(None);
        scene.tabs[0].connection.control(Control::Start);
        scene.pass(5_000.0);
        scene.check();
    }
}

#[test]
fn nothing_is_tried_without_a_network_or_without_being_the_holder() {
    for (lost, found, state) in [
        (
            Control::Online(false),
            Control::Online(true),
            State::Offline,
        ),
        (
            Control::Holder(false),
            Control::Holder(true),
            State::Follower,
        ),
    ] {
        let mut scene = Scene::new(2, Kind::V1);
        scene.happen(10);
        scene.open(How::default());
        scene.tabs[0].connection.control(lost);
        scene.pass(1_000.0);
        scene.world.cut_all();
        scene.pass(600_000.0);
        assert_eq!(scene.tabs[0].state(), state);
        assert_eq!(scene.world.open_lines(), 0);
        let before = scene.world.urls.borrow().len();
        assert!(before <= 1);
        scene.tabs[0].connection.control(found);
        scene.pass(10_000.0);
        scene.check();
    }
}

#[test]
fn a_server_of_this_machine_is_tried_without_a_network_where_the_application_asks() {
    for kind in KINDS {
        let mut scene = Scene::new(4, kind);
        scene.happen(10);
        scene.open(How::default());
        scene.go_offline();
        scene.world.append(true);
        scene.world.refusing.set(Some(1006));
        scene.tabs[0].connection.control(Control::Start);
        scene.pass(600_000.0);
        assert_eq!(scene.tabs[0].state(), State::Offline);
        assert_eq!(scene.world.urls.borrow().len(), 2);

        scene.world.refusing.set(None);
        scene.tabs[0].connection.control(Control::Start);
        scene.pass(10_000.0);
        scene.check();
    }
}

#[test]
fn a_full_disk_ends_the_connection_and_says_so() {
    for kind in KINDS {
        let mut scene = Scene::new(8, kind);
        scene.happen(20);
        scene.open(How::default());
        scene.tabs[0].disk.set_faults(Faults {
            quota: 100,
            ..Faults::default()
        });
        scene.pass(60_000.0);
        assert_eq!(
            scene.tabs[0].state(),
            State::Failed(Error::QuotaExceeded.into())
        );
        scene.tabs[0].disk.set_faults(Faults::default());
        scene.tabs[0].connection.control(Control::Start);
        scene.pass(60_000.0);
        scene.world.append(true);
        scene.pass(10_000.0);
        scene.check();
    }
}

#[test]
fn a_server_with_another_history_is_noticed() {
    for kind in KINDS {
        // A V0 server that has more than is stored here brings it before it can be found out.
        let counts: &[usize] = if kind == Kind::V1 {
            &[0, 5, 60]
        } else {
            &[0, 5]
        };
        for events in counts.iter().copied() {
            let mut scene = Scene::new(8, kind);
            scene.happen(20);
            scene.world.append(true);
            scene.open(How::default());
            scene.pass(5_000.0);
            scene.world.model.replace(Model::new(kind));
            scene.world.cut_all();
            // It begins an hour later.
            scene.world.model.borrow_mut().hour = 1;
            scene.happen(events);
            scene.pass(60_000.0);
            let state = scene.tabs[0].state();
            let State::Failed(why) = state else {
                panic!("{kind:?} {events}: {state:?}");
            };
            assert!(why.to_string().contains("no longer has the event"), "{why}");
            assert!(scene.tabs[0].texts().len() >= 21, "nothing is lost");
        }
    }
}
