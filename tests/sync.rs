//! A sync makes a log whole, asks for nothing twice, and claims no more than the server has proven.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;

use futures_util::FutureExt;
use oh_event_store::backend::{
    Answer, Backend, Clock, Faults, Faulty, Http, Memory, Request, Response, Scripted,
};
use oh_event_store::error::{Error, Result};
use oh_event_store::event::Event;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{Item, Log, StoreOptions};
use oh_event_store::stream::{EventStream, SubscribeOptions};
use oh_event_store::sync::{Server, ServerOptions, Sync, SyncReport};
use support::route::{Route, response};
use support::{ManualClock, Random, all, contents, events, for_seeds, pages, run, store};

fn route(ids: impl IntoIterator<Item = i64>) -> Route {
    let texts = ids.into_iter().map(|id| (id, events::frame(id, "text")));
    Route(texts.collect())
}

/// The texts of a route, as a log that is whole has them.
fn texts(route: &Route) -> Vec<(i64, String)> {
    let texts = route.0.iter();
    texts.map(|(id, text)| (*id, text.clone())).collect()
}

fn honest(route: &Route) -> Rc<dyn Http> {
    let route = route.clone();
    Rc::new(Scripted::new(move |request: &Request<'_>| {
        Some(Ok(route.answer(request.url)))
    }))
}

fn begin(http: &Rc<dyn Http>) -> Sync {
    let clock: Rc<dyn Clock> = ManualClock::new();
    let options = ServerOptions::default();
    let server = Server::new(Rc::clone(http), clock, Reporter::default(), options);
    Sync::new(server.expect("a server"))
}

async fn finish(sync: &mut Sync, stream: &EventStream) -> Result<SyncReport> {
    for _ in 0..1000 {
        let (report, ended) = sync.step(stream).await?;
        if ended {
            return Ok(report);
        }
    }
    panic!("it goes on for ever");
}

async fn sync(http: &Rc<dyn Http>, stream: &EventStream) -> Result<SyncReport> {
    finish(&mut begin(http), stream).await
}

async fn stream(backend: &Rc<dyn Backend>, options: &StoreOptions) -> Result<EventStream> {
    let log = store(Rc::clone(backend), options)
        .conversation("c", None)
        .await?;
    Ok(EventStream::new(
        log,
        Reporter::default(),
        10,
        Rc::default(),
    ))
}

async fn in_memory() -> EventStream {
    let backend: Rc<dyn Backend> = Rc::new(Memory::new());
    stream(&backend, &pages(4096, 60)).await.expect("it opens")
}

/// Stores events as a socket brings them.
async fn live(log: &Log, ids: impl IntoIterator<Item = i64>, content: &str) {
    let item = |id| Item::event(events::message(id, content), Origin::Live);
    let items = ids.into_iter().map(item).collect();
    log.append(items, None).await.expect("it is written");
}

/// Every claim of coverage is true: in it the log has just what the server has.
async fn check_claims(log: &Rc<Log>, route: &Route) {
    let held = all(log).await;
    for (first, last) in log.coverage().0 {
        let within = |(id, _): &&(i64, String)| (first..=last).contains(id);
        let ours: Vec<_> = held.iter().filter(within).collect();
        let theirs = texts(route);
        let theirs: Vec<_> = theirs.iter().filter(within).collect();
        assert_eq!(ours, theirs, "between {first} and {last}");
    }
}

#[test]
fn an_empty_log_becomes_the_servers() {
    run(async {
        let (served, stream) = (route((0..250).chain(300..410)), in_memory().await);
        let report = sync(&honest(&served), &stream).await.expect("it syncs");
        assert_eq!(all(stream.log()).await, texts(&served));
        assert_eq!(stream.log().coverage(), (vec![(0, 409)], vec![]));
        assert_eq!((report.requests, report.events), (4, 360));
        assert_eq!((report.accepted, report.doubles), (360, 0));
        assert!(report.complete && report.gaps.is_empty());
        assert!(report.bytes > 360 * 100);
    });
}

