import { openDB } from "idb";
import { firstHits, inOrder, typeOf } from "./typed.js";

const READ = 2000;

export async function open({ database, durability }) {
  const db = await openDB(database, 1, {
    upgrade: (upgraded) => void upgraded.createObjectStore("events"),
  });

  const idOf = (text) => Number(/^\{"id": ?(\d+)/.exec(text)[1]);
  const put = async (texts) => {
    const transaction = db.transaction("events", "readwrite", { durability });
    for (const text of texts) void transaction.store.put(text, idOf(text));
    await transaction.done;
  };
  const range = (from, to) => db.getAll("events", IDBKeyRange.bound(from, to, false, true));
  const end = async () => {
    const cursor = await db.transaction("events").store.openKeyCursor(null, "prev");
    return cursor ? cursor.key + 1 : 0;
  };
  const has = (needle) => (text) => text.toLowerCase().includes(needle);
  const matches = ({ type, source, from, to }) => {
    return (event) =>
      typeOf(event) === type &&
      event.source === source &&
      event.timestamp >= from &&
      event.timestamp <= to;
  };
  const filter = async (wanted) => {
    const found = [];
    await inOrder(await end(), READ, range, (texts) => {
      for (const event of texts.map((text) => JSON.parse(text)))
        if (matches(wanted)(event)) found.push(event);
    });
    return found;
  };

  const get = async (id) => JSON.parse(await db.get("events", id));

  return {
    append: (text) => put([text]),
    burst: (texts) => Promise.all(texts.map((text) => put([text]))),
    ingest: put,
    newest: async (limit) => {
      const last = await end();
      return (await range(last - limit, last)).map((text) => JSON.parse(text));
    },
    replay: async (look) =>
      inOrder(await end(), READ, range, (texts) => texts.forEach((text) => look(JSON.parse(text)))),
    get,
    async range(from, to, look) {
      for (let id = from; id < to; id++) look(await get(id));
    },
    find: async (needle, limit) => {
      const found = await firstHits(await end(), READ, range, has(needle), limit);
      return found.map((text) => JSON.parse(text));
    },
    async count(needle) {
      let hits = 0;
      await inOrder(await end(), READ, range, (rows) => (hits += rows.filter(has(needle)).length));
      return hits;
    },
    filter,
    countFiltered: async (wanted) => (await filter(wanted)).length,
    close: async () => db.close(),
  };
}
