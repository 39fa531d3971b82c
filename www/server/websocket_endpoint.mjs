/**
 * The plain WebSocket `/sockets/events/{conversation_id}`: one event a frame, with its exact text.
 *
 * A client may ask for history with `resend_mode=all`, or `resend_mode=since` with
 * `after_timestamp`, which is inclusive. Where a key is required it comes as `session_api_key` in
 * the query or in a first frame `{"type": "auth", "session_api_key": …}`. Who follows a V1
 * conversation is first told its state, as by the agent-server.
 */
import { randomUUID } from "node:crypto";
import { WebSocketServer } from "ws";
import { dumps } from "./python_json.mjs";

/**
 * @typedef {import("./hub.mjs").Hub} Hub
 * @typedef {import("./conversation.mjs").Conversation} Conversation
 * @typedef {import("ws").WebSocket} WebSocket
 */

export const CLOSE_POLICY = 1008;
export const CLOSE_AUTH = 4001;
export const CLOSE_NOT_FOUND = 4004;

/** How long a client may take to send its key, in milliseconds. */
const AUTH_TIMEOUT = 10_000;

const PATH = /^\/sockets\/events\/([^/]+)$/;

/**
 * @param {import("node:http").Server} httpServer
 * @param {Hub} hub
 * @returns {WebSocketServer}
 */
export function attachWebSocket(httpServer, hub) {
  const server = new WebSocketServer({ noServer: true });
  httpServer.on("upgrade", (request, stream, head) => {
    const url = parseUrl(request.url);
    if (url?.pathname.startsWith("/socket.io/")) return;
    const id = PATH.exec(url?.pathname ?? "")?.[1];
    if (!url || id === undefined) {
      stream.on("error", () => stream.destroy());
      stream.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
      return;
    }
    server.handleUpgrade(request, stream, head, (socket) => {
      accept(socket, hub, decodePath(id), url.searchParams);
    });
  });
  return server;
}

/** @param {string | undefined} path of a request; null = unreadable */
function parseUrl(path = "/") {
  try {
    return new URL(`http://localhost${path}`);
  } catch {
    return null;
  }
}

/** @param {string} part */
function decodePath(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/**
 * @param {WebSocket} socket
 * @param {Hub} hub
 * @param {string} id
 * @param {URLSearchParams} query
 */
function accept(socket, hub, id, query) {
  socket.on("error", () => socket.terminate());
  const key = query.get("session_api_key");
  if (hub.accepts(key)) {
    join(socket, hub, id, query);
    return;
  }
  if (key !== null) {
    socket.close(CLOSE_AUTH, "Authentication failed");
    return;
  }
  const timer = setTimeout(
    () => socket.close(CLOSE_AUTH, "Authentication timed out"),
    AUTH_TIMEOUT,
  );
  socket.once("close", () => clearTimeout(timer));
  socket.once("message", (data) => {
    clearTimeout(timer);
    const frame = parseObject(String(data));
    if (frame?.type === "auth" && hub.accepts(frame.session_api_key)) join(socket, hub, id, query);
    else socket.close(CLOSE_AUTH, "Authentication failed");
  });
}

/**
 * @param {WebSocket} socket
 * @param {Hub} hub
 * @param {string} id
 * @param {URLSearchParams} query
 */
function join(socket, hub, id, query) {
  const conversation = hub.find(id);
  if (!conversation) {
    socket.close(CLOSE_NOT_FOUND, "Conversation not found");
    return;
  }
  const history = resent(conversation, query);
  if (!history) {
    socket.close(CLOSE_POLICY, "resend_mode is all or since");
    return;
  }
  if (conversation.isV1) socket.send(snapshot());
  for (const event of history) socket.send(event.text);
  const unlisten = conversation.listen({
    event: (event) => socket.send(event.text),
    status: (status) => socket.send(dumps(status)),
    drop: () => socket.terminate(),
    raw: (text) => socket.send(text),
  });
  socket.on("close", unlisten);
  socket.on("message", (data) => {
    const frame = parseObject(String(data));
    if (frame?.type === "auth") return;
    try {
      conversation.append(frame);
    } catch (error) {
      const told = { error: true, message: String(error) };
      socket.send(conversation.isV1 ? serverError(error) : dumps(told));
    }
  });
}

/** How the agent-server says that it can't take what it was sent. @param {unknown} error */
function serverError(error) {
  return dumps({
    id: randomUUID(),
    timestamp: new Date().toISOString().replace("Z", "000"),
    source: "environment",
    code: error instanceof Error ? error.name : "Error",
    detail: String(error),
    kind: "ServerErrorEvent",
  });
}

/** What the agent-server pushes to each subscriber first: it is no part of the history. */
function snapshot() {
  return dumps({
    id: randomUUID(),
    timestamp: new Date().toISOString().replace("Z", "000"),
    source: "environment",
    key: "full_state",
    value: { execution_status: "running" },
    kind: "ConversationStateUpdateEvent",
  });
}

/**
 * @param {Conversation} conversation
 * @param {URLSearchParams} query
 * @returns {readonly import("./recording.mjs").StoredEvent[] | null} null when the mode is unknown
 */
function resent(conversation, query) {
  const mode = query.get("resend_mode");
  if (mode === null) return [];
  if (mode === "all") return conversation.events;
  if (mode !== "since") return null;
  const after = query.get("after_timestamp");
  if (!after) return [];
  return conversation.events.filter(({ header }) => (header.timestamp ?? "") >= after);
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function parseObject(text) {
  try {
    const value = /** @type {unknown} */ (JSON.parse(text));
    return typeof value === "object" && value !== null
      ? /** @type {Record<string, unknown>} */ (value)
      : null;
  } catch {
    return null;
  }
}
