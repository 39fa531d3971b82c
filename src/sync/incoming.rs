//! A session reads what its socket brings.

use super::address::push_encoded;
use super::agent_server::STATE;
use super::engine_io::{self, Packet};
use super::events::{Effect, Transport};
use super::reconnect::Heartbeat;
use super::session::{PATIENCE, PROBE, Phase, QUIET, REPAIR, Session};
use crate::backend::{LONGEST_MESSAGE, TOO_LONG};
use crate::error::Error;
use crate::event::{Dialect, Event, EventId, Frame, FrameForm, Needle, push_text};
use crate::page::Origin;
use crate::store::{After, Item};

/// The longest reason that is taken from a server, in characters.
const LONGEST_REASON: usize = 500;

/// How much may wait for the pages of the server, in bytes; the pages bring the rest.
const MOST_WAITING: usize = 64 << 20;

impl Session {
    pub(super) fn hear(&mut self, text: &str) {
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.hear(self.now);
        }
        self.heard = self.now;
        self.behind = None;
        let idle = matches!(self.phase, Phase::Off | Phase::Waiting(_));
        if idle || (self.is_own() && matches!(self.phase, Phase::Opening(_)) && !self.speaks_v1()) {
            // Who has a socket of his own is not told anything twice.
            if self.is_own() && self.wanted {
                self.message(text, false);
            }
            return;
        }
        match self.options.transport {
            Transport::SocketIo if self.is_own() => self.message(text, true),
            Transport::SocketIo => self.packet(text),
            Transport::WebSocket => {
                let first = matches!(self.phase, Phase::Opening(_)) || self.unwelcome;
                if let Phase::Opening(_) = self.phase {
                    self.heartbeat = self.probing();
                    self.join();
                } else if std::mem::take(&mut self.unwelcome) {
                    // Only now is it sure that the server tells of everything.
                    self.caught_up = !self.options.has_pages;
                    self.linked = false;
                    self.flowing = false;
                    self.redo = self.fetching.is_some();
                    self.fetch_at = Some(self.now);
                }
                self.message(text, first);
            }
        }
    }

    /// Pages tell whether a V1 server that says nothing is there.
    pub(super) fn probing(&self) -> Option<Heartbeat> {
        let pages = self.options.has_pages;
        pages.then(|| Heartbeat::new(PROBE, self.now))
    }

    fn packet(&mut self, text: &str) {
        match Packet::read(text) {
            Packet::Open { interval, timeout } => {
                self.heartbeat = Some(Heartbeat::new(interval + timeout, self.now));
                let connect = engine_io::CONNECT.to_owned();
                self.effects.push(Effect::Send(connect));
            }
            Packet::Ping => self.effects.push(Effect::Send(engine_io::PONG.to_owned())),
            Packet::Connect if matches!(self.phase, Phase::Opening(_)) => {
                self.replaying = false;
                self.join();
            }
            Packet::ConnectError(why) => {
                let why = ["it refuses the connection: ", &self.without_key(&why)].concat();
                self.fail(Error::BadAnswer(why).into());
            }
            Packet::Close | Packet::Disconnect => {
                self.lose(Error::Network("the server ended the connection".to_owned()).into());
            }
            Packet::Event { name, argument } if &*name == "oh_event" => {
                self.goes_on();
                self.message(argument, false);
            }
            Packet::Bad(why) => self.warn(why),
            Packet::Ack(number) => self.acknowledged(number),
            Packet::Event { .. } | Packet::Connect | Packet::Nothing => {}
        }
    }

    /// Where the key stands in a text.
    fn key_in(&self, text: &str) -> Option<usize> {
        let key = self.options.session_api_key.as_deref()?;
        let (mut encoded, mut escaped) = (String::new(), String::new());
        push_encoded(&mut encoded, key);
        push_text(&mut escaped, key);
        if key.is_empty() {
            return None;
        }
        let mut first = None;
        for key in [key, &encoded, &escaped] {
            let end = first.unwrap_or(text.len());
            let before = text.as_bytes().get(..end).unwrap_or_default();
            first = Needle::new(key.as_bytes()).find(before).or(first);
        }
        first
    }

    /// Whether other tabs are told of a message: they have no socket, and the key is not in it.
    pub(super) fn shares(&self, text: &str) -> bool {
        self.sending.sole && self.key_in(text).is_none()
    }

    /// What a server says may hold what it was told, and have any length.
    pub(super) fn without_key(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if let Some(at) = self.key_in(&text) {
            text.truncate(at);
            text.push_str("<secret_hidden>");
        }
        if let Some((end, _)) = text.char_indices().nth(LONGEST_REASON) {
            text.truncate(end);
        }
        text
    }

    /// `first`: a V1 server begins with the conversation's state, which is not in its history.
    fn message(&mut self, json: &str, first: bool) {
        if json.len() > LONGEST_MESSAGE {
            return self.miss(TOO_LONG);
        }
        let form = self.options.own.unwrap_or(FrameForm::Raw);
        match Frame::read(json.as_bytes(), form) {
            Ok(Frame::Event(event)) if first && event.header.kind.v1_name() == Some(STATE) => {
                self.effects.push(Effect::Status(event.text));
            }
            Ok(Frame::Event(event)) if !matches!(self.phase, Phase::Joined(_)) && self.is_own() => {
                self.keep(vec![event]);
            }
            Ok(Frame::Event(event)) => match event.dialect() {
                Some(Dialect::V1) if self.is_own() && !self.speaks_v1() => {
                    // It was not known before the first event.
                    self.options.transport = Transport::WebSocket;
                    self.heartbeat = self.probing();
                    self.join();
                    self.flowing = true;
                    self.v1(event);
                }
                Some(Dialect::V1) => self.v1(event),
                _ => self.v0(event),
            },
            Ok(Frame::Status(text)) => {
                self.refused(&text);
                self.effects.push(Effect::Status(text));
            }
            Err(why) => self.miss(&why.to_string()),
        }
    }

    /// Passes a message by, which may have been an event: the pages tell.
    pub(super) fn miss(&mut self, why: &str) {
        self.warn(why);
        if self.speaks_v1() && self.caught_up && self.options.has_pages {
            self.linked = false;
            self.fetch_at.get_or_insert(self.now + REPAIR);
        }
    }

    fn v0(&mut self, event: Event) {
        let Some(EventId::Number(id)) = event.header.id else {
            return;
        };
        // What comes live from the environment says that it came from the agent. A replay says what
        // is stored, but what happens meanwhile comes among it.
        let from_agent = event.header.source.as_deref() == Some("agent");
        let observation = event.header.kind.observation_name();
        let often = matches!(
            observation,
            Some("run" | "agent_state_changed" | "recall" | "error")
        );
        // Nor is what a client has parsed as the server wrote it.
        let parsed = self.options.own == Some(FrameForm::Parsed);
        let rewritten = parsed || (often && from_agent);
        // A replay's copy is as good as a page's.
        let origin = match often || self.replaying {
            true => Origin::Remote,
            false => Origin::Live,
        };
        let hole = id > self.newest.saturating_add(1);
        self.newest = self.newest.max(id);
        self.effects.push(Effect::Store(vec![match rewritten {
            true => Item::event(event, Origin::Live),
            false => Item::follows(event, origin, After::Unknown),
        }]));
        let Phase::Joined(since) = self.phase else {
            return;
        };
        if !self.options.has_pages {
            return;
        }
        if !self.caught_up && self.fetching.is_none() {
            let latest = (since + PATIENCE).max(self.now);
            self.fetch_at = (self.fetch_at).map(|_| (self.now + QUIET).min(latest));
        } else if hole || rewritten {
            self.fetch_at.get_or_insert(self.now + REPAIR);
        }
    }

    fn v1(&mut self, event: Event) {
        if self.caught_up || self.flowing {
            return self.store(vec![event]);
        }
        self.waiting_bytes = self.waiting_bytes.saturating_add(event.text.len());
        self.waiting.push(event);
        if self.waiting_bytes > MOST_WAITING {
            // The pages that are fetched next bring them.
            self.forget();
            self.redo = true;
        }
    }

    /// Stores V1 events in their order.
    pub(super) fn store(&mut self, events: Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let proven = self.options.has_pages;
        let items = events.into_iter().map(|event| {
            let linked = std::mem::replace(&mut self.linked, true);
            match (linked, proven) {
                (true, true) => Item::follows(event, Origin::Live, After::Newest),
                (true, false) => Item::event(event, Origin::Live),
                (false, _) => Item::follows(event, Origin::Live, After::Unknown),
            }
        });
        let items = items.collect();
        self.effects.push(Effect::Store(items));
    }

    /// Stores events of which nothing is known but that there are.
    pub(super) fn keep(&mut self, events: Vec<Event>) {
        if !events.is_empty() {
            // With room for what may be missing before them.
            let items = events.into_iter().map(|event| match event.dialect() {
                Some(Dialect::V1) => Item::follows(event, Origin::Live, After::Unknown),
                _ => Item::event(event, Origin::Live),
            });
            self.effects.push(Effect::Store(items.collect()));
        }
    }

    pub(super) fn forget(&mut self) {
        self.waiting = Vec::new();
        self.waiting_bytes = 0;
    }

    pub(super) fn warn(&mut self, why: &str) {
        let why = self.without_key(why);
        self.effects.push(Effect::Warn(why));
    }
}
