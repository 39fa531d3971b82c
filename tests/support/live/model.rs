//! What the servers of V0 and V1 have, and what they say.

use oh_event_store::backend::Response;

use crate::random::Random;

/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// python-socketio: what is replayed comes before the connection is confirmed.
    V0,
    /// npm socket.io: it comes after that.
    V0Late,
    V1,
}

/// How an event is treated by a V0 socket.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Plain,
    /// From the environment, and sent live as if it were the agent's.
    Rewritten,
    /// An agent's state: of those replayed only the last is sent, after the others.
    State,
    /// Neither replayed nor sent live.
    Hidden,
    /// Replayed, but not sent live.
    NotLive,
}

struct Stored {
    id: String,
    text: String,
    sort: Sort,
}

/// A conversation on a server.
pub struct Model {
    pub kind: Kind,
    events: Vec<Stored>,
    next: i64,
    pub hour: u64,
    /// How many events were given over HTTP.
    pub served: usize,
    /// What users have done, as it came.
    pub acts: Vec<String>,
}

impl Model {
    pub fn new(kind: Kind) -> Model {
        Model {
            kind,
            events: Vec::new(),
            next: 0,
            hour: 0,
            served: 0,
            acts: Vec::new(),
        }
    }

    /// The texts of all events in order.
    pub fn texts(&self) -> Vec<String> {
        self.events.iter().map(|event| event.text.clone()).collect()
    }

    /// Something happens; what a socket says of it.
    pub fn append(&mut self, random: &mut Random) -> Option<String> {
        let sort = match random.below(8) {
            0 => Sort::Rewritten,
            1 => Sort::State,
            2 => Sort::Hidden,
            3 => Sort::NotLive,
            _ => Sort::Plain,
        };
        self.append_a(sort, random)
    }

    /// Something that every socket tells of.
    pub fn append_plain(&mut self, random: &mut Random) -> Option<String> {
        self.append_a(Sort::Plain, random)
    }

    fn append_a(&mut self, sort: Sort, random: &mut Random) -> Option<String> {
        if self.kind != Kind::V1 && random.one_in(10) {
            self.next += random.number(1, 3);
        }
        let number = self.next;
        self.next += 1;
        let salt = random.below(1_000_000);
        // Several events share a timestamp.
        let time = format!(
            "2026-01-01T{:02}:{:02}:{:02}.000000",
            self.hour,
            number / 240 % 60,
            number / 4 % 60
        );
        if self.kind == Kind::V1 {
            let id = format!("{:08x}-{number}", salt * 7919 % 0xffff_ffff);
            let text = format!(
                "{{\"id\": \"{id}\", \"timestamp\": \"{time}\", \"source\": \"agent\", \
                 \"kind\": \"MessageEvent\", \"salt\": {salt}}}"
            );
            let live = Some(text.clone());
            self.events.push(Stored { id, text, sort });
            return live;
        }
        let spell = |source: &str| {
            let body = match sort {
                Sort::Plain => {
                    "\"action\": \"message\", \"args\": {\"content\": \"x\", \"t\": 1.50}"
                }
                Sort::Rewritten => "\"observation\": \"run\", \"content\": \"out\", \"extras\": {}",
                Sort::State => "\"observation\": \"agent_state_changed\", \"content\": \"\"",
                Sort::Hidden => "\"observation\": \"null\", \"content\": \"\"",
                Sort::NotLive => "\"observation\": \"think\", \"content\": \"\"",
            };
            let json = format!(
                "{{\"id\": {number}, \"timestamp\": \"{time}\", \"source\": \"{source}\", {body}, \
                 \"salt\": {salt}}}"
            );
            oh_event_store::event::dumps(json.as_bytes()).expect("it is JSON")
        };
        let text = spell(if sort == Sort::Plain {
            "user"
        } else {
            "environment"
        });
        let live = match sort {
            Sort::Plain => Some(text.clone()),
            Sort::Rewritten | Sort::State => Some(spell("agent")),
            Sort::Hidden | Sort::NotLive => None,
        };
        let id = number.to_string();
        self.events.push(Stored { id, text, sort });
        live
    }

