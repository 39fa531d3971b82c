//! What the servers do with a connection.

use std::rc::Rc;

use oh_event_store::backend::SocketEvent;

use super::model::{Kind, parameter};
use super::network::{Line, Manners, World};

/// Their pings, in milliseconds.
const INTERVAL: f64 = 25_000.0;
const TIMEOUT: f64 = 20_000.0;

pub const KEY: &str = "s3cret";

impl World {
    /// Something happens on the server.
    pub fn append(self: &Rc<World>, plain: bool) {
        let live = {
            let random = &mut *self.random.borrow_mut();
            let mut model = self.model.borrow_mut();
            match plain {
                true => model.append_plain(random),
                false => model.append(random),
            }
        };
        let lines: Vec<_> = self.lines.borrow().values().cloned().collect();
        if let Some(text) = live {
            for line in lines.iter().filter(|line| line.joined.get()) {
                self.event(line, &text);
            }
        }
    }

    fn event(self: &Rc<World>, line: &Rc<Line>, text: &str) {
        self.pushed.set(self.pushed.get() + 1);
        let frame = match self.model.borrow().kind {
            Kind::V1 => text.to_owned(),
            _ => format!("42[\"oh_event\",{text}]"),
        };
        self.send(line, &frame);
        if self.hits(self.weather.get().doubling) {
            self.send(line, &frame);
        }
    }
    /// A connection reaches the server.
    pub(super) fn accept(self: &Rc<World>, line: &Rc<Line>) {
        self.connects.set(self.connects.get() + 1);
        line.served.set(true);
        if let Some(code) = self.refusing.get() {
            return self.close(line, code);
        }
        let listener = line.listener.borrow().clone();
        if let Some(listener) = listener {
            listener(SocketEvent::Opened);
        }
        if self.model.borrow().kind != Kind::V1 {
            self.send(line, &format!(
                "0{{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":{INTERVAL},\"pingTimeout\":{TIMEOUT}}}"
            ));
            self.ping(Rc::clone(line));
        }
    }

    fn ping(self: &Rc<World>, line: Rc<Line>) {
        self.later(self.time.get() + INTERVAL, move |world| {
            if !line.served.get() {
                return;
            }
            line.ponged.set(false);
            world.send(&line, "2");
            let pinged = Rc::clone(&line);
            world.later(world.time.get() + TIMEOUT, move |world| {
                if !pinged.ponged.get() {
                    world.close(&pinged, 1001);
                }
            });
            world.ping(line);
        });
    }

    /// A user does something; the server answers as it does.
    fn act(self: &Rc<World>, line: &Rc<Line>, action: &str, ack: Option<&str>) {
        let manners = self.manners.get();
        self.say(|| format!("{manners:?} {action}"));
        match (manners, ack) {
            (Manners::Ignores, _) => return,
            (Manners::Breaks, _) => return self.cut(line.number),
            (Manners::Refuses, None) => {
                let why = "{\"id\": \"x\", \"kind\": \"ServerErrorEvent\", \"detail\": \"no\"}";
                return self.send(line, why);
            }
            (Manners::Refuses, Some(number)) => {
                self.send(
                    line,
                    "42[\"oh_event\",{\"error\": true, \"message\": \"no\"}]",
                );
                return self.send(line, &format!("43{number}[]"));
            }
            (Manners::Takes | Manners::TakesAndBreaks, _) => {}
        }
        let text = self.model.borrow_mut().act(action);
        if manners == Manners::TakesAndBreaks {
            self.cut(line.number);
        }
        // It may answer before it tells of the event, or after.
        let first = self.below(2) == 0;
        let answer = |yes| {
            if let (Some(number), true) = (ack, yes) {
                self.send(line, &format!("43{number}[]"));
            }
        };
        answer(first);
        let lines: Vec<_> = self.lines.borrow().values().cloned().collect();
        for line in lines.iter().filter(|line| line.joined.get()) {
            self.event(line, &text);
        }
        answer(!first);
    }

    /// The server reads a message of a tab.
    pub(super) fn read(self: &Rc<World>, line: &Rc<Line>, text: &str) {
        if !line.served.get() {
            return;
        }
        let kind = self.model.borrow().kind;
        if line.joined.get() && kind == Kind::V1 {
            return self.act(line, text, None);
        }
        if let Some(rest) = text.strip_prefix("42") {
            let (number, rest) = rest.split_once('[').expect("a list");
            let action = rest
                .strip_prefix("\"oh_user_action\",")
                .and_then(|rest| rest.strip_suffix(']'));
            assert!(line.joined.get(), "it has not said that it takes part");
            return self.act(line, action.expect("an action"), Some(number));
        }
        if kind == Kind::V1 {
            if text != format!("{{\"type\": \"auth\", \"session_api_key\": \"{KEY}\"}}") {
                return self.close(line, 4001);
            }
            line.joined.set(true);
            let (number, key) = (self.number(), self.greeting.get());
            self.send(line, &format!(
                "{{\"id\": \"s-{number}\", \"kind\": \"ConversationStateUpdateEvent\", \"key\": \"{key}\"}}"
            ));
            let query = line.url.split_once('?').map_or("", |(_, query)| query);
            let resent = self.model.borrow().resent(query);
            resent.iter().for_each(|text| self.event(line, text));
            return;
        }
        if text == "3" {
            line.ponged.set(true);
        }
        if text.starts_with("40") {
            assert_eq!(text, "40", "the server's handler takes no auth");
            let query = line.url.split_once('?').expect("a query").1;
            if parameter(query, "session_api_key").as_deref() != Some(KEY) {
                return self.send(line, "44{\"message\":\"invalid_session_api_key s3cret\"}");
            }
            let latest = parameter(query, "latest_event_id").expect("a cursor");
            let replayed = self
                .model
                .borrow()
                .replayed(latest.parse().expect("a number"));
            if kind == Kind::V0Late {
                self.send(line, "40{\"sid\":\"y\"}");
            }
            for text in &replayed {
                let last = line.down.get().max(self.time.get());
                line.down.set(last + self.pace.get());
                self.event(line, text);
            }
            line.joined.set(true);
            if kind == Kind::V0 {
                // What happens meanwhile is told before it, and as it is live.
                let line = Rc::clone(line);
                let at = self.time.get() + self.below(3_000) as f64;
                self.later(at, move |world| world.send(&line, "40{\"sid\":\"y\"}"));
            }
        }
    }
}
