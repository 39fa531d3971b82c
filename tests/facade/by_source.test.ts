/** Events by their source, as the server's `filtered_events_by_source` finds them. */
import { openEventStore, type EventSource } from "oh-event-store";
import { expect, test } from "vitest";

test("an empty source is no event's, while an empty filter lets all pass", async () => {
  const name = `by-source-${crypto.randomUUID()}`;
  await using store = await openEventStore({ name, worker: false, logLevel: "off" });
  const conversation = await store.conversation("c");
  const sources: EventSource[] = ["user", "agent", "user"];
  for (const source of sources) await conversation.addEvent({ action: "think", args: {} }, source);
  const found = async (source: string) =>
    (await conversation.filteredEventsBySource(source as EventSource).toArray()).length;
  expect([await found("user"), await found("hook"), await found("")]).toEqual([2, 0, 0]);
  expect(await conversation.countEvents({ source: "" })).toBe(3);
});
