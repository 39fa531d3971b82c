/**
 * A TCP proxy that does to connections what networks do. All chance comes from the `random` that it
 * is given, so that a run can be told again by its seed.
 */
import { connect, createServer } from "node:net";

/**
 * @typedef {{ below(limit: number): number, pick<T>(choices: readonly T[]): T }} Random
 * @typedef {object} Link one connection through the proxy
 * @property {import("node:net").Socket} client
 * @property {import("node:net").Socket} server
 * @property {boolean} [disturbed] something slows it or holds it up
 */

/** What can happen to a connection. @type {Record<string, (link: Link, random: Random) => void>} */
const FAULTS = {
  cut: ({ client, server }) => {
    client.destroy();
    server.destroy();
  },
  reset: ({ client, server }) => {
    client.resetAndDestroy();
    server.destroy();
  },
  /** Half of what the server sends next arrives, then the connection ends. */
  half: ({ client, server }) => {
    server.unpipe(client);
    server.once("data", (chunk) => {
      client.write(chunk.subarray(0, chunk.length >> 1), () => client.destroy());
      server.destroy();
    });
  },
  stall: (link, random) => pause(link, 200 + random.below(2000)),
  /** It stays open, and nothing comes any more: only a heartbeat tells. */
  silence: (link) => pause(link, 120_000),
  slow: ({ client, server }, random) => {
    server.unpipe(client);
    const bytes = 64 + random.below(4096);
    server.on("data", (chunk) => {
      server.pause();
      void trickle(chunk, bytes, client).then(() => server.resume());
    });
  },
  deaf: ({ client, server }) => {
    client.unpipe(server);
    client.resume();
  },
};

/** @param {Link} link @param {number} milliseconds */
function pause({ client, server }, milliseconds) {
  server.unpipe(client);
  const timer = setTimeout(() => server.pipe(client), milliseconds);
  client.once("close", () => clearTimeout(timer));
}

/** @param {Buffer} chunk @param {number} bytes @param {import("node:net").Socket} client */
async function trickle(chunk, bytes, client) {
  for (let start = 0; start < chunk.length && !client.destroyed; start += bytes) {
    client.write(chunk.subarray(start, start + bytes));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * @param {number} port of the server behind it
 * @param {Random} random
 */
export async function createProxy(port, random) {
  /** @type {Set<Link>} */
  const links = new Set();
  /** Connections that are turned away. */
  let refusing = 0;
  const proxy = createServer((client) => {
    client.on("error", () => {});
    if (refusing > 0) {
      refusing--;
      client.resetAndDestroy();
      return;
    }
    const server = connect(port, "127.0.0.1");
    const link = { client, server };
    links.add(link);
    server.on("error", () => client.destroy());
    client.on("close", () => {
      links.delete(link);
      server.destroy();
    });
    server.on("close", () => client.destroy());
    client.pipe(server);
    server.pipe(client);
  });
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", () => resolve(undefined)));
  const address = /** @type {import("node:net").AddressInfo} */ (proxy.address());
  return {
    url: `http://127.0.0.1:${address.port}`,
    links,
    /** Does something to one of the connections, or to all and those to come, and tells what. */
    fault() {
      const kinds = [...Object.keys(FAULTS), "refuse"];
      const link = random.pick([...links]);
      // What is held up already can only end: two hands on it would send bytes twice.
      const kind = random.pick(link.disturbed ? ["cut", "reset", "refuse"] : kinds);
      link.disturbed = true;
      if (kind === "refuse") {
        refusing = 1 + random.below(3);
        for (const each of links) FAULTS.cut(each, random);
      } else {
        FAULTS[kind](link, random);
      }
      return kind;
    },
    /** A good network from now on. */
    heal() {
      refusing = 0;
      for (const link of links) FAULTS.cut(link, random);
    },
    async close() {
      for (const link of links) FAULTS.cut(link, random);
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}
