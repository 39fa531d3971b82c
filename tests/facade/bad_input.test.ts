/** Whatever an application hands over, the answer is an error that says what is wrong with it. */
import { EventStoreError, nestedEventStore, openEventStore } from "oh-event-store";
import type { Connection, Conversation, EventStore, NewEvent } from "oh-event-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const stored = {
  id: 0,
  timestamp: "2025-01-01T00:00:00",
  source: "user",
  action: "message",
  args: { content: "hello" },
};

const circular: Record<string, unknown> = { action: "message" };
circular["self"] = circular;

const firstOf = (events: AsyncIterable<unknown>) => events[Symbol.asyncIterator]().next();

/** What is no argument of any kind that the types allow. */
const anything = (value: unknown) => value as never;

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  let store: EventStore;
  let conversation: Conversation;

  beforeAll(async () => {
    store = await openEventStore({ name: `bad-${crypto.randomUUID()}`, worker, logLevel: "off" });
    conversation = await store.conversation("c");
    await conversation.feed(stored);
  });
  afterAll(() => store.close());

  const sending = async <T>(send: (connection: Connection) => T | Promise<T>): Promise<T> => {
    const url = "ws://127.0.0.1:9/";
    await using connection = conversation.connect({ transport: "websocket", url });
    return await send(connection);
  };

  const codeOf = async (call: () => unknown): Promise<string> => {
    try {
      return `no error: ${JSON.stringify(await call())}`;
    } catch (error) {
      if (!(error instanceof EventStoreError)) return `no EventStoreError: ${String(error)}`;
      expect(error.message).not.toBe("");
      return error.code;
    }
  };

  test.each<[string, () => unknown]>([
    ["an id that is no number", () => conversation.getEvent(NaN)],
    ["half an id", () => conversation.getEvent(1.5)],
    ["no id", () => conversation.getEvent(anything(undefined))],
    ["half a limit", () => conversation.searchEvents({ limit: 2.5 }).toArray()],
    ["an infinite start", () => conversation.searchEvents({ startId: -Infinity }).toArray()],
    ["an option misspelled", () => conversation.searchEvents(anything({ strtId: 3 })).toArray()],
    ["a filter misspelled", () => conversation.countEvents(anything({ sorce: "agent" }))],
    ["a query that is a number", () => conversation.countEvents(anything({ query: 5 }))],
    ["an event with an id", () => conversation.addEvent({ id: 3, action: "message" }, "user")],
    [
      "an unknown policy",
      () => conversation.subscribe("a", () => {}, "b", { policy: anything("all") }),
    ],
    ["a pin on nothing", () => store.pin("nowhere", true)],
    ["a store with an unknown option", () => openEventStore(anything({ worker, nam: "x" }))],
    [
      "a durability of its own",
      () => openEventStore({ worker, durability: anything("some"), logLevel: "off" }),
    ],
    ["a speed below 0", () => (conversation.replay().speed = -1)],
    ["a speed that is no number", () => (conversation.replay().speed = NaN)],
    ["a place that is no number", () => conversation.replay().seek(NaN)],
    ["no place", () => conversation.replay().seek(anything(undefined))],
    ["a place that is a text", () => conversation.replay().seek(anything("x"))],
    ["a date that is none", () => conversation.replay().seek(new Date("x"))],
    ["steps that are no number", () => conversation.replay().step(NaN)],
    ["steps that are a text", () => conversation.replay().step(anything("x"))],
    ["a replay that stands still", () => firstOf(conversation.replay({ speed: 0 }))],
    ["idle time below 0", () => firstOf(conversation.replay({ maxIdle: -1 }))],
    ["an unknown format", () => conversation.export({ format: anything("xml") })],
    ["an unknown option", () => store.conversation("d", anything({ secret: {} }))],
    ["an unknown option of what is open", () => store.conversation("c", anything({ secrts: {} }))],
    ["an unknown dialect of it", () => store.conversation("c", { dialect: anything("v9") })],
    ["an import with an unknown option", () => store.import("[]", anything({ idd: "x" }))],
    ["an action that is a cycle", () => sending((connection) => connection.send(circular))],
    ["an action that is a bigint", () => sending((link) => link.send({ size: 1n }))],
    ["no action", () => sending((connection) => connection.send(anything(undefined)))],
    ["an event's id with half a character", () => conversation.getEvent("\ud83d")],
    ["a conversation without a name", () => store.conversation("")],
    ["an id with half a character", () => store.conversation("a\ud83d")],
    ["the deletion of half a character", () => store.deleteConversation("\ude00")],
    ["an import into half a character", () => store.import("{}", { id: "\ude00\ud83d" })],
    ["a user with half a character", () => openEventStore({ worker, userId: "\ud83d" })],
    ["a secret with half a character", () => conversation.setSecrets({ key: "\ud83d" })],
    ["addEvent of a cycle", () => conversation.addEvent(circular as NewEvent, "user")],
    ["addEvent of a bigint", () => conversation.addEvent(anything({ action: 1n }), "user")],
    ["addEvent of nothing", () => conversation.addEvent(anything(undefined), "user")],
    ["addEvent from nobody", () => conversation.addEvent({ action: "null" }, anything(undefined))],
    ["feed of a cycle", () => conversation.feed(circular)],
    ["feed of nothing", () => conversation.feed(anything(undefined))],
    ["feed of a function", () => conversation.feed(() => {})],
    ["a conversation without an id", () => store.conversation(anything(undefined))],
    ["a conversation with a numeric id", () => store.conversation(anything(7))],
    ["a dialect of its own", () => store.conversation("d", { dialect: anything("v9") })],
    ["secrets that are no texts", () => conversation.setSecrets(anything({ key: 7 }))],
    ["a subscription without a callback", () => conversation.subscribe("a", anything(null), "b")],
    ["a subscriber without an id", () => conversation.subscribe(anything(1), () => {}, "b")],
    ["a batch of no events", () => conversation.searchEvents().batches(0)],
    ["a limit out of range", () => conversation.getMatchingEvents({ limit: 101 })],
    ["a limit of 0", () => conversation.getMatchingEvents({ limit: 0 })],
    ["a filter that is a text", () => conversation.countEvents(anything("error"))],
    [
      "types that are no list",
      () => conversation.countEvents(anything({ includeTypes: "Action" })),
    ],
    [
      "a query that is a function",
      () => conversation.searchEvents({ filter: { query: anything(() => 1) } }).toArray(),
    ],
    ["an id that is an object", () => conversation.getEvent(anything({}))],
    ["a rollback to nothing", () => conversation.truncate(anything(null))],
    ["a rollback to a text", () => conversation.truncate(anything("0"))],
    ["secrets that are a map", () => conversation.setSecrets(anything(new Map([["a", "b"]])))],
    ["a status callback that is none", () => conversation.onStatus(anything(undefined))],
    [
      "a listener to an unknown event",
      () => sending((link) => link.on(anything("error"), () => {})),
    ],
    ["a listener that is none", () => sending((link) => link.on("state", anything(undefined)))],
    [
      "a listener to pending that is none",
      () => sending((link) => link.on("pending", anything(7))),
    ],
    ["a replay's subscriber that is none", () => conversation.replay().subscribe(anything(null))],
    [
      "a rollback's callback that is none",
      () => conversation.subscribe("a", () => {}, "b", { onRollback: anything(7) }),
    ],
    ["a connection to nowhere", () => conversation.connect(anything({ transport: "websocket" }))],
    ["an import of nothing", () => store.import(anything(undefined))],
    ["an import of a number", () => store.import(anything(7))],
  ])("%s", async (_, call) => {
    expect(await codeOf(call)).toBe("invalid-argument");
    expect(await conversation.countEvents()).toBe(1);
  });

  test("an address that is none is called by its name", async () => {
    const wrong = { transport: "websocket", url: "http://", baseUrl: "http://" } as const;
    expect(() => conversation.connect(wrong)).toThrow(/^url is no address/);
    await expect(conversation.sync(wrong)).rejects.toThrow(/^baseUrl is no address/);
  });

  test("what is wrong with the options of one call is no other call's error", async () => {
    const both = [{ dialect: anything("v9") }, {}, { secrets: { key: "hunter2" } }];
    const wrong = both.map((options) => store.conversation("at once", options));
    const [refused, opened, again] = await Promise.allSettled(wrong);
    expect(refused).toMatchObject({ reason: { code: "invalid-argument" } });
    if (opened?.status !== "fulfilled" || again?.status !== "fulfilled") throw new Error("refused");
    expect(again.value).toBe(opened.value);
    await opened.value.feed({ ...stored, args: { content: "it is hunter2" } });
    expect(JSON.stringify(await again.value.getEvent(0))).not.toContain("hunter2");
    await opened.value.close();
    expect(await again.value.countEvents()).toBe(1);
    await again.value.close();
    await store.deleteConversation("at once");
  });

  test("an import of something else says where it is wrong and stores nothing", async () => {
    for (const text of ["hello", "{", "[1]", '{"a": 1}', '[{"id": 1}]']) {
      const report = await store.import(text, { id: "imported" });
      expect(report, text).toMatchObject({ accepted: 0, doubles: 0, rejected: 1 });
      expect(report.errors, text).toHaveLength(1);
      expect(report.errors[0]?.reason, text).toMatch(/^not /);
    }
    expect((await store.conversations()).map(({ id }) => id)).toEqual(["c"]);
  });

  test("frames that can't be read are counted and say why, and nothing else happens", async () => {
    const frames = ["", "hello", "{", "[]", "null", "7", '{"id":', new Uint8Array([0xff, 0xfe])];
    for (const frame of [...frames, [], anything(7)]) {
      const { reason, ...counts } = await conversation.feed(frame);
      expect(counts).toEqual({ accepted: 0, doubles: 0, status: 0, rejected: 1 });
      expect(reason, String(frame)).toMatch(/^not /);
    }
    const events = await conversation.searchEvents().toArray();
    expect(events).toEqual([stored]);
  });

  test("no event and a signal that is none", async () => {
    expect(await codeOf(() => conversation.addEvent(anything({}), "user"))).toBe("invalid-event");
    const noText = new Uint8Array([255, 254, 0]);
    expect(await codeOf(() => store.import(noText, { id: "c" }))).toBe("invalid-event");
    const options = { signal: anything(5), baseUrl: "http://localhost:1" };
    const followed = () => firstOf(conversation.follow(options));
    for (const call of ["sync", "verify", "repair", "export"] as const) {
      expect(await codeOf(() => conversation[call](options)), call).toBe("invalid-argument");
    }
    expect(await codeOf(async () => followed())).toBe("invalid-argument");
    expect(await conversation.countEvents()).toBe(1);
  });

  test("two ids that differ in half a character only are not one conversation", async () => {
    expect(await codeOf(() => store.conversation("\ud83d"))).toBe("invalid-argument");
    const other = await store.conversation("\ufffd");
    await other.feed({ ...stored, id: 7 });
    expect(await codeOf(() => store.conversation("\ude00"))).toBe("invalid-argument");
    expect(await other.countEvents()).toBe(1);
    await store.deleteConversation("\ufffd");
    await other.close();
  });

  test("a status with numbers that only Python writes is told all the same", async () => {
    const told: unknown[] = [];
    const end = conversation.onStatus((status) => told.push(status));
    const text = String.raw`{"status_update": true, "a": [NaN, -Infinity], "\"NaN": "\\"}`;
    expect(await conversation.feed(text)).toMatchObject({ status: 1 });
    await expect.poll(() => told).toHaveLength(1);
    expect(told).toEqual([{ status_update: true, a: [NaN, -Infinity], '"NaN': "\\" }]);
    end();
  });

  test("what was closed says so", async () => {
    const other = await store.conversation("closed");
    await other.close();
    await other.close();
    expect(await codeOf(() => other.getLatestEventId())).toBe("closed");
    expect(await codeOf(() => other.searchEvents().toArray())).toBe("closed");
    expect(await codeOf(() => other.addEvent({ action: "null" }, "user"))).toBe("closed");
    expect(await codeOf(() => other.feed(stored))).toBe("closed");
  });

  test("an event that isn't there", async () => {
    expect(await codeOf(() => conversation.getEvent(99))).toBe("event-not-found");
    expect(await codeOf(() => conversation.getEvent("none"))).toBe("event-not-found");
    const empty = await store.conversation("empty");
    expect(await codeOf(() => empty.getLatestEvent())).toBe("event-not-found");
    expect(await empty.getLatestEventId()).toBe(-1);
  });
});

