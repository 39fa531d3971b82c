//! What the tabs do.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use oh_event_store::backend::{Clock, Memory};
use oh_event_store::error::Result;
use oh_event_store::filter::EventFilter;
use oh_event_store::notice::{Notice, Reporter};
use oh_event_store::page::Origin;
use oh_event_store::store::{EventStore, ExportFormat, Log, SearchOptions, StoreOptions};
use oh_event_store::stream::{EventStream, Policy, SubscribeOptions};

use super::check::{any_search, contents, matches};
use super::executor::alone;
use super::model::Model;
use super::subscriber::{Heard, listen};
use super::world::{NAMES, World};
use super::writing::{add, feed, garbage, import, sync};
use crate::events;

/// A call by chance, on a tab by chance.
pub fn any(world: &mut World) {
    if world.tabs.is_empty() || world.tabs.len() < 3 && world.random.one_in(12) {
        world.open_tab();
    }
    let tab = world.random.below(world.tabs.len() as u64) as usize;
    let index = world.random.below(NAMES.len() as u64) as usize;
    match world.random.below(48) {
        0..=15 => feed(world, tab, index),
        16..=18 => add(world, tab, index),
        19..=20 => import(world, tab, index),
        21..=22 => sync(world, tab, index),
        23..=27 => search(world, tab, index),
        28..=29 => subscribe(world, tab, index),
        30 => refresh(world, tab, index),
        31 => pin(world, tab, index),
        32 => list(world, tab, index),
        33 => close(world, tab, index),
        34 if world.random.one_in(3) => delete(world, tab, index),
        34 => truncate(world, tab, index),
        35 => {
            world.say(|| "a call is given up midway".into());
            let World {
                executor, random, ..
            } = world;
            executor.cancel_any(random);
        }
        36 => world.clock.advance(world.random.below(2000) as f64),
        37 if world.random.one_in(3) => world.kill_tab(tab),
        38 if world.random.one_in(4) => world.crash(),
        39..=40 => relay(world),
        41..=42 => look(world, tab, index),
        43 => keep(world, tab, index),
        44 => restore(world, tab),
        45..=46 => search_all(world, tab),
        47 => {
            // Never to a time at which a conversation can have begun.
            let days = world.random.number(-9000, 9000) as f64;
            world.clock.set(days * 86_400_000.0);
        }
        _ => garbage(world, tab, index),
    }
}

/// The end of some tabs, with everything that they do.
pub fn end(world: &mut World) {
    if world.random.one_in(2) {
        world.crash();
    } else if !world.tabs.is_empty() {
        let tab = world.random.below(world.tabs.len() as u64) as usize;
        world.kill_tab(tab);
    }
}

/// A call's tab, conversation and what it has to agree with.
pub struct Call {
    pub tab: usize,
    pub stream: Rc<EventStream>,
    pub model: Rc<RefCell<Model>>,
    pub thinks_it_is_alone: bool,
    epoch: u64,
}

impl Call {
    pub fn new(world: &mut World, tab: usize, index: usize) -> Call {
        let stream = Rc::clone(&world.open(tab, index).stream);
        let model = Rc::clone(&world.models[index]);
        let epoch = model.borrow().epoch;
        Call {
            tab: world.tabs[tab].number,
            stream,
            model,
            thinks_it_is_alone: world.tabs[tab].thinks_it_is_alone,
            epoch,
        }
    }

    /// Whether what is answered now can be relied on.
    pub fn certain(&self) -> bool {
        let model = self.model.borrow();
        model.epoch == self.epoch && !model.deleting
    }

    pub fn accepted(&self, text: &str, origin: Origin) {
        if self.certain() {
            let mut model = self.model.borrow_mut();
            match self.thinks_it_is_alone && origin != Origin::Local {
                // Another tab may have had a copy that counts as much.
                true => model.double(text, origin),
                false => model.stored(text, origin),
            }
        }
    }

    pub fn double(&self, text: &str, origin: Origin) {
        if self.certain() {
            // The copy that it has may not be the one that is stored: only that there is one is sure.
            let origin = match self.thinks_it_is_alone {
                true => Origin::Live,
                false => origin,
            };
            self.model.borrow_mut().double(text, origin);
        }
    }

    pub fn log(&self) -> &Rc<Log> {
        self.stream.log()
    }
}

fn search(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    let options = any_search(&mut world.random, call.log().latest_event_id() + 3);
    let max = 1 + world.random.below(6) as usize;
    world.spawn(tab, async move {
        let filter = options.filter.clone().unwrap_or_default();
        let mut search = call.log().search(&options);
        let mut last = None;
        while let Ok(Some(batch)) = search.next(max).await {
            for (position, text) in contents(&batch) {
                assert!(matches(&filter, &text), "{filter:?} found {text}");
                if call.certain() {
                    let mut model = call.model.borrow_mut();
                    model.check_event(position, &text);
                    model.seen(&text, call.thinks_it_is_alone);
                }
                let onward = last.is_none_or(|last| (last < position) != options.reverse);
                assert!(onward, "{options:?} went back to {text}");
                last = Some(position);
            }
        }
    });
}

