//! A network between tabs and a server that delays, loses and cuts, and its time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

use oh_event_store::backend::{Response, SocketEvent, SocketListener};

use super::model::{Kind, Model};
use crate::random::Random;

/// How bad the network is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    /// The longest way of a message, in milliseconds.
    pub delay: u64,
    /// Of a hundred requests, how many are lost, refused or never answered.
    pub failing: u64,
    /// Of a hundred messages, how many cut their connection.
    pub cutting: u64,
    /// Of a hundred messages, how many come twice.
    pub doubling: u64,
    /// Nothing gets through, and nobody is told.
    pub partition: bool,
}

/// How a server treats what a user does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manners {
    #[default]
    Takes,
    /// It says why not.
    Refuses,
    /// It neither takes it nor says anything.
    Ignores,
    /// The connection ends.
    Breaks,
    /// It takes it, and the connection ends before it says so.
    TakesAndBreaks,
}

type Action = Box<dyn FnOnce(&Rc<World>)>;

/// Everything outside the tabs.
pub struct World {
    pub random: RefCell<Random>,
    pub model: RefCell<Model>,
    pub weather: Cell<Weather>,
    /// Milliseconds since the beginning; they don't run backwards.
    pub(super) time: Cell<f64>,
    /// What the clock on the wall shows beyond that.
    pub offset: Cell<f64>,
    agenda: RefCell<BTreeMap<(u64, u64), Action>>,
    count: Cell<u64>,
    pub(super) lines: RefCell<BTreeMap<u64, Rc<Line>>>,
    pub(super) sleepers: RefCell<BTreeMap<u64, (f64, Waker)>>,
    /// How many events were sent through sockets.
    pub pushed: Cell<usize>,
    pub connects: Cell<usize>,
    /// What the sockets were opened with.
    pub urls: RefCell<Vec<String>>,
    /// What is answered to every request instead, and with what close code sockets end.
    pub instead: RefCell<Option<Response>>,
    pub refusing: Cell<Option<u16>>,
    /// The state that a V1 server tells whoever connects.
    pub greeting: Cell<&'static str>,
    /// How long it takes until the next event is replayed by a V0 server.
    pub pace: Cell<f64>,
    /// What is answered to users' actions.
    pub manners: Cell<Manners>,
    tell: bool,
}

/// One connection.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) listener: RefCell<Option<SocketListener>>,
    /// The server's side is there.
    pub(super) served: Cell<bool>,
    /// It may say something.
    pub(super) joined: Cell<bool>,
    pub(super) url: String,
    /// When the last message arrives in either direction.
    pub(super) down: Cell<f64>,
    pub(super) up: Cell<f64>,
    pub(super) ponged: Cell<bool>,
}

impl World {
    pub fn new(seed: u64, kind: Kind) -> Rc<World> {
        Rc::new(World {
            random: RefCell::new(Random::new(seed)),
            model: RefCell::new(Model::new(kind)),
            weather: Cell::default(),
            time: Cell::new(0.0),
            offset: Cell::new(1_756_653_801_500.0),
            agenda: RefCell::default(),
            count: Cell::new(0),
            lines: RefCell::default(),
            sleepers: RefCell::default(),
            pushed: Cell::new(0),
            connects: Cell::new(0),
            urls: RefCell::default(),
            instead: RefCell::default(),
            refusing: Cell::default(),
            greeting: Cell::new("full_state"),
            pace: Cell::default(),
            manners: Cell::default(),
            tell: std::env::var("TELL").is_ok(),
        })
    }

    pub fn say(&self, line: impl FnOnce() -> String) {
        if self.tell {
            println!("{:>10.0} {}", self.time.get(), line());
        }
    }

    /// What the clock on the wall shows.
    pub fn wall(&self) -> f64 {
        self.time.get() + self.offset.get()
    }

