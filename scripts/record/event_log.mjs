/**
 * The log that is being recorded: events in the V0 wire form, each with the next id and the time of
 * its clock.
 *
 * The clock is the real one plus the pauses that the script declares: how long a command took is
 * real, how long the agent or the user pondered is declared, and nobody waits for it.
 */
import { dumps, Float } from "../../www/server/python_json.mjs";

/** @typedef {Record<string, unknown>} Members */

export class EventLog {
  /** @type {string[]} */
  texts = [];
  #pauses = 0;

  /** @param {number} milliseconds */
  pause(milliseconds) {
    this.#pauses += milliseconds;
  }

  /** The clock as Python's `datetime.isoformat()`, in UTC. */
  now() {
    const milliseconds = performance.timeOrigin + performance.now() + this.#pauses;
    const whole = Math.floor(milliseconds);
    const micros = Math.floor((milliseconds - whole) * 1000);
    return `${new Date(whole).toISOString().slice(0, -1)}${String(micros).padStart(3, "0")}`;
  }

  /**
   * @param {string} source
   * @param {string} action
   * @param {string} message
   * @param {Members} args
   * @param {number} [timeout] seconds
   * @returns {number} the event's id
   */
  action(source, action, message, args, timeout) {
    return this.#append(source, {
      message,
      action,
      args,
      timeout: timeout === undefined ? undefined : new Float(timeout),
    });
  }

  /**
   * @param {string} source
   * @param {string} observation
   * @param {{ message: string, content: string, extras?: Members, cause?: number,
   *   success?: boolean }} parts
   * @returns {number} the event's id
   */
  observation(source, observation, { message, content, extras = {}, cause, success }) {
    return this.#append(source, { message, cause, observation, content, extras, success });
  }

  /**
   * @param {string} source
   * @param {Members} members
   */
  #append(source, members) {
    const id = this.texts.length;
    this.texts.push(dumps({ id, timestamp: this.now(), source, ...members }));
    return id;
  }
}
