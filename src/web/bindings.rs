//! The classes that TypeScript sees: coarse methods, and cursors to pull from. Options come in as
//! plain objects, events go out as bytes. User code is never called while anything is borrowed.

use std::rc::Rc;

use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;

use super::convert::{Answer, batch, by_chance, event_id, intervals, promise, put, strings};
use super::cursors::{AllSearch, Cursor, ExportCursor, ReplayHandle, Subscription};
use super::home::{Home, Live};
use super::import::{Pieces, import};
use super::link::Link;
use super::open::open;
use super::options::{self, Options, exact};
use super::remote::{SyncRun, server};
use super::reports;
use super::verify::VerifyRun;
use crate::error::Error;
use crate::event::{Dialect, EventId, FrameForm};
use crate::replay::Player;

#[wasm_bindgen]
extern "C" {
    /// Only there with HTTPS.
    #[wasm_bindgen(js_namespace = crypto, js_name = randomUUID, catch)]
    fn random_uuid() -> Answer<String>;
}

/// All conversations of one database.
#[wasm_bindgen]
pub struct Store {
    home: Rc<Home>,
}

#[wasm_bindgen]
impl Store {
    /// Opens the database; in memory where the browser has no storage, which `notify` is told.
    pub fn open(given: JsValue, notify: Function) -> Promise {
        promise(async move {
            let home = open(given, notify).await?;
            Ok(Store { home }.into())
        })
    }

    /// `indexeddb` or `memory`.
    pub fn mode(&self) -> String {
        self.home.mode().into()
    }

    /// A conversation; the same id gives the same log. Secrets are added to those that it has.
    pub fn conversation(&self, id: JsValue, given: JsValue) -> Promise {
        let home = Rc::clone(&self.home);
        promise(async move {
            let id = exact("id", &id)?;
            let given = Options::read(given, options::CONVERSATION)?;
            let live = home.conversation(&id, given.dialect()?).await?;
            if let Some(pairs) = given.value("secrets")? {
                live.update_secrets(strings(&pairs)?);
            }
            Ok(Log { home, live }.into())
        })
    }

    /// The stored conversations.
    pub fn conversations(&self) -> Promise {
        let home = Rc::clone(&self.home);
        promise(async move {
            let found = home.store.conversations().await?;
            Ok(found
                .iter()
                .map(reports::conversation)
                .collect::<Array>()
                .into())
        })
    }

    /// Begins a search through all conversations.
    #[wasm_bindgen(js_name = searchAll)]
    pub fn search_all(&self, filter: JsValue, given: JsValue) -> Answer<Cursor> {
        let given = Options::read(given, options::SEARCH_ALL)?.search()?;
        let filter = options::filter(filter)?;
        let store = &self.home.store;
        let search = store.search_all(&filter, given.reverse, given.limit);
        Ok(Cursor::new(AllSearch(search, Rc::clone(&self.home))))
    }

