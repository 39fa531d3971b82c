//! What TypeScript pulls from: each call of `next` gives one batch.

use std::cell::RefCell;
use std::rc::Rc;

use futures_util::FutureExt;
use futures_util::future::{Either, LocalBoxFuture, select};
use js_sys::{Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{Answer, batch, promise, put};
use super::home::Home;
use super::reports;
use crate::error::{Error, Result};
use crate::replay::{Player, Tick};
use crate::signal::Signal;
use crate::store::{Batch, Export, Search, SearchAll};
use crate::stream::Subscription as Events;
use crate::sync::RemoteSearch;

/// Holds a reader that one call at a time works with.
pub(super) struct Reader<T> {
    place: RefCell<Place<T>>,
    /// Set when it is closed.
    pub(super) closing: Signal,
}

enum Place<T> {
    Here(T),
    Lent,
    Closed,
}

impl<T> Reader<T> {
    pub(super) fn new(reader: T) -> Reader<T> {
        Reader {
            place: RefCell::new(Place::Here(reader)),
            closing: Signal::default(),
        }
    }

    /// Takes the reader; `None` once it is closed.
    pub(super) fn lend(&self) -> Result<Option<T>> {
        match self.place.replace(Place::Lent) {
            Place::Here(reader) => Ok(Some(reader)),
            Place::Closed => {
                self.place.replace(Place::Closed);
                Ok(None)
            }
            Place::Lent => {
                Err(Error::InvalidArgument("the call before this one has not ended".into()).into())
            }
        }
    }

    /// Puts the reader back, unless it was closed meanwhile.
    pub(super) fn give_back(&self, reader: T) {
        let mut place = self.place.borrow_mut();
        if matches!(*place, Place::Lent) {
            *place = Place::Here(reader);
        }
    }

    pub(super) fn close(&self) {
        self.place.replace(Place::Closed);
        self.closing.set();
    }
}

/// What `work` answers, or undefined as soon as it is closed: `work` is dropped then.
pub(super) async fn unless_closed(
    closing: &Signal,
    work: LocalBoxFuture<'_, Answer<JsValue>>,
) -> Answer<JsValue> {
    match select(work, closing.changed()).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Ok(JsValue::UNDEFINED),
    }
}

/// What gives events batch by batch.
pub(super) trait Batches {
    fn next(&mut self, max: usize) -> LocalBoxFuture<'_, crate::Result<Option<Batch>>>;
}

impl Batches for Search {
    fn next(&mut self, max: usize) -> LocalBoxFuture<'_, crate::Result<Option<Batch>>> {
        self.next(max).boxed_local()
    }
}

/// A search through all conversations of a store.
pub(super) struct AllSearch(pub(super) SearchAll, pub(super) Rc<Home>);

impl Batches for AllSearch {
    fn next(&mut self, max: usize) -> LocalBoxFuture<'_, crate::Result<Option<Batch>>> {
        self.0.next(&self.1.store, max).boxed_local()
    }
}

impl Batches for RemoteSearch {
    fn next(&mut self, max: usize) -> LocalBoxFuture<'_, crate::Result<Option<Batch>>> {
        self.next(max).boxed_local()
    }
}

/// A search under way, here or on a server.
#[wasm_bindgen]
pub struct Cursor(Rc<Reader<Box<dyn Batches>>>);

impl Cursor {
    pub(super) fn new(search: impl Batches + 'static) -> Cursor {
        Cursor(Rc::new(Reader::new(Box::new(search))))
    }
}

#[wasm_bindgen]
impl Cursor {
    /// The next matches, at most `max`; undefined at the end.
    pub fn next(&self, max: usize) -> Promise {
        let reader = Rc::clone(&self.0);
        promise(async move {
            let Some(mut search) = reader.lend()? else {
                return Ok(JsValue::UNDEFINED);
            };
            let work = async {
                let found = search.next(max).await?;
                Ok(found.as_ref().map_or(JsValue::UNDEFINED, batch))
            };
            let found = unless_closed(&reader.closing, work.boxed_local()).await;
            reader.give_back(search);
            found
        })
    }

