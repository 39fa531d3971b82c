/** Room on the disk is kept within the budget, and the application hears of what it cost. */
import { openEventStore } from "oh-event-store";
import type { EventStore, Eviction } from "oh-event-store";
import { describe, expect, test } from "vitest";

const frame = (id: number) => ({
  id,
  timestamp: "2025-01-01T00:00:00",
  source: "user",
  action: "message",
  args: { content: "x".repeat(5000) },
});

async function write(store: EventStore, name: string): Promise<void> {
  const conversation = await store.conversation(name);
  await conversation.feed(frame(0));
  await conversation.close();
}

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  test("the least recently used conversation goes, a pinned one stays", async () => {
    const evicted: Eviction[] = [];
    const store = await openEventStore({
      name: `budget-${crypto.randomUUID()}`,
      worker,
      storageBudget: 12_000,
      onEvicted: (detail) => evicted.push(detail),
    });
    try {
      await write(store, "pinned");
      await store.pin("pinned", true);
      await write(store, "old");
      await write(store, "new");
      await expect.poll(() => evicted).toHaveLength(1);
      expect(evicted[0]).toMatchObject({ id: "old", reason: "budget" });
      expect(evicted[0]?.bytes).toBeGreaterThan(5000);
      const left = (await store.conversations()).map(({ id }) => id);
      expect(left).toEqual(["new", "pinned"]);
    } finally {
      await store.close();
    }
  });

  test.each([0, -1, NaN])("a budget of %s is refused", async (storageBudget) => {
    await expect(openEventStore({ worker, storageBudget })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});