    /// Deletes a conversation; who has it open goes on with an empty log.
    #[wasm_bindgen(js_name = deleteConversation)]
    pub fn delete_conversation(&self, id: JsValue) -> Promise {
        let home = Rc::clone(&self.home);
        promise(async move {
            let id = exact("id", &id)?;
            home.store.delete_conversation(&id).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Pins a conversation, or lets it be evicted again.
    pub fn pin(&self, id: JsValue, pinned: bool) -> Promise {
        let home = Rc::clone(&self.home);
        promise(async move {
            let id = exact("id", &id)?;
            home.store.pin(&id, pinned).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Imports a file of about `size` bytes, which comes in pieces from `next`: see [`Pieces`].
    /// Without an id, the conversation is that of the archive, or is named after the file's
    /// contents.
    pub fn import(
        &self,
        next: Function,
        size: usize,
        given: JsValue,
        progress: Function,
    ) -> Promise {
        let home = Rc::clone(&self.home);
        promise(async move {
            let id = Options::read(given, options::IMPORT)?.name("id")?;
            import(&home, Pieces(next), size, id, &progress).await
        })
    }

    /// Counters since the store was opened.
    pub fn stats(&self) -> JsValue {
        reports::stats(
            self.home.mode(),
            self.home.fed.get(),
            self.home.drops.get(),
            self.home.store.cache_stats(),
        )
    }

    /// Closes the database and ends every subscription.
    pub fn close(&self) -> Promise {
        let home = Rc::clone(&self.home);
        promise(async move {
            home.close().await;
            Ok(JsValue::UNDEFINED)
        })
    }
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
        self.live.stream.log().dialect().name().into()
    }

    /// The newest position, -1 when empty.
    #[wasm_bindgen(js_name = latestId)]
    pub fn latest_id(&self) -> f64 {
        self.live.stream.log().latest_event_id() as f64
    }

    /// Rolls the log back to an event; how many events went.
    pub fn truncate(&self, after: JsValue) -> Promise {
        let live = Rc::clone(&self.live);
        promise(async move {
            // As a parameter that is a number, `null` would be 0.
            let after = after
                .as_f64()
                .and_then(options::whole)
                .ok_or_else(|| Box::new(Error::InvalidArgument("afterId is an integer".into())))?;
            let gone = live.stream.log().truncate(after).await?;
            Ok((gone as f64).into())
        })
    }

    /// The newest event.
    pub fn latest(&self) -> Promise {
        let live = Rc::clone(&self.live);
        promise(async move { Ok(batch(&live.stream.log().latest_event().await?)) })
    }

    /// One event.
    pub fn get(&self, id: JsValue) -> Promise {
        let live = Rc::clone(&self.live);
        promise(async move { Ok(batch(&live.stream.log().get_event(&event_id(&id)?).await?)) })
    }

    /// Begins a search.
    pub fn search(&self, given: JsValue) -> Answer<Cursor> {
        let given = Options::read(given, options::SEARCH)?.search()?;
        Ok(Cursor::new(self.live.stream.log().search(&given)))
    }

    /// The server's `get_matching_events`.
    pub fn matching(&self, given: JsValue) -> Promise {
        let live = Rc::clone(&self.live);
        promise(async move {
            let given = Options::read(given, options::MATCHING)?.matching()?;
            Ok(batch(&live.stream.log().matching(given).await?))
        })
    }

    /// How many events match.
    pub fn count(&self, filter: JsValue) -> Promise {
        let live = Rc::clone(&self.live);
        promise(async move {
            let filter = options::filter(filter)?;
            Ok((live.stream.log().count_events(Some(filter)).await? as f64).into())
        })
    }

    /// The server's `add_event`.
    pub fn add(&self, event: JsValue, source: JsValue) -> Promise {
        let live = Rc::clone(&self.live);
        let timestamp = self.home.store.clock().timestamp();
        promise(async move {
            let (event, source) = (exact("event", &event)?, exact("source", &source)?);
            let id = match live.stream.log().dialect() {
                Dialect::V0 => None,
                Dialect::V1 => Some(EventId::Text(
                    random_uuid().unwrap_or_else(|_| by_chance()).into(),
                )),
            };
            Ok(batch(
                &live
                    .stream
                    .add_event(event.as_bytes(), &source, timestamp, id)
                    .await?,
            ))
        })
    }

    /// Socket messages as they came, back to back, and where each ends; `parsed` when a client has
    /// parsed them and they were spelled out again.
    pub fn feed(&self, frames: Vec<u8>, ends: Vec<u32>, parsed: bool) -> Promise {
        let (home, live) = (Rc::clone(&self.home), Rc::clone(&self.live));
        promise(async move {
            let form = if parsed {
                FrameForm::Parsed
            } else {
                FrameForm::Raw
            };
            let starts = std::iter::once(&0).chain(&ends);
            let frame = |(start, end): (&u32, &u32)| frames.get(*start as usize..*end as usize);
            let each: Vec<&[u8]> = starts.zip(&ends).filter_map(frame).collect();
            let feeding = live.stream.feed_all(&each, form);
            drop(each);
            // A subscriber may hold it up for long.
            let length = frames.len();
            drop((frames, ends));
            let reports = feeding.await?;
            home.count(&reports, length);
            Ok(reports.iter().map(reports::feed).collect::<Array>().into())
        })
    }

    /// History, then what comes.
    pub fn follow(&self, given: JsValue) -> Answer<Subscription> {
        let given = Options::read(given, options::FOLLOW)?.subscribe()?;
        Ok(Subscription::new(
            self.live.stream.follow(given.from, given.filter),
        ))
    }

    /// The server's `subscribe`.
    pub fn subscribe(
        &self,
        subscriber: JsValue,
        callback: JsValue,
        given: JsValue,
    ) -> Answer<Subscription> {
        let subscriber = exact("subscriberId", &subscriber)?;
        let callback = exact("callbackId", &callback)?;
        let given = Options::read(given, options::SUBSCRIBE)?.subscribe()?;
        Ok(Subscription::new(self.live.stream.subscribe(
            &subscriber,
            &callback,
            &given,
        )?))
    }

    /// The server's `unsubscribe`.
    pub fn unsubscribe(&self, subscriber: JsValue, callback: JsValue) -> Answer<bool> {
        let subscriber = exact("subscriberId", &subscriber)?;
        let callback = exact("callbackId", &callback)?;
        Ok(self.live.stream.unsubscribe(&subscriber, &callback))
    }

    /// The server's `set_secrets`.
    #[wasm_bindgen(js_name = setSecrets)]
    pub fn set_secrets(&self, given: JsValue) -> Answer<()> {
        self.live.set_secrets(strings(&given)?);
        Ok(())
    }

    /// The server's `update_secrets`.
    #[wasm_bindgen(js_name = updateSecrets)]
    pub fn update_secrets(&self, given: JsValue) -> Answer<()> {
        self.live.update_secrets(strings(&given)?);
        Ok(())
    }

    /// Begins a replay, paused.
    pub fn replay(&self, given: JsValue) -> Promise {
        let (live, clock) = (Rc::clone(&self.live), self.home.store.clock());
        promise(async move {
            let given = Options::read(given, options::REPLAY)?.replay()?;
            let player = Player::open(live.stream.log(), clock, given).await?;
            Ok(ReplayHandle::new(player).into())
        })
    }

    /// Begins an export.
    pub fn export(&self, given: JsValue) -> Answer<ExportCursor> {
        let given = Options::read(given, options::EXPORT)?;
        let screenshots = given.flag("screenshots")?;
        Ok(ExportCursor::new(
            self.live.stream.log().export(given.format()?, screenshots),
        ))
    }

    /// Begins to fill the gaps from a server.
    pub fn sync(&self, given: JsValue) -> Answer<SyncRun> {
        let given = Options::read(given, options::SYNC)?;
        let (reporter, timeout) = (self.home.reporter.clone(), Some(self.home.timeout));
        let server = server(&given, reporter, timeout)?;
        Ok(SyncRun::new(server, Rc::clone(&self.live)))
    }

    /// Begins to look at all records, and to mend them where that is asked for.
    pub fn verify(&self, mend: bool, given: JsValue) -> Answer<VerifyRun> {
        // A repair goes on with a sync.
        Options::read(given, if mend { options::SYNC } else { "" })?;
        let log = self.live.stream.log();
        Ok(VerifyRun::new(match mend {
            false => log.verify(),
            true => log.repair(),
        }))
    }

    /// A connection, which begins when it is told to.
    pub fn connect(&self, given: JsValue) -> Answer<Link> {
        Ok(Link::new(given, &self.home, &self.live)?)
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
}
