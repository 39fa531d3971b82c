// CPU profiles of the page and its workers over the DevTools protocol: what an operation spends its
// time on. A worker has to be reached before it runs, so this speaks the protocol itself.
import { WebSocket } from "ws";

const INTERVAL_US = 200;

/** A connection to one page, whose workers report through it. */
class Connection {
  #socket;
  #last = 0;
  #calls = new Map();
  onEvent = () => {};

  constructor(socket) {
    this.#socket = socket;
    socket.on("message", (data) => {
      const message = JSON.parse(data);
      if (message.id === undefined) return this.onEvent(message);
      const { resolve, reject } = this.#calls.get(message.id);
      this.#calls.delete(message.id);
      if (message.error) reject(new Error(message.error.message));
      else resolve(message.result);
    });
  }

  send(method, params = {}, sessionId = undefined) {
    return new Promise((resolve, reject) => {
      this.#calls.set(++this.#last, { resolve, reject });
      this.#socket.send(JSON.stringify({ id: this.#last, method, params, sessionId }));
    });
  }

  close() {
    this.#socket.close();
  }
}

async function connect(port) {
  const targets = await (await fetch(`http://127.0.0.1:${port}/json/list`)).json();
  const { webSocketDebuggerUrl } = targets.find(({ type }) => type === "page");
  const socket = new WebSocket(webSocketDebuggerUrl, { maxPayload: 2 ** 30 });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return new Connection(socket);
}

/** Starts profiling the page of the browser that listens on `port`, and the workers to come. */
export async function startProfiling(port) {
  const connection = await connect(port);
  const threads = [["page", undefined]];
  const start = async (session) => {
    await connection.send("Profiler.enable", {}, session);
    await connection.send("Profiler.setSamplingInterval", { interval: INTERVAL_US }, session);
    await connection.send("Profiler.start", {}, session);
  };
  connection.onEvent = async ({ method, params }) => {
    if (method !== "Target.attachedToTarget") return;
    const { sessionId, targetInfo } = params;
    threads.push([`worker ${new URL(targetInfo.url).pathname}`, sessionId]);
    await start(sessionId);
    await connection.send("Runtime.runIfWaitingForDebugger", {}, sessionId);
  };
  await start();
  const attach = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
  await connection.send("Target.setAutoAttach", attach);
  return {
    /** @returns {Promise<[string, object][]>} a profile by thread */
    async stop() {
      const profiles = [];
      for (const [name, session] of threads) {
        const { profile } = await connection.send("Profiler.stop", {}, session);
        profiles.push([name, profile]);
      }
      connection.close();
      return profiles;
    },
  };
}

/** The functions in which most time was spent, themselves, in milliseconds. */
export function hottest({ nodes, samples, timeDeltas }, count) {
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const spent = new Map();
  samples.forEach((id, index) => {
    const { functionName, url } = byId.get(id);
    const name = `${functionName || "(anonymous)"} ${url.split("/").at(-1)}`.trim();
    spent.set(name, (spent.get(name) ?? 0) + timeDeltas[index] / 1000);
  });
  return [...spent].sort((a, b) => b[1] - a[1]).slice(0, count);
}
