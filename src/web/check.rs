//! What a batch relies on, compared within its transaction.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{IdbRequest, IdbTransaction};

use super::convert;
use super::record::{key, parts, span};
use crate::backend::{Expected, Key};

/// The comparison with what a batch relies on, inside the event of the first request, whether anyone
/// polls or not. It aborts before any write of the same transaction can be kept.
pub(super) struct Check {
    pub(super) differs: Rc<Cell<bool>>,
    request: IdbRequest,
    _compare: Closure<dyn FnMut()>,
}

impl Check {
    pub(super) fn issue(
        transaction: &IdbTransaction,
        expected: &Expected,
    ) -> convert::Answer<Check> {
        let Expected {
            table,
            key: place,
            value,
            numbers,
        } = expected;
        let store = transaction.object_store(table.name())?;
        let record = store.get(&key(&place.conversation, place.number))?;
        let mut request = record.clone();
        if let Some((table, _)) = numbers
            && let Some(range) = span(&place.conversation, Key::FIRST, Key::LAST)?
        {
            let store = transaction.object_store(table.name())?;
            request = store.get_all_keys_with_key(&range)?;
        }
        let differs = Rc::new(Cell::new(false));
        let compare = {
            let (differs, last) = (Rc::clone(&differs), request.clone());
            let (value, numbers) = (value.clone(), numbers.clone());
            let transaction = transaction.clone();
            Closure::<dyn FnMut()>::new(move || {
                let found = record.result().unwrap_or(JsValue::NULL);
                let same = match &value {
                    None => found.is_undefined(),
                    Some(value) => found
                        .dyn_ref::<Uint8Array>()
                        .is_some_and(|found| found.to_vec() == *value),
                };
                let same = same
                    && numbers.as_ref().is_none_or(|(_, numbers)| {
                        let keys = Array::from(&last.result().unwrap_or(JsValue::NULL));
                        let found = keys.iter().filter_map(|key| Some(parts(&key)?.1));
                        found.eq(numbers.iter().copied())
                    });
                if !same {
                    let _ = transaction.abort();
                }
                differs.set(!same);
            })
        };
        request.set_onsuccess(Some(compare.as_ref().unchecked_ref()));
        Ok(Check {
            differs,
            request,
            _compare: compare,
        })
    }
}

impl Drop for Check {
    fn drop(&mut self) {
        self.request.set_onsuccess(None);
    }
}
