/** Calls of one task travel together; each keeps its place and its own answer. */
import { openEventStore } from "oh-event-store";
import { expect, test, vi } from "vitest";

const event = (id: string) => ({
  id,
  timestamp: "2026-01-01T00:00:00",
  source: "user",
  kind: "MessageEvent",
  llm_message: {},
});

test.each([
  ["in a worker", true],
  ["on the page", false],
])("frames keep their order, Blobs among them: %s", async (_, worker) => {
  const name = `order-${crypto.randomUUID()}`;
  const store = await openEventStore({ name, worker, logLevel: "off" });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const ids = Array.from({ length: 200 }, (_, index) => `e${index}`);
  await Promise.all(
    ids.map((id, index) => {
      const text = JSON.stringify(event(id));
      return conversation.feed(index % 7 === 3 ? new Blob([text]) : text);
    }),
  );
  expect(await conversation.feed(JSON.stringify(event("last")))).toMatchObject({ accepted: 1 });
  const events = await conversation.searchEvents().toArray();
  expect(events.map(({ id }) => id)).toEqual([...ids, "last"]);
  await store.close();
});

test.each([
  ["in a worker", true],
  ["on the page", false],
])("a new event comes after the frames that were fed before it: %s", async (_, worker) => {
  const name = `order-${crypto.randomUUID()}`;
  await using store = await openEventStore({ name, worker, logLevel: "off" });
  const conversation = await store.conversation("c");
  const message = (content: string) => ({ action: "message", args: { content } });
  const frame = (id: number) => ({ id, source: "agent", ...message(`fed ${id}`) });
  const add = () => conversation.addEvent(message("added"), "user");
  const [, , third, , fifth] = await Promise.all([
    conversation.feed(frame(0)),
    conversation.feed(frame(1)),
    add(),
    conversation.feed(new Blob([JSON.stringify(frame(3))])),
    add(),
    conversation.feed(JSON.stringify(frame(5))),
  ]);
  expect([third.id, fifth.id]).toEqual([2, 4]);
  const events = await conversation.searchEvents().toArray();
  expect(events.map(({ args }) => (args as { content: string }).content)).toEqual([
    "fed 0",
    "fed 1",
    "added",
    "fed 3",
    "added",
    "fed 5",
  ]);
});

test.each([
  ["its conversation, in a worker", true, false],
  ["its conversation, on the page", false, false],
  ["its store, in a worker", true, true],
  ["its store, on the page", false, true],
])("what was asked for before a close is done: %s", async (_, worker, ofStore) => {
  const name = `order-${crypto.randomUUID()}`;
  const store = await openEventStore({ name, worker, logLevel: "off" });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const asked = [
    conversation.feed(event("a")),
    conversation.feed(new Blob([JSON.stringify(event("b"))])),
    conversation.addEvent({ kind: "MessageEvent" }, "user"),
  ];
  const closed = (ofStore ? store : conversation).close();
  const late = conversation.feed(event("late"));
  await expect(late).rejects.toMatchObject({ code: "closed" });
  await Promise.all([...asked, closed]);
  await store.close();
  await using again = await openEventStore({ name, worker, logLevel: "off" });
  const events = await (await again.conversation("c")).searchEvents().toArray();
  expect(events.map(({ id }) => id).slice(0, 2)).toEqual(["a", "b"]);
  expect(events).toHaveLength(3);
});

test("what is called just before a close doesn't go on for ever", async () => {
  await using store = await openEventStore({ name: `order-${crypto.randomUUID()}` });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const verified = expect(conversation.verify()).rejects.toMatchObject({ code: "closed" });
  const heard = vi.fn();
  const subscribed = conversation.subscribe("s", heard, "c");
  await conversation.close();
  await verified;
  await subscribed;
  const again = await store.conversation("c");
  await again.feed(event("a"));
  expect(await again.getLatestEvent()).toMatchObject({ id: "a" });
  expect(heard).not.toHaveBeenCalled();
});

