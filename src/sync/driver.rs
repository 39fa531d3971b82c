//! Feeds a session what happens, and does what it wants done.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

use super::events::{Cursor, Effect, Errand, Input, Reach, SessionOptions, State};
use super::outbox;
use super::server::Server;
use super::session::Session;
use super::sync::{Sync, SyncReport};
use crate::backend::{Clock, Socket, SocketEvent, Sockets};
use crate::error::Result;
use crate::store::{Item, Log, Outcome};
use crate::stream::EventStream;

/// The most items of one commit.
const MOST_ITEMS: usize = 1000;

/// What a connection is told from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Connect, also where it had been given up.
    Start,
    /// End it.
    Stop,
    /// Whether this tab is the one to hold the connection.
    Holder(bool),
    /// Connect, whether other tabs do or not: nobody can tell which of them is to.
    Beside,
    /// Whether the browser has a network.
    Online(bool),
    /// The page is looked at again.
    Wake,
}

/// What comes in, and is not yet worked through.
enum Message {
    Control(Control),
    /// Of the socket with this number.
    Socket(u64, SocketEvent),
}

/// A handle on a connection. Dropping it ends the connection.
pub struct Connection {
    shared: Rc<Shared>,
    pub(super) log: Rc<Log>,
}

pub(super) struct Shared {
    inbox: RefCell<VecDeque<Message>>,
    waker: Cell<Option<Waker>>,
    state: RefCell<State>,
    report: RefCell<SyncReport>,
    /// Called when the state or the report has changed; it may call back.
    changed: Box<dyn Fn()>,
}

impl Shared {
    pub(super) fn is_closed(&self) -> bool {
        *self.state.borrow() == State::Closed
    }

