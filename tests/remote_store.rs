//! NestedEventStore: the server's log as it is, and an end with every answer there can be.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures::executor::LocalPool;
use oh_event_store::backend::{Clock, Request, Response, Scripted};
use oh_event_store::error::{Error, Recovery, Result};
use oh_event_store::event::EventId;
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{MatchingOptions, SearchOptions};
use oh_event_store::sync::{NestedEventStore, Server, ServerOptions};
use support::oracle::Oracle;
use support::route::{Route, response};
use support::{ManualClock, contents, events, for_seeds, lines, listening, run, spawn};

const KEY: &str = "key-that-nobody-sees";

type Answer = Option<Result<Response>>;

fn options() -> ServerOptions {
    ServerOptions {
        base_url: "https://example.org/api/conversations/c/".into(),
        session_api_key: Some(KEY.into()),
        ..ServerOptions::default()
    }
}

/// A store whose server answers so.
fn asking(answer: impl Fn(&Request<'_>) -> Answer + 'static) -> NestedEventStore {
    let clock: Rc<dyn Clock> = ManualClock::new();
    let server = Server::new(
        Rc::new(Scripted::new(answer)),
        clock,
        Reporter::default(),
        options(),
    );
    NestedEventStore::new(server.expect("a server"))
}

/// Everything that a search finds until it ends or fails.
async fn read(store: &NestedEventStore, options: &SearchOptions) -> (Vec<i64>, Option<Error>) {
    let mut search = store.search(options);
    let mut ids = Vec::new();
    loop {
        match search.next(7).await {
            Ok(Some(batch)) => ids.extend(batch.positions),
            Ok(None) => return (ids, None),
            Err(why) => return (ids, Some(*why)),
        }
    }
}

fn route(ids: impl IntoIterator<Item = i64>) -> Route {
    let texts = ids.into_iter().map(|id| (id, events::frame(id, "text")));
    Route(texts.collect())
}

#[test]
fn it_finds_what_a_naive_reading_finds() {
    for_seeds(200, |_, random| {
        let (mut texts, mut all) = (Route::default(), Oracle::default());
        for id in 0..random.number(0, 90) {
            if !random.one_in(4) {
                let event = events::v0(random, id);
                texts.0.insert(id, event.text.to_string());
                all.add(&event, Origin::Remote);
            }
        }
        let limits = [None, Some(0), Some(1), Some(3), Some(100), Some(150)];
        let options = SearchOptions {
            start_id: random.one_in(2).then(|| random.number(-3, 95)),
            end_id: None,
            reverse: random.one_in(2),
            limit: *random.pick(&limits),
            filter: Some(events::filter(random)),
        };
        let expected = all.search(&options);
        let expected: Vec<_> = expected.into_iter().map(|(id, _)| id).collect();
        let (found, error) = run(async move {
            let store = asking(move |request| Some(Ok(texts.answer(request.url))));
            read(&store, &options).await
        });
        assert_eq!(error, None);
        assert_eq!(found, expected);
    });
}

#[test]
fn a_missing_event_is_not_the_next_one() {
    run(async {
        let served = route([0, 1, 5]);
        let store = asking(move |request| Some(Ok(served.answer(request.url))));
        let found = store.get_event(&EventId::Number(5)).await.expect("event 5");
        assert_eq!(contents(&found), [(5, events::frame(5, "text"))]);
        for id in [
            EventId::Number(3),
            EventId::Number(6),
            EventId::Number(-1),
            EventId::Text("5".into()),
        ] {
            let missing = Err(Error::EventNotFound(id.to_string()).into());
            assert_eq!(store.get_event(&id).await, missing);
        }
        assert_eq!(store.latest_event_id().await, Ok(5));
        let matching = store.matching(MatchingOptions {
            limit: Some(2),
            ..MatchingOptions::default()
        });
        assert_eq!(matching.await.expect("matches").positions, [0, 1]);
        let limit = Some(101);
        let matching = store.matching(MatchingOptions {
            limit,
            ..MatchingOptions::default()
        });
        assert!(
            matching
                .await
                .is_err_and(|why| matches!(*why, Error::InvalidArgument(_)))
        );
        assert_eq!(store.count_events(None).await, Ok(3));
    });
}

#[test]
fn an_unknown_conversation_is_an_empty_one() {
    run(async {
        let store = asking(|_| Some(Ok(response(404, "{}"))));
        assert_eq!(
            read(&store, &SearchOptions::default()).await,
            (vec![], None)
        );
        assert_eq!(store.latest_event_id().await, Ok(-1));
        let latest = store.latest_event().await;
        assert!(latest.is_err_and(|why| matches!(*why, Error::EventNotFound(_))));
    });
}

/// A page with these ids.
fn page(ids: &[i64], has_more: bool) -> String {
    let texts: Vec<_> = ids.iter().map(|id| events::frame(*id, "text")).collect();
    let events = texts.join(", ");
    format!("{{\"events\": [{events}], \"has_more\": {has_more}}}")
}

#[test]
fn no_lie_is_believed_and_none_is_asked_for_ever() {
    let lies = [
        page(&[0, 1, 2], true),
        page(&[2, 1, 0], true),
        page(&[1, 1], false),
        page(&[], true),
        page(&[3, 4, 900], true),
        "{\"events\": [{\"x\": 1}], \"has_more\": true}".to_owned(),
        "{\"events\": [1, [2], \"x\"], \"has_more\": true}".to_owned(),
        "{\"events\": {}, \"has_more\": false}".to_owned(),
        "{\"events\": [], \"has_more\": 0}".to_owned(),
        "{\"events\": []}".to_owned(),
        "{\"has_more\": false}".to_owned(),
        "{\"detail\": \"no\"}".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        String::new(),
        "<!doctype html><title>Log in</title>".to_owned(),
        "\r\n\n  <!DOCTYPE html><title>Log in</title>".to_owned(),
        format!("{} {{}}", page(&[0], false)),
        format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)),
    ];
    for lie in lies {
        for reverse in [false, true] {
            let (told, asked) = (lie.clone(), Rc::new(Cell::new(0)));
            let counter = Rc::clone(&asked);
            let (found, error) = run(async move {
                let store = asking(move |_| {
                    counter.set(counter.get() + 1);
                    Some(Ok(response(200, &told)))
                });
                let options = SearchOptions {
                    reverse,
                    ..SearchOptions::default()
                };
                read(&store, &options).await
            });
            assert!(asked.get() <= 2, "asked {} times for {lie}", asked.get());
            assert!(found.len() <= 3, "{found:?} of {lie}");
            let error = error.unwrap_or_else(|| panic!("believed: {lie}"));
            assert!(matches!(error, Error::BadAnswer(_)), "{error}");
            assert_eq!(
                error.to_string().contains("web page"),
                lie.contains("<title>")
            );
            assert_eq!(
                (error.code(), error.recovery()),
                ("network", Recovery::TellUser)
            );
        }
    }
}

