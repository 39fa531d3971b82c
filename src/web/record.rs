//! What a record of ours looks like in the browser's database.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::IdbKeyRange;

use super::convert::Answer;

/// `[conversation, number]`.
pub(super) fn key(conversation: &str, number: i64) -> JsValue {
    Array::of2(&conversation.into(), &JsValue::from_f64(number as f64)).into()
}

/// The keys of one conversation from `first` to `last`, both included; `None` if there are none.
pub(super) fn span(conversation: &str, first: i64, last: i64) -> Answer<Option<IdbKeyRange>> {
    if first > last {
        return Ok(None);
    }
    IdbKeyRange::bound(&key(conversation, first), &key(conversation, last)).map(Some)
}

/// The inverse of [`key`]; `None` for a key that is not ours: it is left alone.
pub(super) fn parts(key: &JsValue) -> Option<(String, i64)> {
    let parts = key.dyn_ref::<Array>().filter(|parts| parts.length() == 2)?;
    let number = parts.get(1).as_f64().filter(|n| n.fract() == 0.0)?;
    Some((parts.get(0).as_string()?, number as i64))
}

/// A value of so many bytes is worth a call.
const LARGE: u32 = 32 * 1024;

/// The bytes of a value that was read. One that is not ours is a record without any, which no reader
/// takes for whole.
pub(super) fn bytes(value: &JsValue) -> Vec<u8> {
    let Some(array) = value.dyn_ref::<Uint8Array>() else {
        return Vec::new();
    };
    let bytes = array.to_vec();
    release(array);
    bytes
}

/// Frees a value that is in the database, or was read from it. What the garbage collector has yet to
/// find is memory that the next value can't have: a tenth of the time of reading everything.
pub(super) fn release(value: &Uint8Array) {
    if value.length() >= LARGE {
        // Browsers without the method keep it longer.
        let _ = value.buffer().transfer_with_length(0);
    }
}
