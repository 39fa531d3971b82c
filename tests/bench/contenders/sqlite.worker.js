// SQLite in its worker: one message asks for one of `methods`, one answers it.
import sqlite3InitModule from "@sqlite.org/sqlite-wasm";
import { typeOf } from "./typed.js";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events(
    id INTEGER PRIMARY KEY, type TEXT, source TEXT, timestamp TEXT, json TEXT);
  CREATE INDEX IF NOT EXISTS by_type ON events(type, source, timestamp);`;
const FTS = `
  CREATE VIRTUAL TABLE IF NOT EXISTS texts
    USING fts5(json, content='events', content_rowid='id', tokenize='trigram');`;

let db;
let fts = false;
const prepared = new Map();

function statement(sql) {
  let made = prepared.get(sql);
  if (!made) prepared.set(sql, (made = db.prepare(sql)));
  return made;
}

function rows(sql, bind = []) {
  const found = [];
  const query = statement(sql);
  if (bind.length) query.bind(bind);
  while (query.step()) found.push(query.get(0));
  query.reset();
  return found;
}

function insert(text) {
  const event = JSON.parse(text);
  const row = [event.id, typeOf(event), event.source, event.timestamp, text];
  statement("INSERT INTO events VALUES (?, ?, ?, ?, ?)").bind(row).stepReset();
  if (fts)
    statement("INSERT INTO texts(rowid, json) VALUES (?, ?)").bind([row[0], text]).stepReset();
}

const filtered = "FROM events WHERE type = ? AND source = ? AND timestamp BETWEEN ? AND ?";
const bound = ({ type, source, from, to }) => [type, source, from, to];

const methods = {
  async open({ database, durability, trigrams }) {
    const sqlite3 = await sqlite3InitModule({ print() {}, printErr: console.error });
    const pool = await sqlite3.installOpfsSAHPoolVfs({ name: database });
    db = new pool.OpfsSAHPoolDb(`/${database}.db`);
    fts = trigrams;
    db.exec(`
      PRAGMA locking_mode = exclusive;
      PRAGMA journal_mode = wal;
      PRAGMA synchronous = ${durability === "strict" ? "full" : "normal"};
      PRAGMA cache_size = -32768;
      ${SCHEMA} ${fts ? FTS : ""}`);
    const [mode] = rows("PRAGMA journal_mode");
    if (mode !== "wal") throw new Error(`the journal mode is ${mode}`);
  },
  insert,
  insertAll(texts) {
    db.exec("BEGIN");
    texts.forEach(insert);
    db.exec("COMMIT");
  },
  insertEach: (texts) => texts.forEach(insert),
  newest: (limit) => rows("SELECT json FROM events ORDER BY id DESC LIMIT ?", [limit]).reverse(),
  range: (from, to) =>
    rows("SELECT json FROM events WHERE id >= ? AND id < ? ORDER BY id", [from, to]),
  end: () => (rows("SELECT max(id) FROM events")[0] ?? -1) + 1,
  get: (id) => rows("SELECT json FROM events WHERE id = ?", [id])[0],
  find: (needle, limit) =>
    fts
      ? rows(
          `SELECT events.json FROM texts JOIN events ON events.id = texts.rowid
           WHERE texts MATCH ? ORDER BY texts.rowid LIMIT ?`,
          [`"${needle}"`, limit],
        )
      : rows("SELECT json FROM events WHERE json LIKE ? ORDER BY id LIMIT ?", [
          `%${needle}%`,
          limit,
        ]),
  count: (needle) =>
    fts
      ? rows("SELECT count(*) FROM texts WHERE texts MATCH ?", [`"${needle}"`])[0]
      : rows("SELECT count(*) FROM events WHERE json LIKE ?", [`%${needle}%`])[0],
  filter: (filter) => rows(`SELECT json ${filtered} ORDER BY id`, bound(filter)),
  countFiltered: (filter) => rows(`SELECT count(*) ${filtered}`, bound(filter))[0],
  close() {
    prepared.forEach((made) => made.finalize());
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    db.close();
  },
};

addEventListener("message", async ({ data: { id, method, args } }) => {
  try {
    postMessage({ id, value: await methods[method](...args) });
  } catch (error) {
    postMessage({ id, error: `${method}: ${error.message}` });
  }
});
