//! A session sends the actions of the outbox: one at a time, and the next one when the server has it.
//!
//! A V0 server acknowledges an action by its number; the event that it makes of it comes right after.
//! A V1 server says nothing but the event.

use std::rc::Rc;

use super::engine_io;
use super::events::{Effect, Errand, Next, State};
use super::session::{Phase, Session};
use crate::event::{members, string_value};
use crate::store::Action;

/// Without pages, how long a server may take to say what was missed, in milliseconds. What was sent
/// on an earlier connection is looked for in that.
const SETTLING: f64 = 1_000.0;

/// How long a V0 server may take to acknowledge an action, longer than a dead connection is noticed.
const ACKNOWLEDGED: f64 = 60_000.0;

/// How long a V1 server may: it takes a message up when the agent's step has ended.
const ECHOED: f64 = 600_000.0;

/// How long the event of an acknowledged action is waited for: there may be none.
const SHOWN: f64 = 3_000.0;

enum Stage {
    /// Nothing is on its way.
    Idle,
    /// The next action is being taken out of the outbox.
    Taking,
    /// This one was sent; until when its answer is waited for.
    Sent(i64, f64),
    /// The server has it; until when its event is waited for.
    Had(f64),
}

/// What a session knows of its outbox.
pub(super) struct Sending {
    stage: Stage,
    /// What was sent last.
    action: Option<Rc<Action>>,
    /// Something may be there to be sent, from this time on.
    look_at: Option<f64>,
    /// The log is being looked into, and should be once more.
    looking: bool,
    look_again: bool,
    /// This tab was named the one that is connected.
    pub(super) sole: bool,
}

impl Sending {
    pub(super) fn new() -> Sending {
        Sending {
            stage: Stage::Idle,
            action: None,
            look_at: Some(0.0),
            looking: false,
            look_again: false,
            sole: false,
        }
    }

    /// The connection is gone. What was on its way is looked for on the next one.
    pub(super) fn leave(&mut self) {
        // What is being taken is answered for.
        if !matches!(self.stage, Stage::Taking) {
            self.stage = Stage::Idle;
        }
        self.look_at = Some(0.0);
    }
}

impl Session {
    /// When something of the outbox is to be done.
    pub(super) fn sends_at(&self) -> Option<f64> {
        match self.sending.stage {
            Stage::Taking => None,
            Stage::Sent(_, until) | Stage::Had(until) => Some(until),
            Stage::Idle => {
                let since = self.sends_since()?;
                self.sending.look_at.map(|at| at.max(since))
            }
        }
    }

    /// From when on actions can be sent on this connection.
    fn sends_since(&self) -> Option<f64> {
        match self.phase {
            Phase::Joined(since)
                if self.options.own.is_none() && self.caught_up && self.state == State::Live =>
            {
                let settled = self.options.has_pages;
                Some(since + if settled { 0.0 } else { SETTLING })
            }
            _ => None,
        }
    }

    pub(super) fn outbox_changed(&mut self) {
        let at = self.sending.look_at.unwrap_or(self.now);
        self.sending.look_at = Some(at.min(self.now));
    }

    /// Something of the outbox was taken, or there was nothing.
    pub(super) fn take(&mut self, next: Next) {
        self.sending.stage = Stage::Idle;
        match next {
            Next::Nothing => {}
            Next::Later(pause) => {
                self.sending.look_at.get_or_insert(self.now + pause);
            }
            Next::Action(number, action) => {
                if self.sends_since().is_none() {
                    let errand = Errand::Release(number, action);
                    self.effects.push(Effect::Outbox(errand));
                    return self.outbox_changed();
                }
                let text = &action.text;
                let (frame, patience) = match self.speaks_v1() {
                    true => (text.to_string(), ECHOED),
                    false => {
                        let ack = number.unsigned_abs();
                        let frame = engine_io::emit("oh_user_action", text, ack);
                        (frame, ACKNOWLEDGED)
                    }
                };
                self.effects.push(Effect::Send(frame));
                self.sending.action = Some(action);
                self.sending.stage = Stage::Sent(number, self.now + patience);
            }
        }
    }

    /// The server has what was sent under this number.
    pub(super) fn acknowledged(&mut self, ack: u64) {
        if let Stage::Sent(number, _) = self.sending.stage
            && number.unsigned_abs() == ack
        {
            self.settle(number, Ok(()));
            self.sending.stage = Stage::Had(self.now + SHOWN);
            self.look_for_event();
        }
    }

    /// A message that is no event: an error is the answer to what was sent.
    pub(super) fn refused(&mut self, status: &str) {
        let Stage::Sent(number, _) = self.sending.stage else {
            return;
        };
        let members = members(status).unwrap_or_default();
        let text = |wanted: &str| {
            let found = members.iter().find(|(key, _)| &**key == wanted);
            found.map(|(_, value)| string_value(value).unwrap_or((*value).into()))
        };
        let (is_error, why) = match self.speaks_v1() {
            true => (
                text("kind").as_deref() == Some("ServerErrorEvent"),
                text("detail"),
            ),
            false => (text("error").as_deref() == Some("true"), text("message")),
        };
        if is_error {
            let why = self.without_key(&why.unwrap_or_default());
            self.settle(number, Err(why));
        }
    }

    /// Something was stored: perhaps the event that is waited for.
    pub(super) fn look_for_event(&mut self) {
        match self.sending.stage {
            Stage::Sent(..) if self.speaks_v1() => {}
            Stage::Had(_) => {}
            _ => return,
        }
        if std::mem::replace(&mut self.sending.looking, true) {
            self.sending.look_again = true;
            return;
        }
        let action = self.sending.action.clone();
        (self.effects).extend(action.map(|action| Effect::Outbox(Errand::Look(action))));
    }

    pub(super) fn echo(&mut self, found: bool) {
        self.sending.looking = false;
        let again = std::mem::take(&mut self.sending.look_again);
        match self.sending.stage {
            Stage::Sent(number, _) if found => self.settle(number, Ok(())),
            Stage::Had(..) if found => self.go_on(),
            _ if again => self.look_for_event(),
            _ => {}
        }
    }

    fn settle(&mut self, number: i64, outcome: Result<(), String>) {
        let action = self.sending.action.clone();
        let errand = action.map(|action| Errand::Settle(number, action, outcome));
        self.effects.extend(errand.map(Effect::Outbox));
        self.go_on();
    }

    fn go_on(&mut self) {
        self.sending.stage = Stage::Idle;
        self.outbox_changed();
    }

    /// Does what its time has come for.
    pub(super) fn send(&mut self) {
        if self.sends_at().is_none_or(|at| self.now < at) {
            return;
        }
        match self.sending.stage {
            Stage::Sent(number, _) => {
                let why = "it has not said that it has it, and may have it all the same";
                self.settle(number, Err(why.to_owned()));
            }
            Stage::Had(..) => self.go_on(),
            Stage::Idle => {
                self.sending.look_at = None;
                self.sending.stage = Stage::Taking;
                let sole = self.sending.sole;
                self.effects.push(Effect::Outbox(Errand::Take { sole }));
            }
            Stage::Taking => {}
        }
    }
}
