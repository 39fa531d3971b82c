export const replay = {
  title: "Full replay, every event parsed",
  about: "A new process with cold caches, from a fresh page; every event on the page, in order.",
  start: "cold",
  contenders: ["ours", "floor", "idb", "dexie", "sqlite"],
  metrics: { total: { title: "from a fresh page", unit: "ms", plotted: true } },
  async measure({ open, corpus }) {
    const start = performance.now();
    const store = await open();
    let events = 0;
    let last = -1;
    await store.replay((event) => {
      events++;
      if (event.id <= last) throw new Error(`event ${event.id} after ${last}`);
      last = event.id;
    });
    const total = performance.now() - start;
    if (events !== corpus.count) throw new Error(`${events} of ${corpus.count} events`);
    return { total };
  },
};