    pub(super) fn number(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    pub(super) fn below(&self, limit: u64) -> u64 {
        self.random.borrow_mut().below(limit.max(1))
    }

    pub(super) fn hits(&self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }

    pub(super) fn delay(&self) -> f64 {
        self.below(self.weather.get().delay + 1) as f64
    }

    pub(super) fn later(&self, time: f64, action: impl FnOnce(&Rc<World>) + 'static) {
        let time = time.max(self.time.get()) as u64;
        let key = (time, self.number());
        self.agenda.borrow_mut().insert(key, Box::new(action));
    }

    /// Lets time pass; `run` lets the tabs work whenever something has happened.
    pub fn pass(self: &Rc<World>, milliseconds: f64, mut run: impl FnMut()) {
        let end = self.time.get() + milliseconds;
        run();
        loop {
            let action = self
                .agenda
                .borrow()
                .keys()
                .next()
                .map(|(time, _)| *time as f64);
            let sleeper = (self.sleepers.borrow().values())
                .map(|(until, _)| *until)
                .min_by(f64::total_cmp);
            let next = action.unwrap_or(f64::MAX).min(sleeper.unwrap_or(f64::MAX));
            if next > end {
                break;
            }
            self.time.set(next.max(self.time.get()));
            if action == Some(next) {
                let entry = self.agenda.borrow_mut().pop_first();
                entry.expect("it is there").1(self);
            }
            let now = self.time.get();
            for (until, waker) in self.sleepers.borrow().values() {
                if *until <= now {
                    waker.wake_by_ref();
                }
            }
            run();
        }
        self.time.set(end);
    }

    /// Says something on every connection.
    pub fn say_all(self: &Rc<World>, frame: &str) {
        let lines: Vec<_> = self.lines.borrow().values().cloned().collect();
        lines.iter().for_each(|line| self.send(line, frame));
    }

    /// From the server to the tab.
    pub(super) fn send(self: &Rc<World>, line: &Rc<Line>, frame: &str) {
        let weather = self.weather.get();
        if weather.partition {
            // What is lost doesn't come again: nothing that comes after it will arrive.
            line.served.set(false);
            line.joined.set(false);
        }
        if !line.served.get() {
            return;
        }
        if self.hits(weather.cutting) {
            return self.cut(line.number);
        }
        let at = (self.time.get() + self.delay()).max(line.down.get());
        line.down.set(at);
        let (line, frame) = (Rc::clone(line), frame.to_owned());
        self.later(at, move |world| {
            if world.lines.borrow().contains_key(&line.number) {
                let listener = line.listener.borrow().clone();
                if let Some(listener) = listener {
                    listener(SocketEvent::Text(frame));
                }
            }
        });
    }

    /// The server closes a connection.
    pub(super) fn close(self: &Rc<World>, line: &Rc<Line>, code: u16) {
        line.joined.set(false);
        if !line.served.replace(false) || self.weather.get().partition {
            return;
        }
        let at = (self.time.get() + self.delay()).max(line.down.get());
        let number = line.number;
        self.later(at, move |world| world.end(number, code));
    }

    /// A connection breaks: what is under way is lost.
    pub(super) fn cut(self: &Rc<World>, number: u64) {
        let line = self.lines.borrow().get(&number).cloned();
        if let Some(line) = line {
            line.served.set(false);
            line.joined.set(false);
        }
        self.end(number, 1006);
    }

    fn end(self: &Rc<World>, number: u64, code: u16) {
        let line = self.lines.borrow_mut().remove(&number);
        let listener = line.and_then(|line| line.listener.take());
        self.say(|| format!("line {number} ends with {code}"));
        if let Some(listener) = listener {
            listener(SocketEvent::Closed(code));
        }
    }

    /// All connections break.
    pub fn cut_all(self: &Rc<World>) {
        let numbers: Vec<u64> = self.lines.borrow().keys().copied().collect();
        numbers.into_iter().for_each(|number| self.cut(number));
    }

    /// How many wait for a time.
    pub fn sleeping(&self) -> usize {
        self.sleepers.borrow().len()
    }

    /// How many connections there are, by the tabs.
    pub fn open_lines(&self) -> usize {
        self.lines.borrow().len()
    }
}
