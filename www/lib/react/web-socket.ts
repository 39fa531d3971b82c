import type { Hearing, LocalConversation } from "../conversation.js";
import type { Conversation, ServerOptions } from "../types.js";
import { observable } from "./observable.js";
import { view } from "./view.js";

/** Options of `useWebSocket`. They may change at any time without a new connection. */
export interface WebSocketHookOptions {
  /** Appended to the URL; read when a connection is opened. */
  queryParams?: Record<string, string | boolean> | undefined;
  onOpen?: ((event: Event) => void) | undefined;
  onClose?: ((event: CloseEvent) => void) | undefined;
  onMessage?: ((event: MessageEvent) => void) | undefined;
  /** Also called for a close with another code than 1000, before `onClose`. */
  onError?: ((event: Event) => void) | undefined;
  /** Off by default; without a limit by default; the delay is in milliseconds, default 3000. */
  reconnect?:
    | {
        enabled?: boolean | undefined;
        maxAttempts?: number | undefined;
        delay?: number | undefined;
      }
    | undefined;
  /** Every message is fed into it, also those that came in before it was there. */
  conversation?: Pick<Conversation, "feed"> | null | undefined;
  /** Where what the socket missed or leaves out is fetched from, as with `attach`. */
  server?: ServerOptions | undefined;
}

/** What is known of the connection. */
export interface WebSocketState<T> {
  isConnected: boolean;
  lastMessage: T | null;
  /** All messages so far: another array after each message, none of them copied. Don't write. */
  messages: T[];
  error: Error | null;
  socket: WebSocket | null;
  isReconnecting: boolean;
  attemptCount: number;
}

const NORMAL_CLOSURE = 1000;
const DEFAULT_DELAY = 3000;

/** The machinery of `useWebSocket`, without React. */
export function webSocketController<T>() {
  const received: T[] = [];
  const observed = observable<WebSocketState<T>>({
    isConnected: false,
    lastMessage: null,
    messages: view(received),
    error: null,
    socket: null,
    isReconnecting: false,
    attemptCount: 0,
  });
  const { getSnapshot, set } = observed;
  let options: WebSocketHookOptions = {};
  let address = "";
  let fed = 0;
  let disconnected = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  /** What hears the socket where there is an address to fetch from, and for whom it does. */
  let session:
    { hearing?: Hearing; error?: Error; conversation: unknown; server: string } | undefined;

  // Not at once: it may be within a render's effect.
  const say = (error: Error | null) => queueMicrotask(() => set({ error }));

  const leave = () => {
    session?.hearing?.end();
    if (session?.error) say(null);
    session = undefined;
  };

  const join = () => {
    const { conversation, server } = options;
    const key = JSON.stringify(server);
    if (session && (session.conversation !== conversation || session.server !== key)) leave();
    if (!session && server && conversation && "hearing" in conversation) {
      session = { conversation, server: key };
      try {
        session.hearing = (conversation as LocalConversation).hearing(server, false);
        if (getSnapshot().isConnected) session.hearing.open();
      } catch (error) {
        say((session.error = error as Error));
      }
    }
    return session?.hearing;
  };

  const feed = () => {
    const { conversation } = options;
    const hearing = join();
    while (conversation && fed < received.length) {
      const message = received[fed++] as string;
      if (hearing) hearing.message(message);
      else
        conversation.feed(message).catch((error: unknown) => {
          console.error("A message was not stored:", error);
        });
    }
  };

  const open = (url: string) => {
    const { queryParams } = options;
    const query =
      queryParams &&
      new URLSearchParams(Object.entries(queryParams).map(([key, value]) => [key, String(value)]));
    let socket: WebSocket;
    try {
      socket = new WebSocket(query ? `${url}${url.includes("?") ? "&" : "?"}${query}` : url);
    } catch (error) {
      set({ error: error as Error, isReconnecting: false });
      return;
    }
    set({ socket });
    const current = () => getSnapshot().socket === socket;

    // Properties and not listeners: stand-ins for WebSocket in applications' tests have only them.
    socket.onopen = (event) => {
      if (!current()) return;
      const error = session?.error ?? null;
      set({ isConnected: true, error, isReconnecting: false, attemptCount: 0 });
      session?.hearing?.open();
      options.onOpen?.(event);
    };
    socket.onmessage = (event) => {
      if (!current()) return;
      const message = event.data as T;
      received.push(message);
      set({ lastMessage: message, messages: view(received) });
      feed();
      options.onMessage?.(event);
    };
    socket.onerror = (event) => {
      if (!current()) return;
      set({ isConnected: false });
      options.onError?.(event);
    };
    socket.onclose = (event) => {
      const mine = current();
      if (mine) session?.hearing?.close();
      // Another socket has taken over; after an unmount there is none, and onClose is still due.
      if (address !== url || (!mine && getSnapshot().socket)) return;
      const { onError, onClose, reconnect } = options;
      const { attemptCount, error } = getSnapshot();
      const wanted = mine && !disconnected;
      const isReconnecting =
        wanted && !!reconnect?.enabled && attemptCount < (reconnect.maxAttempts ?? Infinity);
      const failed = event.code !== NORMAL_CLOSURE;
      if (mine) {
        const reason = event.reason || "Connection closed unexpectedly";
        set({
          isConnected: false,
          isReconnecting,
          attemptCount: attemptCount + +isReconnecting,
          error: failed ? new Error(`WebSocket closed with code ${event.code}: ${reason}`) : error,
        });
      }
      if (isReconnecting) retry = setTimeout(open, reconnect.delay ?? DEFAULT_DELAY, url);
      if (failed && wanted) onError?.(event);
      onClose?.(event);
    };
  };

  return {
    observed,

    /** Takes over what the newest render said. */
    update(url: string, next: WebSocketHookOptions = {}) {
      if (url !== address) fed = received.length;
      address = url;
      options = next;
      feed();
    },

    /** Opens the connection, unless the URL is empty; the function it returns ends it for good. */
    connect(url: string) {
      disconnected = false;
      set({ attemptCount: 0 });
      if (url && url.trim()) open(url);
      return () => {
        const { socket } = getSnapshot();
        clearTimeout(retry);
        set({ socket: null, isConnected: false, isReconnecting: false });
        leave();
        if (socket && socket.readyState <= WebSocket.OPEN) socket.close();
      };
    },

    /** Sends if the socket is open, and does nothing otherwise. */
    sendMessage: (data: string | ArrayBufferLike | Blob | ArrayBufferView) => {
      const { socket } = getSnapshot();
      if (socket?.readyState === WebSocket.OPEN) socket.send(data);
    },

    /** Closes the connection and ends reconnecting, until there is another URL. */
    disconnect: () => {
      disconnected = true;
      clearTimeout(retry);
      set({ isReconnecting: false });
      getSnapshot().socket?.close();
    },
  };
}
