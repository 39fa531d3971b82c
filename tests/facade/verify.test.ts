/** What is really damaged in IndexedDB is found, told, and put right; the rest stays as it was. */
import { openEventStore, type Damage } from "oh-event-store";
import { describe, expect, inject, test } from "vitest";

const frame = (id: number) => ({
  id,
  timestamp: `2025-08-31T15:23:${String(id % 60).padStart(2, "0")}.000000`,
  source: "agent",
  action: "message",
  args: { content: `${id} ${"x".repeat(2000)}` },
});
const IDS = Array.from({ length: 200 }, (_, id) => id);

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no reason"));
  });
}

/** Changes the first record of a table, or takes it away. */
async function damage(
  name: string,
  table: Damage["table"],
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): Promise<void> {
  const database = await settled(indexedDB.open(name));
  const objects = database.transaction(table, "readwrite").objectStore(table);
  const [key] = await settled(objects.getAllKeys(undefined, 1));
  const [bytes] = (await settled(objects.getAll(undefined, 1))) as Uint8Array[];
  if (key === undefined || !bytes) throw new Error(`nothing in ${table}`);
  const changed = change(bytes);
  if (changed) await settled(objects.put(changed, key));
  else await settled(objects.delete(key));
  database.close();
}

const flip = (bytes: Uint8Array): Uint8Array => {
  const middle = bytes.length >> 1;
  return bytes.map((byte, at) => (at === middle ? byte ^ 4 : byte));
};
const cut = (bytes: Uint8Array): Uint8Array => bytes.slice(0, 5);
const none = (): undefined => undefined;

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  async function stored(): Promise<string> {
    const name = `verify-${crypto.randomUUID()}`;
    const store = await openEventStore({ name, worker });
    const conversation = await store.conversation("c");
    await Promise.all(IDS.map((id) => conversation.feed(frame(id))));
    await store.close();
    return name;
  }

  async function opened(name: string) {
    const told: string[] = [];
    const onLog = (_: string, message: string) => void told.push(message);
    const store = await openEventStore({ name, worker, onLog });
    return { store, conversation: await store.conversation("c"), told };
  }

  test.each([
    ["pages", flip, "checksum"],
    ["pages", cut, "cut-off"],
    ["pages", none, "missing"],
    ["tail", flip, "checksum"],
    ["summaries", flip, "checksum"],
    ["summaries", none, "missing"],
    ["signatures", cut, "cut-off"],
    ["conversations", flip, "checksum"],
    ["conversations", none, "missing"],
  ] as const)("%s, %o: found and put right", async (table, change, fault) => {
    const name = await stored();
    await damage(name, table, change);
    const { store, conversation, told } = await opened(name);
    const report = await conversation.verify();
    expect(report.sound).toBe(false);
    expect(report.damages).toContainEqual(expect.objectContaining({ table, fault }));
    expect(report.pages).toBe(report.totalPages);
    const gone = new Set(
      report.lost.flatMap(([first, last]) => IDS.filter((id) => first <= id && id <= last)),
    );
    expect(gone.size > 0).toBe(table === "pages" || table === "tail");
    const left = IDS.filter((id) => !gone.has(id));
    expect(report.events).toBe(left.length);
    const ids = async () => (await conversation.searchEvents().toArray()).map(({ id }) => id);
    expect(await ids()).toEqual(left);

    const seen: number[] = [];
    const onProgress = ({ pages }: { pages: number }) => void seen.push(pages);
    const repaired = await conversation.repair({ onProgress });
    expect(repaired.damages).toEqual(report.damages);
    expect(repaired.lost).toEqual(report.lost);
    expect(seen.at(-1)).toBe(repaired.pages);
    expect(told.length).toBeGreaterThan(0);
    expect(await conversation.verify()).toMatchObject({ sound: true, events: left.length });
    expect(await ids()).toEqual(left);
    expect(await conversation.countEvents()).toBe(left.length);
    await Promise.all([...gone].map((id) => conversation.feed(frame(id))));
    expect(await ids()).toEqual(IDS);
    await store.close();

    const again = await opened(name);
    expect(await again.conversation.verify()).toMatchObject({ sound: true, events: 200 });
    expect(again.told).toEqual([]);
    await again.store.close();
  });

  test("a conversation whose record is damaged is listed", async () => {
    const name = await stored();
    await damage(name, "conversations", flip);
    const store = await openEventStore({ name, worker, onLog: () => {} });
    expect(await store.conversations()).toMatchObject([{ id: "c", events: 200 }]);
    await store.close();
  });

  test("it ends when it is told to, and options that don't exist are refused", async () => {
    const { store, conversation } = await opened(await stored());
    const abort = new AbortController();
    abort.abort(new Error("enough"));
    await expect(conversation.verify({ signal: abort.signal })).rejects.toThrow("enough");
    const other = new AbortController();
    const onProgress = () => other.abort(new Error("enough"));
    const { signal } = other;
    await expect(conversation.repair({ signal, onProgress })).rejects.toThrow("enough");
    await expect(conversation.verify({ fast: true } as object)).rejects.toThrow("fast");
    await expect(conversation.repair({ fast: true } as object)).rejects.toThrow("fast");
    expect(await conversation.verify()).toMatchObject({ sound: true, events: 200, damages: [] });
    await store.close();
  });

  test("a server that has nothing to give leaves a sound log", async () => {
    const name = await stored();
    await damage(name, "pages", flip);
    const { store, conversation } = await opened(name);
    const baseUrl = `http://127.0.0.1:${inject("port")}/refused`;
    // This one is no OpenHands server: the log is sound all the same, and the error tells why.
    await expect(conversation.repair({ baseUrl })).rejects.toMatchObject({ code: "network" });
    expect(await conversation.verify()).toMatchObject({ sound: true });
    await store.close();
  });
});
