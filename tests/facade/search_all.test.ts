/** A search through all conversations: by time, streaming, with highlights. */
import { highlights, openEventStore } from "oh-event-store";
import type { EventStore, FoundEvent } from "oh-event-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const CONVERSATIONS = 5;
const EACH = 40;

/** The events of the conversations take turns; each second one says hello. */
const line = (conversation: number, id: number) => {
  const second = String(id).padStart(2, "0");
  return JSON.stringify({
    id,
    timestamp: `2026-01-01T00:00:${second}.${conversation}`,
    source: "user",
    action: "message",
    args: { content: id % 2 ? `Größe ${id}` : `other ${id}` },
  });
};

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  let store: EventStore;

  beforeAll(async () => {
    store = await openEventStore({ name: `all-${crypto.randomUUID()}`, worker, logLevel: "off" });
    for (let conversation = 0; conversation < CONVERSATIONS; conversation++) {
      const lines = Array.from({ length: EACH }, (_, id) => line(conversation, id));
      await store.import(lines.join("\n"), { id: `c${conversation}` });
    }
  });
  afterAll(() => store.close());

  const expected = (wanted: (id: number) => boolean) =>
    Array.from({ length: EACH }, (_, id) => id)
      .filter(wanted)
      .flatMap((id) => Array.from({ length: CONVERSATIONS }, (_, of) => `c${of} ${id}`));
  const names = (found: readonly FoundEvent[]) =>
    found.map(({ conversationId, event }) => `${conversationId} ${event.id}`);

  test("by time, in both directions", async () => {
    const all = expected(() => true);
    expect(names(await store.searchAll({}).toArray())).toEqual(all);
    expect(names(await store.searchAll({}, { reverse: true }).toArray())).toEqual(all.reverse());
  });

  test("a text, in batches, with highlights", async () => {
    const found: FoundEvent[] = [];
    for await (const batch of store.searchAll({ text: "GRÖSSE" }).batches(7)) {
      expect(batch.length).toBeLessThanOrEqual(7);
      found.push(...batch);
    }
    expect(names(found)).toEqual(expected((id) => id % 2 === 1));
    for (const { event } of found) {
      const ranges = [[0, 5]];
      expect(highlights(event)).toContainEqual({ path: ["args", "content"], ranges });
    }
  });

  test("the newest ones, and no more than are wanted", async () => {
    const newest = expected(() => true).reverse();
    const some = await store.searchAll({}, { reverse: true, limit: 3 }).toArray();
    expect(names(some)).toEqual(newest.slice(0, 3));
    const seen: FoundEvent[] = [];
    for await (const found of store.searchAll({}, { reverse: true })) {
      seen.push(found);
      if (seen.length === 4) break;
    }
    expect(names(seen)).toEqual(newest.slice(0, 4));
  });

  test("bad options are errors", async () => {
    const search = store.searchAll({}, { startId: 1 } as never);
    await expect(search.toArray()).rejects.toMatchObject({ code: "invalid-argument" });
    const filter = store.searchAll({ text: 1 } as never);
    await expect(filter.toArray()).rejects.toMatchObject({ code: "invalid-argument" });
  });
});
