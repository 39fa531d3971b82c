//! A session begins, is lost, tries again and ends.

use super::agent_server::{self, TOO_MANY};
use super::events::{Effect, Reach, State, Transport};
use super::reconnect::STEADY;
use super::session::{Phase, QUIET, Session};
use crate::error::{Error, Recovery};

/// How long a connection may take to be ready, in milliseconds.
const HANDSHAKE: f64 = 20_000.0;

/// How long a V1 server may take to say anything after it was given the key.
const WELCOME: f64 = 3_000.0;

/// What is between two tries at least, whatever wakes it.
const BREATH: f64 = 1_000.0;

const CLOSED_WITH: &str = ": close code ";

impl Session {
    pub(super) fn hold(&mut self, holder: bool) {
        self.holder = holder;
        match holder {
            false if self.going() => self.rest(State::Follower),
            true if self.state == State::Follower => self.open(),
            _ => {}
        }
    }

    /// Whether it is neither ended nor given up.
    fn going(&self) -> bool {
        self.wanted && !matches!(self.state, State::Failed(_))
    }

    pub(super) fn open(&mut self) {
        if !self.going() {
            return;
        }
        if !self.holder {
            return self.rest(State::Follower);
        }
        if !self.online {
            return self.rest(State::Offline);
        }
        self.connect();
    }

    pub(super) fn connect(&mut self) {
        self.phase = Phase::Opening(self.now + HANDSHAKE);
        self.state = State::Connecting;
        self.opened = self.now;
        self.replaying = true;
        self.unwelcome = false;
        self.redo = false;
        self.effects.push(Effect::Open);
    }

    pub(super) fn wake(&mut self) {
        if let Phase::Waiting(until) = &mut self.phase {
            *until = until.min(self.opened + BREATH).max(self.now);
        }
    }

    /// The socket is open.
    pub(super) fn greet(&mut self) {
        if self.is_own() && !self.speaks_v1() {
            self.replaying = false;
            self.join();
        } else if self.speaks_v1() {
            let key = self.options.session_api_key.as_deref();
            (self.effects).extend(key.map(|key| Effect::Send(agent_server::auth(key))));
            self.phase = Phase::Opening(self.now + WELCOME);
        }
    }

    /// A V0 server replays before it takes part, which may take long.
    pub(super) fn goes_on(&mut self) {
        if let Phase::Opening(until) = &mut self.phase {
            *until = self.now + HANDSHAKE;
        }
    }

    /// The server takes part.
    pub(super) fn join(&mut self) {
        self.phase = Phase::Joined(self.now);
        self.caught_up = !self.options.has_pages;
        self.linked = false;
        self.flowing = false;
        if self.caught_up {
            return self.be_live();
        }
        self.state = State::Syncing;
        let replays = self.options.transport == Transport::SocketIo;
        self.fetch_at = Some(self.now + if replays { QUIET } else { 0.0 });
    }

    pub(super) fn be_live(&mut self) {
        self.state = State::Live;
        self.live.get_or_insert(self.now);
    }

    pub(super) fn closed(&mut self, code: u16) {
        if matches!(self.phase, Phase::Off | Phase::Waiting(_)) {
            return;
        }
        let final_reason = match self.options.transport {
            Transport::WebSocket => agent_server::close_reason(code),
            Transport::SocketIo => None,
        };
        if let Some(why) = final_reason {
            let why = [why, CLOSED_WITH, &code.to_string()].concat();
            return self.fail(Error::BadAnswer(why).into());
        }
        if code == TOO_MANY {
            self.backoff.slow_down();
        }
        if matches!(self.phase, Phase::Opening(_)) && self.options.has_pages {
            // Perhaps they say why.
            if self.fetching.is_none() {
                self.fetch(Some(Reach::End));
            }
        }
        let why = ["the socket closed", CLOSED_WITH, &code.to_string()].concat();
        self.lose(Error::Network(why).into());
    }

    /// The connection is gone; another one is tried later.
    pub(super) fn lose(&mut self, why: Box<Error>) {
        if matches!(self.phase, Phase::Off | Phase::Waiting(_)) {
            return;
        }
        if self.is_final(&why) {
            return self.fail(why);
        }
        if self.live.is_some_and(|since| self.now - since >= STEADY) {
            self.backoff.reset();
        }
        self.leave();
        if !self.online {
            self.state = State::Offline;
            return;
        }
        let pause = self.backoff.pause();
        self.phase = Phase::Waiting(self.now + pause);
        self.state = State::Waiting(self.told + pause, why);
    }

    /// Whether it is no use to try again.
    pub(super) fn is_final(&self, why: &Error) -> bool {
        !matches!(why.recovery(), Recovery::Retry | Recovery::Refetch)
    }

    pub(super) fn fail(&mut self, why: Box<Error>) {
        self.rest(State::Failed(why));
    }

    pub(super) fn rest(&mut self, state: State) {
        self.leave();
        self.state = state;
    }

    fn leave(&mut self) {
        if !matches!(self.phase, Phase::Off | Phase::Waiting(_)) {
            self.effects.push(Effect::Close);
        }
        self.phase = Phase::Off;
        self.heartbeat = None;
        self.live = None;
        self.fetch_at = None;
        self.fetching = self.fetching.map(|_| false);
        self.behind = None;
        if self.is_own() {
            // Nobody says it again.
            let waiting = std::mem::take(&mut self.waiting);
            self.keep(waiting);
        }
        self.sending.leave();
        self.forget();
    }

    /// Does what its time has come for.
    pub(super) fn pass(&mut self) {
        let now = self.now;
        match self.phase {
            Phase::Opening(until) if now >= until => {
                if self.speaks_v1() && until < self.opened + HANDSHAKE {
                    self.unwelcome = true;
                    self.heartbeat = self.probing();
                    self.join();
                } else {
                    let milliseconds = HANDSHAKE as u32;
                    let operation = "the handshake of a socket";
                    let why = Error::Timeout {
                        operation,
                        milliseconds,
                    };
                    self.lose(why.into());
                }
            }
            Phase::Waiting(until) if now >= until => self.open(),
            _ => {}
        }
        let dead = (self.heartbeat.as_mut()).is_some_and(|heartbeat| heartbeat.is_dead(now));
        if dead && self.speaks_v1() {
            self.heartbeat = self.probing();
            self.fetch_at.get_or_insert(now);
        } else if dead || self.behind.is_some_and(|until| now >= until) {
            return self.lose(Error::Network("the server has fallen silent".to_owned()).into());
        }
        if !matches!(self.phase, Phase::Joined(_)) {
            return;
        }
        if self.fetching.is_none() && self.fetch_at.is_some_and(|at| now >= at) {
            self.fetch_at = None;
            let live_v0 = self.caught_up && !self.speaks_v1();
            self.fetch(Some(if live_v0 { Reach::Newest } else { Reach::End }));
        }
    }
}
