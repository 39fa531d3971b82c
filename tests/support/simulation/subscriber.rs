//! Who listens, and what was heard.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use oh_event_store::stream::Subscription;

use super::check::contents;
use super::model::Model;

/// What one subscriber has heard.
pub struct Heard {
    model: Rc<RefCell<Model>>,
    epoch: u64,
    /// History was asked for from here on.
    from: Option<i64>,
    /// What the log held when it began.
    before: BTreeSet<i64>,
    texts: BTreeMap<i64, String>,
    pub thinks_it_is_alone: bool,
}

impl Heard {
    pub fn new(model: &Rc<RefCell<Model>>, from: Option<i64>, before: BTreeSet<i64>) -> Heard {
        Heard {
            model: Rc::clone(model),
            epoch: model.borrow().epoch,
            from,
            before,
            texts: BTreeMap::new(),
            thinks_it_is_alone: false,
        }
    }

    fn usual(&self) -> bool {
        let model = self.model.borrow();
        model.epoch == self.epoch && !model.deleting && !model.damaged
    }

    fn take(&mut self, position: i64, text: String) {
        let usual = self.usual();
        let mut model = self.model.borrow_mut();
        model.check_event(position, &text);
        if !usual {
            return;
        }
        let asked = self.from.is_none_or(|from| position >= from);
        assert!(asked, "an event that was not asked for: {text}");
        model.seen(&text, self.thinks_it_is_alone);
        if let Some(before) = self.texts.insert(position, text.clone()) {
            // Where another tab's copy was stored first, what comes again replaces that one.
            let displaced = self.thinks_it_is_alone && model.has_others(&text);
            // What another tab says it has changed may be told already.
            let again = before == text;
            let better = again || displaced || model.may_replace(&before, &text);
            assert!(better, "heard twice: {before}, then {text}");
        }
    }

    /// Everything that had to be heard was.
    pub fn check(&self, stored: &[(i64, String)]) {
        if !self.usual() {
            return;
        }
        for (position, text) in stored {
            let owed = match self.from {
                Some(from) => *position >= from,
                None => !self.before.contains(position),
            };
            let heard = self.texts.contains_key(position);
            assert!(heard || !owed, "a subscriber did not hear of {text}");
        }
    }
}

/// Listens until the subscription ends.
pub async fn listen(subscription: Rc<Subscription>, heard: Rc<RefCell<Heard>>, max: usize) {
    loop {
        match subscription.next(max).await {
            Ok(Some(batch)) => {
                for (position, text) in contents(&batch) {
                    heard.borrow_mut().take(position, text);
                }
            }
            Ok(None) => return,
            Err(why) if why.code() == "closed" => return,
            Err(_) => {}
        }
    }
}
