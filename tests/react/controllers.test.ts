import { expect, test, vi } from "vitest";
import { eventsController } from "../../www/lib/react/events.js";
import type { Observable } from "../../www/lib/react/observable.js";
import { replayController } from "../../www/lib/react/replay.js";
import { eventController, searchController } from "../../www/lib/react/search.js";
import { view } from "../../www/lib/react/view.js";
import type { Event } from "../../www/lib/types.js";
import { MemoryConversation, event } from "./memory-conversation.js";

const ids = (events: readonly Event[]) => events.map(({ id }) => id);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

/** Listens, and counts the changes. */
function follow<S>(observable: Observable<S>) {
  const listener = vi.fn();
  const stop = observable.subscribe(listener);
  return { listener, stop, state: () => observable.getSnapshot() };
}

async function loaded(conversation: MemoryConversation, window: number, query?: string) {
  const followed = follow(eventsController(conversation, query ? { query } : {}, window));
  await vi.waitFor(() => expect(followed.state().loading).toBe(false));
  return followed;
}

test("a view reads like the array it was, and can't be written to", () => {
  const items = ["a", "b", "c"];
  const two = view(items, 2);
  items.push("d");
  expect(two).toEqual(["a", "b"]);
  expect(two).toHaveLength(2);
  expect(two[2]).toBe(undefined);
  expect(2 in two).toBe(false);
  expect(Object.keys(two)).toEqual(["0", "1"]);
  expect(Object.getOwnPropertyDescriptor(two, "length")?.value).toBe(2);
  expect(two.concat("x")).toEqual(["a", "b", "x"]);
  expect(two.map((item) => item + item)).toEqual(["aa", "bb"]);
  expect(two.at(-1)).toBe("b");
  const upper = view(items, 2, (item) => item.toUpperCase());
  expect(upper).toEqual(["A", "B"]);
  expect([...upper, upper.length, upper.at(-1)]).toEqual(["A", "B", 2, "B"]);
  expect(Object.getOwnPropertyDescriptor(upper, "1")?.value).toBe("B");
  expect(two.slice(1)).toEqual(["b"]);
  expect(two.includes("c")).toBe(false);
  expect(JSON.stringify(two)).toBe('["a","b"]');
  const writes = [
    () => two.push("x"),
    () => (two[0] = "x"),
    () => (two.length = 0),
    () => two.sort(),
    () => Object.freeze(two),
  ];
  for (const write of writes) expect(write).toThrow(TypeError);
  expect(items).toEqual(["a", "b", "c", "d"]);
});

test("the newest window comes first, and no more is read than one event ahead", async () => {
  const conversation = new MemoryConversation(1000);
  const { state } = await loaded(conversation, 10);
  expect(ids(state().events)).toEqual(range(990, 1000));
  expect(state().hasOlder).toBe(true);
  expect(conversation.read).toBe(11);
});

test("older windows are read on from where the last one ended", async () => {
  const conversation = new MemoryConversation(25);
  const { state } = await loaded(conversation, 10);
  const first = state().events;
  state().loadOlder();
  state().loadOlder();
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(5, 25)));
  expect(state().hasOlder).toBe(true);
  state().loadOlder();
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 25)));
  expect(state().hasOlder).toBe(false);
  state().loadOlder();
  expect(state().loading).toBe(false);
  expect(conversation.searches).toBe(1);
  expect(ids(first)).toEqual(range(15, 25));
});

test.each([0, 1, 9, 10, 11])("%i events in a window of 10 are all there", async (length) => {
  const { state } = await loaded(new MemoryConversation(length), 10);
  expect(ids(state().events)).toEqual(range(Math.max(0, length - 10), length));
  expect(state().hasOlder).toBe(length > 10);
});

test("new events are told once per frame, and search nothing again", async () => {
  const conversation = new MemoryConversation(100);
  const { listener, state } = await loaded(conversation, 10);
  const before = state().events;
  listener.mockClear();
  for (const id of range(100, 600)) conversation.add(event(id));
  await frame();
  expect(listener).toHaveBeenCalledOnce();
  expect(ids(state().events)).toEqual(range(90, 600));
  expect(ids(before)).toEqual(range(90, 100));
  expect(conversation.searches).toBe(1);
  expect(conversation.read).toBe(11);
});

