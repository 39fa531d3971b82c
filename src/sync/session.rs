//! The life of a connection, without any I/O: what happens goes in, with the time; what is to be
//! done comes out.
//!
//! It connects, and hears the server before it asks for what it missed, so that nothing falls in
//! between. V0 events are stored as they come, for their ids are their places; V1 events wait until
//! the pages of the server have reached them. What a broken connection has missed is asked for by
//! the next one, beginning with what is stored.

use super::address::{push_query, socket_url};
use super::engine_io;
use super::events::{Cursor, Effect, Input, Reach, SessionOptions, State, Transport};
use super::reconnect::{Backoff, Heartbeat};
use super::sending::Sending;
use crate::error::{Error, Result};
use crate::event::{Event, Position};

/// What a server replays comes in one go: pages are asked for when nothing came for so long, …
pub(super) const QUIET: f64 = 300.0;

/// … and at the latest after this.
pub(super) const PATIENCE: f64 = 5_000.0;

/// How long it takes until what the socket leaves out is asked for.
pub(super) const REPAIR: f64 = 1_000.0;

/// A V1 server says nothing when nothing happens: then it is asked, this often.
pub(super) const PROBE: f64 = 60_000.0;

/// How long the socket has to bring what the server was found to have.
const BEHIND: f64 = 10_000.0;

pub(super) enum Phase {
    /// Nothing goes on.
    Off,
    /// Until the deadline.
    Opening(f64),
    /// Since this time.
    Joined(f64),
    /// Until this time.
    Waiting(f64),
}

/// One connection's state machine.
pub struct Session {
    pub(super) options: SessionOptions,
    pub(super) state: State,
    pub(super) phase: Phase,
    pub(super) wanted: bool,
    pub(super) holder: bool,
    pub(super) online: bool,
    pub(super) backoff: Backoff,
    pub(super) heartbeat: Option<Heartbeat>,
    /// The time by its own clock, which doesn't run backwards, and by the last one told.
    pub(super) now: f64,
    pub(super) told: f64,
    /// When the last socket was opened.
    pub(super) opened: f64,
    /// Since when everything comes as it happens.
    pub(super) live: Option<f64>,
    /// When pages are asked for.
    pub(super) fetch_at: Option<f64>,
    /// A page is on its way. It counts if it was asked for on this connection.
    pub(super) fetching: Option<bool>,
    /// The pages asked for on this connection have reached the end.
    pub(super) caught_up: bool,
    pub(super) pauses: Backoff,
    /// The greatest V0 id on this connection, or stored before.
    pub(super) newest: Position,
    /// V0: the server has not yet said that the conversation begins, so it replays.
    pub(super) replaying: bool,
    /// V1: this connection has brought everything since the newest event.
    pub(super) linked: bool,
    /// V1: the pages don't come, so nothing waits for them.
    pub(super) flowing: bool,
    /// V1: events that wait for pages.
    pub(super) waiting: Vec<Event>,
    pub(super) waiting_bytes: usize,
    /// V1: nothing was heard before pages were asked for.
    pub(super) unwelcome: bool,
    /// V1: what waits is not all that came since pages were asked for: they are, once more.
    pub(super) redo: bool,
    /// V1: the server has more than the socket brought.
    pub(super) behind: Option<f64>,
    /// When the server was heard, and when it was asked for pages.
    pub(super) heard: f64,
    pub(super) asked: f64,
    pub(super) sending: Sending,
    pub(super) effects: Vec<Effect>,
}

