//! The network as a tab sees it.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::{Rc, Weak};
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use oh_event_store::backend::{
    Answer, Clock, Http, Request, Response, Socket, SocketListener, Sockets,
};
use oh_event_store::error::{Error, Result};

use super::network::{Line, World};
use super::server::KEY;

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