test("of events that come together those are parsed that are looked at", async () => {
  const conversation = new MemoryConversation(20);
  const { state } = await loaded(conversation, 10);
  const parsed: number[] = [];
  const events: Event[] = [];
  range(20, 30).forEach((id, index) => {
    const get = () => {
      parsed.push(id);
      return event(id);
    };
    Object.defineProperty(events, index, { get, enumerable: true, configurable: true });
  });
  conversation.tell(events, range(20, 30));
  await frame();
  expect(state().events).toHaveLength(20);
  expect(ids(state().events.slice(-2))).toEqual([28, 29]);
  // The first one tells what they are.
  expect(new Set(parsed)).toEqual(new Set([20, 28, 29]));
  expect(ids(state().events)).toEqual(range(10, 30));
});

test("events that come while the first window is read are neither lost nor doubled", async () => {
  const conversation = new MemoryConversation(50);
  const controller = eventsController(conversation, {}, 10);
  const { state } = follow(controller);
  let next = 50;
  while (state().loading) {
    conversation.add(event(next++));
    await Promise.resolve();
  }
  conversation.add(event(next++));
  await frame();
  const shown = ids(state().events);
  expect(shown.at(-1)).toBe(next - 1);
  expect(shown).toEqual(range(Number(shown[0]), next));
});

test("an event that comes late goes to its place, a better copy takes the first one's", async () => {
  const conversation = new MemoryConversation(0);
  conversation.log = [10, 12, 14].map((id) => event(id));
  const { state } = await loaded(conversation, 10);
  const before = state().events;
  conversation.add(event(13), event(12, "better"), event(15), event(9));
  await frame();
  expect(ids(state().events)).toEqual([9, 10, 12, 13, 14, 15]);
  expect(state().events[2]).toMatchObject({ content: "better" });
  expect(ids(before)).toEqual([10, 12, 14]);
  expect(before[1]).toMatchObject({ content: "event 12" });
});

test("an event that comes late to what isn't shown yet is there when it is read", async () => {
  const conversation = new MemoryConversation(0);
  conversation.log = [...range(0, 19), ...range(20, 40)].map((id) => event(id));
  const { state } = await loaded(conversation, 10);
  state().loadOlder();
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(20, 40)));
  conversation.add(event(19));
  await frame();
  expect(ids(state().events)).toEqual(range(20, 40));
  state().loadOlder();
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(10, 40)));
  expect([conversation.searches, conversation.open]).toEqual([2, 1]);
});

test("what can't be read at first is read with the next event, or when it is asked for", async () => {
  const conversation = new MemoryConversation(30);
  conversation.failsAt = 5;
  const { state } = await loaded(conversation, 10);
  expect(state()).toMatchObject({ events: [], error: { message: "the disk is gone" } });
  state().loadOlder();
  await vi.waitFor(() => expect(state().loading).toBe(false));
  expect(state().error).not.toBe(null);
  conversation.failsAt = Infinity;
  conversation.add(event(30), event(31));
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(22, 32)));
  expect(state()).toMatchObject({ loading: false, hasOlder: true, error: null });
  conversation.add(event(32));
  await frame();
  expect(ids(state().events)).toEqual(range(22, 33));
  expect([conversation.open, conversation.subscribers]).toEqual([1, 1]);
});

test("what is gone before it could be read is not shown", async () => {
  const conversation = new MemoryConversation(30);
  conversation.failsAt = 0;
  const { state } = await loaded(conversation, 10);
  conversation.add(event(30));
  await vi.waitFor(() => expect(conversation.searches).toBe(2));
  await frame();
  conversation.log = conversation.log.slice(0, 20);
  conversation.failsAt = Infinity;
  state().loadOlder();
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(10, 20)));
  expect(state()).toMatchObject({ loading: false, hasOlder: true, error: null });
});

test("the last listener's end frees the search and the subscription", async () => {
  const conversation = new MemoryConversation(100);
  const { listener, stop, state } = await loaded(conversation, 10);
  expect([conversation.open, conversation.subscribers]).toEqual([1, 1]);
  stop();
  await vi.waitFor(() => expect([conversation.open, conversation.subscribers]).toEqual([0, 0]));
  listener.mockClear();
  conversation.add(event(100));
  state().loadOlder();
  await frame();
  expect(listener).not.toHaveBeenCalled();
});

