//! The browser's `fetch`.

use futures_util::FutureExt;
use gloo_net::http::Request as FetchRequest;
use js_sys::{Date, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, ReadableStream, ReadableStreamDefaultReader, RequestCache, RequestRedirect,
};

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

async fn fetch(request: Request<'_>) -> Result<Response> {
    let aborting = Aborting(AbortController::new().map_err(|_| cut())?);
    let builder = FetchRequest::get(request.url)
        .abort_signal(Some(&aborting.0.signal()))
        .cache(RequestCache::NoStore)
        .redirect(RequestRedirect::Manual);
    let headers = request.headers.iter();
    let builder = headers.fold(builder, |builder, (name, value)| {
        builder.header(name, value)
    });
    let sent = builder.send().await;
    let response = sent.map_err(|why| Error::Network(why.to_string()))?;
    let body = match response.body().filter(|_| response.ok()) {
        Some(stream) => read(stream, request.most).await.map_err(|_| cut())?,
        None => Some(Vec::new()),
    };
    Ok(Response {
        status: response.status(),
        retry_after: response
            .headers()
            .get("retry-after")
            .map(|text| pause(&text)),
        body,
    })
}

fn cut() -> Error {
    Error::Network("it was cut off".to_owned())
}

/// The whole body, or `None` as soon as it has more bytes than `most`.
async fn read(
    stream: ReadableStream,
    most: usize,
) -> std::result::Result<Option<Vec<u8>>, JsValue> {
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
