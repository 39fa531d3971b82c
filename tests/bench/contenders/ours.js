const CONVERSATION = "bench";

export async function open({ database, durability, worker = true }) {
  const { openEventStore } = await import("/dist/index.js");
  const store = await openEventStore({ name: database, durability, worker });
  if (store.mode !== "indexeddb") throw new Error("the store runs in memory");
  const log = await store.conversation(CONVERSATION, { dialect: "v0" });

  let subscribers = 0;
  const feed = async (text) => {
    const report = await log.feed(text);
    if (report.accepted !== 1) throw new Error(`not stored: ${JSON.stringify(report)}`);
  };
  const feedAll = (texts) => Promise.all(texts.map(feed));
  const filterOf = ({ type, source, from, to }) => ({
    includeTypes: [{ message: "MessageAction" }[type]],
    source,
    startDate: from,
    endDate: to,
  });

  return {
    store,
    log,
    append: feed,
    burst: feedAll,
    ingest: feedAll,
    newest: async (limit) => {
      const events = await log.searchEvents({ reverse: true, limit }).toArray();
      return events.reverse();
    },
    async replay(look) {
      for await (const event of log.searchEvents()) look(event);
    },
    get: (id) => log.getEvent(id),
    async range(from, to, look) {
      for await (const event of log.searchEvents({ startId: from, endId: to - 1 })) look(event);
    },
    subscribe: (look) => log.subscribe(`subscriber ${++subscribers}`, look, "look"),
    find: (query, limit) => log.searchEvents({ filter: { query }, limit }).toArray(),
    count: (query) => log.countEvents({ query }),
    filter: (filter) => log.searchEvents({ filter: filterOf(filter) }).toArray(),
    countFiltered: (filter) => log.countEvents(filterOf(filter)),
    close: () => store.close(),
  };
}