    fn push(&self, message: Message) {
        self.inbox.borrow_mut().push_back(message);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl Connection {
    /// A connection that has not begun, and what runs it until it ends. `pages` are where what is
    /// missing is asked for; `changed` is called when its state has changed.
    pub fn new(
        stream: Rc<EventStream>,
        sockets: Rc<dyn Sockets>,
        clock: Rc<dyn Clock>,
        pages: Option<Server>,
        mut options: SessionOptions,
        changed: Box<dyn Fn()>,
    ) -> (Connection, LocalBoxFuture<'static, ()>) {
        options.has_pages = pages.is_some();
        let (log, seed) = (Rc::clone(stream.log()), options.seed);
        let shared = Rc::new(Shared {
            inbox: RefCell::default(),
            waker: Cell::default(),
            state: RefCell::new(State::Idle),
            report: RefCell::default(),
            changed,
        });
        let mut driver = Driver {
            session: Session::new(options),
            stream,
            sockets,
            clock,
            shared: Rc::clone(&shared),
            socket: None,
            number: 0,
            sync: pages.map(Sync::new),
            fetching: None,
            storing: None,
            queue: Vec::new(),
            outdated: false,
            reading: None,
            timer: None,
            seed,
            errands: VecDeque::new(),
            errand: None,
            outbox_change: Rc::clone(&log).outbox_change(0).boxed_local(),
        };
        let running = poll_fn(move |context| driver.poll(context)).boxed_local();
        (Connection { shared, log }, running)
    }

    /// Tells it something.
    pub fn control(&self, control: Control) {
        self.shared.push(Message::Control(control));
    }

    pub(super) fn shared(&self) -> Rc<Shared> {
        Rc::clone(&self.shared)
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.shared.state.borrow().clone()
    }

    /// Whether another tab has the socket.
    #[must_use]
    pub fn follows(&self) -> bool {
        matches!(*self.shared.state.borrow(), State::Follower)
    }

    /// What was fetched so far.
    #[must_use]
    pub fn report(&self) -> SyncReport {
        self.shared.report.borrow().clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.control(Control::Stop);
    }
}

type Fetched = (Sync, Result<(SyncReport, bool)>);

struct Driver {
    session: Session,
    stream: Rc<EventStream>,
    sockets: Rc<dyn Sockets>,
    clock: Rc<dyn Clock>,
    shared: Rc<Shared>,
    socket: Option<Box<dyn Socket>>,
    /// Tells what an old socket says from what this one does.
    number: u64,
    /// Here unless it is fetching.
    sync: Option<Sync>,
    fetching: Option<LocalBoxFuture<'static, Fetched>>,
    storing: Option<LocalBoxFuture<'static, Result<Vec<Outcome>>>>,
    queue: Vec<Item>,
    /// Another tab has held the connection, and has stored what this one may not have heard of.
    outdated: bool,
    /// That is being read; then the socket is opened.
    reading: Option<LocalBoxFuture<'static, ()>>,
    timer: Option<(f64, LocalBoxFuture<'static, ()>)>,
    /// Names this connection among those that take actions.
    seed: u64,
    errands: VecDeque<Errand>,
    errand: Option<LocalBoxFuture<'static, Option<Input<'static>>>>,
    outbox_change: LocalBoxFuture<'static, u64>,
}

impl Driver {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.shared.waker.set(Some(context.waker().clone()));
        while self.turn(context) {}
        let at_rest = self.storing.is_none() && self.errand.is_none();
        match self.shared.is_closed() && at_rest {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Works off one thing; `false` where there is nothing.
    fn turn(&mut self, context: &mut Context<'_>) -> bool {
        let message = self.shared.inbox.borrow_mut().pop_front();
        if let Some(message) = message {
            self.message(message);
            return true;
        }
        if let Some(fetching) = &mut self.fetching
            && let Poll::Ready((sync, answer)) = fetching.poll_unpin(context)
        {
            self.fetching = None;
            self.sync = Some(sync);
            let answer = answer.map(|(report, ended)| {
                let before = self.shared.report.replace(report.clone());
                (self.shared.changed)();
                (ended, report.accepted.saturating_sub(before.accepted))
            });
            self.handle(Input::Page(answer));
            return true;
        }
        if let Some(reading) = &mut self.reading
            && reading.poll_unpin(context).is_ready()
        {
            self.outdated = false;
            self.open();
            return true;
        }
        if let Some(storing) = &mut self.storing {
            if let Poll::Ready(answer) = storing.poll_unpin(context) {
                self.storing = None;
                self.stored(answer);
                return true;
            }
        } else if !self.queue.is_empty() {
            let rest = self.queue.split_off(self.queue.len().min(MOST_ITEMS));
            let items = std::mem::replace(&mut self.queue, rest);
            let log = Rc::clone(self.stream.log());
            self.storing = Some(async move { log.append(items, None).await }.boxed_local());
            return true;
        }
        if let Some(errand) = &mut self.errand {
            if let Poll::Ready(answer) = errand.poll_unpin(context) {
                self.errand = None;
                if let Some(input) = answer {
                    self.handle(input);
                }
                return true;
            }
        } else if self
            .errands
            .front()
            .is_some_and(|errand| self.is_ready(errand))
            && let Some(errand) = self.errands.pop_front()
        {
            let log = Rc::clone(self.stream.log());
            self.errand = Some(outbox::run(log, errand, self.seed).boxed_local());
            return true;
        }
        if let Poll::Ready(seen) = self.outbox_change.poll_unpin(context) {
            let log = Rc::clone(self.stream.log());
            self.outbox_change = log.outbox_change(seen).boxed_local();
            self.handle(Input::Outbox);
            return true;
        }
        self.ring(context)
    }

    /// Before an action is taken, all that came has to be in the log.
    fn is_ready(&self, errand: &Errand) -> bool {
        let stored = self.storing.is_none() && self.queue.is_empty();
        stored || !matches!(errand, Errand::Take { .. })
    }

    /// Tells the session the time where it wants to know it.
    fn ring(&mut self, context: &mut Context<'_>) -> bool {
        let Some(at) = self.session.wake_at() else {
            self.timer = None;
            return false;
        };
        if self.timer.as_ref().is_none_or(|(other, _)| *other != at) {
            let pause = (at - self.clock.now()).clamp(1.0, f64::from(u32::MAX));
            self.timer = Some((at, self.clock.sleep(pause.ceil() as u32)));
        }
        let timer = self.timer.as_mut();
        let rang = timer.is_some_and(|(_, timer)| timer.poll_unpin(context).is_ready());
        if rang {
            self.timer = None;
            self.handle(Input::Tick);
        }
        rang
    }

    fn message(&mut self, message: Message) {
        let event = match message {
            Message::Control(control) => {
                self.outdated |= *self.session.state() == State::Follower;
                return self.handle(match control {
                    Control::Start => Input::Start,
                    Control::Stop => Input::Stop,
                    Control::Holder(holder) => Input::Holder(holder),
                    Control::Beside => Input::Beside,
                    Control::Online(online) => Input::Online(online),
                    Control::Wake => Input::Wake,
                });
            }
            // What an application's own socket says is never too late.
            Message::Socket(_, SocketEvent::Text(text)) if self.session.is_own() => {
                return self.handle(Input::Text(&text));
            }
            Message::Socket(number, _) if number != self.number => return,
            Message::Socket(_, event) => event,
        };
        match event {
            SocketEvent::Opened => self.handle(Input::Opened),
            SocketEvent::Text(text) => self.handle(Input::Text(&text)),
            SocketEvent::Unusable(why) => self.handle(Input::Unusable(why)),
            SocketEvent::Closed(code) => {
                self.hang_up();
                self.handle(Input::Closed(code));
            }
        }
    }

    fn stored(&mut self, answer: Result<Vec<Outcome>>) {
        match answer {
            Ok(outcomes) => {
                for outcome in outcomes {
                    if let Outcome::Rejected(why) = outcome {
                        self.stream.rejected(why);
                    }
                }
                self.handle(Input::Stored(Ok(())));
            }
            Err(why) => {
                self.queue.clear();
                self.handle(Input::Stored(Err(why)));
            }
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        let effects = self.session.handle(input, self.clock.now());
        for effect in effects {
            match effect {
                Effect::Open => self.open(),
                Effect::Close => self.hang_up(),
                Effect::Send(text) => {
                    if let Some(socket) = &self.socket {
                        socket.send(&text);
                    }
                }
                Effect::Store(mut items) => self.queue.append(&mut items),
                Effect::Fetch(reach) => self.fetch(reach),
                Effect::Status(text) => {
                    let shared = self.session.shares(&text);
                    self.stream.tell_status(&text, shared);
                }
                Effect::Warn(why) => drop(self.stream.rejected(why)),
                Effect::Outbox(errand) => self.errands.push_back(errand),
            }
        }
        let state = self.session.state();
        if *self.shared.state.borrow() != *state {
            *self.shared.state.borrow_mut() = state.clone();
            if self.shared.is_closed() {
                // What became of an action is still written down; who waits for one hears of the end.
                let asks =
                    |errand: &Errand| matches!(errand, Errand::Take { .. } | Errand::Look(_));
                self.errands.retain(|errand| !asks(errand));
                self.stream.log().look_at_outbox();
            }
            (self.shared.changed)();
        }
    }

    fn hang_up(&mut self) {
        self.socket = None;
        self.reading = None;
        self.number = self.number.wrapping_add(1);
    }

    fn open(&mut self) {
        self.hang_up();
        let log = self.stream.log();
        if self.outdated {
            let log = Rc::clone(log);
            // Where it can't be read, what is stored comes once more and is a double.
            self.reading = Some(async move { drop(log.refresh().await) }.boxed_local());
            return;
        }
        let timestamp = log.record().last_timestamp;
        let address = self.session.address(&Cursor {
            latest: log.latest_event_id(),
            timestamp: timestamp.and_then(|bytes| String::from_utf8(bytes.into()).ok()),
        });
        let (shared, number) = (Rc::clone(&self.shared), self.number);
        let listener = Rc::new(move |event| shared.push(Message::Socket(number, event)));
        match self.sockets.open(&address, listener) {
            Ok(socket) => self.socket = Some(socket),
            Err(why) => self.handle(Input::Stored(Err(why))),
        }
    }

    fn fetch(&mut self, reach: Option<Reach>) {
        let Some(mut sync) = self.sync.take() else {
            return;
        };
        let stream = Rc::clone(&self.stream);
        sync.expect(self.session.speaks_v1());
        if let Some(reach) = reach {
            // What has come may still wait to be stored.
            let newest = stream.log().latest_event_id().max(self.session.newest);
            sync.again((reach == Reach::Newest).then_some(newest));
        }
        let work = async move {
            let answer = sync.step(&stream).await;
            (sync, answer)
        };
        self.fetching = Some(work.boxed_local());
    }
}
