/** Fifty thousand events against callbacks of every kind: nobody misses one, nobody is held up. */
import { openEventStore } from "oh-event-store";
import type { Conversation, Event, EventStore } from "oh-event-store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const EVENTS = 50_000;

const frame = (id: number) =>
  JSON.stringify({
    id,
    timestamp: "2025-01-01T00:00:00",
    source: id % 10 === 0 ? "user" : "agent",
    action: "message",
    args: { content: `event ${id}` },
  });

const ids = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, index) => from + index * step);

async function feed(conversation: Conversation, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 1000) {
    const burst = ids(first, Math.min(first + 1000, to));
    await Promise.all(burst.map((id) => conversation.feed(frame(id))));
  }
}

/** A callback that notes what it hears, and what it heard. */
function ear(then: (event: Event) => unknown = () => {}) {
  const heard: unknown[] = [];
  const callback = (event: Event) => {
    heard.push(event.id);
    return then(event) as void;
  };
  return { heard, callback };
}

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  let store: EventStore;
  let conversation: Conversation;
  let logged: string[];

  beforeEach(async () => {
    logged = [];
    store = await openEventStore({
      name: `pressure-${crypto.randomUUID()}`,
      worker,
      logLevel: "error",
      onLog: (level, message) => logged.push(`${level}: ${message}`),
    });
    conversation = await store.conversation("c");
  });

  afterEach(() => store.close());

  test("every policy and every bad habit at once", { timeout: 120_000 }, async () => {
    const fast = ear();
    const bursts = ear();
    const users = ear();
    const failing = ear(({ id }) => {
      if (id === 7) throw new Error("thrown");
      if (id === 8) return Promise.reject(new Error("rejected"));
      return undefined;
    });
    const slow = ear(({ id }) =>
      Number(id) % 1000 === 0 ? new Promise((resolve) => setTimeout(resolve, 5)) : undefined,
    );
    const stuck = ear(() => new Promise(() => {}));
    const leaving = ear(({ id }) =>
      id === 99 ? conversation.unsubscribe("leaving", "c") : undefined,
    );
    const late = ear();
    const inviting = ear(({ id }) =>
      id === 200 ? conversation.subscribe("late", late.callback, "c", { from: 0 }) : undefined,
    );
    const doomed = ear();
    const removing = ear(({ id }) =>
      id === 300 ? conversation.unsubscribe("doomed", "c") : undefined,
    );

    await conversation.subscribe("fast", fast.callback, "c");
    await conversation.subscribe("bursts", bursts.callback, "c", { policy: "batch" });
    await conversation.subscribe("users", users.callback, "c", { filter: { source: "user" } });
    await conversation.subscribe("failing", failing.callback, "c");
    await conversation.subscribe("slow", slow.callback, "c", { bufferSize: 10 });
    await conversation.subscribe("stuck", stuck.callback, "c", {
      policy: "latest",
      bufferSize: 100,
    });
    await conversation.subscribe("leaving", leaving.callback, "c");
    await conversation.subscribe("inviting", inviting.callback, "c");
    await conversation.subscribe("doomed", doomed.callback, "c");
    await conversation.subscribe("removing", removing.callback, "c");

    await feed(conversation, 0, EVENTS);

    const all = ids(0, EVENTS);
    for (const { heard } of [fast, bursts, failing, slow, late, inviting, removing]) {
      await expect.poll(() => heard.length, { timeout: 60_000 }).toBe(EVENTS);
      expect(heard).toEqual(all);
    }
    await expect.poll(() => users.heard.length).toBe(EVENTS / 10);
    expect(users.heard).toEqual(ids(0, EVENTS, 10));
    expect(leaving.heard).toEqual(ids(0, 100));
    expect(doomed.heard).toEqual(ids(0, doomed.heard.length));
    expect(doomed.heard.length).toBeLessThan(EVENTS);
    // One is in the callback, a hundred wait, all the others are counted.
    expect(stuck.heard).toHaveLength(1);
    expect((await store.stats()).dropped).toBe(EVENTS - 101);
    expect(logged).toEqual(Array(2).fill('error: the callback ["failing","c"] failed'));
  });

  test("a callback that never ends holds up the feed, not the log, and lets go", async () => {
    const stuck = ear(() => new Promise(() => {}));
    await conversation.subscribe("stuck", stuck.callback, "c", { bufferSize: 10 });
    let fed = false;
    const feeding = feed(conversation, 0, 1000).then(() => (fed = true));
    await expect.poll(() => conversation.getLatestEventId()).toBe(999);
    expect(fed).toBe(false);
    expect(stuck.heard).toEqual([0]);
    await conversation.unsubscribe("stuck", "c");
    await feeding;
    expect(stuck.heard).toEqual([0]);
  });

  test("a thousand subscribers hear everything, one more is refused", async () => {
    const ears = ids(0, 1000).map(() => ear());
    await Promise.all(
      ears.map(({ callback }, index) => conversation.subscribe(`s${index}`, callback, "c")),
    );
    await expect(conversation.subscribe("more", () => {}, "c")).rejects.toMatchObject({
      code: "too-many-subscribers",
    });
    await feed(conversation, 0, 100);
    for (const { heard } of ears) {
      await expect.poll(() => heard.length).toBe(100);
      expect(heard).toEqual(ids(0, 100));
    }
    // A place that is free again can be taken.
    await conversation.unsubscribe("s0", "c");
    await conversation.subscribe("more", () => {}, "c");
  });

  test("follow passes from history to live while others write", async () => {
    const writing = feed(conversation, 0, 20_000);
    const heard: unknown[] = [];
    for await (const { id } of conversation.follow()) {
      heard.push(id);
      if (heard.length === 20_000) break;
    }
    await writing;
    expect(heard).toEqual(ids(0, 20_000));
  });
});
