//! The browser's time, on a page and in a worker.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use js_sys::{Date, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::MessageChannel;

use crate::backend::Clock;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(callback: &JsValue, milliseconds: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    fn clear_timeout(timer: &JsValue);
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn monotonic() -> f64;
}

/// How far `performance.now()` may drift from the system's clock before it is set anew, in
/// milliseconds.
const DRIFT: f64 = 20.0;

/// The [`Clock`] of a page or a worker.
pub struct BrowserClock {
    /// The time at which `performance.now()` was zero.
    origin: Cell<f64>,
}

impl BrowserClock {
    /// A clock that agrees with the system's.
    #[must_use]
    pub fn new() -> BrowserClock {
        BrowserClock {
            origin: Cell::new(Date::now() - monotonic()),
        }
    }

    /// Milliseconds since the Unix epoch with their fraction. They don't run backwards unless the
    /// system's clock does.
    fn precise_now(&self) -> f64 {
        let before = monotonic();
        let now = Date::now();
        let elapsed = monotonic();
        // A pause between the readings is no drift.
        let drifted = (self.origin.get() + elapsed - now).abs() > DRIFT;
        if drifted && elapsed - before < 1.0 {
            self.origin.set(now - elapsed);
        }
        self.origin.get() + elapsed
    }
}

impl Default for BrowserClock {
    fn default() -> BrowserClock {
        BrowserClock::new()
    }
}

impl Clock for BrowserClock {
    fn now(&self) -> f64 {
        Date::now()
    }

    fn timestamp(&self) -> String {
        let microseconds = (self.precise_now() * 1000.0).floor();
        let milliseconds = (microseconds / 1000.0).floor();
        let date = Date::new(&JsValue::from_f64(milliseconds));
        // Local time, spelled as if it were UTC; more digits take the place of `123Z`.
        date.set_time(milliseconds - date.get_timezone_offset() * 60_000.0);
        let mut text = String::from(date.to_iso_string());
        text.truncate(text.len().saturating_sub(4));
        let microseconds = microseconds - (microseconds / 1_000_000.0).floor() * 1_000_000.0;
        format!("{text}{:06}", microseconds as u32)
    }

    fn sleep(&self, milliseconds: u32) -> LocalBoxFuture<'static, ()> {
        if milliseconds == 0 {
            yield_now().boxed_local()
        } else {
            Timer::start(milliseconds).boxed_local()
        }
    }
}

/// What `work` answers, or `None` if that takes longer; `work` is left as it stands then.
pub(super) async fn within<T>(milliseconds: u32, work: &mut LocalBoxFuture<'_, T>) -> Option<T> {
    let mut timer = Timer::start(milliseconds);
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => Pin::new(&mut timer).poll(context).map(|()| None),
    })
    .await
}

/// A message to oneself: nested timeouts would wait for four milliseconds each.
async fn yield_now() {
    let Ok(channel) = MessageChannel::new() else {
        return Timer::start(0).await;
    };
    let received = Promise::new(&mut |resolve: Function, _| {
        channel.port1().set_onmessage(Some(&resolve));
    });
    if channel.port2().post_message(&JsValue::NULL).is_ok() {
        let _ = JsFuture::from(received).await;
    }
    channel.port1().close();
}

#[derive(Default)]
struct Alarm {
    rang: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// One timeout, cleared when it is dropped.
struct Timer {
    alarm: Rc<Alarm>,
    handle: JsValue,
    _callback: Closure<dyn FnMut()>,
}

impl Timer {
    fn start(milliseconds: u32) -> Timer {
        let alarm = Rc::new(Alarm::default());
        let rings = Rc::clone(&alarm);
        let callback = Closure::<dyn FnMut()>::new(move || {
            rings.rang.set(true);
            if let Some(waker) = rings.waker.take() {
                waker.wake();
            }
        });
        // A longer one would ring at once.
        let milliseconds = i32::try_from(milliseconds).unwrap_or(i32::MAX);
        Timer {
            alarm,
            handle: set_timeout(callback.as_ref(), milliseconds),
            _callback: callback,
        }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.alarm.rang.get() {
            return Poll::Ready(());
        }
        self.alarm.waker.replace(Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        clear_timeout(&self.handle);
    }
}
