/**
 * `GET /api/conversations/{id}/events/…`: the routes of the V1 agent-server, `search`, `count` and
 * `{event_id}`, over the same log.
 *
 * @typedef {import("./conversation.mjs").Conversation} Conversation
 * @typedef {import("./recording.mjs").StoredEvent} StoredEvent
 */
import { loads } from "./python_json.mjs";
import { choice, HttpError, integer } from "./query.mjs";

/**
 * @param {Conversation} conversation
 * @param {string} leaf the path's last part
 * @param {URLSearchParams} query
 * @returns {string} JSON with the events' exact texts
 */
export function agentServerEvents(conversation, leaf, query) {
  if (leaf === "search") return search(conversation, query);
  if (leaf === "count") return String(matching(conversation, query).length);
  const event = conversation.events.find((stored) => eventId(stored) === leaf);
  if (!event) throw new HttpError(404, `Event ${leaf} not found`);
  return event.text;
}

/**
 * One page. `next_page_id` names the first event of the next page; an unknown `page_id` starts over,
 * as it does on the agent-server.
 * @param {Conversation} conversation
 * @param {URLSearchParams} query
 */
function search(conversation, query) {
  const limit = integer(query, "limit", 100);
  if (limit < 1 || limit > 100) {
    const msg = "Input should be from 1 to 100";
    throw new HttpError(422, [{ type: "range", loc: ["query", "limit"], msg, input: limit }]);
  }
  const events = matching(conversation, query);
  if (choice(query, "sort_order", ["TIMESTAMP", "TIMESTAMP_DESC"]) === "TIMESTAMP_DESC") {
    events.reverse();
  }
  const pageId = query.get("page_id");
  const start = Math.max(
    0,
    events.findIndex((event) => eventId(event) === pageId),
  );
  const page = events.slice(start, start + limit);
  const next = events[start + limit];
  const nextId = next ? JSON.stringify(eventId(next)) : "null";
  return `{"items": [${page.map(({ text }) => text).join(", ")}], "next_page_id": ${nextId}}`;
}

/** @param {StoredEvent} event */
function eventId({ header }) {
  return header.uuid ?? String(header.id);
}

/**
 * @param {Conversation} conversation
 * @param {URLSearchParams} query kind, source, body, timestamp__gte (inclusive), timestamp__lt
 * @returns {StoredEvent[]}
 */
function matching(conversation, query) {
  const kind = query.get("kind");
  const source = query.get("source");
  const body = query.get("body")?.toLowerCase();
  const from = query.get("timestamp__gte");
  const to = query.get("timestamp__lt");
  return conversation.events.filter((event) => {
    const { timestamp = "" } = event.header;
    if (kind && !isOfKind(event, kind)) return false;
    if (source && event.header.source !== source) return false;
    if (from && timestamp < from) return false;
    if (to && timestamp >= to) return false;
    return !body || messageText(event).toLowerCase().includes(body);
  });
}

/**
 * A query's kind is the full `module.ClassName`, of which the wire carries the class name only.
 * @param {StoredEvent} event
 * @param {string} kind
 */
function isOfKind({ header }, kind) {
  return header.kind !== undefined && kind.endsWith(`.${header.kind}`);
}

/**
 * What `body` is looked for in: a message's content, extended content and reasoning.
 * @param {StoredEvent} event
 * @returns {string} empty for all other kinds
 */
function messageText(event) {
  if (event.header.kind !== "MessageEvent") return "";
  const value = /** @type {MessageEvent} */ (loads(event.text));
  const { content = [], reasoning_content: reasoning } = value.llm_message ?? {};
  const parts = [...content, ...(value.extended_content ?? [])].map(({ text }) => text);
  return [...parts, reasoning].filter((text) => typeof text === "string").join(" ");
}

/**
 * @typedef {{ text?: unknown }[]} Content
 * @typedef {object} MessageEvent
 * @property {{ content?: Content, reasoning_content?: unknown }} [llm_message]
 * @property {Content} [extended_content]
 */
