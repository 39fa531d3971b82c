// Ways to read what is stored, beside reading one record at a time without pages.
import { random } from "../random.mjs";

const SINGLE = 200;
const READERS = 16;
const EACH = 500;
const BULK = 10_000;

const timed = async (work) => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

export const scenarios = {
  title: "Reading, beside one record at a time",
  about:
    "Against idb, one record at a time: 200 single events at random; 16 readers of 500 events each " +
    "at once; 10 000 events in order. A new process, the files in the system's cache.",
  start: "warm",
  contenders: ["ours", "idb"],
  metrics: {
    single: { title: "a single event", unit: "ms", plotted: true },
    readers: { title: "16 concurrent readers", unit: "ms", plotted: true },
    bulk: { title: "bulk read of 10 000", unit: "ms", plotted: true },
  },
  async measure({ open, corpus, settings: { seed } }) {
    const store = await open();
    const next = random(seed);
    const at = (limit) => Math.floor(next() * limit);
    let looked = 0;
    const look = () => looked++;

    await store.get(at(corpus.count));
    const single = await timed(async () => {
      for (let round = 0; round < SINGLE; round++) await store.get(at(corpus.count));
    });
    const starts = Array.from({ length: READERS }, () => at(corpus.count - EACH));
    const readers = await timed(() =>
      Promise.all(starts.map((from) => store.range(from, from + EACH, look))),
    );
    const bulk = await timed(() => store.range(0, Math.min(BULK, corpus.count), look));
    if (looked !== READERS * EACH + Math.min(BULK, corpus.count)) throw new Error(`${looked} read`);
    return { single: single / SINGLE, readers, bulk };
  },
};