#[test]
fn the_servers_copies_take_the_place_of_those_from_a_socket() {
    run(async {
        let (served, stream) = (route(0..30), in_memory().await);
        live(stream.log(), 10..20, "text").await;
        live(stream.log(), 5..9, "told otherwise").await;
        assert_eq!(stream.log().coverage().1, [(0, 19)]);
        let report = sync(&honest(&served), &stream).await.expect("it syncs");
        assert_eq!(all(stream.log()).await, texts(&served));
        assert_eq!(
            (report.accepted, report.replaced, report.doubles),
            (16, 4, 10)
        );
        assert!(report.complete);
    });
}

#[test]
fn only_what_is_missing_is_asked_for() {
    run(async {
        let (mut served, stream) = (route(0..300), in_memory().await);
        let answers = Rc::new(RefCell::new(served.clone()));
        let http = Rc::new(Scripted::new({
            let answers = Rc::clone(&answers);
            move |request: &Request<'_>| Some(Ok(answers.borrow().answer(request.url)))
        }));
        let server: Rc<dyn Http> = Rc::clone(&http) as Rc<dyn Http>;
        sync(&server, &stream).await.expect("it syncs");
        http.asked();
        let again = sync(&server, &stream).await.expect("it syncs");
        assert_eq!(
            http.asked(),
            ["/events?start_id=300&reverse=False&limit=100"]
        );
        assert_eq!((again.events, again.complete), (0, true));
        // The socket brings one, and not those before it.
        served.0.extend(route(300..=320).0);
        *answers.borrow_mut() = served.clone();
        live(stream.log(), [320], "text").await;
        assert_eq!(stream.log().coverage().1, [(300, 320)]);
        let last = sync(&server, &stream).await.expect("it syncs");
        assert_eq!(http.asked().len(), 1);
        assert_eq!((last.events, last.accepted, last.doubles), (21, 20, 1));
        assert_eq!(all(stream.log()).await, texts(&served));
    });
}

#[test]
fn a_gap_between_known_stretches_is_asked_for_alone() {
    run(async {
        let (served, stream) = (route((0..300).filter(|id| id % 7 != 3)), in_memory().await);
        let log = stream.log();
        for (first, last) in [(0, 90), (120, 199)] {
            let part = served.0.range(first..=last);
            let items =
                part.map(|(id, _)| Item::event(events::message(*id, "text"), Origin::Remote));
            let covers = Some((first, last));
            log.append(items.collect(), covers).await.expect("written");
        }
        let http = Rc::new(Scripted::new({
            let served = served.clone();
            move |request: &Request<'_>| Some(Ok(served.answer(request.url)))
        }));
        let server: Rc<dyn Http> = Rc::clone(&http) as Rc<dyn Http>;
        let report = sync(&server, &stream).await.expect("it syncs");
        assert_eq!(
            http.asked(),
            [
                "/events?start_id=91&reverse=False&end_id=119&limit=100",
                "/events?start_id=200&reverse=False&limit=100"
            ]
        );
        assert!(report.complete);
        assert_eq!((report.doubles, log.coverage().0), (0, vec![(0, 299)]));
        assert_eq!(all(log).await, texts(&served));
    });
}

/// Answers when it was asked for a second time, and counts who waits meanwhile.
struct Busy {
    route: Route,
    waiting: Cell<usize>,
    most: Cell<usize>,
}

impl Http for Busy {
    fn get<'a>(&'a self, request: Request<'a>) -> Answer<'a, Response> {
        let answer = async move {
            self.waiting.set(self.waiting.get() + 1);
            self.most.set(self.most.get().max(self.waiting.get()));
            let mut polled = false;
            poll_fn(|context| match std::mem::replace(&mut polled, true) {
                true => Poll::Ready(()),
                false => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            })
            .await;
            self.waiting.set(self.waiting.get() - 1);
            Ok(self.route.answer(request.url))
        };
        answer.boxed_local()
    }
}