test("a Blob that can't be read fails alone, and what waited for it goes on", async () => {
  await using store = await openEventStore({ name: `order-${crypto.randomUUID()}` });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const blob = new Blob(["x"]);
  vi.spyOn(blob, "arrayBuffer").mockRejectedValue(new Error("gone"));
  const [lost, added, fed] = await Promise.allSettled([
    conversation.feed(blob),
    conversation.addEvent({ kind: "MessageEvent" }, "user"),
    conversation.feed(event("a")),
  ]);
  expect(lost.status).toBe("rejected");
  expect(fed).toMatchObject({ value: { accepted: 1 } });
  expect(added.status).toBe("fulfilled");
  expect(await conversation.getLatestEvent()).toMatchObject({ id: "a" });
});

/** Does `work` with each index, each time in a task of its own. */
function inTasks(count: number, work: (index: number) => void) {
  return new Promise<void>((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<number>) => {
      work(data);
      if (data < count - 1) return;
      port1.close();
      resolve();
    };
    for (let index = 0; index < count; index++) port2.postMessage(index);
  });
}

test("frames of many tasks share messages; none is lost or overtaken", async () => {
  const store = await openEventStore({ name: `order-${crypto.randomUUID()}`, logLevel: "off" });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const posted = vi.spyOn(Worker.prototype, "postMessage");
  const ids = Array.from({ length: 1000 }, (_, index) => `e${1000 + index}`);
  const answers: Promise<unknown>[] = [];
  await inTasks(ids.length, (index) => {
    const text = JSON.stringify(event(ids[index] as string));
    answers.push(conversation.feed(index % 100 === 50 ? new TextEncoder().encode(text) : text));
  });
  for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ accepted: 1 });
  expect(posted.mock.calls.length).toBeLessThan(ids.length);
  posted.mockRestore();
  const events = await conversation.searchEvents().toArray();
  expect(events.map(({ id }) => id)).toEqual(ids);
  await store.close();
});

test.each([
  ["in a worker", true],
  ["on the page", false],
])("of frames fed together each has its own answer, however many: %s", async (_, worker) => {
  const name = `order-${crypto.randomUUID()}`;
  await using store = await openEventStore({ name, worker, logLevel: "off" });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const text = "é\ud83d\ude00".repeat(200);
  const frames = Array.from({ length: 3000 }, (_, index) => {
    if (index % 10 === 3) return { frame: `{"id": ${index}`, is: "rejected" };
    if (index % 10 === 4) return { frame: '{"kind": "StreamingDeltaEvent"}', is: "status" };
    const is = index % 10 === 5 ? "doubles" : "accepted";
    const id = `e${is === "doubles" ? index - 3 : index}`;
    const frame = JSON.stringify({ ...event(id), llm_message: { text } });
    return { frame: index % 1000 === 7 ? new TextEncoder().encode(frame) : frame, is, id };
  });
  const answers = await Promise.all(frames.map(({ frame }) => conversation.feed(frame)));
  for (const [index, { is }] of frames.entries()) {
    expect(answers[index], `frame ${index}`).toMatchObject({ [is]: 1 });
  }
  const stored = await conversation.searchEvents().toArray();
  const accepted = frames.filter(({ is }) => is === "accepted");
  expect(stored.map(({ id }) => id)).toEqual(accepted.map(({ id }) => id));
  expect(stored.at(-1)).toMatchObject({ llm_message: { text } });
});

test("a call that can't reach the worker fails alone", async () => {
  const store = await openEventStore({ name: `order-${crypto.randomUUID()}`, logLevel: "off" });
  const conversation = await store.conversation("c", { dialect: "v1" });
  const bad = { filter: { query: (() => {}) as never } };
  const [fed, counted, refused, latest] = await Promise.allSettled([
    conversation.feed(event("a")),
    conversation.countEvents({}),
    conversation.searchEvents(bad).toArray(),
    conversation.getLatestEventId(),
  ]);
  expect(fed).toMatchObject({ value: { accepted: 1 } });
  expect(counted.status).toBe("fulfilled");
  expect(refused).toMatchObject({ reason: { code: "invalid-argument" } });
  expect(latest.status).toBe("fulfilled");
  await store.close();
});
