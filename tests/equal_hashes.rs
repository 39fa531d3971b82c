//! Two ids with one hash are two events all the same: neither is taken for the other.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::Memory;
use oh_event_store::event::{Event, EventId};
use oh_event_store::page::{Origin, Summary};
use oh_event_store::store::{After, Change, Item, Log, Outcome};
use support::events::OF_ONE_HASH as IDS;
use support::{all, open, pages, run};

fn text(id: &str) -> String {
    format!(r#"{{"id": "{id}", "kind": "MessageEvent", "source": "agent"}}"#)
}

fn item(id: &str, after: After) -> Item {
    let event = Event::from_json(text(id).as_bytes()).unwrap();
    Item::follows(event, Origin::Remote, after)
}

async fn take(log: &Log, ids: &[&str]) -> Vec<bool> {
    let start = match log.latest_event_id() {
        -1 => After::Nothing,
        _ => After::Newest,
    };
    let starts = std::iter::once(start).chain(std::iter::repeat(After::Item));
    let items = ids.iter().zip(starts).map(|(id, after)| item(id, after));
    let outcomes = log.append(items.collect(), None).await.unwrap();
    let is_new = |outcome: &Outcome| match outcome {
        Outcome::Accepted(_) => true,
        Outcome::Double => false,
        other => panic!("{other:?}"),
    };
    outcomes.iter().map(is_new).collect()
}

async fn check(log: &Rc<Log>, ids: &[&str]) {
    let found: Vec<_> = all(log).await.into_iter().map(|(_, text)| text).collect();
    assert_eq!(found, ids.iter().map(|id| text(id)).collect::<Vec<_>>());
    for id in IDS {
        let one = log.get_event(&EventId::Text(id.into())).await;
        assert_eq!(one.is_ok(), ids.contains(&id));
        assert!(one.is_err() || support::contents(&one.unwrap())[0].1 == text(id));
    }
    // Each has followed the one before it.
    assert!(log.coverage().0.len() <= 1, "{:?}", log.coverage());
    // Whatever comes again is there.
    assert!(!take(log, ids).await.contains(&true));
}

#[test]
fn both_are_kept_and_found_in_the_tail_and_in_pages() {
    let hashes = IDS.map(|id| Summary::id_hash(id.as_bytes()));
    assert_eq!(hashes[0], hashes[1]);
    let between: Vec<String> = (0..40).map(|number| format!("e{number}")).collect();
    let between: Vec<&str> = between.iter().map(|id| &**id).collect();
    for between in [&[], &between[..1], &between] {
        run({
            let between: Vec<String> = between.iter().map(|id| (*id).to_owned()).collect();
            async move {
                let between: Vec<&str> = between.iter().map(|id| &**id).collect();
                let records = Rc::new(Memory::new());
                let mut ids = Vec::new();
                for part in [&IDS[..1], &between, &IDS[1..], &["last"]] {
                    // The log as it has grown, and as it is read.
                    let log = open(&records, &pages(300, 1000)).await;
                    let half = part.len() / 2;
                    for part in [&part[..half], &part[half..]] {
                        assert!(!take(&log, part).await.contains(&false));
                        ids.extend(part);
                        check(&log, &ids).await;
                    }
                }
                check(&open(&records, &pages(300, 1000)).await, &ids).await;
            }
        });
    }
}

#[test]
fn another_tab_hears_of_the_second_once() {
    for more in [0, 40] {
        run(async move {
            let records = Rc::new(Memory::new());
            let log = open(&records, &pages(300, 1000)).await;
            take(&log, &IDS[..1]).await;
            let other = open(&records, &pages(300, 1000)).await;
            let heard = Rc::new(RefCell::new(Vec::new()));
            let hear = Rc::clone(&heard);
            other.set_on_commit(Rc::new(move |change| match change {
                Change::Committed(entries) => {
                    let texts = entries.iter().map(|entry| entry.event.text.to_string());
                    hear.borrow_mut().extend(texts);
                }
                Change::Truncated(_) => panic!("nothing was rolled back"),
            }));
            let mut ids = vec![IDS[1].to_owned()];
            ids.extend((0..more).map(|number| format!("e{number}")));
            for id in &ids {
                take(&log, &[id]).await;
            }
            for _ in 0..2 {
                other.refresh().await.unwrap();
            }
            let texts: Vec<_> = ids.iter().map(|id| text(id)).collect();
            assert_eq!(*heard.borrow(), texts);
        });
    }
}

#[test]
fn both_are_kept_out_of_one_commit_in_either_order() {
    for ids in [IDS, [IDS[1], IDS[0]]] {
        run(async move {
            let records = Rc::new(Memory::new());
            let log = open(&records, &pages(300, 1000)).await;
            assert_eq!(take(&log, &ids).await, [true, true]);
            check(&log, &ids).await;
            assert_eq!(take(&log, &[ids[1], ids[0], ids[0]]).await, [false; 3]);
            check(&open(&records, &pages(300, 1000)).await, &ids).await;
        });
    }
}
