//! The V0 server's route `GET {base}/events` over events in memory.
#![allow(dead_code)]

use std::collections::BTreeMap;

use oh_event_store::backend::Response;

/// The texts of a conversation's events by their ids.
#[derive(Clone, Default)]
pub struct Route(pub BTreeMap<i64, String>);

impl Route {
    /// What the server answers to a request for this address.
    pub fn answer(&self, url: &str) -> Response {
        match self.page(url) {
            Some(body) => response(200, &body),
            None => response(400, "{\"detail\": \"Invalid limit\"}"),
        }
    }

    fn page(&self, url: &str) -> Option<String> {
        let (_, query) = url.split_once("/events?").expect("the route of events");
        let (mut low, mut high, mut reverse, mut limit) = (0, i64::MAX, false, 20);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').expect("a name and a value");
            let number = || value.parse::<i64>().expect("an integer");
            match name {
                "start_id" => low = number(),
                "end_id" => high = number(),
                "reverse" => reverse = value == "True",
                "limit" => limit = number(),
                other => panic!("the route has no parameter {other}"),
            }
        }
        let limit = usize::try_from(limit).ok().filter(|limit| *limit <= 100)?;
        let mut texts: Vec<&str> = self
            .0
            .iter()
            .filter(|(id, _)| (low..=high).contains(*id))
            .map(|(_, text)| text.as_str())
            .collect();
        if reverse {
            texts.reverse();
        }
        let has_more = texts.len() > limit;
        texts.truncate(limit);
        let events = texts.join(", ");
        Some(format!(
            "{{\"events\": [{events}], \"has_more\": {has_more}}}"
        ))
    }
}

/// An answer with a body.
pub fn response(status: u16, body: &str) -> Response {
    Response {
        status,
        retry_after: None,
        body: Some(body.as_bytes().to_vec()),
    }
}
