// The whole corpus as the texts of its messages, a thousand at a time.

const CHUNK = 1000;

export const ingest = {
  title: "Bulk ingest of raw frames",
  about:
    "From the text of each message to the stored event: parsing and transcoding are part of it. " +
    "1000 messages are handed over together; the stored events are those that are read below.",
  start: "fill",
  contenders: ["ours", "floor", "idb", "dexie", "sqlite"],
  /** Filled for the operations that read, and too slow to be filled again and again. */
  filledOnce: ["sqlite-fts", "rxdb"],
  metrics: { rate: { title: "events per second", unit: "/s", plotted: true } },
  async measure({ open, frames, corpus }) {
    const store = await open({ durability: "relaxed" });
    let spent = 0;
    for (let from = 0; from < corpus.count; from += CHUNK) {
      const texts = await frames(from, CHUNK);
      const start = performance.now();
      await store.ingest(texts);
      spent += performance.now() - start;
    }
    await store.close();
    return { rate: (1000 * corpus.count) / spent };
  },
};
