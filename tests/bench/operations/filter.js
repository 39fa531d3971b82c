const REPEATS = 21;

export const filter = {
  title: "Type, source and date",
  about:
    "The user's messages of a fifth of all dates. Cold: a new process with cold caches, from a " +
    "fresh page to the number of matches. Warm: the number again, in the same process.",
  start: "cold",
  contenders: ["ours", "idb", "dexie", "sqlite", "rxdb"],
  metrics: {
    cold: { title: "counted, cold", unit: "ms", plotted: true },
    warm: { title: "counted, warm", unit: "ms", plotted: true },
    events: { title: "all matches, parsed", unit: "ms" },
  },
  async measure({ open, corpus, contender }) {
    const wanted = { type: "message", source: "user", ...corpus.dates };
    const start = performance.now();
    const store = await open();
    const hits = await store.countFiltered(wanted);
    const cold = performance.now() - start;
    const times = [];
    // Without an index each round reads everything.
    for (let round = 0; round < (contender === "idb" ? 1 : REPEATS); round++) {
      const before = performance.now();
      await store.countFiltered(wanted);
      times.push(performance.now() - before);
    }
    times.sort((a, b) => a - b);
    const before = performance.now();
    const events = await store.filter(wanted);
    const parsed = performance.now() - before;
    if (!hits || events.length !== hits || hits !== corpus.filterHits) {
      throw new Error(`${hits} counted, ${events.length} read, ${corpus.filterHits} are there`);
    }
    return { cold, warm: times[times.length >> 1], events: parsed };
  },
};
