import { createRxDatabase } from "rxdb/plugins/core";
import { getRxStorageDexie } from "rxdb/plugins/storage-dexie";
import { typeOf } from "./typed.js";

const READ = 2000;
const text = (maxLength) => ({ type: "string", maxLength });
/** Its keys are strings, which have to sort as the ids do. */
const keyOf = (id) => String(id).padStart(9, "0");

const schema = {
  version: 0,
  primaryKey: "id",
  type: "object",
  properties: {
    id: text(9),
    type: text(40),
    source: text(20),
    timestamp: text(30),
    json: { type: "string" },
  },
  required: ["id", "type", "source", "timestamp", "json"],
  indexes: [["type", "source", "timestamp"]],
};

export async function open({ database }) {
  const db = await createRxDatabase({
    name: database,
    storage: getRxStorageDexie(),
    multiInstance: false,
    eventReduce: false,
  });
  const { events } = await db.addCollections({ events: { schema } });

  const rowOf = (json) => {
    const event = JSON.parse(json);
    const { id, source, timestamp } = event;
    return { id: keyOf(id), type: typeOf(event), source, timestamp, json };
  };
  const parsed = async (query) => (await query.exec()).map((found) => JSON.parse(found.json));
  const range = (from, to) =>
    events.find({ selector: { id: { $gte: keyOf(from), $lt: keyOf(to) } }, sort: [{ id: "asc" }] });
  const end = async () => {
    const [newest] = await events.find({ sort: [{ id: "desc" }], limit: 1 }).exec();
    return newest ? Number(newest.id) + 1 : 0;
  };
  const containing = (needle) => ({ json: { $regex: needle, $options: "i" } });
  const matching = ({ type, source, from, to }) => ({
    type,
    source,
    timestamp: { $gte: from, $lte: to },
  });

  return {
    append: (json) => events.insert(rowOf(json)),
    burst: (texts) => Promise.all(texts.map((json) => events.insert(rowOf(json)))),
    async ingest(texts) {
      const { error } = await events.bulkInsert(texts.map(rowOf));
      if (error.length) throw new Error(`RxDB refused ${error.length} events`);
    },
    newest: async (limit) =>
      (await parsed(events.find({ sort: [{ id: "desc" }], limit }))).reverse(),
    async replay(look) {
      const last = await end();
      for (let from = 0; from < last; from += READ) {
        (await parsed(range(from, from + READ))).forEach(look);
      }
    },
    get: async (id) => JSON.parse((await events.findOne(keyOf(id)).exec()).json),
    find: (needle, limit) =>
      parsed(events.find({ selector: containing(needle), sort: [{ id: "asc" }], limit })),
    count: async (needle) => (await events.find({ selector: containing(needle) }).exec()).length,
    filter: (filter) => parsed(events.find({ selector: matching(filter), sort: [{ id: "asc" }] })),
    countFiltered: (filter) => events.count({ selector: matching(filter) }).exec(),
    close: () => db.close(),
  };
}
