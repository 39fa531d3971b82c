const SUBSCRIBERS = 100;
const EVENTS = 100;

/** Without subscriptions each one reads every new event itself, one record at a time. */
async function eachReads(store, texts, look) {
  await store.burst(texts);
  const readers = Array.from({ length: SUBSCRIBERS }, () => store.range(0, texts.length, look));
  await Promise.all(readers);
}

async function eachIsTold(store, texts, look) {
  for (let index = 0; index < SUBSCRIBERS; index++) await store.subscribe(look);
  await store.burst(texts);
}

export const subscribers = {
  title: "100 subscribers, beside one record at a time",
  about:
    "100 new events come at once, until each subscriber has all of them. With idb, which has no " +
    "subscriptions, each one reads the new records.",
  start: "empty",
  contenders: ["ours", "idb"],
  metrics: { total: { title: "until everyone has all", unit: "ms", plotted: true } },
  async measure({ open, frames }) {
    const store = await open();
    const texts = await frames(0, EVENTS);
    let seen = 0;
    const start = performance.now();
    await new Promise((resolve, reject) => {
      const look = () => ++seen === SUBSCRIBERS * texts.length && resolve();
      (store.subscribe ? eachIsTold : eachReads)(store, texts, look).catch(reject);
    });
    const total = performance.now() - start;
    await store.close();
    return { total };
  },
};
