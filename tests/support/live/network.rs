//! A network between tabs and a server that delays, loses and cuts, and its time.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};
use std::task::{Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use oh_event_store::backend::{
    Answer, Clock, Http, Request, Response, Socket, SocketEvent, SocketListener, Sockets,
};
use oh_event_store::error::{Error, Result};

use super::model::{Kind, Model, parameter};
use crate::random::Random;

/// The servers' pings, in milliseconds.
const INTERVAL: f64 = 25_000.0;
const TIMEOUT: f64 = 20_000.0;

pub const KEY: &str = "s3cret";

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
    time: Cell<f64>,
    /// What the clock on the wall shows beyond that.
    pub offset: Cell<f64>,
    agenda: RefCell<BTreeMap<(u64, u64), Action>>,
    count: Cell<u64>,
    lines: RefCell<BTreeMap<u64, Rc<Line>>>,
    sleepers: RefCell<BTreeMap<u64, (f64, Waker)>>,
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
struct Line {
    number: u64,
    listener: RefCell<Option<SocketListener>>,
    /// The server's side is there.
    served: Cell<bool>,
    /// It may say something.
    joined: Cell<bool>,
    url: String,
    /// When the last message arrives in either direction.
    down: Cell<f64>,
    up: Cell<f64>,
    ponged: Cell<bool>,
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

    fn number(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    fn below(&self, limit: u64) -> u64 {
        self.random.borrow_mut().below(limit.max(1))
    }

    fn hits(&self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }

    fn delay(&self) -> f64 {
        self.below(self.weather.get().delay + 1) as f64
    }

    fn later(&self, time: f64, action: impl FnOnce(&Rc<World>) + 'static) {
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

    /// Says something on every connection.
    pub fn say_all(self: &Rc<World>, frame: &str) {
        let lines: Vec<_> = self.lines.borrow().values().cloned().collect();
        lines.iter().for_each(|line| self.send(line, frame));
    }

    /// From the server to the tab.
    fn send(self: &Rc<World>, line: &Rc<Line>, frame: &str) {
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
    fn close(self: &Rc<World>, line: &Rc<Line>, code: u16) {
        line.joined.set(false);
        if !line.served.replace(false) || self.weather.get().partition {
            return;
        }
        let at = (self.time.get() + self.delay()).max(line.down.get());
        let number = line.number;
        self.later(at, move |world| world.end(number, code));
    }

    /// A connection breaks: what is under way is lost.
    fn cut(self: &Rc<World>, number: u64) {
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

    /// A connection reaches the server.
    fn accept(self: &Rc<World>, line: &Rc<Line>) {
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
    fn read(self: &Rc<World>, line: &Rc<Line>, text: &str) {
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

/// The network as one tab sees it.
pub struct Network(pub Rc<World>);

struct TabSocket {
    world: Weak<World>,
    line: Rc<Line>,
}

impl Sockets for Network {
    fn open(&self, url: &str, listener: SocketListener) -> Result<Box<dyn Socket>> {
        let world = &self.0;
        let now = world.time.get();
        let line = Rc::new(Line {
            number: world.number(),
            listener: RefCell::new(Some(listener)),
            served: Cell::new(false),
            joined: Cell::new(false),
            url: url.to_owned(),
            down: Cell::new(now),
            up: Cell::new(now),
            ponged: Cell::new(true),
        });
        world.say(|| format!("line {} opens {url}", line.number));
        world.urls.borrow_mut().push(url.to_owned());
        world
            .lines
            .borrow_mut()
            .insert(line.number, Rc::clone(&line));
        let opening = Rc::clone(&line);
        world.later(now + world.delay(), move |world| {
            if !world.lines.borrow().contains_key(&opening.number) || world.weather.get().partition
            {
                return;
            }
            match world.hits(world.weather.get().cutting) {
                true => world.cut(opening.number),
                false => world.accept(&opening),
            }
        });
        let world = Rc::downgrade(world);
        Ok(Box::new(TabSocket { world, line }))
    }
}

impl Socket for TabSocket {
    fn send(&self, text: &str) {
        let Some(world) = self.world.upgrade() else {
            return;
        };
        if world.weather.get().partition {
            self.line.served.set(false);
            self.line.joined.set(false);
            return;
        }
        let at = (world.time.get() + world.delay()).max(self.line.up.get());
        self.line.up.set(at);
        let (line, text) = (Rc::clone(&self.line), text.to_owned());
        world.later(at, move |world| world.read(&line, &text));
    }
}

impl Drop for TabSocket {
    fn drop(&mut self) {
        self.line.listener.take();
        let Some(world) = self.world.upgrade() else {
            return;
        };
        world.lines.borrow_mut().remove(&self.line.number);
        let line = Rc::clone(&self.line);
        // The server hears of it later, or by the pings.
        world.later(world.time.get() + world.delay(), move |_| {
            line.served.set(false);
            line.joined.set(false);
        });
    }
}

impl Http for Network {
    fn get<'a>(&'a self, request: Request<'a>) -> Answer<'a, Response> {
        let (world, url) = (Rc::clone(&self.0), request.url.to_owned());
        let key = request.headers.iter().any(|(_, value)| value == KEY);
        async move {
            sleep(&world, world.delay()).await;
            if !key {
                return Ok(status(401));
            }
            if world.weather.get().partition {
                std::future::pending::<()>().await;
            }
            if world.hits(world.weather.get().failing) {
                match world.below(4) {
                    0 => return Err(Error::Network("it was cut off".to_owned()).into()),
                    1 => return Ok(status(500)),
                    2 => return Ok(status(503)),
                    _ => std::future::pending::<()>().await,
                }
            }
            if let Some(answer) = world.instead.borrow().clone() {
                return Ok(answer);
            }
            let answer = world.model.borrow_mut().answer(&url);
            world.say(|| format!("{url}: {} bytes", answer.body.as_ref().map_or(0, Vec::len)));
            sleep(&world, world.delay()).await;
            Ok(answer)
        }
        .boxed_local()
    }
}

fn status(status: u16) -> Response {
    Response {
        status,
        retry_after: None,
        body: Some(Vec::new()),
    }
}

fn sleep(world: &Rc<World>, milliseconds: f64) -> impl Future<Output = ()> + 'static {
    let until = world.time.get() + milliseconds;
    let world = Rc::clone(world);
    let sleeper = Sleeper {
        number: world.number(),
        world,
    };
    poll_fn(move |context| {
        if sleeper.world.time.get() >= until {
            return Poll::Ready(());
        }
        let waker = context.waker().clone();
        let mut sleepers = sleeper.world.sleepers.borrow_mut();
        sleepers.insert(sleeper.number, (until, waker));
        Poll::Pending
    })
}

/// Nobody wakes who is gone.
struct Sleeper {
    number: u64,
    world: Rc<World>,
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.world.sleepers.borrow_mut().remove(&self.number);
    }
}

impl Clock for Network {
    fn now(&self) -> f64 {
        self.0.wall()
    }

    fn timestamp(&self) -> String {
        "2026-01-01T00:00:00.000000".to_owned()
    }

    fn sleep(&self, milliseconds: u32) -> LocalBoxFuture<'static, ()> {
        sleep(&self.0, f64::from(milliseconds)).boxed_local()
    }
}
