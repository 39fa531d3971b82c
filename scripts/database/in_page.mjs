/** What runs in the browser: these functions are sent there as text, so they name nothing outside. */

/** Carries out the steps of a conversation and tells what the store says of it. */
export async function storeConversation({ id, steps, pinned }) {
  const store = await window.oh.openEventStore({ worker: false, cacheSize: 6 });
  for (const [step, given] of steps) {
    if (step === "import") {
      const report = await store.import(given.map((text) => `${text}\n`).join(""), { id });
      if (report.rejected > 0) throw new Error(JSON.stringify(report.errors));
      continue;
    }
    const conversation = await store.conversation(id);
    if (step === "feed") {
      for (const text of given) {
        const { accepted, reason } = await conversation.feed(text);
        if (accepted !== 1) throw new Error(`${text} was not taken: ${reason}`);
      }
    } else if (step === "add") {
      await conversation.addEvent(given, "user");
    } else if (step === "send") {
      // Nobody listens at this address, so the action stays.
      const url = "http://127.0.0.1:9";
      const connection = conversation.connect({ transport: "socket.io", url });
      const told = new Promise((resolve) => {
        connection.on("pending", (actions) => actions.length > 0 && resolve());
      });
      connection.send(given).catch(() => {});
      await told;
      await connection.close();
    } else {
      await conversation.truncate(given);
    }
    await conversation.close();
  }
  if (pinned) await store.pin(id, true);
  const conversation = await store.conversation(id);
  const text = await (await conversation.export({ format: "jsonl" })).text();
  const { known, gaps } = await conversation.coverage();
  const { sound, pages } = await conversation.verify();
  if (!sound) throw new Error(`${id} is damaged`);
  const info = (await store.conversations()).find((stored) => stored.id === id);
  const { dialect, events, bytes, firstTimestamp, lastTimestamp } = info;
  const latest = await conversation.getLatestEventId();
  await store.close();
  const stamps = { firstTimestamp, lastTimestamp };
  return {
    ...{ id, dialect, events, bytes, ...stamps, pinned: info.pinned },
    ...{ latest, pages, known, gaps, text },
  };
}

/** The default database as it lies there: what it is, then its records. */
export async function storedRecords() {
  const settled = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const [{ name }] = await indexedDB.databases();
  const database = await settled(indexedDB.open(name));
  const tables = [...database.objectStoreNames];
  const lines = [{ name, version: database.version, tables }];
  for (const table of tables) {
    const objects = database.transaction(table).objectStore(table);
    const keys = await settled(objects.getAllKeys());
    const values = await settled(database.transaction(table).objectStore(table).getAll());
    keys.forEach((key, at) => lines.push({ table, key, value: base64(values[at]) }));
  }
  database.close();
  return lines;
}
