//! Searches over HTTP, through the server's route.

use std::cell::RefCell;
use std::rc::Rc;

use oh_event_store::backend::{Clock, Http, Scripted};
use oh_event_store::notice::Reporter;
use oh_event_store::store::SearchOptions;
use oh_event_store::sync::{NestedEventStore, Server, ServerOptions};

use super::route::Route;
use super::store::{StillClock, block_on};

/// What a search over HTTP came to.
#[derive(Default)]
pub struct Answers {
    pub ids: Vec<i64>,
    pub urls: Vec<String>,
    pub statuses: Vec<u16>,
    pub error: Option<String>,
}

/// Searches a conversation through the route.
pub fn search(route: &Route, options: &SearchOptions) -> Answers {
    let statuses: Rc<RefCell<Vec<u16>>> = Rc::default();
    let (route, noted) = (route.clone(), Rc::clone(&statuses));
    let http = Rc::new(Scripted::new(move |request| {
        let response = route.answer(request.url);
        noted.borrow_mut().push(response.status);
        Some(Ok(response))
    }));
    let server = Server::new(
        Rc::clone(&http) as Rc<dyn Http>,
        Rc::new(StillClock) as Rc<dyn Clock>,
        Reporter::default(),
        ServerOptions::default(),
    );
    let mut search = match server {
        Ok(server) => NestedEventStore::new(server).search(options),
        Err(why) => panic!("{why}"),
    };
    let mut answers = Answers::default();
    loop {
        match block_on(search.next(100)) {
            Ok(Some(batch)) => answers.ids.extend(batch.positions),
            Ok(None) => break,
            Err(why) => {
                answers.error = Some(why.to_string());
                break;
            }
        }
    }
    answers.urls = http.asked();
    answers.statuses = statuses.take();
    answers
}
