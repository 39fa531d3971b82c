// Nothing but texts in records of 128 KB: what is left when all comfort is taken away.
import { scanner } from "../page/scan.js";

const PAGE_BYTES = 131_072;
const WINDOW = 8;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** How many events there are, where each one ends, and their texts. */
function pack(texts) {
  const parts = texts.map((text) => encoder.encode(text));
  const ends = new Uint32Array(texts.length);
  let end = 0;
  parts.forEach((part, index) => (ends[index] = end += part.length));
  const page = new Uint8Array(4 + ends.byteLength + end);
  new DataView(page.buffer).setUint32(0, texts.length, true);
  page.set(new Uint8Array(ends.buffer), 4);
  let at = 4 + ends.byteLength;
  for (const part of parts) {
    page.set(part, at);
    at += part.length;
  }
  return page;
}

/** Where each event begins and ends in a page. */
function* placesOf(page) {
  const count = new DataView(page.buffer).getUint32(0, true);
  const ends = new Uint32Array(page.buffer, 4, count);
  let from = 4 + ends.byteLength;
  for (const end of ends) {
    const to = 4 + ends.byteLength + end;
    yield [from, to];
    from = to;
  }
}

function* eventsOf(page) {
  for (const [from, to] of placesOf(page)) {
    yield JSON.parse(decoder.decode(page.subarray(from, to)));
  }
}

function cut(texts) {
  const pages = [];
  let page = [];
  let bytes = 0;
  for (const text of texts) {
    page.push(text);
    bytes += text.length;
    if (bytes < PAGE_BYTES) continue;
    pages.push(pack(page));
    page = [];
    bytes = 0;
  }
  if (page.length) pages.push(pack(page));
  return pages;
}

const result = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

export async function open({ database, durability }) {
  const opening = indexedDB.open(database, 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore("pages", { autoIncrement: true });
  };
  const db = await result(opening);

  const put = (values) =>
    new Promise((resolve, reject) => {
      const transaction = db.transaction("pages", "readwrite", { durability });
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
      for (const value of values) transaction.objectStore("pages").put(value);
    });
  const read = () => db.transaction("pages").objectStore("pages");
  const everyPage = async (use) => {
    const keys = await result(read().getAllKeys());
    const under = [];
    for (let index = 0; index < keys.length + WINDOW; index++) {
      if (index < keys.length) under.push(result(read().get(keys[index])));
      if (index >= WINDOW) await use(await under.shift());
    }
  };

  return {
    db,
    put,
    ingest: async (texts) => put(cut(texts)),
    async newest(limit) {
      const events = [];
      const keys = await result(read().getAllKeys());
      while (events.length < limit && keys.length) {
        events.unshift(...eventsOf(await result(read().get(keys.pop()))));
      }
      return events.slice(-limit);
    },
    replay: (look) =>
      everyPage((page) => {
        for (const event of eventsOf(page)) look(event);
      }),
    async count(needle) {
      const scan = await scanner();
      let hits = 0;
      await everyPage((page) => {
        scan.load([page]);
        const count = scan.prepare(needle);
        for (const [from, to] of placesOf(page)) hits += Number(count(from, to) > 0);
      });
      return hits;
    },
    close: async () => db.close(),
  };
}
