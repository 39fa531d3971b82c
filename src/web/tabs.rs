//! The tabs of a database tell each other that they are there, and which conversations they have
//! changed. That is a hint and no more: what is new is read from the database, and a message that
//! doesn't come costs time only. What a shared socket brings that is no event is told whole.

use std::rc::Weak;

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::home::Home;

/// What a tab says when it comes, and what the others answer: no conversation has such an id.
const HELLO: &str = "";
const HERE: f64 = 0.0;

/// The longest message of a socket, in bytes, that other tabs are told of.
const LONGEST_STATUS: usize = 64 << 10;

/// This tab's end of the channel. A message is a conversation's id, or one of these two, or an id
/// and what its socket brought.
pub(super) struct Tabs {
    channel: BroadcastChannel,
    _hear: Closure<dyn FnMut(MessageEvent)>,
}

impl Tabs {
    /// Joins the tabs of a database; `None` where the browser has no such channels.
    pub(super) fn open(database: &str, home: &Weak<Home>) -> Option<Tabs> {
        let channel = BroadcastChannel::new(&["oh-event-store/", database].concat()).ok()?;
        let home = Weak::clone(home);
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let Some(home) = home.upgrade() else { return };
            home.meet();
            let data = message.data();
            match data.as_string().as_deref() {
                Some(HELLO) => home.welcome(),
                Some(id) => home.changed_elsewhere(id),
                None => {
                    if let Some(pair) = data.dyn_ref::<Array>()
                        && let Some((id, text)) =
                            pair.get(0).as_string().zip(pair.get(1).as_string())
                    {
                        home.status_elsewhere(&id, &text);
                    }
                }
            }
        });
        channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        let _ = channel.post_message(&JsValue::from_str(HELLO));
        Some(Tabs {
            channel,
            _hear: hear,
        })
    }

    /// Answers one that has just come.
    pub(super) fn answer(&self) {
        let _ = self.channel.post_message(&JsValue::from_f64(HERE));
    }

    /// Tells the others that a conversation was changed.
    pub(super) fn tell(&self, id: &str) {
        let _ = self.channel.post_message(&JsValue::from_str(id));
    }

    /// Tells the others of what came for a conversation and is no event, unless it is too long.
    pub(super) fn share(&self, id: &str, text: &str) {
        if text.len() <= LONGEST_STATUS {
            let pair = Array::of2(&id.into(), &text.into());
            let _ = self.channel.post_message(&pair);
        }
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}