#[test]
fn an_answer_that_is_cut_off_anywhere_is_an_error() {
    let whole = page(&[0, 1], false);
    for end in 0..whole.len() {
        let part = whole[..end].to_owned();
        let (found, error) = run(async move {
            let store = asking(move |_| Some(Ok(response(200, &part))));
            read(&store, &SearchOptions::default()).await
        });
        assert!(found.is_empty());
        assert!(
            matches!(error, Some(Error::BadAnswer(_))),
            "{end}: {error:?}"
        );
    }
    let (_, error) = run(async {
        let body = Some(vec![b'"', 0xff, b'"']);
        let answer = Response {
            body,
            ..response(200, "")
        };
        let store = asking(move |_| Some(Ok(answer.clone())));
        read(&store, &SearchOptions::default()).await
    });
    assert!(matches!(error, Some(Error::BadAnswer(_))), "{error:?}");
}

#[test]
fn a_giant_answer_is_not_taken() {
    let (_, error) = run(async {
        let store = asking(|request| {
            assert!(request.most <= 64 << 20);
            let body = None;
            Some(Ok(Response {
                body,
                ..response(200, "")
            }))
        });
        read(&store, &SearchOptions::default()).await
    });
    assert_eq!(error, Some(Error::BadAnswer("it is too large".into())));
}

