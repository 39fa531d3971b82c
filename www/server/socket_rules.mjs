/**
 * Which events the V0 server puts on its Socket.IO channel, and how: the rules of its `connect`
 * handler and of its session's `on_event`, as pure functions.
 *
 * @typedef {import("./recording.mjs").StoredEvent} StoredEvent
 */
import { withMember } from "./python_json.mjs";

/**
 * The `latest_event_id` of a connection's query, read as Python's `int()` reads it; what can't be
 * read means "from the beginning".
 * @param {unknown} value
 * @returns {number}
 */
export function parseLatestEventId(value) {
  const text = typeof value === "string" ? value.trim() : "";
  return /^[+-]?\d+(_\d+)*$/.test(text) ? Number(text.replaceAll("_", "")) : -1;
}

/**
 * What a client gets when it connects. Nulls and recall actions are left out, and of the agent
 * states only the last is sent, after everything else: the last id sent is often not the highest.
 * @param {Iterable<StoredEvent>} events ascending
 * @param {number} latestEventId
 * @returns {StoredEvent[]}
 */
export function eventsOnConnect(events, latestEventId) {
  const sent = [];
  let state;
  for (const event of events) {
    const { id, action, observation } = event.header;
    if (id <= latestEventId) continue;
    if (action === "null" || action === "recall") continue;
    if (action === undefined && observation === "null") continue;
    if (action === undefined && observation === "agent_state_changed") state = event;
    else sent.push(event);
  }
  return state ? [...sent, state] : sent;
}

const LIVE_FROM_ENVIRONMENT = new Set(["run", "agent_state_changed", "recall"]);

/**
 * The text in which an event is sent live, or null where it isn't. What comes from the environment
 * is presented as the agent's; the same event says "environment" over REST or at the next connect.
 * @param {StoredEvent} event
 * @returns {string | null}
 */
export function liveText({ header, text }) {
  const { source, action } = header;
  const observation = action === undefined ? header.observation : undefined;
  if (action === "null" || observation === "null") return null;
  if (source === "agent" || source === "user") return text;
  const shown = source === "environment" && LIVE_FROM_ENVIRONMENT.has(observation ?? "");
  if (!shown && observation !== "error") return null;
  return source === undefined
    ? text.replace(/\}\s*$/, ', "source": "agent"}')
    : withMember(text, "source", '"agent"');
}
