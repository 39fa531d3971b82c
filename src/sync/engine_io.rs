//! Engine.IO 4 and Socket.IO 5 over a WebSocket: text messages taken apart and put together.
//!
//! A payload is left as the text that it came as, so that no digit of a number is lost.

use super::address::push_query;
use crate::event::{Items, members, push_text, string_value};

/// The answer to a ping.
pub const PONG: &str = "3";

/// One message of a server.
#[derive(Clone, Debug, PartialEq)]
pub enum Packet<'a> {
    /// The transport is open. A living server pings every `interval` milliseconds, at most
    /// `timeout` late.
    Open {
        /// Milliseconds.
        interval: f64,
        /// Milliseconds.
        timeout: f64,
    },
    /// The transport closes.
    Close,
    /// To be answered with [`PONG`].
    Ping,
    /// The conversation may begin.
    Connect,
    /// The server refuses it, and says why.
    ConnectError(Box<str>),
    /// The server ends it.
    Disconnect,
    /// An event.
    Event {
        /// Its name.
        name: Box<str>,
        /// Its first argument, as JSON; nothing where there is none.
        argument: &'a str,
    },
    /// The server has what was sent under this number.
    Ack(u64),
    /// It means nothing to a client: a pong, another namespace's.
    Nothing,
    /// It can't be read: what is wrong with it.
    Bad(&'static str),
}

impl<'a> Packet<'a> {
    /// Reads a text message, whatever it holds.
    #[must_use]
    pub fn read(text: &'a str) -> Packet<'a> {
        let Some((kind, rest)) = text.split_at_checked(1) else {
            return Packet::Bad("it is empty");
        };
        match kind {
            "0" => open(rest),
            "1" => Packet::Close,
            "2" => Packet::Ping,
            "3" | "6" => Packet::Nothing,
            "4" => message(rest),
            _ => Packet::Bad("it is no message of Engine.IO"),
        }
    }
}

fn open(json: &str) -> Packet<'_> {
    let Ok(members) = members(json) else {
        return Packet::Bad("the handshake is no JSON object");
    };
    let milliseconds = |wanted: &str| {
        let mut found = members.iter().filter(|(key, _)| &**key == wanted);
        let number = found.next()?.1.parse::<u32>().ok()?;
        (number > 0).then_some(f64::from(number))
    };
    match (milliseconds("pingInterval"), milliseconds("pingTimeout")) {
        (Some(interval), Some(timeout)) => Packet::Open { interval, timeout },
        _ => Packet::Bad("the handshake says nothing of pings"),
    }
}

fn message(text: &str) -> Packet<'_> {
    let Some((kind, rest)) = text.split_at_checked(1) else {
        return Packet::Bad("it is no message of Socket.IO");
    };
    if matches!(kind, "5" | "6") {
        return Packet::Bad("it has binary attachments");
    }
    // The main namespace has no name; another one's ends with a comma.
    if rest.starts_with('/') {
        return Packet::Nothing;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, json) = rest.split_at_checked(digits).unwrap_or(("", rest));
    match kind {
        "0" => Packet::Connect,
        "1" => Packet::Disconnect,
        "2" => event(json),
        "3" => match number.parse() {
            Ok(number) => Packet::Ack(number),
            Err(_) => Packet::Bad("it acknowledges nothing"),
        },
        "4" => Packet::ConnectError(refusal(json)),
        _ => Packet::Bad("it is no message of Socket.IO"),
    }
}

fn event(json: &str) -> Packet<'_> {
    let mut items = match Items::of(json) {
        Ok(items) => items,
        Err(_) => return Packet::Bad("an event is a list"),
    };
    let Some(name) = items.next().and_then(Result::ok).and_then(string_value) else {
        return Packet::Bad("an event has no name");
    };
    let argument = match items.next() {
        Some(Ok(argument)) => argument,
        Some(Err(_)) => return Packet::Bad("an event is no JSON"),
        None => "",
    };
    // The rest has to be there: half an event is none.
    if items.any(|item| item.is_err()) {
        return Packet::Bad("an event is no JSON");
    }
    Packet::Event { name, argument }
}

fn refusal(json: &str) -> Box<str> {
    let mut members = members(json).unwrap_or_default().into_iter();
    let found = members.find(|(key, _)| &**key == "message");
    found
        .and_then(|(_, value)| string_value(value))
        .or_else(|| string_value(json))
        .unwrap_or_else(|| "it says nothing".into())
}

/// The message that joins the default namespace. It carries no `auth`: the server's handler takes
/// none and fails where there is one. The key is in the address, as its front end sends it.
pub const CONNECT: &str = "40";

