//! The browser's `fetch`.

use futures_util::FutureExt;
use js_sys::{Date, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, ReadableStream, ReadableStreamDefaultReader};

use super::convert::{self, put};
use crate::backend::{Answer, Http, Request, Response};
use crate::error::{Error, Result};

/// [`Http`] of a page or a worker. Nothing comes from the browser's cache, and no redirection is
/// followed: the session key is for one server.
pub struct Fetch;

impl Http for Fetch {
    fn get<'a>(&'a self, request: Request<'a>) -> Answer<'a, Response> {
        fetch(request).boxed_local()
    }
}

/// Aborts the request when it is dropped; one that has ended doesn't mind.
struct Aborting(AbortController);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch)]
    fn send(url: &str, options: &Object) -> Promise;
}

async fn fetch(request: Request<'_>) -> Result<Response> {
    let aborting = Aborting(AbortController::new().map_err(unsent)?);
    let headers = Headers::new().map_err(unsent)?;
    for (name, value) in request.headers {
        headers.set(name, value).map_err(unsent)?;
    }
    let options = Object::new();
    put(&options, "headers", headers);
    put(&options, "signal", aborting.0.signal());
    put(&options, "cache", "no-store");
    put(&options, "redirect", "manual");
    let sent = JsFuture::from(send(request.url, &options)).await;
    let response: web_sys::Response = sent.map_err(unsent)?.unchecked_into();
    let body = match response.body().filter(|_| response.ok()) {
        Some(stream) => read(stream, request.most).await.map_err(|_| cut())?,
        None => Some(Vec::new()),
    };
    Ok(Response {
        status: response.status(),
        retry_after: response
            .headers()
            .get("retry-after")
            .unwrap_or_default()
            .map(|text| pause(&text)),
        body,
    })
}

/// What the browser says of a request that got no answer.
fn unsent(why: JsValue) -> Error {
    Error::Network(why.unchecked_ref::<Object>().to_string().into())
}

fn cut() -> Error {
    Error::Network("it was cut off".to_owned())
}

/// The whole body, or `None` as soon as it has more bytes than `most`.
async fn read(stream: ReadableStream, most: usize) -> convert::Answer<Option<Vec<u8>>> {
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::new();
    loop {
        let chunk = JsFuture::from(reader.read()).await?;
        let Ok(bytes) = Reflect::get(&chunk, &"value".into())?.dyn_into::<Uint8Array>() else {
            return Ok(Some(body));
        };
        if bytes.length() as usize > most.saturating_sub(body.len()) {
            return Ok(None);
        }
        body.extend_from_slice(&bytes.to_vec());
    }
}

/// `Retry-After`, seconds or a date, as milliseconds from now.
fn pause(text: &str) -> u32 {
    match text.trim().parse::<u32>() {
        Ok(seconds) => seconds.saturating_mul(1000),
        // What is no date is no number, and that is 0.
        Err(_) => (Date::parse(text) - Date::now()) as u32,
    }
}
