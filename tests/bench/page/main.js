// Runs one operation for one contender in this page.
import { OPERATIONS } from "../operations/operations.js";

const DATABASE = "bench";

async function framesOf(corpus, from, count) {
  const response = await fetch(`/frames?corpus=${corpus}&from=${from}&count=${count}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.text()).split("\n");
}

async function openContender(name, options, surroundings) {
  const code = await import(`/contenders/${name}.js`);
  return code.open({ database: DATABASE, durability: "relaxed", ...options }, surroundings);
}

let store;

window.bench = {
  measure(operation, { contender, corpus, settings }) {
    const frames = (from, count) => framesOf(corpus.name, from, count);
    const open = async (options = {}) => {
      const opened = await openContender(contender, options, { frames, corpus });
      // A worker that has ended has no profile to give.
      return settings.profile ? { ...opened, close: async () => {} } : opened;
    };
    return OPERATIONS[operation].measure({ contender, corpus, settings, frames, open });
  },

  /** For the million: stores the events of a range. */
  async feed({ from, count, chunk }) {
    store ??= await openContender("ours", {});
    for (let at = from; at < from + count; at += chunk) {
      await store.ingest(await framesOf("endless", at, chunk));
    }
  },

  /** For the million: calls a method of the store, or opens it. */
  async ask({ method, args = [] }) {
    const start = performance.now();
    let found = "";
    if (method === "open") {
      store = await openContender("ours", {});
    } else {
      const answer = await store[method](...args);
      found = `${Array.isArray(answer) ? answer.length : answer} found`;
    }
    return { ms: performance.now() - start, found };
  },
};