test("what was closed has to be opened again, and its error says so", async () => {
  const reopen = { code: "closed", recovery: "reopen" };
  const store = await openEventStore({ name: `bad-${crypto.randomUUID()}` });
  const [conversation, other] = await Promise.all(["a", "b"].map((id) => store.conversation(id)));
  if (!conversation || !other) throw new Error("not opened");
  await conversation.close();
  await expect(conversation.getLatestEventId()).rejects.toMatchObject(reopen);
  await expect(firstOf(conversation.follow())).rejects.toMatchObject(reopen);
  await store.close();
  await expect(other.countEvents()).rejects.toMatchObject(reopen);
  await expect(store.stats()).rejects.toMatchObject(reopen);
  const remote = nestedEventStore({ baseUrl: "http://127.0.0.1:9" });
  await remote.close();
  await expect(remote.getEvent(0)).rejects.toMatchObject(reopen);
});

test("a closed store says so", async () => {
  const store = await openEventStore({ name: `bad-${crypto.randomUUID()}` });
  const conversation = await store.conversation("c");
  await store.close();
  await store.close();
  await expect(store.conversations()).rejects.toMatchObject({ code: "closed" });
  await expect(store.conversation("c")).rejects.toMatchObject({ code: "closed" });
  await expect(conversation.feed(stored)).rejects.toMatchObject({ code: "closed" });
});