impl Session {
    /// A session that has not begun.
    #[must_use]
    pub fn new(options: SessionOptions) -> Session {
        let seed = options.seed;
        Session {
            options,
            state: State::Idle,
            phase: Phase::Off,
            wanted: false,
            holder: true,
            online: true,
            backoff: Backoff::new(seed),
            heartbeat: None,
            now: 0.0,
            told: 0.0,
            opened: f64::MIN,
            live: None,
            fetch_at: None,
            fetching: None,
            caught_up: false,
            pauses: Backoff::new(!seed),
            newest: -1,
            replaying: true,
            linked: false,
            flowing: false,
            waiting: Vec::new(),
            waiting_bytes: 0,
            unwelcome: false,
            redo: false,
            behind: None,
            heard: 0.0,
            asked: 0.0,
            sending: Sending::new(),
            effects: Vec::new(),
        }
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The address to open, which resumes after what is stored. It may hold the key.
    pub fn address(&mut self, cursor: &Cursor) -> String {
        let SessionOptions {
            url,
            conversation,
            session_api_key,
            query,
            ..
        } = &self.options;
        self.newest = cursor.latest;
        let mut url = match self.options.transport {
            Transport::SocketIo => {
                let key = session_api_key.as_deref();
                engine_io::address(url, conversation, cursor.latest, key)
            }
            Transport::WebSocket => {
                let mut url = socket_url(url);
                // Where there are pages, they bring what was missed, in its order.
                let (mode, after) = match &cursor.timestamp {
                    _ if self.options.has_pages => (None, None),
                    None => (Some("all"), None),
                    after => (Some("since"), after.as_deref()),
                };
                for (name, value) in [("resend_mode", mode), ("after_timestamp", after)] {
                    if let Some(value) = value {
                        push_query(&mut url, name, value);
                    }
                }
                url
            }
        };
        for (name, value) in query {
            push_query(&mut url, name, value);
        }
        url
    }

    /// When it wants to be told the time, in milliseconds since the epoch.
    #[must_use]
    pub fn wake_at(&self) -> Option<f64> {
        let phase = match self.phase {
            Phase::Off => return None,
            Phase::Opening(at) | Phase::Waiting(at) => Some(at),
            Phase::Joined(_) => None,
        };
        let beat = self.heartbeat.as_ref().map(Heartbeat::deadline);
        let fetch = self.fetch_at.filter(|_| self.fetching.is_none());
        let times = [phase, beat, fetch, self.behind, self.sends_at()];
        let first = times.into_iter().flatten().reduce(f64::min)?;
        Some(first - self.now + self.told)
    }

    /// Takes in what has happened, at a time in milliseconds since the epoch.
    pub fn handle(&mut self, input: Input<'_>, now: f64) -> Vec<Effect> {
        // Where the clock was set back, no time has passed.
        self.now += (now - self.told).max(0.0);
        self.told = now;
        match input {
            Input::Start => {
                self.wanted = true;
                self.backoff.reset();
                if self.state == State::Offline {
                    // Where a browser sees no network, a server of the same machine may be there.
                    self.connect();
                } else if matches!(self.phase, Phase::Off) {
                    self.state = State::Idle;
                    self.open();
                }
                self.wake();
            }
            Input::Stop => {
                self.wanted = false;
                self.rest(State::Closed);
            }
            Input::Holder(holder) => {
                self.sending.sole = holder;
                self.hold(holder);
            }
            Input::Beside => {
                self.sending.sole = false;
                self.hold(true);
            }
            Input::Online(online) => {
                self.online = online;
                match self.phase {
                    Phase::Opening(_) | Phase::Waiting(_) if !online => self.rest(State::Offline),
                    Phase::Off if online && self.state == State::Offline => self.open(),
                    _ if online => self.wake(),
                    _ => {}
                }
            }
            Input::Wake => self.wake(),
            Input::Tick => {}
            Input::Opened if matches!(self.phase, Phase::Opening(_)) => self.greet(),
            Input::Text(text) => self.hear(text),
            Input::Unusable(why) => self.miss(why),
            Input::Closed(code) => self.closed(code),
            Input::Page(answer) => {
                self.page(answer);
                self.look_for_event();
            }
            Input::Stored(Err(why)) => self.lose(why),
            Input::Stored(Ok(())) => self.look_for_event(),
            Input::Outbox => self.outbox_changed(),
            Input::Next(next) => self.take(next),
            Input::Echo(found) => self.echo(found),
            Input::Opened => {}
        }
        self.pass();
        self.send();
        std::mem::take(&mut self.effects)
    }

    fn page(&mut self, answer: Result<(bool, u64)>) {
        let counts = self.fetching.take().unwrap_or(false);
        if !matches!(self.phase, Phase::Joined(_)) {
            // The server's pages say more than a socket that doesn't open. An address at which
            // there is nothing may be that of a server which is about to begin.
            let Err(why) = answer else { return };
            if self.is_final(&why) && *why != NOTHING_THERE {
                self.fail(why);
            } else if let State::Waiting(_, reason) = &mut self.state {
                *reason = why;
            }
            return;
        }
        if !counts {
            // It was asked for before this connection began.
            self.fetch_at = Some(self.now);
            return;
        }
        let nothing_there = matches!(&answer, Err(why) if **why == NOTHING_THERE);
        let of_v0 = nothing_there && !self.speaks_v1();
        // A V0 server may know nothing of a conversation before its first event.
        let answer = if of_v0 && self.newest < 0 {
            Ok((true, 0))
        } else {
            answer
        };
        match answer {
            Ok((false, _)) => self.fetch(None),
            Ok((true, _)) if std::mem::take(&mut self.redo) => self.fetch(Some(Reach::End)),
            Ok((true, new)) => {
                self.pauses.reset();
                let silent = self.heard < self.asked;
                if self.caught_up && new > 0 && silent && self.speaks_v1() {
                    self.behind.get_or_insert(self.now + BEHIND);
                }
                self.caught_up = true;
                // The pages have reached what is the newest here.
                self.linked = true;
                let waiting = std::mem::take(&mut self.waiting);
                self.forget();
                self.store(waiting);
                self.be_live();
            }
            Err(why) if !self.is_final(&why) || of_v0 => {
                let waiting = std::mem::take(&mut self.waiting);
                self.forget();
                // With room before them for what the pages will bring.
                self.flowing = true;
                self.store(waiting);
                self.warn(&why.to_string());
                self.fetch_at = Some(self.now + self.pauses.pause());
            }
            Err(why) => self.fail(why),
        }
    }

    pub(super) fn fetch(&mut self, reach: Option<Reach>) {
        self.fetching = Some(true);
        if reach.is_some() {
            self.asked = self.now;
        }
        self.effects.push(Effect::Fetch(reach));
    }

    pub(crate) fn speaks_v1(&self) -> bool {
        self.options.transport == Transport::WebSocket
    }

    /// Whether the socket is the application's own.
    pub(super) fn is_own(&self) -> bool {
        self.options.own.is_some()
    }
}

/// What an address answers at which there is no conversation.
const NOTHING_THERE: Error = Error::Refused(404);
