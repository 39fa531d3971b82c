//! A replay shows each event once, in order and in time, at any speed, whatever is done to it.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Waker};

use futures_util::FutureExt;
use futures_util::future::{LocalBoxFuture, pending};
use oh_event_store::backend::{Clock, Faults, Faulty, Memory};
use oh_event_store::event::Event;
use oh_event_store::page::Origin;
use oh_event_store::replay::{Player, Recorded, Replay, ReplayOptions, Status, Tick, Timeline};
use oh_event_store::store::{EventStore, Item, Log};
use support::{ManualClock, Random, for_seeds, pages, run};

/// Recorded without a zone.
fn at(time: f64) -> Option<Recorded> {
    let zoned = false;
    Some(Recorded { time, zoned })
}

fn timeline(times: &[f64], max_idle: Option<f64>) -> Timeline {
    let events = times.iter().enumerate();
    Timeline::new(
        events.map(|(n, time)| (n as i64, at(*time))).collect(),
        max_idle,
    )
}

#[test]
fn each_event_is_due_once_and_in_order_at_any_speed() {
    for_seeds(300, |_, random| {
        let mut times = vec![0.0];
        for _ in 0..40 {
            times.push(times[times.len() - 1] + random.below(5000) as f64);
        }
        let max_idle = random.one_in(2).then_some(1000.0);
        let timeline = timeline(&times, max_idle);
        let mut replay = Replay::new(timeline, 1.0);
        let (mut now, mut shown) = (1000.0, 0);
        replay.play(now);
        for _ in 0..10_000 {
            if replay.status() == Status::Ended {
                break;
            }
            match random.below(8) {
                0 => replay.set_speed([0.5, 1.0, 10.0, 1e9, 1e-9][shown % 5], now),
                1 => {
                    replay.pause(now);
                    assert!(replay.advance(now + 1e6).is_empty());
                    now += random.below(1000) as f64;
                    replay.play(now);
                }
                2 if random.one_in(4) => {
                    let range = replay.step(now);
                    assert_eq!(range, shown..shown + 1);
                    shown += 1;
                    if replay.status() != Status::Ended {
                        replay.play(now);
                    }
                }
                3 => now += replay.next_due(now).unwrap_or(0.0),
                _ => now += random.below(300) as f64,
            }
            let time = replay.time(now);
            let range = replay.advance(now);
            assert_eq!(range.start, shown);
            shown = range.end;
            for index in range {
                assert!(replay.timeline().due(index).unwrap() <= time);
            }
        }
        assert_eq!(shown, 41);
        assert_eq!(replay.advance(now + 1e9), 41..41);
        replay.seek(0, now);
        replay.play(now);
        assert_eq!(replay.advance(now), 0..replay.timeline().due_by(0.0));
    });
}

#[test]
fn idle_time_is_shortened_and_clocks_that_go_back_are_not_followed() {
    let timeline = timeline(&[1e9, 1e9 + 10.0, 2e9, 1.5e9, 2e9 + 5.0], Some(100.0));
    let due: Vec<f64> = (0..5).map(|index| timeline.due(index).unwrap()).collect();
    assert_eq!(due, [0.0, 10.0, 110.0, 110.0, 115.0]);
    assert_eq!(timeline.duration(), 115.0);
    let undated = Timeline::new(vec![(3, None), (5, at(7.0)), (9, None)], None);
    assert_eq!(undated.duration(), 0.0);
    assert_eq!((undated.up_to(4), undated.recorded_by(7.0, 7.0)), (1, 3));
    assert_eq!(undated.recorded_by(6.0, 6.0), 0);
    assert_eq!(
        Replay::new(Timeline::default(), 1.0).status(),
        Status::Ended
    );
}

