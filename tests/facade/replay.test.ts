/** A replay hands out every event that is due, and ends; whatever it is told meanwhile. */
import { openEventStore } from "oh-event-store";
import type { Conversation, Event, EventStore, Replay, ReplayState } from "oh-event-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

async function idsOf(replay: AsyncIterable<Event>): Promise<unknown[]> {
  const ids: unknown[] = [];
  for await (const { id } of replay) ids.push(id);
  return ids;
}

/** The state of a replay once it is as wanted. */
async function until(replay: Replay, wanted: Partial<ReplayState>): Promise<ReplayState> {
  await expect.poll(() => replay.state).toMatchObject(wanted);
  return replay.state;
}

describe.each([
  ["in a worker", true],
  ["on the page", false],
])("%s", (_, worker) => {
  let store: EventStore;
  let count = 0;

  beforeAll(async () => {
    store = await openEventStore({ name: `replay-${crypto.randomUUID()}`, worker });
  });
  afterAll(() => store.close());

  /** A conversation whose events were recorded at these times. */
  async function recorded(timestamps: readonly (string | undefined)[]): Promise<Conversation> {
    const conversation = await store.conversation(`c${count++}`);
    await Promise.all(
      timestamps.map((timestamp, id) =>
        conversation.feed({
          id,
          ...(timestamp && { timestamp }),
          source: "user",
          action: "message",
          args: { content: "x" },
        }),
      ),
    );
    return conversation;
  }
  const second = (n: number) => `2026-01-01T00:00:${String(n).padStart(2, "0")}`;
  const atOnce = (length: number) => recorded(Array.from({ length }, () => second(0)));
  const apart = (length: number) => recorded(range(0, length).map(second));

  test("all events that are due at the end are iterated, and told with their number", async () => {
    const conversation = await atOnce(1300);
    using stepped = conversation.replay();
    const updates: [status: string, index: number, events: number][] = [];
    stepped.subscribe(({ state, events }) =>
      updates.push([state.status, state.index, events.length]),
    );
    stepped.step(1300);
    expect(await idsOf(stepped)).toEqual(range(0, 1300));
    let told = 0;
    for (const [status, index, events] of updates) {
      told += events;
      expect([status, index]).toEqual([told === 1300 ? "ended" : "paused", told]);
    }
    using played = conversation.replay();
    played.play();
    expect(await idsOf(played)).toEqual(range(0, 1300));
  });

  test("it ends where its last events went meanwhile", async () => {
    const conversation = await apart(10);
    using replay = conversation.replay({ speed: 1000 });
    replay.step();
    await until(replay, { index: 1 });
    await conversation.truncate(4);
    replay.play();
    expect(await idsOf(replay)).toEqual([1, 2, 3, 4]);

    const gone = await apart(10);
    using other = gone.replay({ speed: 1000 });
    await until(other, { total: 10 });
    await gone.truncate(-1);
    other.play();
    expect(await idsOf(other)).toEqual([]);
  });

  test("a replay of a conversation that is deleted meanwhile ends, or says why", async () => {
    const conversation = await apart(10);
    using replay = conversation.replay({ speed: 1000 });
    await until(replay, { total: 10 });
    await store.deleteConversation(conversation.id);
    replay.play();
    expect(await idsOf(replay).catch(() => [])).toEqual([]);
  });

  test("what is iterated after it ended is what it was told to show again", async () => {
    const conversation = await apart(10);
    using replay = conversation.replay({ speed: 1000 });
    replay.play();
    const both = await Promise.all([idsOf(replay), idsOf(replay)]);
    expect(both).toEqual([range(0, 10), range(0, 10)]);
    expect(await idsOf(replay)).toEqual([]);
    replay.speed = 2000;
    replay.play();
    expect(await idsOf(replay)).toEqual(range(0, 10));
    replay.speed = 1000;
    expect(await idsOf(replay)).toEqual([]);
    replay.seek(6);
    replay.play();
    expect(await idsOf(replay)).toEqual([7, 8, 9]);
    replay.step(-2);
    replay.step(1);
    replay.step(1);
    expect(await idsOf(replay)).toEqual([8, 9]);
    replay.seek(99);
    expect(await idsOf(replay)).toEqual([]);
    replay.step(-0.5);
    expect(await idsOf(replay)).toEqual([]);
  });

  test("an iteration that is left while it waits ends, and no other does", async () => {
    const conversation = await apart(3);
    using replay = conversation.replay({ speed: 1000 });
    await until(replay, { total: 3 });
    const left = replay[Symbol.asyncIterator]();
    const other = idsOf(replay);
    const next = left.next();
    expect(await left.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    replay.play();
    expect(await other).toEqual([0, 1, 2]);
    expect(await left.next()).toEqual({ done: true, value: undefined });
  });

  test("a date is sought as the moment that it is, with and without a zone", async () => {
    for (const zone of ["", "Z", "+02:00", "-08:00"]) {
      const times = range(0, 10).map((n) => `${second(n)}.250${zone}`);
      using replay = (await recorded(times)).replay();
      await until(replay, { total: 10 });
      for (const place of [6, 2]) {
        const date = new Date(times[place] ?? "");
        replay.seek(date);
        const state = await until(replay, { index: place + 1 });
        expect(new Date(state.date ?? ""), zone).toEqual(date);
        replay.seek(new Date(date.getTime() - 1));
        await until(replay, { index: place });
      }
    }
  });

  test("the date is that of the last event shown, in any order, and none where it has none", async () => {
    const conversation = await recorded([second(5), second(3), undefined, second(4), second(9)]);
    using replay = conversation.replay();
    const dates: (string | undefined)[] = [];
    for (const index of range(1, 6)) {
      replay.step();
      dates.push((await until(replay, { index })).date);
    }
    expect(dates).toEqual([5, 3, undefined, 4, 9].map((n) => n && `${second(n)}.000`));
    expect("date" in replay.state).toBe(true);
    replay.seek(new Date(second(4)));
    await until(replay, { index: 0 });
    expect("date" in replay.state).toBe(false);
    replay.seek(new Date(second(5)));
    await until(replay, { index: 4 });
  });

  test("a timestamp that no date can hold is none", async () => {
    using replay = (await recorded(["999999-1-1", second(0)])).replay();
    replay.play();
    expect(await idsOf(replay)).toEqual([0, 1]);
  });

  test("a late event isn't counted among those of a replay under way", async () => {
    const conversation = await recorded([second(0), second(1)]);
    await conversation.feed({ id: 5, timestamp: second(2), source: "user", action: "message" });
    using replay = conversation.replay();
    await until(replay, { total: 3 });
    await conversation.feed({ id: 3, timestamp: second(1), source: "user", action: "message" });
    replay.step(3);
    expect(await idsOf(replay)).toEqual([0, 1, 5]);
    expect(replay.state).toMatchObject({ index: 3, position: 5 });
  });

  test("what fails says so to those that subscribe, and throws where it is iterated", async () => {
    const silent = await openEventStore({ worker, logLevel: "off" });
    const conversation = await silent.conversation("c");
    using replay = conversation.replay({ maxIdle: -1 });
    const errors: unknown[] = [];
    replay.subscribe(({ state }) => errors.push(state.error));
    await expect(idsOf(replay)).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(idsOf(replay)).rejects.toMatchObject({ code: "invalid-argument" });
    expect(errors).toMatchObject([{ code: "invalid-argument" }]);
    expect(replay.state.error).toBe(errors[0]);
    await silent.close();
  });
});