test("an end before the beginning is done frees everything, and it can begin again", async () => {
  const conversation = new MemoryConversation(100);
  const controller = eventsController(conversation, {}, 10);
  for (let steps = 0; steps < 12; steps++) {
    const stop = controller.subscribe(() => {});
    for (let step = 0; step < steps; step++) await Promise.resolve();
    stop();
  }
  const { stop, state } = follow(controller);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(90, 100)));
  expect([conversation.open, conversation.subscribers]).toEqual([1, 1]);
  stop();
  await vi.waitFor(() => expect([conversation.open, conversation.subscribers]).toEqual([0, 0]));
});

test("a failure is an error of the state; what was read stays", async () => {
  const conversation = new MemoryConversation(100);
  const { state } = await loaded(conversation, 10);
  conversation.failsAt = 0;
  state().loadOlder();
  await vi.waitFor(() => expect(state().error?.message).toBe("the disk is gone"));
  expect(state().loading).toBe(false);
  expect(state().events).toHaveLength(10);
  const { state: second } = await loaded(conversation, 10);
  expect(second().error?.message).toBe("the disk is gone");
});

test("after a failure reading goes on where it was", async () => {
  const conversation = new MemoryConversation(100);
  const { state } = await loaded(conversation, 10);
  conversation.failsAt = 14;
  state().loadOlder();
  await vi.waitFor(() => expect(state().error?.message).toBe("the disk is gone"));
  expect(ids(state().events)).toEqual(range(90, 100));
  conversation.failsAt = Infinity;
  state().loadOlder();
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(80, 100)));
  expect(state()).toMatchObject({ error: null, hasOlder: true });
});

test("V1 events, whose ids have no order, go to the place that their time says", async () => {
  const at = (id: string, second: number): Event => ({
    id,
    kind: "MessageEvent",
    source: "agent",
    timestamp: `2026-01-01T00:00:${String(second).padStart(2, "0")}`,
  });
  const conversation = new MemoryConversation(0);
  const { state } = await loaded(conversation, 10);
  conversation.add(at("c", 30), at("z", 40), at("a", 40), at("b", 20), at("m", 35), at("z", 40));
  await frame();
  expect(ids(state().events)).toEqual(["b", "c", "m", "z", "a"]);
});

test("without a conversation it waits", async () => {
  const { state } = follow(eventsController(null, {}, 10));
  await frame();
  expect(state()).toMatchObject({ events: [], loading: true, error: null });
});

test("a search streams its matches in and ends", async () => {
  const conversation = new MemoryConversation(3000);
  const { state } = follow(searchController(conversation, { filter: { query: "event 1" } }));
  expect(state().loading).toBe(true);
  await vi.waitFor(() => expect(state().loading).toBe(false));
  expect(ids(state().events)).toEqual(
    range(0, 3000).filter((id) => `event ${id}`.includes("event 1")),
  );
  expect(conversation.open).toBe(0);
});

test("a search that is left is freed, and says no more", async () => {
  const conversation = new MemoryConversation(3000);
  const { listener, stop } = follow(searchController(conversation, {}));
  for (let step = 0; step < 20 && !conversation.open; step++) await Promise.resolve();
  expect(conversation.open).toBe(1);
  stop();
  await frame();
  expect(conversation.open).toBe(0);
  expect(conversation.read).toBeLessThan(3000);
  expect(listener).not.toHaveBeenCalled();
});

test("no search finds nothing, and doesn't load", async () => {
  const conversation = new MemoryConversation(3);
  const { state } = follow(searchController(conversation, null));
  await frame();
  expect(state()).toEqual({ events: [], loading: false, error: null });
  expect(conversation.searches).toBe(0);
});

test("one event, or why not", async () => {
  const conversation = new MemoryConversation(3);
  const found = follow(eventController(conversation, 2));
  const missing = follow(eventController(conversation, 3));
  await vi.waitFor(() => expect(found.state().event?.id).toBe(2));
  await vi.waitFor(() => expect(missing.state().error?.message).toBe("there is no event 3"));
  expect(missing.state().loading).toBe(false);
});

