//! What is written is what is read, and nothing else is: pages, summaries, tail records,
//! conversation records.
#![cfg(not(target_arch = "wasm32"))]

mod support;

use std::collections::BTreeSet;
use std::rc::Rc;

use oh_event_store::error::{Error, Result};
use oh_event_store::event::Dialect;
use oh_event_store::filter::Matcher;
use oh_event_store::page::{Entry, Origin, Page, Probe, Signatures, Summary};
use oh_event_store::store::{Coverage, Record};
use support::{Random, events, for_seeds};

const ORIGINS: [Origin; 3] = [Origin::Local, Origin::Live, Origin::Remote];

fn entries(random: &mut Random, most: u64) -> Vec<Entry> {
    let v1 = random.one_in(3);
    let count = 1 + random.below(most);
    let positions: BTreeSet<i64> = (0..count)
        .map(|_| random.number(0, 3 * most as i64))
        .collect();
    let entry = |position: i64| Entry {
        position,
        origin: *random.pick(&ORIGINS),
        version: random.below(4) as u16,
        event: Rc::new(match v1 {
            true => events::v1(random, &format!("id-{position}")),
            false => events::v0(random, position),
        }),
    };
    positions.into_iter().map(entry).collect()
}

fn record(random: &mut Random) -> Record {
    let mut coverage = Coverage::default();
    for _ in 0..random.below(4) {
        let first = random.number(-5, 100);
        coverage.add(first, first + random.number(0, 9));
    }
    Record {
        generation: random.next(),
        dialect: *random.pick(&[None, Some(Dialect::V0), Some(Dialect::V1)]),
        next_page: random.number(0, 1 << 50),
        events: random.next(),
        bytes: random.next(),
        first_timestamp: random.one_in(2).then(|| b"2025"[..].into()),
        last_timestamp: random.one_in(2).then(|| b""[..].into()),
        last_access: random.below(1 << 50) as f64 / 8.0,
        pinned: random.one_in(2),
        range: random
            .one_in(2)
            .then(|| (random.number(-9, 9), random.number(10, 99))),
        coverage,
    }
}

#[test]
fn a_page_is_read_as_it_was_written() {
    for_seeds(200, |_, random| {
        let entries = entries(random, 40);
        let page = Page::new(&entries);
        let read = Page::decode(page.record().to_vec()).unwrap();
        assert_eq!(read, page);
        assert_eq!(read.entries().unwrap(), entries);
        let summary = read.summary(7);
        assert_eq!(summary, page.summary(7));
        let others = [Rc::new(summary.clone()), Rc::new(page.summary(8))];
        let both = Summary::decode(&Summary::encode(&others), &mut |class| class).unwrap();
        assert_eq!(both, [summary.clone(), page.summary(8)]);
        assert_eq!(summary.count(), entries.len() as u64);
        assert!(
            summary
                .positions()
                .eq(entries.iter().map(|entry| entry.position))
        );
        for position in -1..130 {
            let there = entries.iter().any(|entry| entry.position == position);
            assert_eq!(summary.contains(position), there);
        }
        for entry in &entries {
            assert_eq!(&Entry::decode(&entry.encode()).unwrap(), entry);
        }
        let record = record(random);
        assert_eq!(Record::decode(&record.encode()).unwrap(), record);
    });
}

#[test]
fn columns_and_summary_say_what_the_events_say() {
    for_seeds(300, |_, random| {
        let entries = entries(random, 30);
        let page = Page::decode(Page::new(&entries).record().to_vec()).unwrap();
        let filter = events::filter(random);
        let matcher = Matcher::new(&filter);
        let wanted = |index: &u16| matcher.matches(&entries[usize::from(*index)].event);
        let expected: Vec<u16> = (0..entries.len() as u16).filter(wanted).collect();
        if !matcher.never() {
            assert_eq!(*page.matching(&matcher), expected);
        }
        let summary = page.summary(0);
        assert!(expected.is_empty() || summary.in_dates(&matcher));
        if summary.all_in_dates(&matcher) && !matcher.reads_text() && !matcher.never() {
            let classes = summary.classes.iter();
            let wanted = classes.filter(|(class, _)| class.wanted(&matcher));
            let count: u32 = wanted.map(|(_, count)| count).sum();
            assert_eq!(count as usize, expected.len());
        }
    });
}

