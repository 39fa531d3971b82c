//! Opens a store: its parts, and who of them hears of what.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::convert::{decompose, promise};
use super::home::{Fed, Home};
use super::notify::Notify;
use super::options::{self, Options};
use super::tabs::Tabs;
use super::{BrowserClock, ConnectionEvent, ConnectionOptions, IndexedDb};
use crate::backend::Clock;
use crate::error::Result;
use crate::notice::{Notice, Reporter};
use crate::store::{EventStore, StoreOptions};
use crate::stream::{Drops, EventStream};
use crate::sync::ServerOptions;

/// What `given` asks for, connected; `notify` is told what it reports.
pub(super) async fn open(given: JsValue, notify: Function) -> Result<Rc<Home>> {
    let given = Options::read(given, options::OPEN)?;
    let notify = Notify::new(notify, given.log_level()?);
    notify.on_panic();
    let defaults = StoreOptions::default();
    let store_options = StoreOptions {
        durability: given.durability()?,
        memory_budget: given.size("memoryBudget", defaults.memory_budget)?,
        page_bytes: defaults.page_bytes,
        page_events: given.size("cacheSize", defaults.page_events)?,
        decompose,
        storage_budget: given.storage_budget()?,
    };
    let mut connection = connection(&given, &notify)?;
    let timeout = given.timeout(ServerOptions::default().timeout)?;
    let max_subscribers = given.size("maxSubscribers", EventStream::MAX_SUBSCRIBERS)?;
    let home = Rc::new_cyclic(|home: &Weak<Home>| {
        let (tabs, home) = (Tabs::open(&connection.name, home), Weak::clone(home));
        let (hears, tell) = (Weak::clone(&home), Rc::clone(&connection.on_event));
        connection.on_event = Rc::new(move |event| {
            if let (ConnectionEvent::Terminated, Some(home)) = (&event, hears.upgrade()) {
                home.database_closed();
            }
            tell(event);
        });
        let database = IndexedDb::new(connection);
        let reporter = Reporter::new(move |notice| {
            match &notice {
                Notice::Degraded(_) => {
                    let home = Weak::clone(&home);
                    let _ = promise(async move {
                        Home::outlast(home).await;
                        Ok(JsValue::UNDEFINED)
                    });
                }
                Notice::Changed(id, again) => {
                    if let Some(home) = home.upgrade() {
                        home.tell_tabs(id, again);
                    }
                }
                Notice::Status {
                    conversation,
                    text,
                    shared: true,
                } => {
                    if let Some(home) = home.upgrade() {
                        home.share_status(conversation, text);
                    }
                }
                _ => {}
            }
            notify.notice(notice);
        });
        let clock: Rc<dyn Clock> = Rc::new(BrowserClock::new());
        Home {
            timeout,
            store: EventStore::new(Rc::new(database), clock, reporter.clone(), &store_options),
            reporter,
            max_subscribers,
            in_use: RefCell::default(),
            fed: Cell::new(Fed::default()),
            drops: Drops::default(),
            tabs,
            met: Cell::new(false),
            untold: RefCell::default(),
        }
    });
    home.listen();
    home.store.connect().await?;
    Ok(home)
}

fn connection(given: &Options, notify: &Notify) -> Result<ConnectionOptions> {
    let name = given.name("name")?;
    let mut name = name.unwrap_or_else(|| "oh-event-store".to_owned());
    if let Some(user) = given.name("userId")? {
        name.push('/');
        name.push_str(&user);
    }
    let mut connection = ConnectionOptions::new(&name);
    connection.timeout = given.timeout(connection.timeout)?;
    let events = notify.clone();
    connection.on_event = Rc::new(move |event| events.connection(event));
    Ok(connection)
}