fn subscribe(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    let random = &mut world.random;
    let from = random
        .one_in(2)
        .then(|| random.number(-3, call.log().latest_event_id() + 3));
    let options = SubscribeOptions {
        from,
        policy: *random.pick(&[Policy::Block, Policy::Batch]),
        buffer_size: Some(1 + random.below(4) as u32),
        ..SubscribeOptions::default()
    };
    let max = 1 + random.below(4) as usize;
    let name = random.next().to_string();
    let log = Rc::clone(call.log());
    let before = world.finish(tab, async move { held(&log).await });
    let Some(before) = before else { return };
    world.say(|| {
        format!(
            "tab {} subscribes to {} from {from:?}",
            call.tab, NAMES[index]
        )
    });
    let Ok(subscription) = call.stream.subscribe("simulation", &name, &options) else {
        return;
    };
    let mut heard = Heard::new(&call.model, from, before);
    heard.thinks_it_is_alone = call.thinks_it_is_alone;
    let heard = Rc::new(RefCell::new(heard));
    let place = Rc::clone(&heard);
    world.open(tab, index).heard.push(heard);
    let number = world.tabs[tab].number;
    world
        .executor
        .spawn(number, true, listen(Rc::new(subscription), place, max));
}

/// What a log holds now; none where it can't be read.
async fn held(log: &Rc<Log>) -> Option<BTreeSet<i64>> {
    for _ in 0..20 {
        let record = log.record();
        let mut search = log.search(&SearchOptions::default());
        let mut held = BTreeSet::new();
        while let Some(batch) = search.next(50).await.ok()? {
            held.extend(batch.positions);
        }
        if log.record() == record {
            return Some(held);
        }
    }
    None
}

/// Tabs hear from each other what they have changed.
fn relay(world: &mut World) {
    for from in 0..world.tabs.len() {
        let tab = &mut world.tabs[from];
        let told = tab.told.borrow();
        let new = told[tab.relayed..]
            .iter()
            .filter_map(|notice| match notice {
                Notice::Changed(id, again) => Some((Rc::clone(id), again.clone())),
                _ => None,
            });
        let new: Vec<_> = new.collect();
        let count = told.len();
        drop(told);
        tab.relayed = count;
        for (id, again) in new {
            let index = NAMES.iter().position(|name| **name == *id);
            let index = index.expect("it is one of them");
            for to in (0..world.tabs.len()).filter(|to| *to != from) {
                let Some(open) = world.tabs[to].open.get(&index) else {
                    continue;
                };
                let log = Rc::clone(open.stream.log());
                log.changed(&again);
                world.spawn(to, async move {
                    let _ = log.refresh().await;
                });
            }
        }
    }
}

/// Looks at all records, and may put right what is wrong: nothing is.
fn look(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    let mend = world.random.one_in(2);
    let honest = world.honest;
    world.say(|| format!("tab {} verifies {}: {mend}", call.tab, NAMES[index]));
    world.spawn(tab, async move {
        let mut verify = match mend {
            true => call.log().repair(),
            false => call.log().verify(),
        };
        while let Ok((report, ended)) = verify.step().await {
            assert!(!honest || report.damages.is_empty(), "{report:?}");
            assert!(report.lost.is_empty(), "{report:?}");
            if ended {
                return;
            }
        }
    });
}

/// Keeps an archive of a conversation, for later.
fn keep(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    let place = Rc::clone(&world.archives);
    world.spawn(tab, async move {
        let mut export = call.log().export(ExportFormat::Archive, true);
        let mut archive = Vec::new();
        loop {
            match export.next().await {
                Ok(Some(piece)) => archive.extend(piece),
                Ok(None) => break,
                Err(_) => return,
            }
        }
        place.borrow_mut().push((index, archive));
    });
}