fn summaries(page: &Page) -> Vec<u8> {
    Summary::encode(&[Rc::new(page.summary(3)), Rc::new(page.summary(4))])
}

fn signatures(page: &Page) -> Vec<u8> {
    let mut signatures = Signatures::default();
    page.sign(3, &mut signatures);
    signatures.encode()
}

/// All that has one wrong byte, and all that is cut off.
fn damaged(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let flipped = (0..bytes.len()).flat_map(move |at| {
        [1, 0x80, 0xff].map(|mask| {
            let mut copy = bytes.to_vec();
            copy[at] ^= mask;
            copy
        })
    });
    flipped.chain((0..bytes.len()).map(|end| bytes[..end].to_vec()))
}

fn is_corrupt<T>(answer: Result<T>) -> bool {
    answer.is_err_and(|why| matches!(*why, Error::Corrupt(_)))
}

#[test]
fn no_damaged_byte_and_no_cut_is_taken_for_data() {
    for_seeds(3, |_, random| {
        let entries = entries(random, 12);
        let page = Page::new(&entries);
        for bytes in damaged(page.record()) {
            assert!(is_corrupt(Page::decode(bytes)));
        }
        for bytes in damaged(&summaries(&page)) {
            assert!(is_corrupt(Summary::decode(&bytes, &mut |class| class)));
        }
        for bytes in damaged(&signatures(&page)) {
            assert!(is_corrupt(Signatures::decode(&bytes)));
        }
        for bytes in damaged(&entries[0].encode()) {
            assert!(is_corrupt(Entry::decode(&bytes)));
        }
        for bytes in damaged(&record(random).encode()) {
            assert!(is_corrupt(Record::decode(&bytes)));
        }
    });
}

/// Puts the right checksum under wrong bytes.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.len().saturating_sub(8);
    bytes.truncate(end);
    let sum = xxhash_rust::xxh64::xxh64(&bytes, 0);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes
}

#[test]
fn wrong_bytes_under_a_right_checksum_never_panic() {
    for_seeds(12, |_, random| {
        let entries = entries(random, 8);
        let page = Page::new(&entries);
        for bytes in damaged(page.record()).map(sealed) {
            if let Ok(page) = Page::decode(bytes) {
                let matcher = Matcher::new(&events::filter(random));
                let _ = page.matching(&matcher);
                let _ = page.summary(1).in_dates(&matcher);
                let _ = page.entries();
            }
        }
        for bytes in damaged(&summaries(&page)).map(sealed) {
            for summary in Summary::decode(&bytes, &mut |class| class).unwrap_or_default() {
                let _ = (summary.count(), summary.contains(5));
                summary.positions().take(1000).count();
            }
        }
        for bytes in damaged(&signatures(&page)).map(sealed) {
            if let Ok(signatures) = Signatures::decode(&bytes) {
                let _ = signatures.may_hold(3, &Probe::new(b"needle"));
            }
        }
        for bytes in damaged(&entries[0].encode()).map(sealed) {
            let _ = Entry::decode(&bytes);
        }
        for bytes in damaged(&record(random).encode()).map(sealed) {
            let _ = Record::decode(&bytes);
        }
    });
}

#[test]
fn what_a_newer_release_wrote_is_refused_by_its_version() {
    let mut random = Random::new(1);
    let entries = entries(&mut random, 8);
    let page = Page::new(&entries);
    let newer = |mut bytes: Vec<u8>, at: usize| {
        bytes[at] = 2;
        sealed(bytes)
    };
    let error = |what| {
        let (found, known) = (2, 1);
        Box::new(Error::VersionTooNew { what, found, known })
    };
    let found = Page::decode(newer(page.record().to_vec(), 4)).unwrap_err();
    assert_eq!(found, error("page"));
    let found = Summary::decode(&newer(summaries(&page), 0), &mut |class| class).unwrap_err();
    assert_eq!(found, error("page summaries"));
    let found = Signatures::decode(&newer(signatures(&page), 0)).unwrap_err();
    assert_eq!(found, error("page signatures"));
    let found = Entry::decode(&newer(entries[0].encode(), 0)).unwrap_err();
    assert_eq!(found, error("tail record"));
    let found = Record::decode(&newer(record(&mut random).encode(), 0)).unwrap_err();
    assert_eq!(found, error("conversation record"));
}