#[test]
fn what_is_no_event_is_passed_by_and_reported() {
    let (reporter, told) = listening();
    let found = run(async move {
        let odd = "{\"id\": 1, \"source\": \"agent\"}";
        let (first, last) = (events::frame(0, "a"), events::frame(2, "b"));
        let body = format!("{{\"events\": [{first}, {odd}, 7, {last}], \"has_more\": false}}");
        let http = Scripted::new(move |_: &Request<'_>| Some(Ok(response(200, &body))));
        let clock: Rc<dyn Clock> = ManualClock::new();
        let server = Server::new(Rc::new(http), clock, reporter, options());
        let store = NestedEventStore::new(server.expect("a server"));
        read(&store, &SearchOptions::default()).await
    });
    assert_eq!(found, (vec![0, 1, 2], None));
    assert_eq!(lines(&told).len(), 1);
}

#[test]
fn every_other_status_is_an_error_that_says_what_to_do() {
    let recoveries = [
        (0, Recovery::TellUser),
        (301, Recovery::TellUser),
        (400, Recovery::TellUser),
        (401, Recovery::TellUser),
        (403, Recovery::TellUser),
        (410, Recovery::TellUser),
        (418, Recovery::TellUser),
        (429, Recovery::Retry),
        (500, Recovery::Retry),
        (502, Recovery::Retry),
        (504, Recovery::Retry),
    ];
    for (status, recovery) in recoveries {
        let error = Error::Refused(status);
        let (code, text) = (error.code(), error.to_string());
        assert_eq!((code, error.recovery()), ("network", recovery), "{status}");
        assert_eq!(
            text.contains("session API key"),
            [401, 403].contains(&status)
        );
        if status == 429 {
            continue;
        }
        let (found, error) = run(async move {
            let store = asking(move |_| Some(Ok(response(status, &page(&[0], false)))));
            read(&store, &SearchOptions::default()).await
        });
        assert_eq!((found, error), (vec![], Some(Error::Refused(status))));
    }
}

/// How a search ends that waits on a clock, and when each of its requests was made.
fn timed(
    options: ServerOptions,
    answer: impl Fn(usize) -> Answer + 'static,
) -> (Option<Error>, Vec<f64>) {
    let (clock, times) = (ManualClock::new(), Rc::new(RefCell::new(Vec::new())));
    let (start, noted, now) = (clock.now(), Rc::clone(&times), Rc::clone(&clock));
    let http = Scripted::new(move |_: &Request<'_>| {
        noted.borrow_mut().push(now.now() - start);
        answer(noted.borrow().len())
    });
    let server = Server::new(
        Rc::new(http),
        Rc::clone(&clock) as Rc<dyn Clock>,
        Reporter::default(),
        options,
    );
    let store = NestedEventStore::new(server.expect("a server"));
    let mut pool = LocalPool::new();
    let task = spawn(&pool, async move {
        read(&store, &SearchOptions::default()).await.1
    });
    while !task.ended() {
        pool.run_until_stalled();
        if !task.ended() {
            clock.advance(clock.next().expect("somebody sleeps"));
        }
    }
    (task.take().expect("it has ended"), times.take())
}

#[test]
fn a_busy_server_is_asked_again_later_and_later() {
    for status in [429, 503] {
        let (error, times) = timed(options(), move |_| Some(Ok(response(status, ""))));
        assert_eq!(error, Some(Error::Refused(status)));
        let pauses: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses.len(), 4);
        for (pause, most) in pauses.into_iter().zip([500.0, 1000.0, 2000.0, 4000.0]) {
            assert!((most / 2.0..=most).contains(&pause), "{pause} of {most}");
        }
        let (error, times) = timed(options(), move |attempt| match attempt {
            1 | 2 => Some(Ok(response(status, "<html>"))),
            _ => Some(Ok(response(200, &page(&[0], false)))),
        });
        assert_eq!((error, times.len()), (None, 3));
    }
}

#[test]
fn a_server_is_left_alone_for_as_long_as_it_asks_within_reason() {
    for (asked, waited) in [
        (7_000, 7_000.0),
        (3_600_000, 60_000.0),
        (u32::MAX, 60_000.0),
    ] {
        let (error, times) = timed(options(), move |attempt| {
            let retry_after = Some(asked);
            Some(Ok(match attempt {
                1 => Response {
                    retry_after,
                    ..response(429, "")
                },
                _ => response(200, &page(&[0], false)),
            }))
        });
        assert_eq!((error, times), (None, vec![0.0, waited]));
    }
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let patience = ServerOptions {
        timeout: 1234,
        ..options()
    };
    let (error, times) = timed(patience, |_| None);
    let operation = "a request";
    let milliseconds = 1234;
    assert_eq!(
        error,
        Some(Error::Timeout {
            operation,
            milliseconds
        })
    );
    assert_eq!(times.len(), 1);
}

