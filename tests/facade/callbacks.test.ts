/** An application's callbacks: those there are, as they are given, and what they throw hurts nobody. */
import { nestedEventStore, openEventStore, type Event, type OpenOptions } from "oh-event-store";
import { afterEach, describe, expect, test, vi } from "vitest";

const name = () => `callbacks-${crypto.randomUUID()}`;
const event = (id: number) => ({ id, source: "user", action: "message", args: { content: "x" } });

const CALLBACKS = [
  "onLog",
  "onBlocked",
  "onBlocking",
  "onTerminated",
  "onDataLost",
  "onEvicted",
  "onDegraded",
  "onRestored",
];

afterEach(() => vi.restoreAllMocks());

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  test("a callback that is undefined is none", async () => {
    const none = Object.fromEntries(CALLBACKS.map((callback) => [callback, undefined]));
    await (await openEventStore({ name: name(), worker, ...none })).close();
    const remote = nestedEventStore({ baseUrl: "http://127.0.0.1:9", worker, onLog: undefined });
    await expect(remote.getEvent(0)).rejects.toMatchObject({ code: "network" });
    await remote.close();
  });

  test.each<[string, object]>([
    ["misspelt", { onDegarded() {} }],
    ["in the place of a value", { durability: () => 1 }],
    ["that is no function", { onRestored: 7 }],
  ])("a callback %s is refused", async (_, wrong) => {
    const options: OpenOptions = { name: name(), worker, logLevel: "off", ...wrong };
    await expect(openEventStore(options)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  test("an onLog that throws loses no answer, no event and no line", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const onLog = vi.fn(() => {
      throw new Error("no log");
    });
    await using store = await openEventStore({ name: name(), worker, onLog });
    const conversation = await store.conversation("c");
    const heard: Event["id"][] = [];
    await conversation.subscribe(
      "s",
      ({ id }) => {
        heard.push(id);
        if (id === 1) throw new Error("no event");
      },
      "x",
    );
    const calls = Array.from({ length: 100 }, (_, index) => [
      conversation.unsubscribe(`no ${index}`, "x"),
      conversation.feed("no event"),
      conversation.feed(event(index)),
    ]);
    await Promise.all(calls.flat());
    const all = Array.from({ length: 100 }, (_, id) => id);
    await expect.poll(() => heard).toEqual(all);
    expect(onLog.mock.calls.length).toBeGreaterThan(200);
    expect(printed.mock.calls.join("\n")).toContain("onLog");
  });

  test("an onLog that rejects is told of on the console", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    const onLog = (() => Promise.reject(new Error("no log"))) as () => void;
    await using store = await openEventStore({ name: name(), worker, onLog });
    await (await store.conversation("c")).unsubscribe("no", "x");
    await expect.poll(() => printed.mock.calls.join("\n")).toContain("no log");
  });
});