#[test]
fn a_recorded_time_is_found_with_and_without_a_zone_and_in_any_order() {
    let zone = |time| Some(Recorded { time, zoned: true });
    let events = [zone(10.0), at(20.0), None, at(15.0), zone(30.0), at(40.0)];
    let places = events.iter().enumerate();
    let timeline = Timeline::new(places.map(|(n, time)| (n as i64, *time)).collect(), None);
    for (time, local, expected) in [
        (9.0, 9.0, 0),
        (10.0, 10.0, 1),
        (19.0, 19.0, 1),
        (20.0, 20.0, 4),
        // The viewer's clock goes before the zone of which events say that it is theirs.
        (10.0, 20.0, 4),
        (9.0, 100.0, 0),
        (30.0, 39.0, 5),
        (29.0, 100.0, 4),
        (30.0, 40.0, 6),
        (1e9, 1e9, 6),
    ] {
        assert_eq!(
            timeline.recorded_by(time, local),
            expected,
            "{time} {local}"
        );
    }
    for (index, recorded) in events.into_iter().enumerate() {
        assert_eq!(timeline.recorded(index), recorded);
    }
    assert_eq!(timeline.recorded(6), None);
}

struct Scene {
    clock: Rc<ManualClock>,
    player: Rc<Player>,
    viewer: LocalBoxFuture<'static, ()>,
    /// What a viewer sees: the positions, read anew after a reset.
    seen: Rc<RefCell<Vec<i64>>>,
    ticks: Rc<RefCell<Vec<Tick>>>,
}

async fn open(clock: Rc<ManualClock>, seed: u64, options: ReplayOptions) -> (Rc<Log>, Player) {
    let faults = Faults {
        seed,
        delay: 3,
        ..Faults::default()
    };
    let backend = Rc::new(Faulty::new(&Rc::new(Memory::new()), faults));
    let clock: Rc<dyn Clock> = clock;
    let mut small = pages(1000, 1000);
    small.memory_budget = 0;
    let store = EventStore::new(backend, Rc::clone(&clock), Default::default(), &small);
    let log = store.conversation("c", None).await.unwrap();
    let mut random = Random::new(seed);
    let mut second = 0;
    let items = (0..90).map(|n| {
        second += random.below(3);
        let (minute, rest) = (second / 60, second % 60);
        let json = format!(
            "{{\"id\": {}, \"timestamp\": \"2025-08-31T15:{minute:02}:{rest:02}\", \
             \"action\": \"think\"}}",
            n * 2
        );
        Item::event(Event::from_json(json.as_bytes()).unwrap(), Origin::Live)
    });
    log.append(items.collect(), None).await.unwrap();
    let player = Player::open(&log, clock, options).await.unwrap();
    (log, player)
}

/// `leisure`: the milliseconds that the viewer takes for what it was told.
fn scene(seed: u64, leisure: u32, options: ReplayOptions) -> Scene {
    let clock = ManualClock::new();
    let (_, player) = run(open(Rc::clone(&clock), seed, options));
    let player = Rc::new(player);
    let seen: Rc<RefCell<Vec<i64>>> = Rc::default();
    let ticks: Rc<RefCell<Vec<Tick>>> = Rc::default();
    let viewer = {
        let (player, clock) = (Rc::clone(&player), Rc::clone(&clock));
        let (seen, ticks) = (Rc::clone(&seen), Rc::clone(&ticks));
        async move {
            while let Some(tick) = player.next().await.unwrap() {
                if tick.reset {
                    let shown = tick.state.index as i64;
                    *seen.borrow_mut() = (0..shown).map(|n| n * 2).collect();
                }
                if let Some(batch) = &tick.batch {
                    seen.borrow_mut().extend(&batch.positions);
                }
                ticks.borrow_mut().push(tick);
                clock.sleep(leisure).await;
            }
        }
    };
    Scene {
        clock,
        player,
        viewer: viewer.boxed_local(),
        seen,
        ticks,
    }
}

impl Scene {
    /// Lets the event loop turn so many times.
    fn turn(&mut self, times: u64) {
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..times {
            if self.viewer.poll_unpin(&mut context).is_ready() {
                self.viewer = pending().boxed_local();
            }
        }
    }

