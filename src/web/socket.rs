//! The browser's WebSocket.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::WebSocket;

use crate::backend::{Socket, SocketEvent, SocketListener, Sockets};
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
                _ => match get("data").as_string() {
                    Some(text) => SocketEvent::Text(text),
                    None => SocketEvent::Binary,
                },
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
