//! A sync from a V1 server: the order of its pages becomes the log's, and what is missing in the
//! middle finds its place.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use oh_event_store::backend::{Clock, Http, Memory, Request, Response, Scripted};
use oh_event_store::error::{Error, Result};
use oh_event_store::event::{Dialect, Event};
use oh_event_store::notice::Reporter;
use oh_event_store::page::Origin;
use oh_event_store::store::{After, Item, ROOM};
use oh_event_store::stream::EventStream;
use oh_event_store::sync::{Server, ServerOptions, Sync, SyncReport};
use support::events::OF_ONE_HASH;
use support::route::response;
use support::{ManualClock, all, pages, run, store};

fn text(number: usize) -> String {
    format!("{{\"id\": \"e{number}\", \"timestamp\": \"t\", \"kind\": \"MessageEvent\"}}")
}

fn event(number: usize) -> Event {
    Event::from_json(text(number).as_bytes()).expect("it is an event")
}

/// A server with so many events; who asks for a page that it doesn't know gets the first one.
fn server(count: usize, asked: &Rc<RefCell<Vec<String>>>) -> Sync {
    let asked = Rc::clone(asked);
    answering(move |url| {
        asked.borrow_mut().push(url.to_owned());
        let page = url.split_once("page_id=e").map(|(_, id)| id.parse());
        let from = page.map_or(0, |page| page.expect("a number"));
        let from = if from < count { from } else { 0 };
        let to = (from + 100).min(count);
        let items: Vec<String> = (from..to).map(text).collect();
        let next = if to < count {
            format!("\"e{to}\"")
        } else {
            "null".into()
        };
        format!(
            "{{\"items\": [{}], \"next_page_id\": {next}}}",
            items.join(", ")
        )
    })
}

fn answering(answer: impl Fn(&str) -> String + 'static) -> Sync {
    scripted(move |request| Some(Ok(response(200, &answer(request.url)))))
}

