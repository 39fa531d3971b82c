// What the page's own thread has to bear.

function observe() {
  let longest = 0;
  let gap = 0;
  let last = performance.now();
  let on = true;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
  });
  observer.observe({ type: "longtask" });
  const frame = (now) => {
    if (!on) return;
    gap = Math.max(gap, now - last);
    last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  return async () => {
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)));
    on = false;
    for (const { duration } of observer.takeRecords()) longest = Math.max(longest, duration);
    observer.disconnect();
    return { task: longest, gap };
  };
}

export const pageThread = {
  title: "The page's thread while everything is loaded and paged through",
  about:
    "Open, the newest 100, then every event, parsed on the page. The longest task as the Long Tasks " +
    "API tells it, 0 where none took 50 ms; the longest gap between two animation frames.",
  start: "warm",
  contenders: ["ours", "idb", "dexie", "sqlite"],
  metrics: {
    task: { title: "longest task", unit: "ms", plotted: true },
    gap: { title: "longest gap between frames", unit: "ms", plotted: true },
    total: { title: "in all", unit: "ms" },
  },
  async measure({ open, corpus }) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const finish = observe();
    const start = performance.now();
    const store = await open();
    await store.newest(100);
    let bytes = 0;
    await store.replay((event) => (bytes += event.message.length));
    const total = performance.now() - start;
    if (!bytes && corpus.count) throw new Error("nothing was read");
    return { ...(await finish()), total };
  },
};
