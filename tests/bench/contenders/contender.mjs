// Who is measured, and how each is set up. The code that runs in the page is the file of that name.

/**
 * What a contender's file exports: `open(options)`, which resolves with a store. A store has those
 * of these methods that its operations need.
 * @typedef {object} Store
 * @property {(text: string) => Promise<unknown>} append one event; resolves when it is stored
 * @property {(texts: string[]) => Promise<unknown>} burst events that come at once, each stored
 *   as if it had come alone
 * @property {(texts: string[]) => Promise<unknown>} ingest as many at once as it likes
 * @property {(count: number) => Promise<object[]>} newest the newest events, parsed
 * @property {(look: (event: object) => void) => Promise<void>} replay every event, parsed, in order
 * @property {(id: number) => Promise<object>} get one event, parsed
 * @property {(from: number, to: number, look: (event: object) => void) => Promise<void>} range
 *   the events from one id to below another, parsed one by one
 * @property {(look: (event: object) => void) => Promise<void>} subscribe what comes from now on
 * @property {(needle: string, limit: number) => Promise<object[]>} find the first events with a
 *   text, parsed
 * @property {(needle: string) => Promise<number>} count how many events have a text
 * @property {(filter: Filter) => Promise<object[]>} filter the events that match, parsed
 * @property {(filter: Filter) => Promise<number>} countFiltered how many match
 * @property {() => Promise<void>} close
 */

/**
 * @typedef {{ type: string, source: string, from: string, to: string }} Filter
 * @typedef {{ database: string, durability: "relaxed" | "strict" }} OpenOptions
 */

/** Ways to show a list that keep nothing: the React list's alone. */
export const LISTS = ["push", "today"];

/** @type {Record<string, { label: string, packages: string[], settings: string }>} */
export const CONTENDERS = {
  ours: {
    label: "oh-event-store",
    packages: [],
    settings:
      "The built package of `dist/`, mode indexeddb, its default options: a worker of its own, a " +
      "memory budget of 64 MiB. It gets every frame as text.",
  },
  "ours-page": {
    label: "oh-event-store on the page",
    packages: [],
    settings:
      "As above with `worker: false`: on the page's own thread, where Dexie, idb and RxDB are measured " +
      "too, which saves the messages to the worker and back. The aims are those of the default.",
  },
  dexie: {
    label: "Dexie 4",
    packages: ["dexie"],
    settings:
      "On the page. One object per event, the id as primary key, an index on type + source + " +
      "timestamp. `bulkAdd` of 1000 for bulk, `bulkGet` and ranges of 2000, two under way, for " +
      "reading; durability by `chromeTransactionDurability`. A search is JSON.stringify of each " +
      "object, lower case, `includes`.",
  },
  idb: {
    label: "idb, one record per event",
    packages: ["idb"],
    settings:
      "On the page. The event's text as it came under its id: the fastest of text, object and " +
      "bytes. A transaction for each event, 1000 events in one for bulk; ranges of 2000 by " +
      "`getAll`, two under way. A search is lower case and `includes` of each text.",
  },
  sqlite: {
    label: "SQLite, LIKE",
    packages: ["@sqlite.org/sqlite-wasm"],
    settings:
      "opfs-sahpool in a worker, which it needs, behind one message each way for a call. WAL, " +
      "exclusive locking, 32 MB cache, `synchronous` NORMAL (relaxed) or FULL (strict), prepared " +
      "statements, 1000 rows in a transaction for bulk; an index on type + source + timestamp.",
  },
  "sqlite-fts": {
    label: "SQLite, FTS5 trigram",
    packages: ["@sqlite.org/sqlite-wasm"],
    settings: "As above, and an FTS5 table with `tokenize='trigram'` whose content is the events'.",
  },
  rxdb: {
    label: "RxDB, Dexie storage",
    packages: ["rxdb", "rxjs"],
    settings:
      "On the page. The event's text and its fields in a document, an index on type + source + " +
      "timestamp, `bulkInsert` of 1000, no multi-instance, no event reduce. A search is a " +
      "`$regex` on the text.",
  },
  memory: {
    label: "arrays in memory",
    packages: [],
    settings:
      "What the front end of today does: all events in one array, nothing stored. For a search " +
      "the texts are there once more, in lower case.",
  },
  floor: {
    label: "floor",
    packages: [],
    settings:
      "What bounds any of them: 128 KB of text in one IndexedDB record, with nothing else kept; " +
      "read by eight at a time, parsed event by event; searched by a 150-byte SIMD loop in wasm.",
  },
};
