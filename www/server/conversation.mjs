/**
 * One conversation on the server: the events that exist so far, those that its recording still
 * holds back, and those who listen.
 *
 * @typedef {import("./recording.mjs").StoredEvent} StoredEvent
 *
 * What a connected client has to be able to do.
 * @typedef {object} Listener
 * @property {(event: StoredEvent) => void} event a new event
 * @property {(status: Record<string, unknown>) => void} status a message that is no event
 * @property {() => void} drop lose the connection, without a goodbye
 * @property {(text: string) => void} raw send this text as a frame, whatever it is
 */
import { delay } from "./pace.mjs";
import { withMember } from "./python_json.mjs";
import { readEvent } from "./recording.mjs";
import { userEventText, userMessageText } from "./user_action.mjs";

export class Conversation {
  /** @type {StoredEvent[]} */
  #released;
  /** @type {StoredEvent[]} */
  #pending;
  /** @type {Set<Listener>} */
  #listeners = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #speed = 1;
  /** The last event of the recording that was released. @type {StoredEvent | undefined} */
  #lastPlayed;
  /** Events until the connections drop; null = not planned. @type {number | null} */
  #dropAfter = null;
  /** Speed at which the first listener starts the playback. @type {number | null} */
  #startSpeed;

  /**
   * @param {string} id
   * @param {StoredEvent[]} recording ascending by id
   * @param {{ released?: number, startSpeed?: number }} [options] `released`: how many events exist
   *   from the beginning (default all); `startSpeed`: the first client starts the playback
   */
  constructor(id, recording, options = {}) {
    this.id = id;
    const released = Math.max(0, options.released ?? recording.length);
    this.#released = recording.slice(0, released);
    this.#pending = recording.slice(released);
    this.#lastPlayed = this.#released.at(-1);
    this.#startSpeed = options.startSpeed ?? null;
  }

  /** The events that exist, ascending by id. @returns {readonly StoredEvent[]} */
  get events() {
    return this.#released;
  }

  get pending() {
    return this.#pending.length;
  }

  /** Whether its events are the agent-server's. */
  get isV1() {
    return (this.#released[0] ?? this.#pending[0])?.header.uuid !== undefined;
  }

  get playing() {
    return this.#timer !== undefined;
  }

  get connections() {
    return this.#listeners.size;
  }

  /**
   * The events with ids from `startId` to `endId`, both inclusive.
   * @param {number} startId
   * @param {number | null} endId null = to the newest
   */
  range(startId, endId) {
    const from = this.#position(startId);
    const to = endId === null ? this.#released.length : this.#position(endId + 1);
    return this.#released.slice(from, Math.max(from, to));
  }

  /** How many released events have a lower id. @param {number} id */
  #position(id) {
    let low = 0;
    let high = this.#released.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#released[middle].header.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * @param {Listener} listener
   * @returns {() => void} ends it
   */
  listen(listener) {
    this.#listeners.add(listener);
    if (this.#startSpeed !== null) {
      this.play(this.#startSpeed);
      this.#startSpeed = null;
    }
    return () => this.#listeners.delete(listener);
  }

  /**
   * Plays what the recording still holds.
   * @param {number} speed times as fast as recorded; 0 = all at once, before this returns
   * @param {number} [from] first takes the conversation back to just before this event
   */
  play(speed, from) {
    this.pause();
    if (from !== undefined) this.#rewind(from);
    this.#speed = speed;
    if (speed === 0) while (this.#pending.length > 0) this.#release();
    else this.#schedule();
  }

  pause() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** @param {number} from */
  #rewind(from) {
    const keep = this.#position(from);
    this.#pending = [...this.#released.slice(keep), ...this.#pending];
    this.#released = this.#released.slice(0, keep);
    this.#lastPlayed = this.#released.at(-1);
  }

  #schedule() {
    const next = this.#pending[0];
    if (!next) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#release();
        this.#schedule();
      },
      delay(this.#lastPlayed, next, this.#speed),
    );
  }

  #release() {
    const event = this.#pending.shift();
    if (!event) return;
    this.#lastPlayed = event;
    this.#publish(event);
  }

  /** @param {StoredEvent} event */
  #publish(event) {
    this.#released.push(event);
    for (const listener of [...this.#listeners]) listener.event(event);
    if (this.#dropAfter !== null && --this.#dropAfter <= 0) this.drop();
  }

  /**
   * Appends an action that a client sent, as the servers do: with the next id, the server's time
   * and the user as its source. What the recording still holds moves up by one id.
   * @param {unknown} action `{action, args}`; to a V1 conversation a message, `{role, content}`
   * @returns {StoredEvent}
   * @throws {TypeError} when it is none
   */
  append(action) {
    if (this.isV1) {
      const message = readEvent(userMessageText(action, new Date()), this.#released.length);
      this.#publish(message);
      return message;
    }
    const id = (this.#released.at(-1)?.header.id ?? -1) + 1;
    const event = readEvent(userEventText(action, id, new Date()));
    if (this.#pending[0]?.header.id === id) {
      this.#pending = this.#pending.map((later) => movedUp(later, id));
    }
    this.#publish(event);
    return event;
  }

  /**
   * Appends events as the texts that go out.
   * @param {readonly string[]} texts
   */
  extend(texts) {
    for (const text of texts) this.#publish(readEvent(text, this.#released.length));
  }

  /** @param {Record<string, unknown>} status */
  status(status) {
    for (const listener of [...this.#listeners]) listener.status(status);
  }

  /** @param {string} text */
  raw(text) {
    for (const listener of [...this.#listeners]) listener.raw(text);
  }

  /**
   * Cuts every connection.
   * @param {number} [after] only once this many more events have been sent
   */
  drop(after = 0) {
    this.#dropAfter = after > 0 ? after : null;
    if (after > 0) return;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener.drop();
  }
}

/**
 * The event with its id one higher, and its cause too where that has moved.
 * @param {StoredEvent} event
 * @param {number} from the first id that moves
 * @returns {StoredEvent}
 */
function movedUp(event, from) {
  const { id, cause } = event.header;
  let text = withMember(event.text, "id", String(id + 1));
  if (cause !== undefined && cause >= from) text = withMember(text, "cause", String(cause + 1));
  return readEvent(text);
}
