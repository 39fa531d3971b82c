//! A browser with some tabs on one database, and the checks of what they show.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use oh_event_store::backend::{Backend, Clock, Faults, Faulty, Memory};
use oh_event_store::event::{Dialect, Masking, Secrets};
use oh_event_store::notice::{Notice, Reporter};
use oh_event_store::store::{EventStore, Record, StoreOptions};
use oh_event_store::stream::EventStream;

use super::Trace;
use super::executor::{Executor, alone};
use super::model::Model;
use super::subscriber::Heard;
use crate::clock::ManualClock;
use crate::random::Random;

/// What must not be stored.
pub const SECRET: &str = "hunter2";

/// The conversations; those of V1 have an odd index.
pub const NAMES: [&str; 3] = ["c", "caf\u{e9}", "c2"];

/// The dialect of the conversation with this index.
pub fn dialect_of(index: usize) -> Dialect {
    match index % 2 {
        0 => Dialect::V0,
        _ => Dialect::V1,
    }
}

fn secrets() -> Secrets {
    Secrets::new([("TOKEN".into(), SECRET.into())], Masking::Strict)
}

/// One tab: an instance of the store with a connection of its own.
pub struct Tab {
    pub number: usize,
    pub thinks_it_is_alone: bool,
    /// How many of its notices the others have heard of.
    pub relayed: usize,
    pub backend: Rc<Faulty>,
    pub store: Rc<EventStore>,
    pub told: Rc<RefCell<Vec<Notice>>>,
    pub reporter: Reporter,
    pub open: BTreeMap<usize, Open>,
}

/// A conversation that is open in a tab.
pub struct Open {
    pub stream: Rc<EventStream>,
    pub heard: Vec<Rc<RefCell<Heard>>>,
}

/// Archives, each with the index of its conversation.
type Archives = Rc<RefCell<Vec<(usize, Vec<u8>)>>>;

/// Everything there is.
pub struct World {
    pub random: Random,
    pub memory: Rc<Memory>,
    /// A connection that never fails, to bring things to rest.
    pub quiet: Faulty,
    pub clock: Rc<ManualClock>,
    pub executor: Executor,
    pub tabs: Vec<Tab>,
    pub models: Vec<Rc<RefCell<Model>>>,
    pub faults: Faults,
    pub options: StoreOptions,
    /// No tab thinks it is alone.
    pub honest: bool,
    /// Conversations as they were once.
    pub archives: Archives,
    pub next_tab: usize,
    /// How many events were made here.
    pub made: u64,
    /// Each conversation's record as it was after the last step.
    records: [Option<Vec<u8>>; NAMES.len()],
    pub trace: Trace,
}

impl World {
    pub fn new(seed: u64, trace: Trace) -> World {
        let mut random = Random::new(seed);
        let memory = Rc::new(Memory::new());
        let mut chance = |most: u64| {
            if random.one_in(2) {
                random.below(most)
            } else {
                0
            }
        };
        let faults = Faults {
            read: chance(8),
            quota: chance(15),
            abort: chance(15),
            timeout: chance(15),
            lost: chance(15),
            delay: chance(5) as u32,
            space: (chance(4) == 1).then_some(40_000),
            ..Faults::default()
        };
        let options = StoreOptions {
            page_bytes: *random.pick(&[200, 500, 900, 4000]),
            page_events: *random.pick(&[3, 1000, 1000]),
            memory_budget: *random.pick(&[0, 2000, 1 << 20]),
            storage_budget: *random.pick(&[None, None, None, Some(2000)]),
            ..StoreOptions::default()
        };
        let honest = random.one_in(2);
        World {
            random,
            honest,
            archives: Rc::default(),
            quiet: Faulty::new(&memory, Faults::default()),
            memory,
            clock: ManualClock::new(),
            executor: Executor::default(),
            tabs: Vec::new(),
            models: NAMES.iter().map(|_| Rc::default()).collect(),
            faults,
            options,
            next_tab: 0,
            made: 0,
            records: Default::default(),
            trace,
        }
    }

    pub fn say(&self, line: impl FnOnce() -> String) {
        self.trace.say(line);
    }

    pub fn open_tab(&mut self) {
        self.next_tab += 1;
        let number = self.next_tab;
        let faults = Faults {
            seed: self.random.next(),
            ..self.faults
        };
        let backend = Rc::new(self.quiet.beside(faults));
        let told: Rc<RefCell<Vec<Notice>>> = Rc::default();
        let place = Rc::clone(&told);
        let reporter = Reporter::new(move |notice| place.borrow_mut().push(notice));
        let clock = Rc::clone(&self.clock) as Rc<dyn Clock>;
        let shared = Rc::clone(&backend) as Rc<dyn Backend>;
        let store = EventStore::new(shared, clock, reporter.clone(), &self.options);
        // That it thinks so doesn't make it so.
        let thinks_it_is_alone = !self.honest && self.random.one_in(2);
        store.set_alone(thinks_it_is_alone);
        self.say(|| format!("tab {number} opens, alone: {thinks_it_is_alone}"));
        self.tabs.push(Tab {
            number,
            thinks_it_is_alone,
            relayed: 0,
            backend,
            store: Rc::new(store),
            told,
            reporter,
            open: BTreeMap::new(),
        });
    }

