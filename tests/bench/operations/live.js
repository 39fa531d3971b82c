// One event after the other, as they come over a socket: each is stored before the next one comes.

const WARM_UP = 50;

const live = (durability) => ({
  title: `Live append, each awaited, ${durability}`,
  about:
    durability === "strict"
      ? "The same, but each commit waits for the disk."
      : "Each event is handed over when the one before it is stored.",
  start: "empty",
  contenders: [
    "ours",
    "ours-page",
    "idb",
    "dexie",
    "sqlite",
    ...(durability === "strict" ? [] : ["rxdb"]),
  ],
  metrics: {
    rate: { title: "events per second", unit: "/s", plotted: true },
    p50: { title: "half of them within", unit: "ms" },
    p99: { title: "99 of 100 within", unit: "ms" },
  },
  async measure({ open, frames, settings: { liveEvents } }) {
    const store = await open({ durability });
    const texts = await frames(0, WARM_UP + liveEvents);
    for (const text of texts.splice(0, WARM_UP)) await store.append(text);
    const times = [];
    const start = performance.now();
    for (const text of texts) {
      const before = performance.now();
      await store.append(text);
      times.push(performance.now() - before);
    }
    const rate = (1000 * texts.length) / (performance.now() - start);
    await store.close();
    times.sort((a, b) => a - b);
    const within = (share) => times[Math.floor(times.length * share)];
    return { rate, p50: within(0.5), p99: within(0.99) };
  },
});

export const relaxed = live("relaxed");
export const strict = live("strict");