    /// Lets the viewer see all that is due.
    fn settle(&mut self) {
        self.player.pause();
        for _ in 0..8 {
            self.turn(60);
            self.clock.advance(2000.0);
        }
        self.turn(60);
    }

    fn check(&self) {
        let index = self.player.state().index as i64;
        let expected: Vec<i64> = (0..index).map(|n| n * 2).collect();
        assert_eq!(*self.seen.borrow(), expected);
    }
}

#[test]
fn a_viewer_sees_each_event_once_whatever_buttons_are_pressed() {
    for_seeds(150, |seed, random| {
        let options = ReplayOptions {
            speed: Some(*random.pick(&[1.0, 10.0, 300.0])),
            max_idle: random.one_in(2).then_some(500.0),
            ..ReplayOptions::default()
        };
        let mut scene = scene(seed, *random.pick(&[0, 0, 400]), options);
        for _ in 0..60 {
            let player = Rc::clone(&scene.player);
            match random.below(9) {
                0 | 1 => player.play(),
                2 => player.pause(),
                3 => player.step(random.number(-3, 5)),
                4 if random.one_in(3) => player.seek_position(random.number(-5, 200)),
                5 => player.set_speed(1.0 + random.below(500) as f64).unwrap(),
                _ => scene.clock.advance(random.below(3000) as f64),
            }
            // At times the next button is pressed while events are still being read.
            scene.turn(random.below(12));
            if random.one_in(10) {
                scene.settle();
                scene.check();
            }
        }
        scene.settle();
        scene.check();
        scene.player.set_speed(1e9).unwrap();
        scene.player.play();
        for _ in 0..200 {
            scene.turn(20);
            scene.clock.advance(5.0);
        }
        scene.settle();
        scene.check();
        assert_eq!(scene.player.state().index, 90);
    });
}

#[test]
fn an_ended_replay_plays_from_the_beginning_again() {
    let mut scene = scene(7, 0, ReplayOptions::default());
    scene.player.step(1000);
    scene.turn(100);
    scene.check();
    assert_eq!(scene.player.state().status, "ended");
    scene.player.play();
    scene.turn(100);
    assert_eq!(scene.player.state().status, "playing");
    assert!(scene.ticks.borrow().iter().any(|tick| tick.reset));
    assert!(scene.player.state().index < 90);
    scene.check();
    scene.player.seek_position(100);
    scene.turn(100);
    assert_eq!(scene.player.state().position, Some(100));
    assert_eq!(scene.player.state().status, "playing");
    scene.player.step(-2);
    scene.turn(100);
    assert_eq!(scene.player.state().position, Some(96));
    assert_eq!(scene.player.state().status, "paused");
    scene.check();
    scene.player.close();
    scene.turn(100);
    assert!(scene.player.next().now_or_never().is_some());
}

/// A log and its replay, on a clock that stands still: all events are due at once, or a second apart.
async fn opened(events: i64, apart: bool) -> (Rc<Log>, Rc<ManualClock>, Player) {
    let clock = ManualClock::new();
    let at: Rc<dyn Clock> = Rc::clone(&clock) as _;
    let backend = Rc::new(Memory::new());
    let store = EventStore::new(
        backend,
        Rc::clone(&at),
        Default::default(),
        &pages(1000, 1000),
    );
    let log = store.conversation("c", None).await.unwrap();
    let items = (0..events).map(|n| item(n * 2, if apart { n } else { 0 }));
    log.append(items.collect(), None).await.unwrap();
    let player = Player::open(&log, at, ReplayOptions::default()).await;
    (log, clock, player.unwrap())
}

fn item(id: i64, second: i64) -> Item {
    let json = format!(
        "{{\"id\": {id}, \"timestamp\": \"2025-08-31T15:00:{second:02}\", \"action\": \"think\"}}"
    );
    Item::event(Event::from_json(json.as_bytes()).unwrap(), Origin::Live)
}

