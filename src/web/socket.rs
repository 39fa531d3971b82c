//! The browser's WebSocket.

use js_sys::{JsString, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::backend::{LONGEST_MESSAGE, Socket, SocketEvent, SocketListener, Sockets, TOO_LONG};
use crate::error::{Error, Result};

/// [`Sockets`] of a page or a worker. Text messages are taken whole, as the server wrote them.
pub struct BrowserSockets;

struct BrowserSocket {
    socket: WebSocket,
    /// Hears of everything.
    _listener: Closure<dyn FnMut(JsValue)>,
}

impl Sockets for BrowserSockets {
    fn open(&self, url: &str, listener: SocketListener) -> Result<Box<dyn Socket>> {
        let socket = WebSocket::new(url)
            .map_err(|_| Error::InvalidArgument("a socket can't have this address".to_owned()))?;
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let get = |name: &str| Reflect::get(&event, &name.into()).unwrap_or_default();
            listener(match get("type").as_string().as_deref() {
                Some("open") => SocketEvent::Opened,
                Some("close") => SocketEvent::Closed(get("code").as_f64().unwrap_or(0.0) as u16),
                _ => message(&get("data")),
            });
        });
        let function = listener.as_ref().unchecked_ref();
        socket.set_onopen(Some(function));
        socket.set_onmessage(Some(function));
        socket.set_onclose(Some(function));
        Ok(Box::new(BrowserSocket {
            socket,
            _listener: listener,
        }))
    }
}

/// What a message is. One that is too long is not copied.
pub(super) fn message(data: &JsValue) -> SocketEvent {
    match data.dyn_ref::<JsString>() {
        Some(text) if text.length() as usize > LONGEST_MESSAGE => SocketEvent::Unusable(TOO_LONG),
        Some(text) => SocketEvent::Text(String::from(text)),
        None => SocketEvent::Unusable("a message is no text"),
    }
}

impl Socket for BrowserSocket {
    fn send(&self, text: &str) {
        // It fails where it isn't open, which its listener hears of.
        let _ = self.socket.send_with_str(text);
    }
}

impl Drop for BrowserSocket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}
