//! The classes that TypeScript sees: coarse methods, and cursors to pull from. Options come in as
//! plain objects, events go out as bytes. User code is never called while anything is borrowed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use js_sys::{Array, Function, Object, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::convert::{
    Answer, batch, event_id, filtered, intervals, known_filter, masking, only_known, options, put,
    secrets, timestamp,
};
use super::cursors::{Cursor, ExportCursor, ReplayHandle, Subscription};
use super::notify::Notify;
use super::{BrowserClock, ConnectionOptions, IndexedDb};
use crate::backend::{Backend, Clock, Durability, Memory};
use crate::error::{Error, Result};
use crate::event::{Dialect, EventId, FrameForm};
use crate::filter::EventFilter;
use crate::notice::Reporter;
use crate::replay::{Player, ReplayOptions};
use crate::store::{EventStore, ExportFormat, StoreOptions};
use crate::stream::{EventStream, FeedReport};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID, catch)]
    fn random_uuid() -> Answer<String>;
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct OpenOptions {
    name: Option<String>,
    user_id: Option<String>,
    durability: Option<String>,
    cache_size: Option<f64>,
    memory_budget: Option<f64>,
    timeout: Option<f64>,
    max_subscribers: Option<f64>,
    log_level: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ConversationOptions {
    dialect: Option<Dialect>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ImportOptions {
    id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct FollowOptions {
    from: Option<f64>,
    filter: Option<EventFilter>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ExportOptions {
    format: Option<ExportFormat>,
    screenshots: Option<bool>,
}

/// What the conversations of a store share.
struct Home {
    store: EventStore,
    reporter: Reporter,
    max_subscribers: usize,
    streams: RefCell<HashMap<String, Weak<Live>>>,
    counters: Counters,
}

/// A conversation that is in use.
struct Live {
    stream: EventStream,
    secrets: RefCell<Vec<(String, String)>>,
}

#[derive(Default)]
struct Counters {
    accepted: Cell<u64>,
    doubles: Cell<u64>,
    status: Cell<u64>,
    rejected: Cell<u64>,
    bytes: Cell<u64>,
}

fn count(counter: &Cell<u64>, more: impl Into<u64>) {
    counter.set(counter.get().saturating_add(more.into()));
}

/// All conversations of one database.
#[wasm_bindgen]
pub struct Store {
    home: Rc<Home>,
    mode: &'static str,
}

#[wasm_bindgen]
impl Store {
    /// Opens the database; in memory where the browser has no storage, which `notify` is told.
    pub async fn open(given: JsValue, notify: Function) -> Answer<Store> {
        let given: OpenOptions = options(given)?;
        let notify = Notify::new(notify, given.log_level.as_deref().unwrap_or("warn"));
        notify.on_panic();
        let durability = match given.durability.as_deref() {
            None | Some("relaxed") => Durability::Relaxed,
            Some("strict") => Durability::Strict,
            Some(other) => {
                let why = format!("durability is relaxed or strict, not {other}");
                return Err(Error::InvalidArgument(why).into());
            }
        };
        let defaults = StoreOptions::default();
        let store_options = StoreOptions {
            durability,
            memory_budget: size(given.memory_budget, defaults.memory_budget),
            page_bytes: defaults.page_bytes,
            page_events: size(given.cache_size, defaults.page_events),
        };
        let (backend, mode) = backend(&given, &notify).await?;
        let clock: Rc<dyn Clock> = Rc::new(BrowserClock::new());
        let reporter = Reporter::new(move |notice| notify.notice(notice));
        let home = Home {
            store: EventStore::new(backend, clock, reporter.clone(), &store_options),
            reporter,
            max_subscribers: size(given.max_subscribers, 1000),
            streams: RefCell::default(),
            counters: Counters::default(),
        };
        Ok(Store {
            home: Rc::new(home),
            mode,
        })
    }

    /// `indexeddb` or `memory`.
    pub fn mode(&self) -> String {
        self.mode.into()
    }

    /// A conversation; the same id gives the same log.
    pub async fn conversation(&self, id: String, given: JsValue) -> Answer<Log> {
        let pairs = match given.is_object() {
            true => js_sys::Reflect::get(&given, &JsValue::from_str("secrets"))?,
            false => JsValue::UNDEFINED,
        };
        let given: ConversationOptions = options(given)?;
        let live = live(&self.home, &id, given.dialect).await?;
        let log = Log {
            home: Rc::clone(&self.home),
            live,
        };
        if !pairs.is_undefined() && !pairs.is_null() {
            log.set_secrets(pairs)?;
        }
        Ok(log)
    }

    /// The stored conversations.
    pub async fn conversations(&self) -> Answer<Array> {
        let found = self.home.store.conversations().await?;
        let describe = |info: crate::store::ConversationInfo| {
            let object = Object::new();
            let record = &info.record;
            put(&object, "id", &*info.id);
            put(
                &object,
                "dialect",
                name(record.dialect.unwrap_or(Dialect::V0)),
            );
            put(&object, "events", record.events as f64);
            put(&object, "bytes", record.bytes as f64);
            put(
                &object,
                "firstTimestamp",
                timestamp(record.first_timestamp.as_deref()),
            );
            put(
                &object,
                "lastTimestamp",
                timestamp(record.last_timestamp.as_deref()),
            );
            put(&object, "lastAccess", record.last_access);
            put(&object, "pinned", record.pinned);
            put(&object, "gaps", info.gaps() as f64);
            object
        };
        Ok(found.into_iter().map(describe).collect())
    }

    /// Deletes a conversation; what is subscribed to it ends.
    #[wasm_bindgen(js_name = deleteConversation)]
    pub async fn delete_conversation(&self, id: String) -> Answer<()> {
        self.home.store.delete_conversation(&id).await?;
        let live = self
            .home
            .streams
            .borrow_mut()
            .remove(&id)
            .and_then(|live| live.upgrade());
        if let Some(live) = live {
            live.stream.close();
        }
        Ok(())
    }

    /// Pins a conversation, or lets it be evicted again.
    pub async fn pin(&self, id: String, pinned: bool) -> Answer<()> {
        Ok(self.home.store.pin(&id, pinned).await?)
    }

    /// Imports a file. Without an id, the conversation is named after the file's contents.
    pub async fn import(
        &self,
        bytes: Vec<u8>,
        given: JsValue,
        progress: Function,
    ) -> Answer<JsValue> {
        let given: ImportOptions = options(given)?;
        let id = given
            .id
            .unwrap_or_else(|| format!("import-{:016x}", crate::page::Summary::id_hash(&bytes)));
        let live = live(&self.home, &id, None).await?;
        let total = bytes.len() as f64;
        let mut told = |done: usize| {
            let _ = progress.call2(&JsValue::UNDEFINED, &(done as f64).into(), &total.into());
        };
        let report = live.stream.log().import(&bytes, &mut told).await?;
        let object = Object::new();
        put(&object, "conversationId", id);
        put(&object, "format", report.form.name());
        put(&object, "accepted", report.accepted as f64);
        put(&object, "doubles", report.doubles as f64);
        put(&object, "rejected", report.rejected as f64);
        let fault = |(line, reason): &(usize, String)| {
            let fault = Object::new();
            put(&fault, "line", *line as f64);
            put(&fault, "reason", reason.as_str());
            fault
        };
        put(
            &object,
            "errors",
            report.faults.iter().map(fault).collect::<Array>(),
        );
        Ok(object.into())
    }

    /// Counters since the store was opened.
    pub async fn stats(&self) -> Answer<JsValue> {
        let (counters, cache) = (&self.home.counters, self.home.store.cache_stats());
        let object = Object::new();
        put(&object, "mode", self.mode);
        put(&object, "accepted", counters.accepted.get() as f64);
        put(&object, "doubles", counters.doubles.get() as f64);
        put(&object, "status", counters.status.get() as f64);
        put(&object, "rejected", counters.rejected.get() as f64);
        put(&object, "bytesFed", counters.bytes.get() as f64);
        put(&object, "cacheBytes", cache.bytes as f64);
        put(&object, "cachePages", cache.pages as f64);
        put(&object, "cacheHits", cache.hits as f64);
        put(&object, "cacheMisses", cache.misses as f64);
        Ok(object.into())
    }

    /// Closes the database and ends every subscription.
    pub async fn close(&self) -> Answer<()> {
        let streams: Vec<_> = self.home.streams.take().into_values().collect();
        for live in streams.iter().filter_map(Weak::upgrade) {
            live.stream.close();
        }
        self.home.store.close();
        Ok(())
    }
}

/// IndexedDB, or memory where the browser has none for this page.
async fn backend(given: &OpenOptions, notify: &Notify) -> Result<(Rc<dyn Backend>, &'static str)> {
    let name = given.name.as_deref().unwrap_or("oh-event-store");
    let name = match &given.user_id {
        Some(user) => format!("{name}/{user}"),
        None => name.to_owned(),
    };
    let mut connection = ConnectionOptions::new(&name);
    if let Some(timeout) = given.timeout.filter(|timeout| *timeout >= 1.0) {
        connection.timeout = timeout as u32;
    }
    let events = notify.clone();
    connection.on_event = Rc::new(move |event| events.connection(event));
    match IndexedDb::open(connection).await {
        Ok(database) => Ok((Rc::new(database), "indexeddb")),
        Err(why @ Error::Storage { .. }) => {
            notify.degraded(&why.to_string());
            Ok((Rc::new(Memory::new()), "memory"))
        }
        Err(why) => Err(why),
    }
}

fn size(given: Option<f64>, default: usize) -> usize {
    given
        .filter(|size| *size >= 1.0)
        .map_or(default, |size| size as usize)
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::V0 => "v0",
        Dialect::V1 => "v1",
    }
}

/// The conversation in use by this id, opened if need be.
async fn live(home: &Rc<Home>, id: &str, dialect: Option<Dialect>) -> Result<Rc<Live>> {
    let in_use = || home.streams.borrow().get(id).and_then(Weak::upgrade);
    if let Some(live) = in_use() {
        return Ok(live);
    }
    let log = home.store.conversation(id, dialect).await?;
    if let Some(live) = in_use() {
        return Ok(live);
    }
    let stream = EventStream::new(log, home.reporter.clone(), home.max_subscribers);
    let live = Rc::new(Live {
        stream,
        secrets: RefCell::default(),
    });
    home.streams
        .borrow_mut()
        .insert(id.to_owned(), Rc::downgrade(&live));
    Ok(live)
}

/// One conversation.
#[wasm_bindgen]
pub struct Log {
    home: Rc<Home>,
    live: Rc<Live>,
}

#[wasm_bindgen]
impl Log {
    /// `v0` or `v1`.
    pub fn dialect(&self) -> String {
        name(self.live.stream.log().dialect()).into()
    }

    /// The newest position, -1 when empty.
    #[wasm_bindgen(js_name = latestId)]
    pub async fn latest_id(&self) -> f64 {
        self.live.stream.log().latest_event_id() as f64
    }

    /// One event.
    pub async fn get(&self, id: JsValue) -> Answer<JsValue> {
        Ok(batch(
            &self.live.stream.log().get_event(&event_id(&id)?).await?,
        ))
    }

    /// Begins a search.
    pub fn search(&self, given: JsValue) -> Answer<Cursor> {
        only_known(&given, &["startId", "endId", "reverse", "filter", "limit"])?;
        Ok(Cursor::new(
            self.live.stream.log().search(&filtered(given)?),
        ))
    }

    /// The server's `get_matching_events`.
    pub async fn matching(&self, given: JsValue) -> Answer<JsValue> {
        const KNOWN: [&str; 8] = [
            "query",
            "eventTypes",
            "source",
            "startDate",
            "endDate",
            "startId",
            "limit",
            "reverse",
        ];
        only_known(&given, &KNOWN)?;
        Ok(batch(
            &self.live.stream.log().matching(options(given)?).await?,
        ))
    }

    /// How many events match.
    pub async fn count(&self, filter: JsValue) -> Answer<f64> {
        known_filter(&filter)?;
        let filter: EventFilter = options(filter)?;
        Ok(self.live.stream.log().count_events(Some(filter)).await? as f64)
    }

    /// The server's `add_event`.
    pub async fn add(&self, event: String, source: String) -> Answer<JsValue> {
        let id = match self.live.stream.log().dialect() {
            Dialect::V0 => None,
            Dialect::V1 => Some(EventId::Text(random_uuid()?.into())),
        };
        let timestamp = self.home.store.clock().timestamp();
        let added = self
            .live
            .stream
            .add_event(event.as_bytes(), &source, timestamp, id)
            .await?;
        Ok(batch(&added))
    }

    /// One socket message as it came; `parsed` when a client has parsed it and it was spelled out
    /// again.
    pub async fn feed(&self, frame: JsValue, parsed: bool) -> Answer<JsValue> {
        let form = if parsed {
            FrameForm::Parsed
        } else {
            FrameForm::Raw
        };
        let bytes = match (frame.as_string(), frame.dyn_ref::<Uint8Array>()) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(bytes)) => bytes.to_vec(),
            (None, None) => {
                return Err(Error::InvalidArgument("a frame is text or bytes".into()).into());
            }
        };
        let report = self.live.stream.feed(&bytes, form).await?;
        let counters = &self.home.counters;
        count(&counters.accepted, report.accepted);
        count(&counters.doubles, report.doubles);
        count(&counters.status, report.status);
        count(&counters.rejected, report.rejected);
        count(&counters.bytes, bytes.len() as u64);
        Ok(feed_report(&report))
    }

    /// History, then what comes.
    pub fn follow(&self, given: JsValue) -> Answer<Subscription> {
        only_known(&given, &["from", "filter"])?;
        let given: FollowOptions = filtered(given)?;
        let from = given.from.map(|from| from as i64);
        Ok(Subscription::new(
            self.live.stream.follow(from, given.filter),
        ))
    }

    /// The server's `subscribe`.
    pub fn subscribe(
        &self,
        subscriber: String,
        callback: String,
        given: JsValue,
    ) -> Answer<Subscription> {
        only_known(&given, &["filter", "from", "policy", "bufferSize"])?;
        let given = filtered(given)?;
        Ok(Subscription::new(self.live.stream.subscribe(
            &subscriber,
            &callback,
            &given,
        )?))
    }

    /// The server's `unsubscribe`.
    pub fn unsubscribe(&self, subscriber: String, callback: String) -> bool {
        self.live.stream.unsubscribe(&subscriber, &callback)
    }

    /// The server's `set_secrets`.
    #[wasm_bindgen(js_name = setSecrets)]
    pub fn set_secrets(&self, given: JsValue) -> Answer<()> {
        let pairs = secrets(&given)?;
        self.live.stream.log().set_secrets(masking(pairs.clone()));
        *self.live.secrets.borrow_mut() = pairs;
        Ok(())
    }

    /// The server's `update_secrets`: those of the same name are replaced.
    #[wasm_bindgen(js_name = updateSecrets)]
    pub fn update_secrets(&self, given: JsValue) -> Answer<()> {
        let mut pairs = self.live.secrets.borrow().clone();
        for (name, value) in secrets(&given)? {
            match pairs.iter_mut().find(|(known, _)| *known == name) {
                Some(pair) => pair.1 = value,
                None => pairs.push((name, value)),
            }
        }
        self.live.stream.log().set_secrets(masking(pairs.clone()));
        *self.live.secrets.borrow_mut() = pairs;
        Ok(())
    }

    /// Begins a replay, paused.
    pub async fn replay(&self, given: JsValue) -> Answer<ReplayHandle> {
        only_known(&given, &["speed", "maxIdle", "filter"])?;
        let given: ReplayOptions = filtered(given)?;
        let clock = self.home.store.clock();
        Ok(ReplayHandle::new(
            Player::open(self.live.stream.log(), clock, given).await?,
        ))
    }

    /// Begins an export.
    pub fn export(&self, given: JsValue) -> Answer<ExportCursor> {
        only_known(&given, &["format", "screenshots"])?;
        let given: ExportOptions = options(given)?;
        let format = given.format.unwrap_or_default();
        let screenshots = given.screenshots.unwrap_or(false);
        Ok(ExportCursor::new(
            self.live.stream.log().export(format, screenshots),
        ))
    }

    /// What is known to be complete.
    pub fn coverage(&self) -> JsValue {
        let (known, gaps) = self.live.stream.log().coverage();
        let object = Object::new();
        put(&object, "known", intervals(&known));
        put(&object, "gaps", intervals(&gaps));
        put(&object, "complete", gaps.is_empty());
        object.into()
    }

    /// Lets go of the conversation; what is committed stays, and others' handles to it go on.
    pub async fn close(&self) -> Answer<()> {
        Ok(())
    }
}

fn feed_report(report: &FeedReport) -> JsValue {
    let object = Object::new();
    put(&object, "accepted", report.accepted);
    put(&object, "doubles", report.doubles);
    put(&object, "status", report.status);
    put(&object, "rejected", report.rejected);
    if let Some(reason) = &report.reason {
        put(&object, "reason", reason.as_str());
    }
    object.into()
}
