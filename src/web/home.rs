//! What the handles of a store share: the conversations in use, and counters.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use wasm_bindgen::JsValue;

use super::convert::promise;
use super::tabs::Tabs;
use crate::error::{Error, Result};
use crate::event::{Dialect, Masking, Secrets};
use crate::notice::{Level, Reporter};
use crate::store::{EventStore, Interval};
use crate::stream::{Drops, EventStream, FeedReport};
use crate::sync::Connection;

/// How long a database that can't be reached is left alone before it is tried again, in
/// milliseconds, at first and at most.
const FIRST_PAUSE: u32 = 1_000;
const LONGEST_PAUSE: u32 = 30_000;

/// How long a conversation that another tab changes is not looked at again, in milliseconds.
const LOOK_PAUSE: u32 = 30;

/// How long a tab that has just come waits for others to answer, in milliseconds.
const HELLO_PAUSE: u32 = 100;

/// How long a database that the browser has closed is left alone if nobody asks for it, in
/// milliseconds: it may be about to delete it.
const CLOSED_PAUSE: u32 = 1_000;

/// How long others, which are probably not there, are not told of a change, in milliseconds.
const TELL_PAUSE: u32 = 100;

/// A store and the conversations of it that are in use.
pub(super) struct Home {
    pub(super) store: EventStore,
    pub(super) reporter: Reporter,
    pub(super) max_subscribers: usize,
    pub(super) in_use: RefCell<Vec<Weak<Live>>>,
    pub(super) fed: Cell<Fed>,
    pub(super) drops: Drops,
    /// Milliseconds for one request to a server.
    pub(super) timeout: u32,
    pub(super) tabs: Option<Tabs>,
    /// Another tab was heard, or the browser has closed the database.
    pub(super) met: Cell<bool>,
    /// Conversations that have changed here, which the other tabs are told soon.
    pub(super) untold: RefCell<Vec<Rc<str>>>,
}

/// A conversation in use.
pub(super) struct Live {
    pub(super) stream: Rc<EventStream>,
    /// Whether another tab has changed it since it was looked at, and whether that is going on.
    changed: Cell<bool>,
    looking: Cell<bool>,
    secrets: RefCell<Vec<(String, String)>>,
    connections: RefCell<Vec<Weak<Connection>>>,
}

/// What was fed so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Fed {
    pub(super) accepted: f64,
    pub(super) doubles: f64,
    pub(super) status: f64,
    pub(super) rejected: f64,
    pub(super) bytes: f64,
}

impl Home {
    pub(super) fn find(&self, id: &str) -> Option<Rc<Live>> {
        let in_use = self.in_use.borrow();
        in_use
            .iter()
            .filter_map(Weak::upgrade)
            .find(|live| live.stream.log().id() == id)
    }

    /// The conversation with this id, opened if need be.
    pub(super) async fn conversation(
        &self,
        id: &str,
        dialect: Option<Dialect>,
    ) -> Result<Rc<Live>> {
        if let Some(live) = self.find(id) {
            return Ok(live);
        }
        let log = self.store.conversation(id, dialect).await?;
        // Another call may have been as fast.
        if let Some(live) = self.find(id) {
            return Ok(live);
        }
        let stream = EventStream::new(
            log,
            self.reporter.clone(),
            self.max_subscribers,
            Rc::clone(&self.drops),
        );
        let live = Rc::new(Live {
            stream: Rc::new(stream),
            changed: Cell::default(),
            looking: Cell::default(),
            secrets: RefCell::default(),
            connections: RefCell::default(),
        });
        let mut in_use = self.in_use.borrow_mut();
        in_use.retain(|live| live.strong_count() > 0);
        in_use.push(Rc::downgrade(&live));
        Ok(live)
    }

