/** A conversation without a dialect takes that of its first event, and then keeps to it. */
import { openEventStore } from "oh-event-store";
import { afterEach, describe, expect, inject, test, vi } from "vitest";

const timestamp = "2026-01-01T00:00:00";
const v0 = { id: 0, timestamp, source: "user", action: "null", args: {} };
const v1 = { id: "b7", timestamp, source: "user", kind: "MessageEvent", llm_message: {} };

afterEach(() => vi.restoreAllMocks());

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

test("a page without HTTPS adds events to a V1 conversation, each with an id of its own", async () => {
  vi.spyOn(crypto, "randomUUID").mockImplementation(() => {
    throw new TypeError("crypto.randomUUID is not a function");
  });
  const name = `dialect-${Date.now()}`;
  await using store = await openEventStore({ name, worker: false, logLevel: "off" });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const event = { kind: "MessageEvent", llm_message: {} };
  const added = [
    await conversation.addEvent(event, "user"),
    await conversation.addEvent(event, "user"),
  ];
  expect(await conversation.searchEvents().toArray()).toEqual(added);
  expect(new Set(added.map(({ id }) => id)).size).toBe(2);
});

const cost = (dollars: number) => ({
  ...{ id: 0, timestamp, source: "agent", action: "think", args: {} },
  llm_metrics: { accumulated_cost: dollars },
});
const state = {
  ...{ id: "s1", timestamp, source: "environment", kind: "ConversationStateUpdateEvent" },
  ...{ key: "stats", value: { usage_to_metrics: { agent: { accumulated_cost: 1.5 } } } },
};

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("it is known whatever brought the first event: %s", (_, worker) => {
  const open = () =>
    openEventStore({ name: `dialect-${crypto.randomUUID()}`, worker, logLevel: "off" });

  test("an import", async () => {
    await using store = await open();
    const conversation = await store.conversation("c");
    await store.import(JSON.stringify(state), { id: "c" });
    expect(conversation.dialect).toBe("v1");
    expect((await conversation.stats()).cost).toBe(1.5);
  });

  test("a deletion, and an event of the other dialect", async () => {
    await using store = await open();
    const conversation = await store.conversation("c");
    await conversation.feed(v1);
    await store.deleteConversation("c");
    expect(await conversation.feed(cost(2.5))).toMatchObject({ accepted: 1 });
    expect(conversation.dialect).toBe("v0");
    expect((await conversation.stats()).cost).toBe(2.5);
  });

  test("a connection", async () => {
    await using store = await open();
    const conversation = await store.conversation("c");
    const hello = encodeURIComponent(JSON.stringify(v1));
    const url = `ws://127.0.0.1:${inject("port")}/${crypto.randomUUID()}?hello=${hello}`;
    await using connection = conversation.connect({ transport: "websocket", url });
    await expect.poll(() => conversation.countEvents(), { timeout: 10_000 }).toBe(1);
    expect(connection.state.status).not.toBe("failed");
    expect(conversation.dialect).toBe("v1");
  });

  test("another tab", async () => {
    const name = `dialect-${crypto.randomUUID()}`;
    await using store = await openEventStore({ name, worker, logLevel: "off" });
    await using other = await openEventStore({ name, logLevel: "off" });
    const conversation = await store.conversation("c");
    await (await other.conversation("c")).feed(v1);
    await expect.poll(() => conversation.dialect, { timeout: 10_000 }).toBe("v1");
    await other.deleteConversation("c");
    await expect.poll(() => conversation.getLatestEventId(), { timeout: 10_000 }).toBe(-1);
    expect(await conversation.feed(v0)).toMatchObject({ accepted: 1 });
    expect(conversation.dialect).toBe("v0");
  });
});