fn scripted(answer: impl Fn(&Request<'_>) -> Option<Result<Response>> + 'static) -> Sync {
    let http: Rc<dyn Http> = Rc::new(Scripted::new(answer));
    let clock: Rc<dyn Clock> = ManualClock::new();
    let server = Server::new(http, clock, Reporter::default(), ServerOptions::default());
    Sync::new(server.expect("a server"))
}

async fn finish(mut sync: Sync, stream: &EventStream) -> Result<SyncReport> {
    for _ in 0..100 {
        let (report, ended) = sync.step(stream).await?;
        if ended {
            return Ok(report);
        }
    }
    panic!("it goes on for ever");
}

async fn stream() -> EventStream {
    let log = store(Rc::new(Memory::new()), &pages(4096, 60))
        .conversation("c", Some(Dialect::V1))
        .await
        .expect("it opens");
    EventStream::new(log, Reporter::default(), 10, Rc::default())
}

async fn store_run(stream: &EventStream, numbers: std::ops::Range<usize>) {
    let mut after = After::Unknown;
    let items = numbers.map(|number| {
        let after = std::mem::replace(&mut after, After::Newest);
        Item::follows(event(number), Origin::Live, after)
    });
    stream
        .log()
        .append(items.collect(), None)
        .await
        .expect("it is written");
}

async fn texts(stream: &EventStream) -> Vec<String> {
    let all = all(stream.log()).await;
    all.into_iter().map(|(_, text)| text).collect()
}

fn says(ended: &Result<SyncReport>, what: &str) -> bool {
    let bad = ended
        .as_ref()
        .is_err_and(|why| matches!(**why, Error::BadAnswer(_)));
    bad && ended
        .as_ref()
        .is_err_and(|why| why.to_string().contains(what))
}

#[test]
fn an_empty_log_becomes_the_servers_and_its_positions_count_from_0() {
    run(async {
        let (asked, stream) = (Rc::default(), stream().await);
        let report = finish(server(250, &asked), &stream)
            .await
            .expect("it syncs");
        assert_eq!(texts(&stream).await, (0..250).map(text).collect::<Vec<_>>());
        assert_eq!(stream.log().latest_event_id(), 249);
        assert_eq!(
            (report.requests, report.accepted, report.doubles),
            (3, 250, 0)
        );
        assert!(report.complete);

        // Once more it is one request, for what may have come.
        asked.borrow_mut().clear();
        let report = finish(server(250, &asked), &stream)
            .await
            .expect("it syncs");
        assert_eq!((report.requests, report.accepted), (1, 0));
        assert_eq!(asked.borrow()[0], "/events/search?limit=100&page_id=e249");
    });
}

#[test]
fn a_page_may_end_with_an_id_that_has_the_hash_of_one_before_it() {
    run(async {
        let id = |number| match number {
            40 => OF_ONE_HASH[0].to_owned(),
            99 => OF_ONE_HASH[1].to_owned(),
            _ => format!("e{number}"),
        };
        let text = move |number| {
            text(number).replace(&format!("\"e{number}\""), &format!("{:?}", id(number)))
        };
        let server = || {
            answering(move |url| {
                let (from, to, next) = match url.contains("page_id=e100") {
                    true => (100, 150, "null"),
                    false => (0, 100, "\"e100\""),
                };
                let items: Vec<String> = (from..to).map(text).collect();
                format!(
                    "{{\"items\": [{}], \"next_page_id\": {next}}}",
                    items.join(", ")
                )
            })
        };
        let stream = stream().await;
        let report = finish(server(), &stream).await.expect("it syncs");
        assert_eq!(texts(&stream).await, (0..150).map(text).collect::<Vec<_>>());
        assert_eq!(
            (report.requests, report.accepted, report.doubles),
            (2, 150, 0)
        );
        assert!(report.complete);
    });
}

#[test]
fn what_is_missing_in_the_middle_and_before_the_first_finds_its_place() {
    run(async {
        let (asked, stream) = (Rc::default(), stream().await);
        store_run(&stream, 120..130).await;
        store_run(&stream, 200..205).await;
        let (known, gaps) = stream.log().coverage();
        assert_eq!(known, [(0, 9), (9 + ROOM, 13 + ROOM)]);
        assert_eq!(gaps, [(10, 8 + ROOM)]);
        let report = finish(server(230, &asked), &stream)
            .await
            .expect("it syncs");
        assert!(report.complete, "{report:?}");
        assert_eq!(texts(&stream).await, (0..230).map(text).collect::<Vec<_>>());
        let first = stream.log().record().range.expect("events").0;
        assert_eq!(first, -ROOM, "what came first keeps its position");
    });
}

#[test]
fn a_server_that_leads_in_circles_or_has_another_history_is_found_out() {
    run(async {
        let stream = stream().await;
        let circle =
            answering(|_| format!("{{\"items\": [{}], \"next_page_id\": \"e0\"}}", text(0)));
        let ended = finish(circle, &stream).await;
        assert!(says(&ended, "circles"), "{ended:?}");

        store_run(&stream, 1..9).await;
        let (asked, before) = (Rc::default(), texts(&stream).await);
        finish(server(9, &asked), &stream).await.expect("it syncs");
        let ended = finish(server(4, &asked), &stream).await;
        assert!(says(&ended, "e8"), "{ended:?}");
        assert_eq!(texts(&stream).await, before, "nothing is lost by it");
    });
}

#[test]
fn what_is_no_event_is_passed_over() {
    run(async {
        let stream = stream().await;
        let odd = answering(|_| {
            let items = [text(0), "{\"id\": 4}".into(), "7".into(), text(1)];
            format!(
                "{{\"items\": [{}], \"next_page_id\": null}}",
                items.join(", ")
            )
        });
        let report = finish(odd, &stream).await.expect("it syncs");
        assert_eq!((report.accepted, report.rejected), (2, 2));
        assert!(!report.complete);
        assert_eq!(report.gaps, [(1, 2)]);
        assert_eq!(texts(&stream).await, [text(0), text(1)]);
    });
}

/// A server that answers each address with these events and the id of the next page.
fn paging(page: impl Fn(Option<&str>) -> (Vec<String>, Option<&'static str>) + 'static) -> Sync {
    answering(move |url| {
        let (items, next) = page(url.split_once("page_id=").map(|(_, id)| id));
        let next = next.map_or("null".into(), |id| format!("\"{id}\""));
        let items = items.join(", ");
        format!("{{\"items\": [{items}], \"next_page_id\": {next}}}")
    })
}

/// Wherever it stands: in a page, at its beginning or end, or all of it.
#[test]
fn what_cannot_be_read_is_a_gap_and_finds_its_place_once_it_can() {
    let pages = |odd: [usize; 3]| {
        move |id: Option<&str>| {
            let event = |number| match odd.contains(&number) {
                true => "7".into(),
                false => text(number),
            };
            match id {
                None => ((0..4).map(event).collect(), Some("e4")),
                Some("e4") => ((4..7).map(event).collect(), None),
                Some(id) => {
                    let from = id.trim_start_matches('e').parse().expect("a number");
                    ((from..7).map(event).collect(), None)
                }
            }
        }
    };
    for odd in [
        [1, 2, 5],
        [0, 1, 1],
        [2, 3, 3],
        [5, 6, 6],
        [3, 5, 6],
        [0, 3, 5],
    ] {
        for known in [vec![], vec![4], vec![4, 6]] {
            run(async move {
                let stream = stream().await;
                for number in known {
                    store_run(&stream, number..number + 1).await;
                }
                let report = finish(paging(pages(odd)), &stream).await.expect("it syncs");
                assert!(
                    !report.complete && report.rejected > 0,
                    "{odd:?}: {report:?}"
                );
                let there = texts(&stream).await;
                let kept =
                    (0..7).filter(|number| !odd.contains(number) || there.contains(&text(*number)));
                assert_eq!(there, kept.map(text).collect::<Vec<_>>(), "{odd:?}");
                let report = finish(paging(pages([9; 3])), &stream)
                    .await
                    .expect("it syncs");
                assert!(report.complete, "{odd:?}: {report:?}");
                assert_eq!(
                    texts(&stream).await,
                    (0..7).map(text).collect::<Vec<_>>(),
                    "{odd:?}"
                );
            });
        }
    }
}

#[test]
fn the_end_of_a_first_page_of_nothing_usable_is_no_beginning() {
    run(async {
        let stream = stream().await;
        let odd = paging(|id| match id {
            None => (vec!["7".into(), "8".into()], Some("e2")),
            Some(_) => (vec![text(2), text(3)], None),
        });
        let report = finish(odd, &stream).await.expect("it syncs");
        assert_eq!((report.accepted, report.rejected), (2, 2));
        assert_eq!(report.gaps, [(0, 1)]);
        let report = finish(server(4, &Rc::default()), &stream).await;
        assert!(report.expect("it syncs").complete);
        assert_eq!(texts(&stream).await, (0..4).map(text).collect::<Vec<_>>());
    });
}

#[test]
fn a_circle_is_found_out_after_the_end_was_looked_for_once_more() {
    run(async {
        let stream = stream().await;
        store_run(&stream, 9..10).await;
        let circle = paging(|id| match id {
            None => (vec![text(0), text(1)], None),
            Some("e1") => (vec![text(1)], Some("e2")),
            Some("e2") => (vec![text(2)], Some("e1")),
            Some(id) => panic!("{id}"),
        });
        let ended = finish(circle, &stream).await;
        assert!(says(&ended, "circles"), "{ended:?}");
    });
}

#[test]
fn a_page_of_one_event_is_no_circle_when_the_next_one_has_to_be_asked_for_again() {
    run(async {
        let (stream, tries) = (stream().await, Cell::new(0));
        let single = move |request: &Request<'_>| {
            let id = request.url.split_once("page_id=e").map(|(_, id)| id);
            let number: usize = id.map_or(0, |id| id.parse().expect("a number"));
            tries.set(tries.get() + usize::from(number == 2));
            let next = ["\"e1\"", "\"e2\"", "null"][number];
            let body = format!(
                "{{\"items\": [{}], \"next_page_id\": {next}}}",
                text(number)
            );
            Some(Ok(match (number, tries.get()) {
                (2, 1) => response(401, ""),
                _ => response(200, &body),
            }))
        };
        let mut sync = scripted(single);
        let ended = async {
            while let Ok((_, ended)) = sync.step(&stream).await {
                assert!(!ended, "it was refused nothing");
            }
            finish(sync, &stream).await
        };
        assert!(ended.await.expect("it syncs").complete);
        assert_eq!(texts(&stream).await, (0..3).map(text).collect::<Vec<_>>());
    });
}

#[test]
fn a_log_without_events_becomes_a_v1_servers_which_refuses_what_a_v0_server_is_asked() {
    for status in [0, 405, 422] {
        run(async move {
            let log = store(Rc::new(Memory::new()), &pages(4096, 60))
                .conversation("c", None)
                .await
                .expect("it opens");
            let stream = EventStream::new(log, Reporter::default(), 10, Rc::default());
            let page = format!("{{\"items\": [{}], \"next_page_id\": null}}", text(0));
            let sync = scripted(move |request| {
                Some(Ok(match request.url.contains("/events/search") {
                    true => response(200, &page),
                    false => response(status, ""),
                }))
            });
            let report = finish(sync, &stream).await.expect("it syncs");
            assert!(report.complete);
            assert_eq!(texts(&stream).await, [text(0)]);
            // What neither server would answer is an error.
            let stream = EventStream::new(
                store(Rc::new(Memory::new()), &pages(4096, 60))
                    .conversation("d", None)
                    .await
                    .expect("it opens"),
                Reporter::default(),
                10,
                Rc::default(),
            );
            let refused = scripted(move |_| Some(Ok(response(status, ""))));
            let why = finish(refused, &stream).await.expect_err("it is refused");
            assert_eq!(*why, Error::Refused(status));
        });
    }
}

#[test]
fn a_log_without_events_becomes_what_the_server_has() {
    run(async {
        let log = store(Rc::new(Memory::new()), &pages(4096, 60))
            .conversation("c", None)
            .await
            .expect("it opens");
        let stream = EventStream::new(log, Reporter::default(), 10, Rc::default());
        let both = answering(|url| {
            let items = [text(0), text(1)].join(", ");
            match url.contains("/events/search") {
                true => format!("{{\"items\": [{items}], \"next_page_id\": null}}"),
                false => format!("{{\"events\": [{items}], \"has_more\": false}}"),
            }
        });
        let report = finish(both, &stream).await.expect("it syncs");
        assert_eq!((report.accepted, report.rejected), (2, 0));
        assert!(report.complete);
        assert_eq!(stream.log().dialect(), Dialect::V1);
    });
}
