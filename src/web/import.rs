//! A file on its way in: an archive part by part, any other as a whole.

use js_sys::{Function, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::convert::Answer;
use super::home::Home;
use super::reports;
use crate::error::Error;
use crate::page::Summary;
use crate::store::ARCHIVE_MAGIC;

/// The most bytes that a file has, unpacked, if it is no archive.
const LONGEST: usize = 1 << 30;

/// A function that promises the next bytes of a file; undefined at its end, or a string that says
/// why no more can be unpacked.
pub(super) struct Pieces(pub(super) Function);

impl Pieces {
    /// The next piece, or how the file ends.
    async fn next(&self) -> Answer<std::result::Result<Vec<u8>, Option<String>>> {
        let promise: Promise = self.0.call0(&JsValue::UNDEFINED)?.unchecked_into();
        let piece = JsFuture::from(promise).await?;
        Ok(match piece.dyn_ref::<Uint8Array>() {
            Some(bytes) => Ok(bytes.to_vec()),
            None => Err(piece.as_string()),
        })
    }
}

pub(super) async fn import(
    home: &Home,
    pieces: Pieces,
    size: usize,
    id: Option<String>,
    progress: &Function,
) -> Answer<JsValue> {
    let tell = |done: f64, total: f64| {
        let _ = progress.call2(&JsValue::UNDEFINED, &done.into(), &total.into());
    };
    let mut file = Vec::new();
    let is_archive = |file: &[u8]| file.starts_with(ARCHIVE_MAGIC);
    let torn = loop {
        let piece = match pieces.next().await? {
            Ok(piece) => piece,
            Err(torn) => break torn,
        };
        let more = if file.is_empty() { size } else { piece.len() };
        let room = file.len().saturating_add(piece.len()) <= LONGEST;
        if !room || file.try_reserve(more.max(piece.len())).is_err() {
            let why = "a file of more than 1 GiB can't be imported, unless it is an archive";
            return Err(Box::new(Error::InvalidArgument(why.into())).into());
        }
        file.extend(piece);
        if is_archive(&file) {
            break None;
        }
    };
    if is_archive(&file) {
        let mut restore = home.store.restore(id);
        let torn = loop {
            restore.push(&std::mem::take(&mut file)).await?;
            let (done, total) = restore.progress();
            tell(done as f64, total as f64);
            match pieces.next().await? {
                Ok(piece) => file = piece,
                Err(torn) => break torn,
            }
        };
        let (id, report) = restore.finish(torn).await?;
        return Ok(reports::import(&id, &report));
    }
    if let Some(why) = torn {
        let why = format!("the file can't be unpacked: {why}");
        return Err(Box::new(Error::InvalidEvent(why)).into());
    }
    let id = id.unwrap_or_else(|| format!("import-{:016x}", Summary::id_hash(&file)));
    let live = home.conversation(&id, None).await?;
    let total = file.len() as f64;
    let mut told = |done: usize| tell(done as f64, total);
    let report = live.stream.log().import(&file, &mut told).await?;
    Ok(reports::import(&id, &report))
}
