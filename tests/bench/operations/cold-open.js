const NEWEST = 100;

export const coldOpen = {
  title: "Cold open to the newest 100 events, parsed",
  about:
    "A new browser process, nothing of the profile in the system's cache. From a page that has " +
    "loaded none of the contender's code: its code, its wasm, its worker, the database, the events.",
  start: "cold",
  contenders: ["ours", "floor", "idb", "dexie", "sqlite", "sqlite-fts", "rxdb"],
  metrics: {
    total: { title: "to the newest 100", unit: "ms", plotted: true },
    open: { title: "of which opening", unit: "ms" },
  },
  async measure({ open, corpus }) {
    const start = performance.now();
    const store = await open();
    const opened = performance.now() - start;
    const events = await store.newest(NEWEST);
    const total = performance.now() - start;
    if (events.length !== NEWEST || events.at(-1).id !== corpus.lastId) {
      throw new Error(`${events.length} events, the last one ${events.at(-1)?.id}`);
    }
    return { total, open: opened };
  },
};