    /// `indexeddb` or `memory`.
    pub(super) fn mode(&self) -> &'static str {
        match self.store.is_degraded() {
            false => "indexeddb",
            true => "memory",
        }
    }

    pub(super) fn count(&self, reports: &[FeedReport], bytes: usize) {
        let mut fed = self.fed.get();
        for report in reports {
            fed.accepted += f64::from(report.accepted);
            fed.doubles += f64::from(report.doubles);
            fed.status += f64::from(report.status);
            fed.rejected += f64::from(report.rejected);
        }
        fed.bytes += bytes as f64;
        self.fed.set(fed);
    }

    /// Tells other tabs of a change: at once where there are some, else when there is time.
    pub(super) fn tell_tabs(self: &Rc<Home>, id: &Rc<str>, again: &[Interval]) {
        let Some(tabs) = &self.tabs else { return };
        if !again.is_empty() {
            tabs.tell_again(id, again);
        }
        if !self.store.is_alone() {
            return tabs.tell(id);
        }
        let mut untold = self.untold.borrow_mut();
        if untold.contains(id) {
            return;
        }
        untold.push(Rc::clone(id));
        self.later(TELL_PAUSE, Home::tell_untold);
    }

    /// Does something after so many milliseconds, if the store is there still.
    fn later(self: &Rc<Home>, milliseconds: u32, act: fn(&Home)) {
        let home = Rc::downgrade(self);
        let pause = self.store.clock().sleep(milliseconds);
        let _ = promise(async move {
            pause.await;
            if let Some(home) = home.upgrade() {
                act(&home);
            }
            Ok(JsValue::UNDEFINED)
        });
    }

    fn tell_untold(&self) {
        let untold = self.untold.take();
        if let Some(tabs) = &self.tabs {
            untold.iter().for_each(|id| tabs.tell(id));
        }
    }

    /// Answers a tab that has just come, which may have read before what is not told yet.
    pub(super) fn welcome(&self) {
        if let Some(tabs) = &self.tabs {
            tabs.answer();
        }
        self.tell_untold();
    }

    /// Listens a while whether there are other tabs.
    pub(super) fn listen(self: &Rc<Home>) {
        if self.tabs.is_some() {
            self.later(HELLO_PAUSE, |home| home.store.set_alone(!home.met.get()));
        }
    }

    /// Takes note that others may write as well, or have.
    pub(super) fn meet(&self) {
        self.met.set(true);
        self.store.set_alone(false);
    }

    /// The browser has closed the database: what it holds may be something else when it is opened
    /// again, or nothing.
    pub(super) fn database_closed(self: &Rc<Home>) {
        self.meet();
        self.later(CLOSED_PAUSE, Home::look_again);
    }

    /// Looks at every conversation in use.
    fn look_again(&self) {
        for live in self.in_use.borrow().iter().filter_map(Weak::upgrade) {
            self.changed_elsewhere(live.stream.log().id());
        }
    }

    /// Hears where another tab has changed a conversation, if it is in use here: that it has is told
    /// next.
    pub(super) fn again_elsewhere(&self, id: &str, again: &[Interval]) {
        if let Some(live) = self.find(id) {
            live.stream.log().changed(again);
        }
    }

    /// Looks at what another tab has done to a conversation, if it is in use here.
    pub(super) fn changed_elsewhere(&self, id: &str) {
        let Some(live) = self.find(id) else { return };
        live.changed.set(true);
        if live.looking.replace(true) {
            return;
        }
        let (clock, reporter) = (self.store.clock(), self.reporter.clone());
        let _ = promise(async move {
            while live.changed.replace(false) {
                if let Err(why) = live.stream.log().refresh().await {
                    reporter.log(Level::Debug, "another tab's change was not seen", why);
                }
                clock.sleep(LOOK_PAUSE).await;
            }
            live.looking.set(false);
            Ok(JsValue::UNDEFINED)
        });
    }

    /// Tells the tabs that follow this one of what its socket brought. Without the database this tab
    /// has a socket of its own, and the others another.
    pub(super) fn share_status(&self, id: &str, text: &str) {
        if let Some(tabs) = &self.tabs
            && !self.store.is_alone()
            && !self.store.is_degraded()
        {
            tabs.share(id, text);
        }
    }

    /// Tells of what the socket of another tab has brought, where a connection follows it.
    pub(super) fn status_elsewhere(&self, id: &str, text: &str) {
        if let Some(live) = self.find(id)
            && live.follows()
        {
            live.stream.tell_status(text, false);
        }
    }

    /// Waits for a database that can't be reached, and brings what came meanwhile to it.
    pub(super) async fn outlast(home: Weak<Home>) {
        let mut pause = FIRST_PAUSE;
        while let Some(clock) = home.upgrade().map(|home| home.store.clock()) {
            clock.sleep(pause).await;
            let Some(home) = home.upgrade() else { return };
            match home.store.return_to_database().await {
                Ok(()) => return,
                Err(why) if matches!(*why, Error::Closed(_)) => return,
                Err(why) => {
                    let reporter = &home.reporter;
                    reporter.log(Level::Debug, "the database can't be reached yet", why);
                }
            }
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    /// Ends every subscription and closes the database, which first gets what is only in memory
    /// if it can be reached again.
    pub(super) async fn close(&self) {
        for live in self.in_use.take().iter().filter_map(Weak::upgrade) {
            live.stream.close();
        }
        if let Err(why) = self.store.return_to_database().await {
            let reporter = &self.reporter;
            reporter.log(Level::Warn, "what is only in memory is not kept", why);
        }
        self.store.close();
    }
}

impl Live {
    /// Keeps an eye on a connection of this conversation.
    pub(super) fn connects(&self, connection: &Rc<Connection>) {
        let mut connections = self.connections.borrow_mut();
        connections.retain(|connection| connection.strong_count() > 0);
        connections.push(Rc::downgrade(connection));
    }

    /// Whether one of its connections leaves the socket to another tab.
    fn follows(&self) -> bool {
        let connections = self.connections.borrow();
        let mut connections = connections.iter().filter_map(Weak::upgrade);
        connections.any(|connection| connection.follows())
    }

    /// Masks these secrets and no others from now on.
    pub(super) fn set_secrets(&self, secrets: Vec<(String, String)>) {
        let masked = Secrets::new(secrets.clone(), Masking::Strict);
        self.stream.log().set_secrets(masked);
        *self.secrets.borrow_mut() = secrets;
    }

    /// Masks these as well; one of a name that is known takes its place.
    pub(super) fn update_secrets(&self, more: Vec<(String, String)>) {
        let mut secrets = self.secrets.borrow().clone();
        for (name, value) in more {
            match secrets.iter_mut().find(|(known, _)| *known == name) {
                Some(secret) => secret.1 = value,
                None => secrets.push((name, value)),
            }
        }
        self.set_secrets(secrets);
    }
}
