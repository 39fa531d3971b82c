/**
 * The HTTP side: the V0 server's routes that a browser uses, the controls, and static files.
 */
import { agentServerEvents } from "./agent_server_route.mjs";
import { append, control, play, report } from "./control_routes.mjs";
import { eventsPage } from "./events_route.mjs";
import { HttpError } from "./query.mjs";
import { staticFile } from "./static_files.mjs";

/**
 * @typedef {import("./hub.mjs").Hub} Hub
 * @typedef {import("node:http").IncomingMessage} IncomingMessage
 * @typedef {import("node:http").ServerResponse} ServerResponse
 * @typedef {{ status?: number, type: string, body: string | Buffer }} Answer
 */

const CORS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST, OPTIONS",
  "access-control-allow-headers": "content-type, x-session-api-key",
  "access-control-max-age": "600",
};

const BODY_LIMIT = 10_000_000;

/**
 * @param {Hub} hub
 * @param {string | undefined} directory of static files
 * @returns {(request: IncomingMessage, response: ServerResponse) => Promise<void>}
 */
export function httpHandler(hub, directory) {
  return async (request, response) => {
    const answer = await answerTo(request, hub, directory).catch(errorAnswer);
    response.writeHead(answer.status ?? 200, {
      ...CORS,
      "cache-control": "no-cache",
      "content-type": answer.type,
      "content-length": Buffer.byteLength(answer.body),
    });
    response.end(request.method === "HEAD" ? undefined : answer.body);
  };
}

/**
 * @param {unknown} error
 * @returns {Answer}
 */
function errorAnswer(error) {
  if (error instanceof HttpError) return json({ detail: error.detail }, error.status);
  console.error(error);
  return json({ detail: "Internal Server Error" }, 500);
}

/**
 * @param {unknown} value
 * @param {number} [status]
 * @returns {Answer}
 */
function json(value, status) {
  return { status, type: "application/json", body: JSON.stringify(value) };
}

/**
 * @param {IncomingMessage} request
 * @param {Hub} hub
 * @param {string | undefined} directory
 * @returns {Promise<Answer>}
 */
async function answerTo(request, hub, directory) {
  const url = requestUrl(request);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const path = url.pathname;
  if (method === "OPTIONS") return { status: 204, type: "text/plain", body: "" };
  if (path === "/alive") return json({ status: "ok" });
  if (path.startsWith("/control/")) {
    if (method !== "POST") throw new HttpError(405, "Method Not Allowed");
    const body = await readBody(request);
    return json(await control(hub, path.slice("/control/".length), url.searchParams, body));
  }
  if (path === "/api" || path.startsWith("/api/")) return api(request, method, url, hub);
  if (method !== "GET") throw new HttpError(405, "Method Not Allowed");
  const file = directory === undefined ? null : await staticFile(directory, path);
  if (!file) throw new HttpError(404, "Not Found");
  return file;
}

/** @param {IncomingMessage} request */
function requestUrl(request) {
  try {
    return new URL(`http://localhost${request.url ?? "/"}`);
  } catch {
    throw new HttpError(400, "not a URL");
  }
}

/**
 * @param {IncomingMessage} request
 * @param {string | undefined} method
 * @param {URL} url
 * @param {Hub} hub
 * @returns {Promise<Answer>}
 */
async function api(request, method, url, hub) {
  if (!hub.accepts(request.headers["x-session-api-key"])) throw new HttpError(401, "Unauthorized");
  if (url.pathname === "/api/conversations" && method === "GET") {
    return json({ results: hub.list().map(summary), next_page_id: null });
  }
  const match = /^\/api\/conversations\/([^/]+)(?:\/(events|play)(?:\/([^/]+))?)?$/.exec(
    url.pathname,
  );
  if (!match) throw new HttpError(404, "Not Found");
  const [, part = "", resource, leaf] = match;
  const id = decodePart(part);
  const conversation = hub.find(id);
  if (!conversation) throw new HttpError(404, `Conversation ${id} not found`);
  if (leaf !== undefined) {
    if (method !== "GET" || resource !== "events") throw new HttpError(405, "Method Not Allowed");
    const body = agentServerEvents(conversation, decodePart(leaf), url.searchParams);
    return { type: "application/json", body };
  }
  if (method === "GET" && resource === undefined) return json(summary(conversation));
  if (method === "GET" && resource === "events") {
    return { type: "application/json", body: eventsPage(conversation, url.searchParams) };
  }
  if (method === "POST" && resource === "events") {
    append(conversation, await readBody(request));
    return json({ success: true });
  }
  if (method === "POST" && resource === "play") {
    play(conversation, url.searchParams);
    return json(report(conversation));
  }
  throw new HttpError(405, "Method Not Allowed");
}

/** @param {string} part */
function decodePart(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(404, "Not Found");
  }
}

/** @param {import("./conversation.mjs").Conversation} conversation */
function summary({ id, events, playing, pending }) {
  return {
    conversation_id: id,
    title: id,
    status: playing || pending > 0 ? "RUNNING" : "STOPPED",
    created_at: events[0]?.header.timestamp ?? null,
    last_updated_at: events.at(-1)?.header.timestamp ?? null,
  };
}

/** @param {IncomingMessage} request */
async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > BODY_LIMIT) throw new HttpError(413, "Content Too Large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