/// Brings back what was kept.
fn restore(world: &mut World, tab: usize) {
    let archives = Rc::clone(&world.archives);
    let archives = archives.borrow();
    if archives.is_empty() {
        return;
    }
    let (index, archive) = world.random.pick(&archives).clone();
    let call = Call::new(world, tab, index);
    // What it holds, as a store of its own has it.
    let clock = Rc::clone(&world.clock) as Rc<dyn Clock>;
    let apart = EventStore::new(
        Rc::new(Memory::new()),
        clock,
        Reporter::default(),
        &StoreOptions::default(),
    );
    let restoring = async {
        let mut restore = apart.restore(None);
        restore.push(&archive).await.expect("it is whole");
        let (_, report) = restore.finish(None).await.expect("it is whole");
        assert_eq!(report.rejected, 0, "{report:?}");
        apart.conversation(NAMES[index], None).await
    };
    let copy = alone(restoring).expect("it is there");
    let mut search = copy.search(&SearchOptions::default());
    let mut kept = Vec::new();
    while let Some(batch) = alone(search.next(50)).expect("it is read") {
        for (_, text) in contents(&batch) {
            for origin in [Origin::Local, Origin::Live, Origin::Remote] {
                call.model.borrow_mut().offer(&text, origin);
            }
            kept.push(text);
        }
    }
    world.say(|| format!("tab {} restores {}: {}", call.tab, NAMES[index], kept.len()));
    let store = Rc::clone(&world.tabs[tab].store);
    world.spawn(tab, async move {
        let mut restore = store.restore(None);
        if restore.push(&archive).await.is_ok()
            && let Ok((_, report)) = restore.finish(None).await
        {
            assert_eq!(report.rejected, 0, "{report:?}");
            if call.certain() {
                let mut model = call.model.borrow_mut();
                kept.iter()
                    .for_each(|text| model.double(text, Origin::Local));
            }
        }
    });
}

/// A search through all conversations.
fn search_all(world: &mut World, tab: usize) {
    let store = Rc::clone(&world.tabs[tab].store);
    let models = world.models.clone();
    let epochs: Vec<u64> = models.iter().map(|model| model.borrow().epoch).collect();
    let (reverse, max) = (world.random.one_in(2), 1 + world.random.below(6) as usize);
    let filter = match world.random.one_in(2) {
        true => events::filter(&mut world.random),
        false => EventFilter::default(),
    };
    world.spawn(tab, async move {
        let mut search = store.search_all(&filter, reverse, None);
        let mut seen = BTreeSet::new();
        while let Ok(Some(batch)) = search.next(&store, max).await {
            for ((position, text), id) in contents(&batch).iter().zip(&batch.conversations) {
                assert!(matches(&filter, text), "{filter:?} found {text}");
                let index = NAMES.iter().position(|name| **name == **id);
                let index = index.expect("it is one of them");
                let mut model = models[index].borrow_mut();
                if model.epoch == epochs[index] && !model.deleting {
                    model.check_event(*position, text);
                    assert!(seen.insert((index, *position)), "found twice: {text}");
                }
            }
        }
    });
}

fn refresh(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    world.spawn(tab, async move {
        let _ = call.log().refresh().await;
    });
}

fn pin(world: &mut World, tab: usize, index: usize) {
    let store = Rc::clone(&world.tabs[tab].store);
    let pinned = world.random.one_in(2);
    world.spawn(tab, async move {
        let _ = store.pin(NAMES[index], pinned).await;
    });
}

/// Looks at the list, and into a conversation, by way of a failing connection.
fn list(world: &mut World, tab: usize, index: usize) {
    let store = Rc::clone(&world.tabs[tab].store);
    let model = Rc::clone(&world.models[index]);
    let epoch = model.borrow().epoch;
    world.spawn(tab, async move {
        let _ = store.conversations().await;
        let opened: Result<Rc<Log>> = store.conversation(NAMES[index], None).await;
        let Ok(log) = opened else { return };
        if let Ok(batch) = log.latest_event().await {
            let (position, text) = contents(&batch).remove(0);
            let mut model = model.borrow_mut();
            if model.epoch == epoch && !model.deleting {
                model.check_event(position, &text);
            }
        }
    });
}

fn close(world: &mut World, tab: usize, index: usize) {
    if let Some(open) = world.tabs[tab].open.remove(&index) {
        world.say(|| format!("tab {} closes {}", world.tabs[tab].number, NAMES[index]));
        open.stream.close();
    }
}

fn truncate(world: &mut World, tab: usize, index: usize) {
    let call = Call::new(world, tab, index);
    let after = world.random.number(-1, call.log().latest_event_id());
    world.say(|| format!("tab {} rolls {} back to {after}", call.tab, NAMES[index]));
    // What is above it goes; to the model, all of it may.
    call.model.borrow_mut().deletion_begins();
    world.spawn(tab, async move {
        let _ = call.log().truncate(after).await;
    });
}

fn delete(world: &mut World, tab: usize, index: usize) {
    let undisturbed = world.random.one_in(2);
    if undisturbed {
        // What was given up midway is not forgotten before its log is closed.
        world.rest();
        (0..world.tabs.len()).for_each(|tab| close(world, tab, index));
        // Nor is it closed before its subscribers have let go of it.
        world.run();
    }
    let store = Rc::clone(&world.tabs[tab].store);
    world.say(|| format!("tab {} deletes {}", world.tabs[tab].number, NAMES[index]));
    world.models[index].borrow_mut().deletion_begins();
    if !undisturbed {
        return world.spawn(tab, async move {
            let _ = store.delete_conversation(NAMES[index]).await;
        });
    }
    let deleted = world.quietly(tab, || alone(store.delete_conversation(NAMES[index])));
    deleted.expect("it is deleted");
    world.models[index].borrow_mut().is_gone();
}
