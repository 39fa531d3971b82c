//! A world with tabs on one database, and what becomes of what is sent in them.

use std::cell::RefCell;
use std::rc::Rc;

use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use oh_event_store::backend::Memory;
use oh_event_store::error::Result;
use oh_event_store::store::Queued;
use oh_event_store::sync::{Control, State};

use super::model::Kind;
use super::network::{Weather, World};
use super::tab::{How, Tab};
use crate::random::Random;

pub const KINDS: [Kind; 3] = [Kind::V0, Kind::V0Late, Kind::V1];

/// What has become of calls, by the actions' ids.
type Ends = Rc<RefCell<Vec<(String, Result<()>)>>>;

pub struct Scene {
    pub world: Rc<World>,
    pub pool: LocalPool,
    pub records: Rc<Memory>,
    pub tabs: Vec<Tab>,
    pub ends: Ends,
    seed: u64,
}

impl Scene {
    pub fn new(seed: u64, kind: Kind) -> Scene {
        Scene {
            world: World::new(seed, kind),
            pool: LocalPool::new(),
            records: Rc::new(Memory::new()),
            tabs: Vec::new(),
            ends: Ends::default(),
            seed: seed << 8,
        }
    }

    /// One tab that is connected.
    pub fn live(kind: Kind) -> Scene {
        let mut scene = Scene::new(1, kind);
        for _ in 0..10 {
            scene.world.append(true);
        }
        scene.open_another(true);
        scene.pass(10_000.0);
        assert_eq!(scene.tabs[0].state(), State::Live);
        scene
    }

    pub fn open(&mut self, how: How) {
        let tab = Tab::open(&self.world, &mut self.pool, &self.records, how);
        self.tabs.push(tab);
    }

    /// Opens a tab with a seed of its own.
    pub fn open_another(&mut self, pages: bool) {
        self.seed += 1;
        self.open(How {
            seed: self.seed,
            pages,
            ..How::default()
        });
    }

    pub fn pass(&mut self, milliseconds: f64) {
        let pool = &mut self.pool;
        self.world.pass(milliseconds, || pool.run_until_stalled());
    }

    pub fn happen(&mut self, count: usize) {
        for _ in 0..count {
            self.world.append(false);
        }
    }

    pub fn weather(&self, weather: Weather) {
        self.world.weather.set(weather);
    }

    pub fn any_weather(&self, random: &mut Random) {
        self.weather(Weather {
            delay: [0, 20, 400, 4000][random.below(4) as usize],
            failing: random.below(40),
            cutting: random.below(6),
            doubling: random.below(20),
            partition: random.one_in(4),
        });
        self.world.say(|| format!("{:?}", self.world.weather.get()));
    }

    pub fn go_offline(&mut self) {
        self.tabs[0].connection.control(Control::Online(false));
        self.pass(1.0);
        self.world.cut_all();
        self.pass(1.0);
        assert_eq!(self.tabs[0].state(), State::Offline);
    }

    /// Every tab has the server's log.
    pub fn check(&self) {
        let theirs = self.world.model.borrow().texts();
        for tab in &self.tabs {
            assert!(matches!(tab.state(), State::Live | State::Follower));
            let ours = tab.texts();
            let missing = theirs.iter().filter(|text| !ours.contains(text)).count();
            assert_eq!((missing, ours.len()), (0, theirs.len()), "missing, events");
            assert!(ours == theirs, "they are not in order");
            let (known, gaps) = tab.log().coverage();
            assert!(gaps.is_empty(), "{gaps:?} of {known:?}");
        }
    }

    /// How many events the pages of the server have brought.
    pub fn served(&self) -> usize {
        self.world.model.borrow().served
    }

    fn action(&self, content: &str) -> String {
        match self.world.model.borrow().kind {
            Kind::V1 => format!(
                "{{\"role\": \"user\", \"content\": [{{\"type\": \"text\", \"text\": \"{content}\"}}]}}"
            ),
            _ => format!("{{\"action\": \"message\", \"args\": {{\"content\": \"{content}\"}}}}"),
        }
    }

    pub fn send(&mut self, tab: usize, id: &str, content: &str) {
        let call = self.tabs[tab].connection.send(id, &self.action(content));
        let (ends, id) = (Rc::clone(&self.ends), id.to_owned());
        let end = async move {
            let end = call.await;
            ends.borrow_mut().push((id, end));
        };
        self.pool.spawner().spawn_local(end).unwrap();
        self.pool.run_until_stalled();
    }

    pub fn end(&self, id: &str) -> Option<Result<()>> {
        let ends = self.ends.borrow();
        let found: Vec<_> = ends.iter().filter(|(of, _)| of == id).collect();
        assert!(found.len() < 2, "it ends once");
        found.first().map(|(_, end)| end.clone())
    }

    pub fn pending(&mut self, tab: usize) -> Vec<Queued> {
        let pending = self.tabs[tab].connection.pending();
        self.pool.run_until(pending).unwrap()
    }

    /// The ids of those.
    pub fn pending_ids(&mut self, tab: usize) -> Vec<String> {
        let pending = self.pending(tab);
        pending.iter().map(|it| it.action.id.to_string()).collect()
    }

    pub fn cancel(&mut self, tab: usize, id: &str) -> bool {
        let cancelled = self.tabs[tab].connection.cancel(id);
        self.pool.run_until(cancelled).unwrap()
    }

    /// What the server was told, by the contents.
    pub fn acts(&self) -> Vec<String> {
        let model = self.world.model.borrow();
        let content = |act: &String| {
            let mut parts = act.rsplit('"');
            parts.nth(1).expect("a content").to_owned()
        };
        model.acts.iter().map(content).collect()
    }

    /// A tab looks at the log, as the message of a channel would have it.
    pub fn look(&mut self, tab: usize) {
        let log = Rc::clone(self.tabs[tab].log());
        self.pool.run_until(log.refresh()).unwrap();
    }

    pub fn close(mut self) {
        self.tabs.clear();
        self.pass(20_000.0);
        assert_eq!(self.world.open_lines(), 0, "sockets that nobody closed");
        assert_eq!(self.world.sleeping(), 0, "something still waits");
    }
}

/// What may be said to a connection at any time.
pub fn any_control(random: &mut Random) -> Control {
    *random.pick(&[
        Control::Wake,
        Control::Online(false),
        Control::Online(true),
        Control::Holder(false),
        Control::Holder(true),
    ])
}