    /// A tab dies in the middle of what it does.
    pub fn kill_tab(&mut self, index: usize) {
        let tab = self.tabs.remove(index);
        self.say(|| format!("tab {} dies", tab.number));
        tab.backend.crash();
        self.executor.kill(tab.number);
    }

    /// The browser dies: every tab, and every transaction that is not complete.
    pub fn crash(&mut self) {
        self.say(|| "the browser dies".into());
        while !self.tabs.is_empty() {
            self.kill_tab(0);
        }
        self.quiet.lose_late();
    }

    /// Does something at a moment at which the tab's connection is without faults.
    pub fn quietly<T>(&self, tab: usize, act: impl FnOnce() -> T) -> T {
        let backend = &self.tabs[tab].backend;
        backend.set_faults(Faults::default());
        let done = act();
        backend.set_faults(self.faults);
        done
    }

    /// The open conversation of a tab; it is opened if need be.
    pub fn open(&mut self, tab: usize, index: usize) -> &mut Open {
        if !self.tabs[tab].open.contains_key(&index) {
            let store = Rc::clone(&self.tabs[tab].store);
            let opening = store.conversation(NAMES[index], Some(dialect_of(index)));
            let log = self.quietly(tab, || alone(opening)).expect("it opens");
            log.set_secrets(secrets());
            let stream = EventStream::new(log, self.tabs[tab].reporter.clone(), 100, Rc::default());
            let open = Open {
                stream: Rc::new(stream),
                heard: Vec::new(),
            };
            self.tabs[tab].open.insert(index, open);
        }
        self.tabs[tab].open.get_mut(&index).expect("it was opened")
    }

    /// Begins a call of a tab.
    pub fn spawn(&mut self, tab: usize, call: impl Future<Output = ()> + 'static) {
        let number = self.tabs[tab].number;
        self.executor.spawn(number, false, call);
    }

    /// Lets everything go on until a call of a tab has ended.
    pub fn finish<T: 'static>(&mut self, tab: usize, call: impl Future<Output = T> + 'static) -> T {
        let result = Rc::new(RefCell::new(None));
        let place = Rc::clone(&result);
        self.spawn(tab, async move {
            let value = call.await;
            *place.borrow_mut() = Some(value);
        });
        loop {
            assert!(self.step(), "a call waits for ever");
            if let Some(value) = result.take() {
                return value;
            }
        }
    }

    /// Lets any one thing go on.
    pub fn step(&mut self) -> bool {
        self.clock.advance(1.0);
        let stepped = self.executor.step(&mut self.random);
        if self.options.storage_budget.is_some() {
            self.notice_evictions();
        }
        stepped
    }

    /// Evictions are noticed by the commits being counted anew: a conversation that is gone may be
    /// there again at once.
    fn notice_evictions(&mut self) {
        let mut listed = alone(self.memory.conversations()).expect("they are listed");
        let commits = |record: &Option<Vec<u8>>| {
            let record = record.as_ref().map(|bytes| Record::decode(bytes));
            record.map_or(0, |record| record.expect("it is whole").generation)
        };
        for (index, name) in NAMES.iter().enumerate() {
            let at = listed.iter().position(|(id, _)| **id == **name);
            let stored = at.map(|at| listed.swap_remove(at).1);
            let before = &self.records[index];
            let counted = (commits(before), commits(&stored));
            if counted.1 < counted.0 || (counted.1 == counted.0 && stored != *before) {
                self.say(|| format!("{name} is gone"));
                self.models[index].borrow_mut().deletion_begins();
            }
            self.records[index] = stored;
        }
    }

    /// Lets everything that goes on come to its end.
    pub fn rest(&mut self) {
        self.run();
        // What was given up midway is on its way to the disk all the same.
        self.refresh();
        self.quiet.settle();
        self.step();
        self.run();
        // What has reached it only now, a tab would otherwise show as it was before.
        self.refresh();
        self.run();
        for model in &self.models {
            model.borrow_mut().at_rest();
        }
    }

    fn refresh(&self) {
        for tab in 0..self.tabs.len() {
            for open in self.tabs[tab].open.values() {
                let _ = self.quietly(tab, || alone(open.stream.log().refresh()));
            }
        }
    }

    /// Lets everything go on until nothing can.
    pub fn run(&mut self) {
        let mut steps = 0;
        while self.step() {
            steps += 1;
            assert!(steps < 1_000_000, "it goes round in circles");
        }
        assert_eq!(self.executor.under_way(), 0, "something waits for ever");
    }
}
