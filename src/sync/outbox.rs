//! What is done with an outbox: actions are put there and waited for, taken, found in the log,
//! settled.
//!
//! An action that was sent and not acknowledged is sent again only when a later connection has
//! brought all that was missed, and the log has no event of the user's that is equal to it and
//! came after it was sent.

use std::rc::Rc;

use super::driver::Connection;
use super::events::{Errand, Input, Next};
use crate::error::{Error, Result};
use crate::event::{Items, dump, members};
use crate::filter::EventFilter;
use crate::notice::Level;
use crate::page::Origin;
use crate::store::{Action, Log, Queued, SearchOptions, Stage};

/// How long an action is left to the tab that has sent it, where several can be connected, in
/// milliseconds.
const CLAIMED: f64 = 60_000.0;

/// How long what was sent may be on its way, in milliseconds: the log says nothing of it before.
const ON_ITS_WAY: f64 = 10_000.0;

/// How often an action is sent at most.
const MOST_TRIES: u8 = 20;

/// How long it takes until what the storage has refused is tried again, in milliseconds.
const PAUSE: u32 = 1_000;

/// How many events are looked at in one step.
const FEW: usize = 100;

/// How often it is tried to write down what has become of an action.
const TRIES: u32 = 10;

/// Does one thing.
pub(super) async fn run(log: Rc<Log>, errand: Errand, connection: u64) -> Option<Input<'static>> {
    match errand {
        Errand::Take { sole } => {
            let next = take(&log, connection, sole).await.unwrap_or_else(|why| {
                log.report(Level::Warn, "the outbox can't be read", &why);
                Next::Later(f64::from(PAUSE) * 5.0)
            });
            Some(Input::Next(next))
        }
        Errand::Look(action) => {
            let found = is_in_log(&log, &action).await.unwrap_or(false);
            Some(Input::Echo(found))
        }
        Errand::Release(number, action) => {
            if let Err(why) = release(&log, number, &action.id, connection).await {
                log.report(Level::Debug, "an action counts as sent, and was not", &why);
            }
            None
        }
        Errand::Settle(number, action, outcome) => {
            for _ in 0..TRIES {
                match settle(&log, number, &action.id, &outcome).await {
                    Ok(()) => break,
                    Err(why) => log.report(Level::Warn, "an action's fate is not stored", &why),
                }
                log.shared.clock.sleep(PAUSE).await;
            }
            None
        }
    }
}

async fn take(log: &Rc<Log>, connection: u64, sole: bool) -> Result<Next> {
    let now = log.shared.clock.now();
    for Queued {
        number,
        stored,
        mut action,
    } in log.outbox().await?
    {
        let age = (now - action.sent_at).abs();
        match action.stage {
            Stage::Rejected => continue,
            Stage::Cancelled => {
                if age > CLAIMED {
                    log.replace_queued(number, Some(stored), None).await?;
                }
                continue;
            }
            Stage::Sent if action.by != connection && !sole && age < CLAIMED => {
                return Ok(Next::Later(CLAIMED - age));
            }
            Stage::Sent if is_in_log(log, &action).await? => {
                log.replace_queued(number, Some(stored), None).await?;
                continue;
            }
            Stage::Sent if age < ON_ITS_WAY => return Ok(Next::Later(ON_ITS_WAY - age)),
            Stage::Sent if action.tries >= MOST_TRIES => {
                let why = "no connection has outlived its being sent".to_owned();
                settle(log, number, &action.id, &Err(why)).await?;
                continue;
            }
            Stage::Sent | Stage::Waiting => {}
        }
        action.stage = Stage::Sent;
        action.tries = action.tries.saturating_add(1);
        action.by = connection;
        action.sent_at = now;
        action.after = log.latest_position().unwrap_or(-1);
        let taken = log.replace_queued(number, Some(stored), Some(&action));
        return Ok(match taken.await? {
            true => Next::Action(number, Rc::new(action)),
            // Another tab was faster, or it was cancelled.
            false => Next::Later(0.0),
        });
    }
    Ok(Next::Nothing)
}

