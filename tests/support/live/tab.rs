//! A tab: a store over records that outlive it, and a connection.

use std::rc::Rc;

use futures::FutureExt;
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use futures_util::future::{AbortHandle, Abortable};
use oh_event_store::backend::{Backend, Clock, Faults, Faulty, Http, Memory, Sockets};
use oh_event_store::event::{Dialect, FrameForm};
use oh_event_store::notice::Reporter;
use oh_event_store::store::{EventStore, Log, SearchOptions, StoreOptions};
use oh_event_store::stream::EventStream;
use oh_event_store::sync::{
    Connection, Control, Server, ServerOptions, SessionOptions, State, Transport,
};

use super::model::Kind;
use super::network::World;
use super::platform::Network;
use super::server::KEY;

pub struct Tab {
    pub connection: Connection,
    pub store: EventStore,
    pub stream: Rc<EventStream>,
    pub disk: Rc<Faulty>,
    task: AbortHandle,
}

/// How a tab connects.
#[derive(Clone)]
pub struct How {
    pub pages: bool,
    pub key: &'static str,
    pub seed: u64,
    pub page_events: usize,
    /// Whether it is its turn to be connected.
    pub holder: bool,
    /// Over a socket of the application's own.
    pub own: bool,
    /// Nobody has said which server it is.
    pub unknown: bool,
}

impl Default for How {
    fn default() -> How {
        How {
            pages: true,
            key: KEY,
            seed: 1,
            page_events: 60,
            holder: true,
            own: false,
            unknown: false,
        }
    }
}

impl Tab {
    /// Opens a tab that connects at once.
    pub fn open(world: &Rc<World>, pool: &mut LocalPool, records: &Rc<Memory>, how: How) -> Tab {
        let network = Rc::new(Network(Rc::clone(world)));
        let clock = Rc::clone(&network) as Rc<dyn Clock>;
        let disk = Rc::new(Faulty::new(
            records,
            Faults {
                seed: how.seed,
                ..Faults::default()
            },
        ));
        let options = StoreOptions {
            page_bytes: 4096,
            page_events: how.page_events,
            ..StoreOptions::default()
        };
        let backend = Rc::clone(&disk) as Rc<dyn Backend>;
        let reporter = Reporter::default();
        let store = EventStore::new(backend, Rc::clone(&clock), reporter.clone(), &options);
        let kind = world.model.borrow().kind;
        let (dialect, transport, url) = match kind {
            Kind::V1 if !how.unknown => (
                Some(Dialect::V1),
                Transport::WebSocket,
                "http://host/sockets/events/c",
            ),
            _ => (
                (!how.unknown).then_some(Dialect::V0),
                Transport::SocketIo,
                "http://host",
            ),
        };
        let log = store.conversation("c", dialect).now_or_never();
        let log = log.expect("memory is quick").expect("it opens");
        let stream = Rc::new(EventStream::new(log, reporter.clone(), 10, Rc::default()));
        let server = how.pages.then(|| {
            let options = ServerOptions {
                base_url: "http://host/api/conversations/c".to_owned(),
                session_api_key: Some(how.key.to_owned()),
                ..ServerOptions::default()
            };
            let http = Rc::clone(&network) as Rc<dyn Http>;
            Server::new(http, Rc::clone(&clock), reporter, options).expect("a server")
        });
        let options = SessionOptions {
            transport,
            url: url.to_owned(),
            conversation: "c".to_owned(),
            session_api_key: Some(how.key.to_owned()),
            query: Vec::new(),
            own: how.own.then_some(FrameForm::Raw),
            has_pages: how.pages,
            seed: how.seed,
        };
        let sockets = Rc::clone(&network) as Rc<dyn Sockets>;
        let (connection, running) = Connection::new(
            Rc::clone(&stream),
            sockets,
            clock,
            server,
            options,
            Box::new(|| {}),
        );
        let (task, registration) = AbortHandle::new_pair();
        let running = Abortable::new(running, registration).map(|_| ());
        pool.spawner()
            .spawn_local(running)
            .expect("the pool takes tasks");
        connection.control(Control::Holder(how.holder));
        connection.control(Control::Start);
        Tab {
            connection,
            store,
            stream,
            disk,
            task,
        }
    }

    pub fn log(&self) -> &Rc<Log> {
        self.stream.log()
    }

    pub fn state(&self) -> State {
        self.connection.state()
    }

    /// Its database can't be reached.
    pub fn lose_database(&self) {
        self.disk.set_faults(Faults {
            gone: true,
            ..Faults::default()
        });
    }

    /// It can be reached again, and gets what is only in memory.
    pub fn find_database(&self, pool: &mut LocalPool) {
        self.disk.set_faults(Faults::default());
        let returned = pool.run_until(self.store.return_to_database());
        returned.expect("it is there again");
        assert!(!self.store.is_degraded());
    }

    /// The tab is gone, midway.
    pub fn crash(self, pool: &mut LocalPool) {
        self.disk.crash();
        self.task.abort();
        pool.run_until_stalled();
    }

    /// The texts of its log, as another look at the disk finds them.
    pub fn texts(&self) -> Vec<String> {
        let refreshed = self.log().refresh().now_or_never();
        refreshed.expect("memory is quick").expect("it is read");
        let mut search = self.log().search(&SearchOptions {
            start_id: Some(-(1 << 53)),
            ..SearchOptions::default()
        });
        let mut texts = Vec::new();
        while let Some(batch) = search
            .next(500)
            .now_or_never()
            .expect("quick")
            .expect("read")
        {
            texts.extend(batch.texts().map(str::to_owned));
        }
        texts
    }
}
