//! A server that answers as a test tells it.

use std::cell::RefCell;
use std::future::{pending, ready};

use futures_util::FutureExt;

use super::{Answer, Http, Request, Response};
use crate::error::Result;

/// The twin of [`Http`] for tests: a function answers, or doesn't where it gives `None`.
pub struct Scripted<F> {
    answer: F,
    asked: RefCell<Vec<String>>,
}

impl<F: Fn(&Request<'_>) -> Option<Result<Response>>> Scripted<F> {
    /// A server that this function speaks for.
    pub fn new(answer: F) -> Scripted<F> {
        Scripted {
            answer,
            asked: RefCell::default(),
        }
    }

    /// The addresses that were asked since this was called last.
    pub fn asked(&self) -> Vec<String> {
        self.asked.take()
    }
}

impl<F: Fn(&Request<'_>) -> Option<Result<Response>>> Http for Scripted<F> {
    fn get<'a>(&'a self, request: Request<'a>) -> Answer<'a, Response> {
        self.asked.borrow_mut().push(request.url.to_owned());
        match (self.answer)(&request) {
            Some(answer) => ready(answer).boxed_local(),
            None => pending().boxed_local(),
        }
    }
}