    /// Ends the search.
    pub fn close(&self) {
        self.0.close();
    }
}

/// Events as they come.
#[wasm_bindgen]
pub struct Subscription(Rc<Events>);

impl Subscription {
    pub(super) fn new(events: Events) -> Subscription {
        Subscription(Rc::new(events))
    }
}

#[wasm_bindgen]
impl Subscription {
    /// Waits for events, at most `max`; undefined once it is closed. Asking again says that those
    /// before are worked through.
    pub fn next(&self, max: usize) -> Promise {
        let events = Rc::clone(&self.0);
        promise(async move {
            Ok(events
                .next(max)
                .await?
                .as_ref()
                .map_or(JsValue::UNDEFINED, batch))
        })
    }

    /// Ends it.
    pub fn close(&self) {
        self.0.close();
    }
}

/// A file on its way out.
#[wasm_bindgen]
pub struct ExportCursor(Rc<Reader<Export>>);

impl ExportCursor {
    pub(super) fn new(export: Export) -> ExportCursor {
        ExportCursor(Rc::new(Reader::new(export)))
    }
}

#[wasm_bindgen]
impl ExportCursor {
    /// The next piece; undefined at the end.
    pub fn next(&self) -> Promise {
        let reader = Rc::clone(&self.0);
        promise(async move {
            let Some(mut export) = reader.lend()? else {
                return Ok(JsValue::UNDEFINED);
            };
            let piece = export.next().await;
            reader.give_back(export);
            Ok(piece?.map_or(JsValue::UNDEFINED, |piece| {
                Uint8Array::from(piece.as_slice()).into()
            }))
        })
    }

    /// The bytes of text that are written, and how many there were when it began.
    pub fn progress(&self) -> Vec<f64> {
        match &*self.0.place.borrow() {
            Place::Here(export) => {
                let (done, total) = export.progress();
                vec![done as f64, total as f64]
            }
            _ => Vec::new(),
        }
    }

    /// Ends the export.
    pub fn close(&self) {
        self.0.close();
    }
}

/// A replay under way.
#[wasm_bindgen]
pub struct ReplayHandle(Rc<Player>);

impl ReplayHandle {
    pub(super) fn new(player: Player) -> ReplayHandle {
        ReplayHandle(Rc::new(player))
    }
}

#[wasm_bindgen]
impl ReplayHandle {
    /// Waits for events that are due or a change of state; undefined once it is closed.
    pub fn next(&self) -> Promise {
        let player = Rc::clone(&self.0);
        promise(async move {
            Ok(player
                .next()
                .await?
                .as_ref()
                .map_or(JsValue::UNDEFINED, tick))
        })
    }

    /// Goes on.
    pub fn play(&self) {
        self.0.play();
    }

    /// Stands still.
    pub fn pause(&self) {
        self.0.pause();
    }

    /// Shows the next events, or goes back.
    pub fn step(&self, count: f64) {
        self.0.step(count as i64);
    }

    /// Goes to a position.
    #[wasm_bindgen(js_name = seekPosition)]
    pub fn seek_position(&self, position: f64) {
        self.0.seek_position(position.floor() as i64);
    }

    /// Goes to a recorded time in milliseconds since the epoch, and the same on the page's clock.
    #[wasm_bindgen(js_name = seekTime)]
    pub fn seek_time(&self, time: f64, local: f64) {
        self.0.seek_time(time, local);
    }

    /// Changes the speed.
    #[wasm_bindgen(js_name = setSpeed)]
    pub fn set_speed(&self, speed: f64) -> Answer<()> {
        Ok(self.0.set_speed(speed)?)
    }

    /// Where it is.
    pub fn state(&self) -> JsValue {
        reports::replay(&self.0.state())
    }

    /// Ends it.
    pub fn close(&self) {
        self.0.close();
    }
}

fn tick(tick: &Tick) -> JsValue {
    let object = Object::new();
    put(&object, "state", reports::replay(&tick.state));
    put(&object, "reset", tick.reset);
    if let Some(events) = &tick.batch {
        put(&object, "batch", batch(events));
    }
    object.into()
}
