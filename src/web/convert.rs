//! Values across the border: options in; batches, reports and errors out.

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array, Uint32Array};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;

use crate::error::{Error, Result};
use crate::event::{EventId, MAX_ID, Masking, Secrets};
use crate::store::Batch;

/// The outcome of a call from TypeScript.
pub(super) type Answer<T> = std::result::Result<T, JsValue>;

/// An error as TypeScript sees it: an `Error` with `code` and `recovery`.
impl From<Error> for JsValue {
    fn from(why: Error) -> JsValue {
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

/// Options of a call. Nothing given is the same as no option set.
pub(super) fn options<T: DeserializeOwned + Default>(value: JsValue) -> Result<T> {
    if value.is_undefined() || value.is_null() {
        return Ok(T::default());
    }
    if !value.is_object() {
        return Err(Error::InvalidArgument(
            "the options are not an object".into(),
        ));
    }
    serde_wasm_bindgen::from_value(value)
        .map_err(|why| Error::InvalidArgument(format!("the options can't be read: {why}")))
}

/// Refuses options that don't exist, which would otherwise be ignored in silence.
pub(super) fn only_known(value: &JsValue, known: &[&str]) -> Result<()> {
    let Some(object) = value.dyn_ref::<Object>() else {
        return Ok(());
    };
    for key in Object::keys(object)
        .iter()
        .filter_map(|key| key.as_string())
    {
        if !known.contains(&key.as_str()) {
            return Err(Error::InvalidArgument(format!("there is no option {key}")));
        }
    }
    Ok(())
}

/// The keys of an event filter, on its own or as the option `filter`.
pub(super) fn known_filter(value: &JsValue) -> Result<()> {
    const KEYS: [&str; 7] = [
        "query",
        "includeTypes",
        "excludeTypes",
        "source",
        "startDate",
        "endDate",
        "excludeHidden",
    ];
    only_known(value, &KEYS)
}

/// As [`options`], for those that hold a filter.
pub(super) fn filtered<T: DeserializeOwned + Default>(value: JsValue) -> Result<T> {
    if value.is_object() {
        let filter = Reflect::get(&value, &JsValue::from_str("filter"));
        known_filter(&filter.unwrap_or(JsValue::UNDEFINED))?;
    }
    options(value)
}

/// An id: a number in V0, a string in V1.
pub(super) fn event_id(value: &JsValue) -> Result<EventId> {
    if let Some(text) = value.as_string() {
        return Ok(EventId::Text(text.into()));
    }
    match value.as_f64() {
        Some(number) if number.fract() == 0.0 && number.abs() <= MAX_ID as f64 => {
            Ok(EventId::Number(number as i64))
        }
        _ => Err(Error::InvalidArgument(
            "an id is an integer or a string".into(),
        )),
    }
}

/// Secrets by name, in the order of the object's keys.
pub(super) fn secrets(value: &JsValue) -> Result<Vec<(String, String)>> {
    let Some(object) = value.dyn_ref::<Object>() else {
        return Err(Error::InvalidArgument(
            "secrets are an object of strings".into(),
        ));
    };
    let pair = |pair: JsValue| {
        let pair = Array::from(&pair);
        match (pair.get(0).as_string(), pair.get(1).as_string()) {
            (Some(name), Some(value)) => Ok((name, value)),
            _ => Err(Error::InvalidArgument("a secret is a string".into())),
        }
    };
    Object::entries(object).iter().map(pair).collect()
}

/// Everything that is masked: the strict rule.
pub(super) fn masking(pairs: Vec<(String, String)>) -> Secrets {
    Secrets::new(pairs, Masking::Strict)
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
    if !batch.non_finite.is_empty() {
        put(
            &object,
            "nonFinite",
            Uint32Array::from(batch.non_finite.as_slice()),
        );
    }
    object.into()
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

/// A timestamp that a header holds, as a string.
pub(super) fn timestamp(bytes: Option<&[u8]>) -> JsValue {
    bytes.map_or(JsValue::UNDEFINED, |bytes| {
        String::from_utf8_lossy(bytes).as_ref().into()
    })
}