    /// A user does something; what every socket is told.
    pub fn act(&mut self, action: &str) -> String {
        let number = self.next;
        self.next += 1;
        let time = format!("2026-01-01T{:02}:59:59.000000", self.hour);
        let (id, text) = match self.kind {
            Kind::V1 => {
                let id = format!("user-{number}");
                let text = format!(
                    "{{\"id\": \"{id}\", \"timestamp\": \"{time}\", \"source\": \"user\", \
                     \"llm_message\": {action}, \"kind\": \"MessageEvent\"}}"
                );
                (id, text)
            }
            _ => {
                let members = action.strip_prefix('{').expect("an object");
                let text = format!(
                    "{{\"id\": {number}, \"timestamp\": \"{time}\", \"source\": \"user\", {members}"
                );
                (number.to_string(), text)
            }
        };
        let text = oh_event_store::event::dumps(text.as_bytes()).expect("it is JSON");
        let sort = Sort::Plain;
        self.acts.push(action.to_owned());
        self.events.push(Stored {
            id,
            text: text.clone(),
            sort,
        });
        text
    }

    /// What a V0 server sends to who connects.
    pub fn replayed(&self, latest: i64) -> Vec<String> {
        let newer = |event: &&Stored| event.id.parse::<i64>().expect("a number") > latest;
        let (mut sent, mut state) = (Vec::new(), None);
        for event in self.events.iter().filter(newer) {
            match event.sort {
                Sort::Hidden => {}
                Sort::State => state = Some(event.text.clone()),
                _ => sent.push(event.text.clone()),
            }
        }
        sent.extend(state);
        sent
    }

    /// What a V1 server sends again.
    pub fn resent(&self, query: &str) -> Vec<String> {
        let mode = parameter(query, "resend_mode");
        let after = parameter(query, "after_timestamp").map(|time| time.replace("%3A", ":"));
        let from = match (mode.as_deref(), after) {
            (Some("all"), _) => 0,
            (Some("since"), Some(after)) => {
                let stamp = |event: &Stored| {
                    let from = event.text.find("\"timestamp\": \"").expect("a timestamp") + 14;
                    event.text[from..from + 26].to_owned()
                };
                self.events
                    .iter()
                    .take_while(|event| stamp(event) < after)
                    .count()
            }
            _ => self.events.len(),
        };
        self.events[from..]
            .iter()
            .map(|event| event.text.clone())
            .collect()
    }

    /// What the server answers over HTTP.
    pub fn answer(&mut self, url: &str) -> Response {
        let (path, query) = url.split_once('?').expect("a query");
        let (status, body) = match (path.ends_with("/search"), self.kind) {
            (true, Kind::V1) => (200, self.search(query)),
            (true, _) => (404, "{}".to_owned()),
            // That route wants ids in a body.
            (false, Kind::V1) => (422, "{\"detail\": []}".to_owned()),
            (false, _) => (200, self.page(query)),
        };
        Response {
            status,
            retry_after: None,
            body: Some(body.into_bytes()),
        }
    }

    fn page(&mut self, query: &str) -> String {
        let number = |name| parameter(query, name).and_then(|value| value.parse::<i64>().ok());
        let (low, high) = (
            number("start_id").unwrap_or(0),
            number("end_id").unwrap_or(i64::MAX),
        );
        let limit = number("limit").expect("a limit") as usize;
        let within =
            |event: &&Stored| (low..=high).contains(&event.id.parse::<i64>().expect("a number"));
        let found: Vec<&str> = (self.events.iter().filter(within))
            .map(|event| event.text.as_str())
            .collect();
        let more = found.len() > limit;
        let page = &found[..found.len().min(limit)];
        let body = format!(
            "{{\"events\": [{}], \"has_more\": {more}}}",
            page.join(", ")
        );
        self.served += page.len();
        body
    }

    fn search(&mut self, query: &str) -> String {
        let limit: usize = parameter(query, "limit")
            .expect("a limit")
            .parse()
            .expect("a number");
        let wanted = parameter(query, "page_id");
        // An unknown page is the first one.
        let from = self
            .events
            .iter()
            .position(|event| Some(&event.id) == wanted.as_ref());
        let rest = &self.events[from.unwrap_or(0)..];
        let page: Vec<&str> = rest
            .iter()
            .take(limit)
            .map(|event| event.text.as_str())
            .collect();
        let next = match rest.get(limit) {
            Some(event) => format!("\"{}\"", event.id),
            None => "null".to_owned(),
        };
        self.served += page.len();
        format!(
            "{{\"items\": [{}], \"next_page_id\": {next}}}",
            page.join(", ")
        )
    }
}

/// A parameter of a query, as it stands there.
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| *key == name)?;
    Some(found.1.to_owned())
}