#[test]
fn many_gaps_are_asked_for_a_few_at_a_time_and_each_once() {
    run(async {
        let (served, stream) = (route(0..1000), in_memory().await);
        // Each tenth is missing, and in one place more than what the server gives at once.
        let has = |id: &i64| id % 10 != 3 && !(400..650).contains(id);
        let known: Vec<i64> = (0..1000).filter(has).collect();
        for run in known.chunk_by(|one, other| one + 1 == *other) {
            let item = |id: &i64| Item::event(events::message(*id, "text"), Origin::Remote);
            let covers = Some((run[0], run[run.len() - 1]));
            let items = run.iter().map(item).collect();
            stream
                .log()
                .append(items, covers)
                .await
                .expect("it is written");
        }
        let busy = Rc::new(Busy {
            route: served.clone(),
            waiting: Cell::default(),
            most: Cell::default(),
        });
        let http: Rc<dyn Http> = Rc::clone(&busy) as Rc<dyn Http>;
        let report = sync(&http, &stream).await.expect("it syncs");
        assert_eq!(all(stream.log()).await, texts(&served));
        assert!(report.complete, "{:?}", report.gaps);
        assert_eq!(report.doubles, 0);
        assert_eq!(report.events, 1000 - known.len() as u64);
        assert_eq!(busy.most.get(), 6);
    });
}

#[test]
fn whatever_was_there_before_the_log_is_the_servers_afterwards() {
    for_seeds(150, |_, random| {
        let mut served = Route::default();
        for id in 0..random.number(0, 400) {
            if !random.one_in(3) {
                served.0.insert(id, events::v0(random, id).text.to_string());
            }
        }
        let before = anything(random, &served);
        run(async move {
            let stream = in_memory().await;
            for (items, covers) in before {
                let written = stream.log().append(items, covers).await;
                written.expect("it is written");
            }
            let report = sync(&honest(&served), &stream).await.expect("it syncs");
            assert_eq!(all(stream.log()).await, texts(&served));
            assert!(report.complete);
            let came = report.accepted + report.replaced + report.doubles;
            assert_eq!((came, report.rejected), (report.events, 0));
            check_claims(stream.log(), &served).await;
        });
    });
}

type Before = Vec<(Vec<Item>, Option<(i64, i64)>)>;

/// Some of a conversation as a socket brought it, changed at times, and some as imports did.
fn anything(random: &mut Random, served: &Route) -> Before {
    let mut before = Before::new();
    let changed = |random: &mut Random, text: &str| match random.one_in(3) {
        true => text.replacen('{', "{\"changed\": 1, ", 1),
        false => text.to_owned(),
    };
    let mut socket = Vec::new();
    for text in served.0.values() {
        if random.one_in(3) {
            let text = changed(random, text);
            let event = Event::from_json(text.as_bytes()).expect("an event");
            socket.push(Item::event(event, Origin::Live));
        }
    }
    random.shuffle(&mut socket);
    before.push((socket, None));
    for _ in 0..random.below(4) {
        let (one, two) = (random.number(0, 400), random.number(0, 400));
        let (first, last) = (one.min(two), one.max(two));
        let last = last.min(served.0.keys().copied().max().unwrap_or(-1));
        if first > last {
            continue;
        }
        let part = served.0.range(first..=last).map(|(_, text)| {
            let event = Event::from_json(text.as_bytes()).expect("an event");
            Item::event(event, Origin::Remote)
        });
        before.push((part.collect(), Some((first, last))));
    }
    before
}

#[test]
fn a_sync_that_dies_at_any_commit_goes_on_from_there() {
    let served = route((0..450).filter(|id| id % 11 != 5));
    let whole = served.0.len() as u64;
    for crash_at in 1..=6 {
        for seed in 0..4 {
            let served = served.clone();
            run(async move {
                let records = Rc::new(Memory::new());
                let faults = Faults {
                    seed,
                    delay: 2,
                    crash_at: Some(crash_at),
                    ..Faults::default()
                };
                let options = pages(4096, 60);
                let dying: Rc<dyn Backend> = Rc::new(Faulty::new(&records, faults));
                let first = stream(&dying, &options).await.expect("it opens");
                let mut cut = begin(&honest(&served));
                let ended = finish(&mut cut, &first).await;
                assert!(crash_at > 5 || ended.is_err(), "{ended:?}");
                let healthy = Rc::clone(&records) as Rc<dyn Backend>;
                let second = stream(&healthy, &options).await.expect("it opens");
                check_claims(second.log(), &served).await;
                let stored = second.log().record().events;
                let report = sync(&honest(&served), &second).await.expect("it syncs");
                assert_eq!(report.events, whole - stored, "something came twice");
                assert_eq!(all(second.log()).await, texts(&served));
                assert!(report.complete);
            });
        }
    }
}

