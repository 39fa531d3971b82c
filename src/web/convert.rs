//! Values across the border: options in; batches, reports and errors out.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use js_sys::{
    Array, Float64Array, JsString, Map, Math, Object, Promise, Reflect, Uint8Array, Uint32Array,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::options::{exact, whole};
use crate::error::{Error, Result};
use crate::event::EventId;
use crate::store::Batch;

/// The outcome of a call from TypeScript.
pub(super) type Answer<T> = std::result::Result<T, JsValue>;

/// The promise of what a call will answer. All calls share one instance of the machinery.
pub(super) fn promise(work: impl Future<Output = Answer<JsValue>> + 'static) -> Promise {
    let work: LocalBoxFuture<'static, Answer<JsValue>> = work.boxed_local();
    future_to_promise(work)
}

/// An error as TypeScript sees it: an `Error` with `code` and `recovery`.
impl From<Box<Error>> for JsValue {
    fn from(why: Box<Error>) -> JsValue {
        let error = js_sys::Error::new(&why.to_string());
        put(&error, "code", why.code());
        put(&error, "recovery", why.recovery().name());
        error.into()
    }
}

/// Sets a property of an object that was made here, which can't fail.
pub(super) fn put(object: &Object, key: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &JsValue::from_str(key), &value.into());
}

/// An id: a number in V0, a string in V1.
pub(super) fn event_id(value: &JsValue) -> Result<EventId> {
    if value.is_string() {
        return Ok(EventId::Text(exact("id", value)?.into()));
    }
    match value.as_f64().and_then(whole) {
        Some(number) => Ok(EventId::Number(number)),
        None => Err(Error::InvalidArgument("an id is an integer or a string".into()).into()),
    }
}

/// An id that nothing else has, for where the browser makes none.
pub(super) fn by_chance() -> String {
    let chance = || (Math::random() * 9_007_199_254_740_992.0) as u64;
    format!("{:014x}{:014x}", chance(), chance())
}

/// Strings by name, in the order of the object's keys.
pub(super) fn strings(value: &JsValue) -> Result<Vec<(String, String)>> {
    // A map has its own entries elsewhere.
    let object = value.dyn_ref::<Object>();
    let Some(object) = object.filter(|object| !object.is_instance_of::<Map>()) else {
        return Err(Error::InvalidArgument(
            "secrets, headers and a query are objects of strings".into(),
        )
        .into());
    };
    let pair = |pair: JsValue| {
        let pair = Array::from(&pair);
        let name = pair.get(0).as_string().unwrap_or_default();
        Ok((name, exact("a secret or header", &pair.get(1))?))
    };
    Object::entries(object).iter().map(pair).collect()
}

/// A batch: bytes that the page cuts and parses when it looks at them.
pub(super) fn batch(batch: &Batch) -> JsValue {
    let positions: Vec<f64> = batch
        .positions
        .iter()
        .map(|position| *position as f64)
        .collect();
    let object = Object::new();
    put(&object, "bytes", Uint8Array::from(batch.bytes.as_slice()));
    put(&object, "ends", Uint32Array::from(batch.ends.as_slice()));
    put(
        &object,
        "positions",
        Float64Array::from(positions.as_slice()),
    );
    if let Some(after) = batch.gone {
        put(&object, "gone", after as f64);
    }
    if !batch.non_finite.is_empty() {
        put(
            &object,
            "nonFinite",
            Uint32Array::from(batch.non_finite.as_slice()),
        );
    }
    if !batch.highlight_ends.is_empty() {
        let ends = batch.highlight_ends.as_slice();
        put(
            &object,
            "highlights",
            Uint8Array::from(batch.highlights.as_slice()),
        );
        put(&object, "highlightEnds", Uint32Array::from(ends));
    }
    if !batch.conversations.is_empty() {
        let ids = batch.conversations.iter().map(|id| JsValue::from_str(id));
        put(&object, "conversations", ids.collect::<Array>());
    }
    object.into()
}

/// Canonical decomposition, which every browser knows.
pub(super) fn decompose(text: &str) -> String {
    JsString::from(text).normalize("NFD").into()
}

/// Pairs of positions.
pub(super) fn intervals(intervals: &[(i64, i64)]) -> Array {
    let pair = |(first, last): &(i64, i64)| {
        Array::of2(
            &JsValue::from_f64(*first as f64),
            &JsValue::from_f64(*last as f64),
        )
    };
    intervals.iter().map(pair).collect()
}
