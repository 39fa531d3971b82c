/**
 * A recorded conversation: a JSON array of events in wire form, either V0's in the order of their
 * integer ids, or V1's (string id and `kind`) in the order of the log.
 */
import { readFile } from "node:fs/promises";
import { elements, loads } from "./python_json.mjs";

/**
 * What the server itself reads of an event.
 * @typedef {object} Header
 * @property {number} id V0: the event's id; V1: its position in the log
 * @property {string} [uuid] V1: the event's id
 * @property {string} [kind] V1
 * @property {string} [timestamp]
 * @property {string} [source]
 * @property {number} [cause]
 * @property {string} [action]
 * @property {string} [observation]
 */

/**
 * An event: its header, and the exact text that goes out.
 * @typedef {{ readonly header: Header, readonly text: string }} StoredEvent
 */

/**
 * @param {string} text one event, in wire form
 * @param {number} [position] in the log, which a V1 event doesn't say itself
 * @returns {StoredEvent}
 * @throws {TypeError} when it isn't an event with an id
 */
export function readEvent(text, position) {
  const value = loads(text);
  if (typeof value !== "object" || value === null) throw new TypeError("an event is an object");
  const event = /** @type {Record<string, unknown>} */ (value);
  const { id, kind, timestamp, source, cause, action, observation } = event;
  if (typeof id === "string" && typeof kind === "string" && position !== undefined) {
    const shared = { timestamp: optionalString(timestamp), source: optionalString(source) };
    return { header: { id: position, uuid: id, kind, ...shared }, text };
  }
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0) {
    throw new TypeError(`an event needs an integer id, not ${JSON.stringify(id)}`);
  }
  if (typeof action !== "string" && typeof observation !== "string") {
    throw new TypeError(`event ${id} is neither an action nor an observation`);
  }
  return {
    header: {
      id,
      timestamp: optionalString(timestamp),
      source: optionalString(source),
      cause: typeof cause === "number" ? cause : undefined,
      action: optionalString(action),
      observation: optionalString(observation),
    },
    text,
  };
}

/** @param {unknown} value */
function optionalString(value) {
  return typeof value === "string" ? value : undefined;
}

/**
 * @param {string} text a JSON array of events
 * @returns {StoredEvent[]} ascending by id
 */
export function readRecording(text) {
  const events = elements(text).map((element, index) => readEvent(element, index));
  const dialects = new Set(events.map(({ header }) => header.uuid !== undefined));
  if (dialects.size > 1) throw new TypeError("V0 and V1 events in one recording");
  events.sort((one, other) => one.header.id - other.header.id);
  for (const [index, event] of events.entries()) {
    if (index > 0 && events[index - 1].header.id === event.header.id) {
      throw new TypeError(`event ${event.header.id} occurs twice`);
    }
  }
  return events;
}

/** @param {string | URL} file */
export async function loadRecording(file) {
  return readRecording(await readFile(file, "utf8"));
}
