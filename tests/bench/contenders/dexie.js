import { Dexie } from "dexie";
import { firstHits, inOrder, typeOf } from "./typed.js";

const READ = 2000;

export async function open({ database, durability }) {
  const db = new Dexie(database, { chromeTransactionDurability: durability });
  db.version(1).stores({ events: "id, [type+source+timestamp]" });
  await db.open();
  const { events } = db;

  const rowOf = (text) => {
    const event = JSON.parse(text);
    return { ...event, type: typeOf(event) };
  };
  const range = (from, to) => events.where(":id").between(from, to).toArray();
  const end = async () => ((await events.orderBy(":id").last())?.id ?? -1) + 1;
  const has = (needle) => (event) => JSON.stringify(event).toLowerCase().includes(needle);
  const matching = ({ type, source, from, to }) =>
    events
      .where("[type+source+timestamp]")
      .between([type, source, from], [type, source, to], true, true);

  return {
    append: (text) => events.add(rowOf(text)),
    burst: (texts) => Promise.all(texts.map((text) => events.add(rowOf(text)))),
    ingest: (texts) => events.bulkAdd(texts.map(rowOf)),
    newest: async (limit) =>
      (await events.orderBy(":id").reverse().limit(limit).toArray()).reverse(),
    replay: async (look) => inOrder(await end(), READ, range, (rows) => rows.forEach(look)),
    get: (id) => events.get(id),
    find: async (needle, limit) => firstHits(await end(), READ, range, has(needle), limit),
    async count(needle) {
      let hits = 0;
      await inOrder(await end(), READ, range, (rows) => (hits += rows.filter(has(needle)).length));
      return hits;
    },
    filter: (filter) => matching(filter).sortBy("id"),
    countFiltered: (filter) => matching(filter).count(),
    close: async () => db.close(),
  };
}
