import { createServer } from "../../www/server/server.mjs";

const KINDS = [
  { source: "agent", action: "run", args: { command: "ls" } },
  { source: "environment", observation: "run", content: "a\nb", extras: { hidden: false } },
  { source: "environment", observation: "agent_state_changed", content: "", extras: {} },
  { source: "user", action: "recall", args: { query: "x" } },
  { source: "environment", observation: "null", content: "", extras: {} },
  { source: "agent", action: "message", args: { content: "caf\u00e9" } },
];

/**
 * Event texts in Python's spelling, with ids 0 to `count - 1`, a second apart; every sixth has the
 * same kind.
 * @param {number} count
 * @returns {string[]}
 */
export function eventTexts(count) {
  return Array.from({ length: count }, (_, id) => {
    const { source, ...rest } = KINDS[id % KINDS.length];
    const timestamp = new Date(Date.UTC(2025, 0, 1) + id * 1000).toISOString().replace("Z", "000");
    const text = JSON.stringify({ id, timestamp, source, message: "", cause: id, ...rest });
    return text.replace("\u00e9", "\\u00e9").replace(/\}$/, ', "timeout": 120.0}');
  });
}

/**
 * A running server that ends with the test.
 * @param {import("node:test").TestContext} t
 * @param {import("../../www/server/server.mjs").ServerOptions} [options]
 */
export async function startServer(t, options) {
  const server = await createServer(options);
  t.after(() => server.close());
  return server;
}

/**
 * Collects what arrives and hands it out in order.
 * @template T
 */
export class Inbox {
  /** @type {T[]} */
  all = [];
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {T} item */
  put(item) {
    this.all.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /**
   * Waits until `count` items have come.
   * @param {number} count
   * @returns {Promise<T[]>} all that have come
   */
  async until(count) {
    while (this.all.length < count) await new Promise((wake) => this.#waiting.push(() => wake(0)));
    return this.all;
  }
}
