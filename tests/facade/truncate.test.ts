/** A log that is rolled back ends where it was told to, and goes on from there. */
import { openEventStore } from "oh-event-store";
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
});
