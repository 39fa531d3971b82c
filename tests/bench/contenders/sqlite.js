import { inOrder } from "./typed.js";

const READ = 2000;

/** Calls of the worker's methods; what it answers goes to the call of the same number. */
function startWorker() {
  const worker = new Worker("/contenders/sqlite.worker.js", { type: "module" });
  const calls = new Map();
  let last = 0;
  worker.onmessage = ({ data: { id, value, error } }) => {
    const { resolve, reject } = calls.get(id);
    calls.delete(id);
    if (error) reject(new Error(error));
    else resolve(value);
  };
  const call = (method, ...args) =>
    new Promise((resolve, reject) => {
      calls.set(++last, { resolve, reject });
      worker.postMessage({ id: last, method, args });
    });
  return { worker, call };
}

/** @param {boolean} trigrams whether there is an FTS5 table */
export async function openSqlite({ database, durability }, trigrams) {
  const { worker, call } = startWorker();
  const failed = new Promise((_, reject) => {
    worker.onerror = (event) => reject(new Error(`SQLite's worker: ${event.message}`));
  });
  await Promise.race([call("open", { database, durability, trigrams }), failed]);
  const parsed = async (texts) => (await texts).map((text) => JSON.parse(text));
  const range = (from, to) => call("range", from, to);

  return {
    append: (text) => call("insert", text),
    burst: (texts) => call("insertEach", texts),
    ingest: (texts) => call("insertAll", texts),
    newest: (limit) => parsed(call("newest", limit)),
    replay: async (look) =>
      inOrder(await call("end"), READ, range, (texts) =>
        texts.forEach((text) => look(JSON.parse(text))),
      ),
    get: async (id) => JSON.parse(await call("get", id)),
    find: (needle, limit) => parsed(call("find", needle, limit)),
    count: (needle) => call("count", needle),
    filter: (filter) => parsed(call("filter", filter)),
    countFiltered: (filter) => call("countFiltered", filter),
    async close() {
      await call("close");
      worker.terminate();
    },
  };
}

export const open = (options) => openSqlite(options, false);