/// An event with one argument, which is JSON, that the server acknowledges under a number.
#[must_use]
pub fn emit(name: &str, argument: &str, number: u64) -> String {
    let mut text = ["42", &number.to_string(), "[\""].concat();
    push_text(&mut text, name);
    text.push_str("\",");
    text.push_str(argument);
    text.push(']');
    text
}

/// The address of a conversation's socket on a server; `latest`: the newest event that is stored.
pub(crate) fn address(url: &str, conversation: &str, latest: i64, key: Option<&str>) -> String {
    let query = url.bytes().position(|byte| byte == b'?');
    let (server, query) = query
        .and_then(|at| url.split_at_checked(at))
        .unwrap_or((url, ""));
    let server = super::address::socket_url(server);
    let mut url = [server.trim_end_matches('/'), "/socket.io/", query].concat();
    push_query(&mut url, "EIO", "4");
    push_query(&mut url, "transport", "websocket");
    push_query(&mut url, "conversation_id", conversation);
    push_query(&mut url, "latest_event_id", &latest.to_string());
    if let Some(key) = key {
        push_query(&mut url, "session_api_key", key);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::{Packet, address, emit};

    #[test]
    fn packets_are_told_apart() {
        let open = "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000}";
        let (interval, timeout) = (25_000.0, 20_000.0);
        assert_eq!(Packet::read(open), Packet::Open { interval, timeout });
        assert_eq!(Packet::read("1"), Packet::Close);
        assert_eq!(Packet::read("2"), Packet::Ping);
        assert_eq!(Packet::read("3"), Packet::Nothing);
        assert_eq!(Packet::read("6"), Packet::Nothing);
        assert_eq!(Packet::read("40{\"sid\":\"x\"}"), Packet::Connect);
        assert_eq!(Packet::read("40"), Packet::Connect);
        assert_eq!(Packet::read("41"), Packet::Disconnect);
        assert_eq!(Packet::read("4317[]"), Packet::Ack(17));
        let refused = "44{\"message\":\"no \\u00e9ntry\",\"data\":{}}";
        assert_eq!(
            Packet::read(refused),
            Packet::ConnectError("no \u{e9}ntry".into())
        );
    }

    #[test]
    fn the_payload_of_an_event_keeps_every_digit() {
        let json = "{\"id\": 7, \"timeout\": 120.0, \"n\": 123456789012345678901}";
        for frame in [
            format!("42[\"oh_event\",{json}]"),
            format!("423[\"oh_event\",{json}]"),
            format!("42 [ \"oh_event\" , {json} , 1 ]"),
        ] {
            let name = "oh_event".into();
            let event = Packet::Event {
                name,
                argument: json,
            };
            assert_eq!(Packet::read(&frame), event, "{frame}");
        }
    }

    #[test]
    fn what_is_no_packet_is_said_to_be_none() {
        let odd = [
            "",
            "4",
            "7",
            "x",
            "\u{e9}",
            "0",
            "0{}",
            "0[]",
            "0{\"pingInterval\":0,\"pingTimeout\":1}",
            "42",
            "42{}",
            "42[]",
            "42[1]",
            "42[\"a\",",
            "42[\"a\",{]",
            "42[\"a\",1,{]",
            "43[]",
            "49",
            "451-[\"a\",{\"_placeholder\":true,\"num\":0}]",
            "461-3[]",
        ];
        for frame in odd {
            assert!(matches!(Packet::read(frame), Packet::Bad(_)), "{frame}");
        }
        assert_eq!(Packet::read("40/admin,{}"), Packet::Nothing);
        assert_eq!(Packet::read("42/admin,[\"a\"]"), Packet::Nothing);
    }

    #[test]
    fn what_is_sent_is_spelled_as_the_protocol_wants_it() {
        assert_eq!(
            emit("oh_user_action", "{\"a\":1.0}", 5),
            "425[\"oh_user_action\",{\"a\":1.0}]"
        );
        assert_eq!(
            address("https://host/x/", "a b&c", -1, Some("k/\u{e9}")),
            "wss://host/x/socket.io/?EIO=4&transport=websocket&conversation_id=a%20b%26c\
             &latest_event_id=-1&session_api_key=k%2F%C3%A9"
        );
        assert_eq!(
            address("http://host/?providers_set=github", "a", 7, None),
            "ws://host/socket.io/?providers_set=github&EIO=4&transport=websocket\
             &conversation_id=a&latest_event_id=7"
        );
    }
}
