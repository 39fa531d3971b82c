//! What a record of ours looks like in the browser's database.

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::IdbKeyRange;

use super::convert::Answer;
use crate::backend::Table;
use crate::error::{Error, Result};

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

/// The inverse of [`key`].
pub(super) fn parts(table: Table, key: &JsValue) -> Result<(String, i64)> {
    let parts = key.dyn_ref::<Array>().filter(|parts| parts.length() == 2);
    parts
        .and_then(|parts| {
            let number = parts.get(1).as_f64().filter(|n| n.fract() == 0.0)?;
            Some((parts.get(0).as_string()?, number as i64))
        })
        .ok_or_else(|| {
            Box::new(Error::Corrupt(format!(
                "a foreign key among the {}",
                table.name()
            )))
        })
}

/// The bytes of a value.
pub(super) fn bytes(table: Table, value: &JsValue) -> Result<Vec<u8>> {
    value
        .dyn_ref::<Uint8Array>()
        .map(Uint8Array::to_vec)
        .ok_or_else(|| {
            Box::new(Error::Corrupt(format!(
                "a foreign value among the {}",
                table.name()
            )))
        })
}