#[test]
fn a_network_that_fails_at_any_request_loses_nothing() {
    for failing in 1..=5 {
        run(async move {
            let (served, count) = (route(0..450), Cell::new(0));
            let (answers, stream) = (served.clone(), in_memory().await);
            let http: Rc<dyn Http> = Rc::new(Scripted::new(move |request: &Request<'_>| {
                count.set(count.get() + 1);
                Some(match count.get() == failing {
                    true => Err(Error::Network("cut".into()).into()),
                    false => Ok(answers.answer(request.url)),
                })
            }));
            let mut sync = begin(&http);
            let cut = finish(&mut sync, &stream).await;
            assert_eq!(cut, Err(Error::Network("cut".into()).into()));
            check_claims(stream.log(), &served).await;
            let events = stream.log().record().events;
            assert_eq!(events, (failing - 1) * 100);
            let report = finish(&mut sync, &stream).await.expect("it goes on");
            assert_eq!((report.requests, report.events), (6, 450));
            assert_eq!(all(stream.log()).await, texts(&served));
        });
    }
}

#[test]
fn a_sync_that_is_dropped_anywhere_leaves_what_it_wrote() {
    for turns in 0..60 {
        run(async move {
            let (served, records) = (route(0..350), Rc::new(Memory::new()));
            let faults = Faults {
                delay: 3,
                seed: turns,
                ..Faults::default()
            };
            let slow: Rc<dyn Backend> = Rc::new(Faulty::new(&records, faults));
            let stream = stream(&slow, &pages(4096, 60)).await.expect("it opens");
            {
                let http = honest(&served);
                let mut dropped = Box::pin(sync(&http, &stream));
                for _ in 0..turns {
                    if (&mut dropped).now_or_never().is_some() {
                        break;
                    }
                }
            }
            check_claims(stream.log(), &served).await;
            let report = sync(&honest(&served), &stream).await.expect("it syncs");
            assert!(report.complete);
            assert_eq!(all(stream.log()).await, texts(&served));
        });
    }
}

/// An answer with these events.
fn page(texts: &[String], has_more: bool) -> Response {
    let events = texts.join(", ");
    let body = format!("{{\"events\": [{events}], \"has_more\": {has_more}}}");
    response(200, &body)
}

fn frames(ids: &[i64]) -> Vec<String> {
    ids.iter().map(|id| events::frame(*id, "lie")).collect()
}

#[test]
fn a_lying_server_ends_a_sync_and_proves_nothing() {
    let lies: [(&[i64], bool); 5] = [
        (&[50, 51, 52], true),
        (&[52, 51], false),
        (&[7, 8], true),
        (&[], true),
        (&[60, 60], false),
    ];
    for (ids, has_more) in lies {
        run(async move {
            let (served, stream) = (route(0..50), in_memory().await);
            sync(&honest(&served), &stream).await.expect("it syncs");
            let before = all(stream.log()).await;
            let http: Rc<dyn Http> = Rc::new(Scripted::new(move |_: &Request<'_>| {
                Some(Ok(page(&frames(ids), has_more)))
            }));
            let ended = sync(&http, &stream).await;
            assert!(ended.is_err_and(|why| matches!(*why, Error::BadAnswer(_))));
            let known = if ids == [50, 51, 52] { 52 } else { 49 };
            assert_eq!(stream.log().coverage().0, [(0, known)]);
            let after = all(stream.log()).await;
            assert_eq!(after.get(..before.len()), Some(&before[..]));
        });
    }
}

