//! What TypeScript pulls from: each call of `next` gives one batch.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Object, Promise, Uint8Array};
use wasm_bindgen::prelude::*;

use super::convert::{Answer, batch, promise, put};
use super::reports;
use crate::error::Error;
use crate::replay::{Player, Tick};
use crate::store::{Export, Search};
use crate::stream::Subscription as Events;

/// Holds a reader that one call at a time works with.
struct Reader<T>(RefCell<Place<T>>);

enum Place<T> {
    Here(T),
    Lent,
    Closed,
}

impl<T> Reader<T> {
    fn new(reader: T) -> Reader<T> {
        Reader(RefCell::new(Place::Here(reader)))
    }

    /// Takes the reader; `None` once it is closed.
    fn lend(&self) -> Result<Option<T>, Error> {
        match self.0.replace(Place::Lent) {
            Place::Here(reader) => Ok(Some(reader)),
            Place::Closed => {
                self.0.replace(Place::Closed);
                Ok(None)
            }
            Place::Lent => Err(Error::InvalidArgument(
                "the call before this one has not ended".into(),
            )),
        }
    }

    /// Puts the reader back, unless it was closed meanwhile.
    fn give_back(&self, reader: T) {
        let mut place = self.0.borrow_mut();
        if matches!(*place, Place::Lent) {
            *place = Place::Here(reader);
        }
    }

    fn close(&self) {
        self.0.replace(Place::Closed);
    }
}

/// A search under way.
#[wasm_bindgen]
pub struct Cursor(Rc<Reader<Search>>);

impl Cursor {
    pub(super) fn new(search: Search) -> Cursor {
        Cursor(Rc::new(Reader::new(search)))
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
            let found = search.next(max).await;
            reader.give_back(search);
            Ok(found?.as_ref().map_or(JsValue::UNDEFINED, batch))
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
        match &*self.0.0.borrow() {
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
        self.0.seek_position(position as i64);
    }

    /// Goes to a recorded time in milliseconds since the epoch.
    #[wasm_bindgen(js_name = seekTime)]
    pub fn seek_time(&self, milliseconds: f64) {
        self.0.seek_time(milliseconds);
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
