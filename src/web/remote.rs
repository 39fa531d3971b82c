//! What asks a server: the remote store, and a sync under way.

use std::rc::Rc;

use futures_util::FutureExt;
use js_sys::{Function, Object, Promise};
use wasm_bindgen::prelude::*;

use super::BrowserClock;
use super::convert::{Answer, batch, decompose, event_id, intervals, promise, put};
use super::cursors::{Cursor, Reader, unless_closed};
use super::home::Live;
use super::http::Fetch;
use super::notify::Notify;
use super::options::{self, Options};
use crate::error::Result;
use crate::notice::Reporter;
use crate::sync::{NestedEventStore, Server, Sync, SyncReport};

/// A server's log, and nothing of it here.
#[wasm_bindgen]
pub struct Nested(Rc<NestedEventStore>);

#[wasm_bindgen]
impl Nested {
    /// A server's events; nothing is asked yet.
    pub fn open(given: JsValue, notify: Function) -> Answer<Nested> {
        let given = Options::read(given, options::NESTED)?;
        let notify = Notify::new(notify, given.log_level()?);
        notify.on_panic();
        let reporter = Reporter::new(move |notice| notify.notice(notice));
        let server = server(&given, reporter, None)?;
        Ok(Nested(Rc::new(
            NestedEventStore::new(server).decomposing(decompose),
        )))
    }

    /// Begins a search.
    pub fn search(&self, given: JsValue) -> Answer<Cursor> {
        let given = Options::read(given, options::SEARCH)?.search()?;
        Ok(Cursor::new(self.0.search(&given)))
    }

    /// One event.
    pub fn get(&self, id: JsValue) -> Promise {
        self.ask(Question::Event, id)
    }

    /// The newest event.
    pub fn latest(&self) -> Promise {
        self.ask(Question::Latest, JsValue::UNDEFINED)
    }

    /// The newest event's id, -1 where there is none.
    #[wasm_bindgen(js_name = latestId)]
    pub fn latest_id(&self) -> Promise {
        self.ask(Question::LatestId, JsValue::UNDEFINED)
    }

    /// The server's `get_matching_events`.
    pub fn matching(&self, given: JsValue) -> Promise {
        self.ask(Question::Matching, given)
    }

    /// How many events match.
    pub fn count(&self, filter: JsValue) -> Promise {
        self.ask(Question::Count, filter)
    }

    /// Aborts what is under way.
    pub fn close(&self) {
        self.0.close();
    }

    /// All questions in one future, which is much smaller than one for each.
    fn ask(&self, question: Question, given: JsValue) -> Promise {
        let store = Rc::clone(&self.0);
        promise(async move {
            let found = match question {
                Question::Event => store.get_event(&event_id(&given)?).await?,
                Question::Latest => store.latest_event().await?,
                Question::Matching => {
                    let given = Options::read(given, options::MATCHING)?.matching()?;
                    store.matching(given).await?
                }
                Question::LatestId => return Ok((store.latest_event_id().await? as f64).into()),
                Question::Count => {
                    let filter = options::filter(given)?;
                    return Ok((store.count_events(Some(filter)).await? as f64).into());
                }
            };
            Ok(batch(&found))
        })
    }
}

/// What a remote store is asked for.
enum Question {
    Event,
    Latest,
    LatestId,
    Matching,
    Count,
}

/// A sync under way.
#[wasm_bindgen]
pub struct SyncRun {
    reader: Rc<Reader<Sync>>,
    live: Rc<Live>,
}

impl SyncRun {
    pub(super) fn new(server: Server, live: Rc<Live>) -> SyncRun {
        SyncRun {
            reader: Rc::new(Reader::new(Sync::new(server))),
            live,
        }
    }
}

#[wasm_bindgen]
impl SyncRun {
    /// Asks for one more page and stores it; undefined once it is closed.
    pub fn next(&self) -> Promise {
        let (reader, live) = (Rc::clone(&self.reader), Rc::clone(&self.live));
        promise(async move {
            let Some(mut sync) = reader.lend()? else {
                return Ok(JsValue::UNDEFINED);
            };
            let work = async {
                let (report, ended) = sync.step(&live.stream).await?;
                Ok(told(&report, ended))
            };
            let done = unless_closed(&reader.closing, work.boxed_local()).await;
            reader.give_back(sync);
            done
        })
    }

    /// Ends it; what is stored stays.
    pub fn close(&self) {
        self.reader.close();
    }
}

fn told(report: &SyncReport, ended: bool) -> JsValue {
    let counts = [
        ("requests", report.requests),
        ("events", report.events),
        ("bytes", report.bytes),
        ("accepted", report.accepted),
        ("replaced", report.replaced),
        ("doubles", report.doubles),
        ("rejected", report.rejected),
    ];
    let (answer, told) = (Object::new(), Object::new());
    for (name, count) in counts {
        put(&told, name, count as f64);
    }
    put(&told, "complete", report.complete);
    put(&told, "gaps", intervals(&report.gaps));
    put(&answer, "report", told);
    put(&answer, "ended", ended);
    answer.into()
}

/// The server that options name; `timeout` in milliseconds, unless they say otherwise.
pub(super) fn server(given: &Options, reporter: Reporter, timeout: Option<u32>) -> Result<Server> {
    let clock = Rc::new(BrowserClock::new());
    Server::new(Rc::new(Fetch), clock, reporter, given.server(timeout)?)
}