#[test]
fn what_cant_be_read_leaves_a_gap_around_it() {
    run(async {
        let stream = in_memory().await;
        let mut texts = frames(&[0, 1]);
        texts.push("{\"id\": 2, \"source\": \"agent\"}".into());
        texts.push("[\"no event\"]".into());
        texts.extend(frames(&[5, 6]));
        texts.push("{\"id\": \"x\", \"kind\": \"MessageEvent\"}".into());
        let http: Rc<dyn Http> = Rc::new(Scripted::new(move |request: &Request<'_>| {
            Some(Ok(match request.url.contains("start_id=0&") {
                true => page(&texts, true),
                false => page(&frames(&[9]), false),
            }))
        }));
        let report = sync(&http, &stream).await.expect("it syncs");
        assert_eq!((report.accepted, report.rejected), (5, 3));
        assert!(!report.complete);
        assert_eq!(report.gaps, [(2, 4)]);
        assert_eq!(stream.log().coverage().0, [(0, 1), (5, 9)]);
    });
}

#[test]
fn a_page_that_is_too_large_is_asked_for_in_smaller_ones() {
    run(async {
        let (served, stream) = (route(0..120), in_memory().await);
        let answers = served.clone();
        let http: Rc<dyn Http> = Rc::new(Scripted::new(move |request: &Request<'_>| {
            let mut response = answers.answer(request.url);
            response.body = response.body.filter(|body| body.len() < 2000);
            Some(Ok(response))
        }));
        let report = sync(&http, &stream).await.expect("it syncs");
        assert!(report.complete);
        assert_eq!(all(stream.log()).await, texts(&served));
        let http: Rc<dyn Http> = Rc::new(Scripted::new(|_: &Request<'_>| {
            let body = None;
            Some(Ok(Response {
                body,
                ..response(200, "")
            }))
        }));
        let ended = sync(&http, &stream).await;
        assert_eq!(
            ended,
            Err(Error::BadAnswer("it is too large".into()).into())
        );
    });
}

#[test]
fn an_unknown_conversation_leaves_the_log_as_it_is() {
    run(async {
        let stream = in_memory().await;
        let http: Rc<dyn Http> =
            Rc::new(Scripted::new(|_: &Request<'_>| Some(Ok(response(404, "")))));
        let report = sync(&http, &stream).await.expect("it ends");
        assert_eq!((report.requests, report.complete), (1, true));
        live(stream.log(), 3..5, "text").await;
        let report = sync(&http, &stream).await.expect("it ends");
        assert_eq!((report.complete, report.gaps), (false, vec![(0, 4)]));
        assert_eq!(stream.log().record().events, 2);
    });
}

#[test]
fn what_the_server_does_not_have_stays_and_is_a_gap() {
    run(async {
        let stream = in_memory().await;
        live(stream.log(), 20..23, "made here").await;
        let report = sync(&honest(&route(0..10)), &stream)
            .await
            .expect("it ends");
        assert_eq!(all(stream.log()).await.len(), 13);
        assert_eq!((report.complete, report.gaps), (false, vec![(10, 22)]));
    });
}

#[test]
fn subscribers_hear_of_what_a_sync_brings() {
    run(async {
        let (served, stream) = (route(0..150), in_memory().await);
        let options = SubscribeOptions::default();
        let heard = stream
            .subscribe("s", "c", &options)
            .expect("a subscription");
        sync(&honest(&served), &stream).await.expect("it syncs");
        let batch = heard.next(1000).await.expect("it goes on").expect("events");
        assert_eq!(contents(&batch), texts(&served));
    });
}

#[test]
fn what_cannot_be_read_at_the_end_is_told_as_not_complete() {
    run(async {
        let stream = in_memory().await;
        let mut texts = frames(&[0, 1]);
        texts.push("7".into());
        let http: Rc<dyn Http> = Rc::new(Scripted::new(move |_: &Request<'_>| {
            Some(Ok(page(&texts, false)))
        }));
        let report = sync(&http, &stream).await.expect("it syncs");
        assert_eq!((report.accepted, report.rejected), (2, 1));
        assert!(!report.complete);
    });
}
