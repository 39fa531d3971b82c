// Events that come faster than they are stored: many are under way at once.

const BURST = 100;

export const burst = {
  title: "Live append, bursts of 100 that are awaited together",
  about:
    "Every event is stored as if it had come alone: a transaction for each one, many of them under " +
    "way, where a contender does not put what waits into one by itself.",
  start: "empty",
  contenders: ["ours", "ours-page", "idb", "dexie", "sqlite", "rxdb"],
  metrics: { rate: { title: "events per second", unit: "/s", plotted: true } },
  async measure({ open, frames, settings: { liveEvents } }) {
    const store = await open({ durability: "relaxed" });
    const texts = await frames(0, BURST + 2 * liveEvents);
    await store.burst(texts.splice(0, BURST));
    const start = performance.now();
    for (let from = 0; from < texts.length; from += BURST) {
      await store.burst(texts.slice(from, from + BURST));
    }
    const rate = (1000 * texts.length) / (performance.now() - start);
    await store.close();
    return { rate };
  },
};