test("one event that comes later is there then, and nobody listens any more", async () => {
  const conversation = new MemoryConversation(3);
  const { listener, state } = follow(eventController(conversation, 5));
  const gone = follow(eventController(conversation, 6));
  await vi.waitFor(() => expect(conversation.subscribers).toBe(2));
  listener.mockClear();
  conversation.add(event(3), event(4));
  await frame();
  expect(listener).not.toHaveBeenCalled();
  conversation.add(event(5));
  await vi.waitFor(() => expect(state()).toMatchObject({ event: { id: 5 }, error: null }));
  await vi.waitFor(() => expect(conversation.subscribers).toBe(1));
  gone.stop();
  await vi.waitFor(() => expect(conversation.subscribers).toBe(0));
});

test("one event that comes while it is looked for is there", async () => {
  for (let steps = 0; steps < 12; steps++) {
    const conversation = new MemoryConversation(3);
    const { state } = follow(eventController(conversation, 3));
    for (let step = 0; step < steps; step++) await Promise.resolve();
    conversation.add(event(3));
    await vi.waitFor(() => expect(state()).toMatchObject({ event: { id: 3 }, error: null }));
    await vi.waitFor(() => expect(conversation.subscribers).toBe(0));
  }
});

test("a replay shows events as they become due", async () => {
  const conversation = new MemoryConversation(10);
  const { observed, controls } = replayController(conversation, {});
  const { state } = follow(observed);
  await vi.waitFor(() => expect(state().state?.status).toBe("paused"));
  controls.play();
  conversation.replays[0]?.due(3);
  await frame();
  expect(state().state).toMatchObject({ status: "playing", index: 3, total: 10 });
  expect(ids(state().events)).toEqual([0, 1, 2]);
  controls.pause();
  controls.step();
  await frame();
  expect(ids(state().events)).toEqual([0, 1, 2, 3]);
  expect(conversation.searches).toBe(0);
});

test("a replay that seeks forth reads what it hasn't seen, once, and back nothing", async () => {
  const conversation = new MemoryConversation(100);
  const { observed, controls } = replayController(conversation, {});
  const { state } = follow(observed);
  await frame();
  controls.step(10);
  controls.seek(59);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 60)));
  expect(conversation.read).toBe(50);
  controls.seek(4);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 5)));
  controls.step(10);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 15)));
  controls.seek(99);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 100)));
  controls.seek(-1);
  await vi.waitFor(() => expect(state().events).toEqual([]));
  expect(conversation.read).toBe(90);
  expect(conversation.open).toBe(0);
});

test("a replay that can't read where it is sought does so when it is sought again", async () => {
  const conversation = new MemoryConversation(100);
  const { observed, controls } = replayController(conversation, {});
  const { state } = follow(observed);
  await frame();
  conversation.failsAt = 0;
  controls.seek(59);
  await vi.waitFor(() => expect(state().error?.message).toBe("the disk is gone"));
  conversation.failsAt = Infinity;
  controls.seek(39);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 40)));
  expect(state().error).toBe(null);
});

test("a replay that is sought again and played while it reads ends where it should", async () => {
  const conversation = new MemoryConversation(200);
  const { observed, controls } = replayController(conversation, {});
  const { state } = follow(observed);
  await frame();
  const replay = conversation.replays[0];
  controls.seek(50);
  await frame();
  controls.play();
  replay?.due(3);
  controls.seek(120);
  replay?.due(7);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 128)));
  expect(state().state?.index).toBe(128);
});

test("an event that came late among those that are read makes none be left out", async () => {
  const conversation = new MemoryConversation(30);
  conversation.log = conversation.log.filter(({ id }) => id !== 5);
  const { observed, controls } = replayController(conversation, {});
  const { state } = follow(observed);
  await frame();
  conversation.add(event(5));
  controls.seek(9);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 10)));
  controls.step(2);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 12)));
  controls.step(100);
  await vi.waitFor(() => expect(ids(state().events)).toEqual(range(0, 30)));
});

test("speed is set while it goes, and the end disposes of it", async () => {
  const conversation = new MemoryConversation(10);
  const { observed, controls } = replayController(conversation, {});
  controls.setSpeed(4);
  const { stop, state } = follow(observed);
  await vi.waitFor(() => expect(state().state?.speed).toBe(4));
  controls.setSpeed(8);
  await frame();
  expect(state().state?.speed).toBe(8);
  stop();
  await vi.waitFor(() => expect(conversation.replays[0]?.disposed).toBe(true));
  expect(conversation.replays[0]?.subscribers).toBe(0);
});
