const FIRST = 50;

export const frequent = {
  title: "Frequent substring",
  about:
    "In half of all events. A new process, the files in the system's cache, the database open.",
  start: "warm",
  contenders: ["ours", "floor", "memory", "idb", "sqlite", "sqlite-fts"],
  metrics: {
    first: { title: "first 50 hits, parsed", unit: "ms", plotted: true },
    all: { title: "all counted", unit: "ms", plotted: true },
  },
  async measure({ open, corpus }) {
    const store = await open();
    const result = {};
    if (store.find) {
      const start = performance.now();
      const events = await store.find(corpus.frequent, FIRST);
      result.first = performance.now() - start;
      if (events.length !== FIRST) throw new Error(`${events.length} events`);
    }
    const start = performance.now();
    const hits = await store.count(corpus.frequent);
    result.all = performance.now() - start;
    if (hits !== corpus.frequentHits) throw new Error(`${hits} hits, not ${corpus.frequentHits}`);
    return result;
  },
};
