//! The tabs of a database tell each other that they are there, and which conversations they have
//! changed. That is a hint and no more: what is new is read from the database, and a message that
//! doesn't come costs time only. What a shared socket brings that is no event is told whole.

use std::rc::Weak;

use js_sys::{Array, Float64Array};
use wasm_bindgen::prelude::*;
use web_sys::{BroadcastChannel, MessageEvent};

use super::home::Home;
use crate::store::Interval;

/// What a tab says when it comes, and what the others answer: no conversation has such an id.
const HELLO: &str = "";
const HERE: f64 = 0.0;

/// The longest message of a socket, in bytes, that other tabs are told of.
const LONGEST_STATUS: usize = 64 << 10;

/// This tab's end of the channel. A message is a conversation's id, or one of these two, or an id
/// and what its socket brought, or an id and the ends of stretches.
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
                    let pair = data.dyn_ref::<Array>();
                    let Some((id, more)) =
                        pair.and_then(|pair| Some((pair.get(0).as_string()?, pair.get(1))))
                    else {
                        return;
                    };
                    match (more.as_string(), more.dyn_ref::<Float64Array>()) {
                        (Some(text), _) => home.status_elsewhere(&id, &text),
                        (None, Some(ends)) => {
                            let ends = ends.to_vec();
                            let (pairs, _) = ends.as_chunks::<2>();
                            let again = pairs.iter();
                            let again = again.map(|[first, last]| (*first as i64, *last as i64));
                            home.again_elsewhere(&id, &again.collect::<Vec<_>>());
                        }
                        _ => {}
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

    /// Tells the others in which stretches of a conversation there is something else now. Releases
    /// that don't know of it pass it by.
    pub(super) fn tell_again(&self, id: &str, again: &[Interval]) {
        let ends = again.iter().flat_map(|(first, last)| [*first, *last]);
        // The greatest number stays the greatest.
        let ends: Vec<f64> = ends.map(|end| end as f64).collect();
        let pair = Array::of2(&id.into(), &Float64Array::from(ends.as_slice()));
        let _ = self.channel.post_message(&pair);
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
