//! Bytes per second of what every event and every search goes through: `cargo bench`.

#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
criterion::criterion_main!(native::benches);

#[cfg(not(target_arch = "wasm32"))]
mod native {
    use std::hint::black_box;
    use std::rc::Rc;

    use criterion::{Criterion, Throughput, criterion_group};
    use oh_event_store::event::{Frame, FrameForm};
    use oh_event_store::filter::{AsciiFinder, EventFilter, Matcher};
    use oh_event_store::page::{Entry, Origin, Page, Signatures};

    const WORDS: [&str; 12] = [
        "return",
        "self.value",
        "error:",
        "\\n    ",
        "/usr/lib/python3",
        "caf\u{e9}",
        "the",
        "assert",
        "\\\"key\\\":",
        "0x7f3a",
        "traceback",
        "def run(",
    ];

    /// A page's worth of terminal output as a socket brings it; a fifth has non-ASCII characters.
    fn frames() -> Vec<String> {
        let mut state = 42u64;
        let mut next = |limit: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % limit
        };
        let frame = |id| {
            let count = 50 + next(400);
            let words: Vec<&str> = (0..count)
                .map(|_| WORDS[next(if id % 5 == 0 { 12 } else { 5 })])
                .collect();
            format!(
                "{{\"id\":{id},\"timestamp\":\"2025-08-31T15:23:{:02}.5\",\"source\":\"agent\",\
                 \"observation\":\"run\",\"content\":\"{}\",\"extras\":{{\"exit_code\":0}}}}",
                id % 60,
                words.join(" ")
            )
        };
        (0..64).map(frame).collect()
    }

    fn entries(frames: &[String]) -> Vec<Entry> {
        let entry = |(position, frame): (usize, &String)| {
            let Ok(Frame::Event(event)) = Frame::read(frame.as_bytes(), FrameForm::Raw) else {
                panic!("it is an event");
            };
            let (position, origin, version) = (position as i64, Origin::Live, 0);
            Entry {
                position,
                origin,
                version,
                event: Rc::new(event),
            }
        };
        frames.iter().enumerate().map(entry).collect()
    }

    fn core(criterion: &mut Criterion) {
        let frames = frames();
        let entries = entries(&frames);
        let page = Page::new(&entries);
        let texts: Vec<u8> = entries
            .iter()
            .flat_map(|entry| entry.event.text.bytes())
            .collect();
        let query = |text: &str| {
            let query = Some(text.to_owned());
            Matcher::new(&EventFilter {
                query,
                ..EventFilter::default()
            })
        };
        let by_type = Matcher::new(&EventFilter {
            include_types: vec!["CmdOutputObservation".to_owned()],
            source: Some("user".to_owned()),
            ..EventFilter::default()
        });

        let mut group = criterion.benchmark_group("in");
        let bytes: usize = frames.iter().map(String::len).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("a frame to its canonical text", |bencher| {
            bencher.iter(|| {
                for frame in &frames {
                    let _ = black_box(Frame::read(frame.as_bytes(), FrameForm::Raw));
                }
            });
        });
        group.throughput(Throughput::Bytes(texts.len() as u64));
        group.bench_function("tail records", |bencher| {
            bencher.iter(|| {
                entries
                    .iter()
                    .map(|entry| entry.encode().len())
                    .sum::<usize>()
            });
        });
        group.bench_function("a page", |bencher| bencher.iter(|| Page::new(&entries)));
        group.bench_function("a page's summary", |bencher| {
            bencher.iter(|| page.summary(1))
        });
        group.bench_function("a page's signature", |bencher| {
            bencher.iter(|| page.sign(1, &mut Signatures::default()));
        });
        group.finish();

        let mut group = criterion.benchmark_group("out");
        group.throughput(Throughput::Bytes(texts.len() as u64));
        group.bench_function("a page, checked", |bencher| {
            bencher.iter(|| Page::decode(page.record().to_vec()));
        });
        for (name, needle) in [
            ("rare", "Zq_x9"),
            ("common bytes", "serter"),
            ("one byte", "~"),
        ] {
            let finder = AsciiFinder::new(needle);
            group.bench_function(format!("scan for what isn't there: {name}"), |bencher| {
                bencher.iter(|| finder.find(black_box(&texts)));
            });
        }
        for (name, matcher) in [
            ("a frequent word", query("Error:")),
            ("a rare word", query("segfault")),
            ("type and source", by_type),
        ] {
            group.bench_function(format!("filter: {name}"), |bencher| {
                bencher.iter(|| page.matching(&matcher));
            });
        }
        group.finish();
    }

    criterion_group!(benches, core);
}