/// Every tick until one says that it has ended, and the positions of their events.
async fn to_the_end(player: &Player) -> (Vec<Tick>, Vec<i64>) {
    let (mut ticks, mut seen) = (Vec::new(), Vec::new());
    loop {
        let tick = player.next().await.unwrap().unwrap();
        if let Some(batch) = &tick.batch {
            seen.extend(&batch.positions);
        }
        let ended = tick.state.status == "ended";
        ticks.push(tick);
        if ended {
            return (ticks, seen);
        }
    }
}

#[test]
fn it_has_ended_only_when_every_event_was_handed_out() {
    for play in [true, false] {
        run(async move {
            let (_, _, player) = opened(1300, false).await;
            if play {
                player.play();
            } else {
                player.step(5000);
            }
            let (ticks, seen) = to_the_end(&player).await;
            assert_eq!(seen, (0..1300).map(|n| n * 2).collect::<Vec<i64>>());
            let mut count = 0;
            for Tick { state, batch, .. } in ticks {
                count += batch.map_or(0, |batch| batch.positions.len());
                assert_eq!(state.index, count);
                assert_eq!(
                    state.position,
                    count.checked_sub(1).map(|last| last as i64 * 2)
                );
                let on_the_way = if play { "playing" } else { "paused" };
                let expected = if count == 1300 { "ended" } else { on_the_way };
                assert_eq!(state.status, expected);
            }
            assert!(player.next().now_or_never().is_none());
        });
    }
}

#[test]
fn commands_while_events_are_still_handed_out_lose_none() {
    run(async {
        let (_, _, player) = opened(1300, false).await;
        let first_batch = async || while player.next().await.unwrap().unwrap().batch.is_none() {};
        // To play on isn't to begin again while there is something left to be seen.
        player.play();
        first_batch().await;
        player.play();
        let (ticks, seen) = to_the_end(&player).await;
        assert!(ticks.iter().all(|tick| !tick.reset));
        assert_eq!(seen.len(), 800);
        // It was playing when it was sought.
        player.play();
        first_batch().await;
        player.seek_position(99);
        let (ticks, seen) = to_the_end(&player).await;
        let state = &ticks.first().unwrap().state;
        assert_eq!((state.index, state.status), (50, "playing"));
        assert_eq!(seen.first(), Some(&100));
        // It had ended when it was sought.
        player.seek_position(99);
        let tick = player.next().await.unwrap().unwrap();
        assert_eq!((tick.state.index, tick.state.status), (50, "paused"));
        player.step(1000);
        first_batch().await;
        player.step(-1);
        let tick = player.next().await.unwrap().unwrap();
        assert_eq!((tick.reset, tick.state.index), (true, 1049));
        assert!(player.next().now_or_never().is_none());
    });
}

#[test]
fn events_that_went_meanwhile_are_passed_by() {
    for truncated in [0, 8, 18] {
        run(async move {
            let (log, clock, player) = opened(10, true).await;
            player.play();
            player.next().await.unwrap();
            log.truncate(truncated).await.unwrap();
            clock.advance(100_000.0);
            let (ticks, seen) = to_the_end(&player).await;
            let left = (0..10).map(|n| n * 2).filter(|at| *at <= truncated);
            let first_seen = seen.first().copied().unwrap_or(i64::MAX);
            assert_eq!(
                seen,
                left.filter(|at| *at >= first_seen).collect::<Vec<i64>>()
            );
            assert_eq!(ticks.last().unwrap().state.index, 10);
        });
    }
}

#[test]
fn an_event_that_came_late_is_no_part_of_a_replay_under_way() {
    run(async {
        let (log, _, player) = opened(10, true).await;
        log.append(vec![item(1, 0), item(19, 30)], None)
            .await
            .unwrap();
        player.step(2);
        let tick = async || player.next().await.unwrap().unwrap();
        let first = tick().await;
        assert_eq!(first.state.index, 2);
        assert_eq!(first.batch.unwrap().positions, [0, 2]);
        player.step(20);
        let (ticks, seen) = to_the_end(&player).await;
        assert_eq!(seen, (2..10).map(|n| n * 2).collect::<Vec<i64>>());
        assert_eq!(ticks.last().unwrap().state.index, 10);
    });
}
