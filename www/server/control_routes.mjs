/**
 * `/control/…`: what a test or the demo tells the server to do. All are POST and answer JSON.
 *
 * - `conversations` `{id, recording?, released?, startSpeed?}`: makes a conversation; `recording` is
 *   the name of a file in this server's `recordings/`, without `.json`
 * - `play?conversation=…&speed=…&from=…`, `pause?conversation=…`
 * - `drop?conversation=…&after=…`: cuts its connections, now or after so many more events
 * - `malformed?conversation=…`: sends the body, or half an event, to the plain WebSocket clients
 * - `status?conversation=…`: sends the body as a message that is no event
 * - `append?conversation=…`: appends the body as a user's action, or as a user's message to a V1 conversation
 */
import { parseSpeed } from "./pace.mjs";
import { loads } from "./python_json.mjs";
import { HttpError, integer } from "./query.mjs";

/**
 * @typedef {import("./hub.mjs").Hub} Hub
 * @typedef {import("./conversation.mjs").Conversation} Conversation
 */

const RECORDINGS = new URL("recordings/", import.meta.url);
const HALF_AN_EVENT = '{"id": 0, "timestamp": "2025-';

/** @param {Conversation} conversation */
export function report(conversation) {
  const { id, events, pending, playing, connections } = conversation;
  return { id, events: events.length, pending, playing, connections };
}

/**
 * @param {Hub} hub
 * @param {string} name what follows `/control/`
 * @param {URLSearchParams} query
 * @param {string} body
 * @returns {Promise<unknown>} the answer
 */
export async function control(hub, name, query, body) {
  if (name === "conversations") return create(hub, object(body));
  const id = query.get("conversation") ?? "";
  const conversation = hub.find(id);
  if (!conversation) throw new HttpError(404, `Conversation ${id} not found`);
  if (name === "play") play(conversation, query);
  else if (name === "pause") conversation.pause();
  else if (name === "drop") conversation.drop(integer(query, "after", 0));
  else if (name === "malformed") conversation.raw(body === "" ? HALF_AN_EVENT : body);
  else if (name === "status") conversation.status(body === "" ? DEFAULT_STATUS : object(body));
  else if (name === "append") append(conversation, body);
  else throw new HttpError(404, `no control named ${name}`);
  return report(conversation);
}

const DEFAULT_STATUS = {
  status_update: true,
  type: "info",
  id: "STATUS$STARTING_RUNTIME",
  message: "Starting runtime...",
};

/**
 * @param {Conversation} conversation
 * @param {URLSearchParams} query
 */
export function play(conversation, query) {
  const speed = parseSpeed(query.get("speed") ?? "1");
  if (speed === null) throw new HttpError(400, "speed is a number from 0 or instant");
  conversation.play(speed, integer(query, "from", undefined));
}

/**
 * @param {Conversation} conversation
 * @param {string} body
 */
export function append(conversation, body) {
  const action = object(body);
  try {
    conversation.append(action);
  } catch (error) {
    throw new HttpError(422, error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {Hub} hub
 * @param {Record<string, unknown>} options
 */
async function create(hub, { id, recording, released, startSpeed }) {
  if (typeof id !== "string") throw new HttpError(400, "id is a string");
  if (recording !== undefined && !/^[\w-]+$/.test(String(recording))) {
    throw new HttpError(400, "recording is the name of a recording");
  }
  const file = recording === undefined ? undefined : new URL(`${recording}.json`, RECORDINGS);
  try {
    const options = { recording: file, released: count(released), startSpeed: count(startSpeed) };
    return report(await hub.create(id, options));
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, error instanceof Error ? error.message : String(error));
  }
}

/** @param {unknown} value */
function count(value) {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && value >= 0) return value;
  throw new HttpError(400, "released and startSpeed are numbers from 0");
}

/**
 * @param {string} body
 * @returns {Record<string, unknown>}
 */
function object(body) {
  try {
    const value = loads(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return /** @type {Record<string, unknown>} */ (value);
    }
  } catch {
    // Answered below, as any other body that is no object.
  }
  throw new HttpError(400, "the body is a JSON object");
}
