//! The tabs of a database tell each other which conversations they have changed. That is a hint and
//! no more: what is new is read from the database, and a message that doesn't come costs time only.

use std::rc::Weak;

use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::home::Home;

/// This tab's end of the channel. A message is a conversation's id.
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
            if let (Some(home), Some(id)) = (home.upgrade(), message.data().as_string()) {
                home.changed_elsewhere(&id);
            }
        });
        channel.set_onmessage(Some(hear.as_ref().unchecked_ref()));
        Some(Tabs {
            channel,
            _hear: hear,
        })
    }

    /// Tells the others that a conversation was changed.
    pub(super) fn tell(&self, id: &str) {
        let _ = self.channel.post_message(&JsValue::from_str(id));
    }
}

impl Drop for Tabs {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}
