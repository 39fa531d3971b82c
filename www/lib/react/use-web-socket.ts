import { useEffect, useInsertionEffect, useState } from "react";
import { useObservable } from "./use-observable.js";
import { webSocketController } from "./web-socket.js";
import type { WebSocketHookOptions, WebSocketState } from "./web-socket.js";

/** What `useWebSocket` returns; `sendMessage` and `disconnect` never change. */
export interface WebSocketHook<T> extends WebSocketState<T> {
  /** Does nothing unless the socket is open. */
  sendMessage: (data: string | ArrayBufferLike | Blob | ArrayBufferView) => void;
  /** Closes the connection and ends reconnecting, until there is another URL. */
  disconnect: () => void;
}

/**
 * A WebSocket for a component, with the contract of the OpenHands front end's hook of this name:
 * a new URL is a new connection, new options are not, an empty URL is none, and unmounting closes
 * it. With `conversation` every message also goes into that conversation's log.
 */
export function useWebSocket<T = string>(
  url: string,
  options?: WebSocketHookOptions,
): WebSocketHook<T> {
  const [controller] = useState(webSocketController<T>);
  // Before the cleanup of the connection below, which asks for the newest URL.
  useInsertionEffect(() => controller.update(url, options));
  useEffect(() => controller.connect(url), [controller, url]);
  const { observed, sendMessage, disconnect } = controller;
  return { ...useObservable(observed), sendMessage, disconnect };
}