/// Whether the log has an event that the server has made of an action since it was sent.
async fn is_in_log(log: &Rc<Log>, action: &Action) -> Result<bool> {
    // Secrets are masked in events, not in what is sent.
    let Ok(text) = dump(action.text.as_bytes()) else {
        return Ok(false);
    };
    let sent = log.mask_text(&text.text);
    let mut search = log.search(&SearchOptions {
        start_id: Some(action.after.saturating_add(1)),
        filter: Some(EventFilter {
            source: Some("user".to_owned()),
            ..EventFilter::default()
        }),
        ..SearchOptions::default()
    });
    while let Some(batch) = search.next(FEW).await? {
        for (position, event) in batch.positions.iter().zip(batch.texts()) {
            if !is_made_of(event, &sent) {
                continue;
            }
            // The application may have written one of its own.
            let entry = log.entry_at(*position).await?;
            if entry.is_some_and(|entry| entry.origin != Origin::Local) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether an event says what an action says, both canonical. Servers leave members out and add
/// others.
fn is_made_of(event: &str, action: &str) -> bool {
    let Ok(sent) = members(action) else {
        return false;
    };
    // V1: a message is a member of its event.
    let message = member(event, "llm_message").unwrap_or(event);
    let names: &[&str] = match sent.iter().any(|(key, _)| &**key == "action") {
        true => &["action", "args"],
        false => &["role", "content"],
    };
    names.iter().all(|name| {
        let sent = sent.iter().find(|(key, _)| &**key == *name);
        let made = member(message, name);
        sent.is_none_or(|(_, sent)| made.is_some_and(|made| agrees(sent, made)))
    })
}

fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    let members = members(object).ok()?;
    let found = members.into_iter().find(|(key, _)| &**key == name);
    found.map(|(_, value)| value)
}

/// Whether two values differ in nothing that both have.
fn agrees(sent: &str, made: &str) -> bool {
    let is_empty = |value| matches!(value, "null" | "[]" | "{}" | "\"\"");
    if sent == made || is_empty(sent) && is_empty(made) {
        return true;
    }
    if let (Ok(sent), Ok(made)) = (members(sent), members(made)) {
        return sent.iter().all(|(key, sent)| {
            let made = made.iter().find(|(other, _)| other == key);
            made.is_none_or(|(_, made)| agrees(sent, made))
        });
    }
    let items =
        |list| Items::of(list).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    let Ok(made) = items(made) else { return false };
    match (items(sent), made.as_slice()) {
        (Ok(sent), made) => {
            sent.len() == made.len() && sent.iter().zip(made).all(|(sent, made)| agrees(sent, made))
        }
        // A text is content of one part.
        (Err(_), [only]) => member(only, "text") == Some(sent),
        _ => false,
    }
}

/// What was taken by this connection waits again.
async fn release(log: &Log, number: i64, id: &str, connection: u64) -> Result<()> {
    if let Some(Queued {
        number,
        stored,
        mut action,
    }) = log.queued(number, id).await?
        && action.stage == Stage::Sent
        && action.by == connection
    {
        action.stage = Stage::Waiting;
        action.tries = action.tries.saturating_sub(1);
        log.replace_queued(number, Some(stored), Some(&action))
            .await?;
    }
    Ok(())
}

async fn settle(
    log: &Log,
    number: i64,
    id: &str,
    outcome: &std::result::Result<(), String>,
) -> Result<()> {
    loop {
        let Some(Queued {
            number,
            stored,
            mut action,
        }) = log.queued(number, id).await?
        else {
            return Ok(());
        };
        if action.stage == Stage::Cancelled {
            return Ok(());
        }
        let left = match outcome {
            Ok(()) => None,
            Err(why) => {
                action.stage = Stage::Rejected;
                action.reason = why.as_str().into();
                Some(&action)
            }
        };
        if log.replace_queued(number, Some(stored), left).await? {
            return Ok(());
        }
    }
}

impl Connection {
    /// Keeps a user's action, a JSON object, until the server has it, and ends then. It is sent as it
    /// was given, after those before it, by the tab that is connected, when it is. `id` is the
    /// application's name for it.
    ///
    /// # Errors
    /// `InvalidArgument` and `OutboxFull`; what the storage answers; `ActionRejected` with the
    /// server's reason and `ActionCancelled`, also where the conversation is deleted; `Closed` where
    /// the connection or the conversation is closed before: the action stays in the outbox.
    pub fn send(&self, id: &str, json: &str) -> impl Future<Output = Result<()>> + 'static {
        let is_object = members(json).is_ok();
        let no_run = member(json, "run") == Some("false") && member(json, "role").is_some();
        let (log, shared) = (Rc::clone(&self.log), self.shared());
        let (id, json) = (id.to_owned(), json.to_owned());
        async move {
            let wrong = |why: &str| Err(Error::InvalidArgument(why.to_owned()).into());
            if !is_object {
                return wrong("an action is a JSON object");
            }
            if no_run {
                return wrong("a message that comes over the socket is run: `run` can't be false");
            }
            let closed = || Error::Closed("connection").into();
            if shared.is_closed() {
                return Err(closed());
            }
            let mut seen = 0;
            let number = log.queue(&id, &json).await?;
            loop {
                match log.queued(number, &id).await {
                    Ok(Some(queued)) => match queued.action.stage {
                        Stage::Waiting | Stage::Sent => {}
                        Stage::Rejected => {
                            let why = queued.action.reason.into_string();
                            return Err(Error::ActionRejected(why).into());
                        }
                        Stage::Cancelled => {
                            let Queued { number, stored, .. } = queued;
                            let _ = log.replace_queued(number, Some(stored), None).await;
                            return Err(Error::ActionCancelled.into());
                        }
                    },
                    Ok(None) if log.is_deleted(number) => return Err(Error::ActionCancelled.into()),
                    Ok(None) => return Ok(()),
                    Err(why) if matches!(*why, Error::Closed(_) | Error::Corrupt(_)) => {
                        return Err(why);
                    }
                    Err(why) => log.report(Level::Warn, "the outbox can't be read", &why),
                }
                if shared.is_closed() {
                    return Err(closed());
                }
                seen = Rc::clone(&log).outbox_change(seen).await;
            }
        }
    }

    /// The actions that the server doesn't have yet or has rejected, in their order.
    ///
    /// # Errors
    /// `Closed`, or what the storage answers.
    pub fn pending(&self) -> impl Future<Output = Result<Vec<Queued>>> + 'static {
        let log = Rc::clone(&self.log);
        async move {
            let mut queued = log.outbox().await?;
            queued.retain(|queued| queued.action.stage != Stage::Cancelled);
            Ok(queued)
        }
    }

    /// Ends when the outbox may have changed since `seen`, and answers what is seen then; `None`
    /// where the connection is closed.
    pub fn pending_change(&self, mut seen: u64) -> impl Future<Output = Option<u64>> + 'static {
        let (log, shared) = (Rc::clone(&self.log), self.shared());
        async move {
            if !shared.is_closed() {
                seen = log.outbox_change(seen).await;
            }
            (!shared.is_closed()).then_some(seen)
        }
    }

    /// Takes an action out of the outbox. `true`: the server has not been given it, nor will be.
    /// `false`: it may have it, but is not given it again; or there is no such action.
    ///
    /// # Errors
    /// `Closed`, or what the storage answers.
    pub fn cancel(&self, id: &str) -> impl Future<Output = Result<bool>> + 'static {
        let (log, id) = (Rc::clone(&self.log), id.to_owned());
        async move {
            loop {
                let queued = log.outbox().await?;
                let found = queued.into_iter().find(|queued| *queued.action.id == *id);
                let Some(Queued {
                    number,
                    stored,
                    mut action,
                }) = found
                else {
                    return Ok(false);
                };
                let stage = std::mem::replace(&mut action.stage, Stage::Cancelled);
                let left = match stage {
                    Stage::Cancelled => return Ok(true),
                    Stage::Rejected => None,
                    Stage::Waiting | Stage::Sent => {
                        action.sent_at = log.shared.clock.now();
                        action.text = "".into();
                        Some(&action)
                    }
                };
                if log.replace_queued(number, Some(stored), left).await? {
                    return Ok(stage == Stage::Waiting);
                }
            }
        }
    }
}
