// What nobody can do better, in this run and on this machine.
import { scanner } from "../page/scan.js";

const WRITES = 500;

const rate = async (count, work) => {
  const start = performance.now();
  for (let round = 0; round < count; round++) await work(round);
  return (1000 * count) / (performance.now() - start);
};

async function transactions() {
  const opening = indexedDB.open("floors", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("values");
  const db = await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const put = (durability) => (value) =>
    new Promise((resolve, reject) => {
      const transaction = db.transaction("values", "readwrite", { durability });
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
      transaction.objectStore("values").put(value, value);
    });
  const get = (key) =>
    new Promise((resolve, reject) => {
      const request = db.transaction("values").objectStore("values").get(key);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  await rate(50, put("relaxed"));
  const relaxed = await rate(WRITES, put("relaxed"));
  const strict = await rate(WRITES, put("strict"));
  const read = await rate(WRITES, get);
  db.close();
  return { relaxed, strict, read };
}

async function messages() {
  const source = new Blob(["onmessage = ({ data }) => postMessage(data)"]);
  const worker = new Worker(URL.createObjectURL(source));
  const ask = (value) =>
    new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage(value);
    });
  await rate(50, ask);
  const message = await rate(1000, ask);
  worker.terminate();
  return { message };
}

/** The best of five, for a memory that nothing else uses. */
function perSecond(bytes, work) {
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return bytes / best / 1000;
}

export const floors = {
  title: "Floors",
  about:
    "An IndexedDB transaction that puts or gets one integer, each awaited; a message to a worker " +
    "and back; JSON.parse, event by event; a search for a rare word by SIMD in wasm memory.",
  start: "empty",
  contenders: ["floor"],
  metrics: {
    relaxed: { title: "empty transaction, relaxed", unit: "/s" },
    strict: { title: "empty transaction, strict", unit: "/s" },
    read: { title: "get of an integer", unit: "/s" },
    message: { title: "message to a worker and back", unit: "/s" },
    parse: { title: "JSON.parse", unit: "MB/s" },
    scan: { title: "SIMD search, any case", unit: "MB/s" },
  },
  async measure({ frames, corpus }) {
    const texts = await frames(0, 10_000);
    const bytes = texts.map((text) => new TextEncoder().encode(text));
    const size = bytes.reduce((sum, part) => sum + part.length, 0);
    const scan = await scanner();
    scan.load(bytes);
    const count = scan.prepare(corpus.rare[0]);
    return {
      ...(await transactions()),
      ...(await messages()),
      parse: perSecond(size, () => texts.forEach((text) => JSON.parse(text))),
      scan: perSecond(size, () => count(0, size)),
    };
  },
};