#[test]
fn a_store_that_is_closed_waits_for_nothing() {
    let store = Rc::new(asking(|_| None));
    let mut pool = LocalPool::new();
    let asking = Rc::clone(&store);
    let task = spawn(&pool, async move {
        let found = read(&asking, &SearchOptions::default()).await;
        (found, asking.latest_event_id().await)
    });
    pool.run_until_stalled();
    assert!(!task.ended());
    store.close();
    pool.run_until_stalled();
    let closed = Error::Closed("remote store");
    let answers = ((vec![], Some(closed.clone())), Err(closed.into()));
    assert_eq!(task.take(), Some(answers));
}

#[test]
fn after_an_error_the_same_page_is_asked_for_again() {
    run(async {
        let served = route(0..45);
        let failing = Cell::new(0);
        let store = asking(move |request| {
            failing.set(failing.get() + 1);
            Some(match failing.get() % 2 {
                0 => Ok(served.answer(request.url)),
                _ => Err(Error::Network("cut".into()).into()),
            })
        });
        let (mut search, mut found) = (store.search(&SearchOptions::default()), Vec::new());
        let mut failures = 0;
        loop {
            match search.next(10).await {
                Ok(Some(batch)) => found.extend(batch.positions),
                Ok(None) => break,
                Err(_) => failures += 1,
            }
        }
        assert_eq!(found, (0..45).collect::<Vec<_>>());
        assert_eq!(failures, 3);
    });
}

#[test]
fn the_key_goes_into_its_header_and_nowhere_else() {
    let (reporter, told) = listening();
    let errors = run(async move {
        let http = Scripted::new(|request: &Request<'_>| {
            let key = ("X-Session-API-Key".to_owned(), KEY.to_owned());
            assert_eq!(request.headers, [("X-Other".into(), "1".into()), key]);
            let start = "https://example.org/api/conversations/c/events?";
            assert!(request.url.starts_with(start) && !request.url.contains(KEY));
            // A server that repeats what it was sent.
            let body = format!("{{\"events\": [{KEY:?}], \"has_more\": true}}");
            Some(Ok(response(200, &body)))
        });
        let clock: Rc<dyn Clock> = ManualClock::new();
        let headers = vec![("X-Other".to_owned(), "1".to_owned())];
        let options = ServerOptions {
            headers,
            ..options()
        };
        let server = Server::new(Rc::new(http), clock, reporter, options);
        let store = NestedEventStore::new(server.expect("a server"));
        let (_, error) = read(&store, &SearchOptions::default()).await;
        vec![error.expect("an error").to_string()]
    });
    for said in errors.iter().chain(&lines(&told)) {
        assert!(!said.contains(KEY), "{said}");
    }
}

#[test]
fn what_no_request_can_be_made_of_is_refused_at_once() {
    let wrong = [
        ("https://example.org/?key=1", KEY, "A"),
        ("https://example.org/#a", KEY, "A"),
        ("https://example.org", "two\r\nlines", "A"),
        ("https://example.org", "caf\u{e9}", "A"),
        ("https://example.org", KEY, ""),
        ("https://example.org", KEY, "a b"),
    ];
    for (base_url, key, header) in wrong {
        let clock: Rc<dyn Clock> = ManualClock::new();
        let options = ServerOptions {
            base_url: base_url.into(),
            session_api_key: Some(key.into()),
            headers: vec![(header.into(), "1".into())],
            ..ServerOptions::default()
        };
        let http = Scripted::new(|_: &Request<'_>| None);
        match Server::new(Rc::new(http), clock, Reporter::default(), options) {
            Err(why) if why.code() == "invalid-argument" => {
                assert!(!why.to_string().contains(key), "{why}");
            }
            _ => panic!("taken: {base_url} {key} {header}"),
        }
    }
}
