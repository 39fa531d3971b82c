// A word that is in three events of the corpus.

const ALL = 1000;

async function search(store, needle, corpus) {
  const hits = store.find ? (await store.find(needle, ALL)).length : await store.count(needle);
  if (hits !== corpus.rareHits) throw new Error(`${hits} hits, not ${corpus.rareHits}`);
}

export const rareCold = {
  title: "Rare substring, cold",
  about: "Three hits in the whole corpus, found and parsed. A new process with cold caches.",
  start: "cold",
  contenders: ["ours", "floor", "idb", "dexie", "sqlite", "sqlite-fts", "rxdb"],
  metrics: {
    fresh: { title: "from a fresh page", unit: "ms", plotted: true },
    loaded: { title: "once the database is open", unit: "ms", plotted: true },
  },
  async measure({ open, corpus }) {
    const start = performance.now();
    const store = await open();
    const opened = performance.now();
    await search(store, corpus.rare[0], corpus);
    const end = performance.now();
    return { fresh: end - start, loaded: end - opened };
  },
};

export const rareWarm = {
  title: "Rare substring, warm",
  about: "The process has searched another rare word before; this one it has not seen.",
  start: "warm",
  contenders: ["ours", "memory", "sqlite-fts"],
  metrics: {
    first: { title: "a word not searched before", unit: "ms", plotted: true },
    again: { title: "the same word again", unit: "ms" },
  },
  async measure({ open, corpus }) {
    const store = await open();
    await search(store, corpus.rare[1], corpus);
    const times = [];
    for (let round = 0; round < 6; round++) {
      const start = performance.now();
      await search(store, corpus.rare[0], corpus);
      times.push(performance.now() - start);
    }
    const [first, ...again] = times;
    again.sort((a, b) => a - b);
    return { first, again: again[2] };
  },
};
