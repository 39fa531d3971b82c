/** A conversation without a dialect takes that of its first event, and then keeps to it. */
import { openEventStore } from "oh-event-store";
import { expect, test } from "vitest";

const timestamp = "2026-01-01T00:00:00";
const v0 = { id: 0, timestamp, source: "user", action: "null", args: {} };
const v1 = { id: "b7", timestamp, source: "user", kind: "MessageEvent", llm_message: {} };

test.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", async (_, worker) => {
  const name = `dialect-${crypto.randomUUID()}`;
  const store = await openEventStore({ name, worker, logLevel: "off" });
  const conversation = await store.conversation("c");
  expect(conversation.dialect).toBe("v0");
  expect(await conversation.feed(v1)).toMatchObject({ accepted: 1 });
  expect(conversation.dialect).toBe("v1");
  expect(await conversation.feed(v1)).toMatchObject({ accepted: 0, doubles: 1 });
  const report = await conversation.feed(v0);
  expect(report).toMatchObject({ accepted: 0, rejected: 1 });
  expect(report.reason).toContain("V1");
  expect(await conversation.getEvent("b7")).toEqual(v1);
  await conversation.close();
  await store.close();

  const again = await openEventStore({ name, worker, logLevel: "off" });
  expect((await again.conversation("c")).dialect).toBe("v1");
  expect(await again.conversations()).toMatchObject([{ id: "c", dialect: "v1", events: 1 }]);
  await again.close();
});
