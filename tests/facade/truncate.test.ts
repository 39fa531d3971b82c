/** A log that is rolled back ends where it was told to, and goes on from there. */
import { openEventStore, type Event } from "oh-event-store";
import { describe, expect, test } from "vitest";

const frame = (id: number) => ({ id, source: "user", action: "message", args: { content: "x" } });

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  test("what came after the event is gone, here and after opening again", async () => {
    const name = `truncate-${crypto.randomUUID()}`;
    const store = await openEventStore({ name, worker });
    const conversation = await store.conversation("c");
    await Promise.all(Array.from({ length: 20 }, (_, id) => conversation.feed(frame(id))));
    expect(await conversation.truncate(11)).toBe(8);
    expect(await conversation.truncate(11)).toBe(0);
    expect(await conversation.getLatestEventId()).toBe(11);
    expect(await conversation.countEvents()).toBe(12);
    await expect(conversation.truncate(1.5)).rejects.toMatchObject({ code: "invalid-argument" });
    const added = await conversation.addEvent({ action: "message" }, "user");
    expect(added.id).toBe(12);
    await store.close();

    const again = await openEventStore({ name, worker });
    const ids = (await (await again.conversation("c")).searchEvents().toArray()).map(
      ({ id }) => id,
    );
    expect(ids).toEqual(Array.from({ length: 13 }, (_, id) => id));
    await again.close();
  });

  test("a subscriber hears of it before what comes after it, and goes on", async () => {
    await using store = await openEventStore({ name: `truncate-${crypto.randomUUID()}`, worker });
    const conversation = await store.conversation("c");
    const told: string[] = [];
    const onRollback = (afterId: number) => void told.push(`after ${Math.max(afterId, -1)}`);
    const hear = ({ id }: Event) => void told.push(`event ${id}`);
    await conversation.subscribe("s", hear, "x", { onRollback });
    const batches: number[] = [];
    const all = (events: readonly Event[]) => void batches.push(events.length);
    await conversation.subscribeBatches("b", all, "x");
    for (const id of [0, 1, 2]) await conversation.feed(frame(id));
    await expect.poll(() => told).toHaveLength(3);
    await Promise.all([conversation.truncate(0), conversation.feed(frame(1))]);
    await expect.poll(() => told).toHaveLength(5);
    await store.deleteConversation("c");
    await conversation.feed(frame(7));
    await expect.poll(() => told).toHaveLength(7);
    expect(told.slice(3)).toEqual(["after 0", "event 1", "after -1", "event 7"]);
    await conversation.unsubscribe("s", "x");
    await conversation.truncate(-1);
    await conversation.feed(frame(8));
    await expect.poll(() => batches.reduce((sum, size) => sum + size)).toBe(6);
    expect(batches).not.toContain(0);
    expect(told).toHaveLength(7);
  });

  test("a deleted conversation that is open keeps its secrets", async () => {
    await using store = await openEventStore({ name: `truncate-${crypto.randomUUID()}`, worker });
    const conversation = await store.conversation("c", { secrets: { key: "hunter2" } });
    await store.deleteConversation("c");
    await store.conversation("c");
    await conversation.feed({ ...frame(0), args: { content: "it is hunter2" } });
    expect(JSON.stringify(await conversation.getEvent(0))).not.toContain("hunter2");
  });

  test("a subscriber hears of another tab's", async () => {
    const name = `truncate-${crypto.randomUUID()}`;
    await using store = await openEventStore({ name, worker });
    await using other = await openEventStore({ name, worker });
    const conversation = await store.conversation("c");
    const there = await other.conversation("c");
    const told: number[] = [];
    const onRollback = (afterId: number) => void told.push(Math.max(afterId, -1));
    await conversation.subscribe("s", () => {}, "x", { onRollback });
    await Promise.all(Array.from({ length: 10 }, (_, id) => there.feed(frame(id))));
    const latest = () => conversation.getLatestEventId();
    await expect.poll(latest, { timeout: 10_000 }).toBe(9);
    await there.truncate(5);
    await expect.poll(() => told, { timeout: 10_000 }).toEqual([5]);
    await other.deleteConversation("c");
    await expect.poll(() => told, { timeout: 10_000 }).toEqual([5, -1]);
  });
});
