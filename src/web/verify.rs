//! A look at all records under way.

use std::rc::Rc;

use futures_util::FutureExt;
use js_sys::Promise;
use wasm_bindgen::prelude::*;

use super::convert::promise;
use super::cursors::{Reader, unless_closed};
use super::reports;
use crate::store::Verify;

/// A look at all of a log's records.
#[wasm_bindgen]
pub struct VerifyRun(Rc<Reader<Verify>>);

impl VerifyRun {
    pub(super) fn new(verify: Verify) -> VerifyRun {
        VerifyRun(Rc::new(Reader::new(verify)))
    }
}

#[wasm_bindgen]
impl VerifyRun {
    /// Looks at a few more; undefined once it is closed.
    pub fn next(&self) -> Promise {
        let reader = Rc::clone(&self.0);
        promise(async move {
            let Some(mut verify) = reader.lend()? else {
                return Ok(JsValue::UNDEFINED);
            };
            let work = async {
                let (report, ended) = verify.step().await?;
                Ok(reports::verify(&report, ended))
            };
            let done = unless_closed(&reader.closing, work.boxed_local()).await;
            reader.give_back(verify);
            done
        })
    }

    /// Ends it; what is mended stays.
    pub fn close(&self) {
        self.0.close();
    }
}
