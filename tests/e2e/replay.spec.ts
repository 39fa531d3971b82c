// A recording plays at the speed asked for, shows every event once and in order, and seeks.
import type { Event, ReplayState, ReplayUpdate } from "oh-event-store";
import { connect, expectCount, listedIds, openDemo, openView } from "./support/demo.js";
import { expect, harnessPath, test } from "./support/fixtures.js";
import { events, ids, texts } from "./support/recording.js";

// Recorded times have no zone, so the browser's must not matter.
test.use({ timezoneId: "America/New_York" });

const MAX_IDLE = 500;

/** A timestamp in milliseconds with their fraction. */
function milliseconds(timestamp: string): number {
  return Date.parse(`${timestamp.slice(0, 19)}Z`) + Number(`0${timestamp.slice(19)}`) * 1000;
}

/** Milliseconds from the start of the recording to each event, idle time shortened. */
const due = events.reduce<number[]>((times, { timestamp }, index) => {
  const before = events[index - 1];
  const pause = before ? milliseconds(timestamp) - milliseconds(before.timestamp) : 0;
  times.push((times.at(-1) ?? 0) + Math.min(Math.max(pause, 0), MAX_IDLE));
  return times;
}, []);

for (const worker of [true, false]) {
  test(`it plays to its end and seeks, ${worker ? "in the worker" : "on the page"}`, async ({
    harness,
  }) => {
    const played = await harness.evaluate(
      async ({ texts, worker, middle }) => {
        const store = await window.oh.openEventStore({ worker });
        const conversation = await store.conversation("replayed");
        await Promise.all(texts.map((text) => conversation.feed(text)));
        const replay = conversation.replay({ speed: 10, maxIdle: 20 });
        const updates: ReplayUpdate[] = [];
        replay.subscribe((update) => updates.push(update));
        const until = async (holds: (state: ReplayState) => boolean) => {
          while (!holds(replay.state)) await new Promise((resolve) => setTimeout(resolve, 5));
          return replay.state;
        };
        const ready = await until(({ total }) => total > 0);
        const iterated: Event[] = [];
        const iterating = (async () => {
          for await (const event of replay) iterated.push(event);
        })();
        replay.play();
        const playing = await until(({ status }) => status !== "paused");
        const ended = await until(({ status }) => status === "ended");
        await iterating;
        const shown = updates.flatMap((update) => update.events.map(({ id }) => id));

        updates.length = 0;
        replay.seek(middle);
        const sought = await until(({ position }) => position === middle);
        const reset = updates.some((update) => update.reset);
        replay.step(3);
        const stepped = await until(({ index }) => index === sought.index + 3);
        const next = updates.flatMap((update) => update.events.map(({ id }) => id)).slice(-3);
        replay.step(-2);
        const back = await until(({ index }) => index === stepped.index - 2);
        replay.seek(new Date((await conversation.getEvent(middle + 10)).timestamp as string));
        const byTime = await until(({ index }) => index > back.index + 5);
        replay.dispose();
        await store.close();
        return {
          ready,
          playing,
          ended,
          shown,
          iterated: iterated.map(({ id }) => id),
          sought,
          reset,
          next,
          back,
          byTime,
        };
      },
      { texts, worker, middle: 90 },
    );
    expect(played.ready).toMatchObject({ status: "paused", index: 0, total: ids.length });
    expect(played.playing.speed).toBe(10);
    expect(played.ended).toMatchObject({ index: ids.length, position: ids.at(-1) });
    expect(played.ended.time).toBe(played.ended.duration);
    expect(played.shown).toEqual(ids);
    expect(played.iterated).toEqual(ids);
    expect(played.sought).toMatchObject({ index: 91, total: ids.length });
    expect(Date.parse(played.sought.date ?? "")).toBe(Date.parse(events[90]?.timestamp ?? ""));
    expect(played.reset).toBe(true);
    expect(played.next).toEqual([91, 92, 93]);
    expect(played.back).toMatchObject({ index: 92, position: 91 });
    expect(played.byTime).toMatchObject({ index: 101, position: 100 });
  });
}

test("a date is sought as the moment that it is, with a zone and as local time", async ({
  harness,
}) => {
  const shown = await harness.evaluate(async () => {
    const store = await window.oh.openEventStore({ worker: false });
    const shown: Record<string, unknown> = {};
    for (const zone of ["", "Z", "+02:00"]) {
      const conversation = await store.conversation(`zone ${zone}`);
      const times = Array.from({ length: 10 }, (_, n) => `2026-01-01T00:00:0${n}.250${zone}`);
      await Promise.all(
        times.map((timestamp, id) =>
          conversation.feed({ id, timestamp, source: "user", action: "message" }),
        ),
      );
      const replay = conversation.replay();
      replay.seek(new Date(times[6] ?? ""));
      while (replay.state.index === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      const { index, date } = replay.state;
      shown[zone] = [index, Date.parse(date ?? "") - Date.parse(times[6] ?? "")];
    }
    await store.close();
    return shown;
  });
  expect(shown).toEqual({ "": [7, 0], Z: [7, 0], "+02:00": [7, 0] });
});

test("at 10x, a second shows what was recorded in ten", async ({ page, files }) => {
  const begin = new Date("2026-01-01T00:00:00");
  await page.clock.install({ time: begin });
  await page.goto(files.url + harnessPath);
  await page.clock.pauseAt(new Date(begin.getTime() + 60_000));
  await page.evaluate(
    async ({ texts, maxIdle }) => {
      window.store = await window.oh.openEventStore({ worker: false });
      const conversation = await window.store.conversation("by-the-clock");
      await Promise.all(texts.map((text) => conversation.feed(text)));
      const replay = conversation.replay({ speed: 10, maxIdle });
      window.seen = [];
      replay.subscribe(({ events }) => window.seen.push(...events.map(({ id }) => id)));
      replay.play();
    },
    { texts, maxIdle: MAX_IDLE },
  );
  const shown = () => page.evaluate(() => window.seen);
  const duration = due.at(-1) ?? 0;
  expect(duration).toBeGreaterThan(20_000);
  await expect.poll(shown).toEqual(ids.filter((_, index) => due[index] === 0));
  for (let elapsed = 0; elapsed * 10 < duration;) {
    await page.clock.runFor(250);
    elapsed += 250;
    const expected = ids.filter((_, index) => (due[index] ?? 0) <= elapsed * 10);
    await expect.poll(shown).toEqual(expected);
  }
  expect(await shown()).toEqual(ids);
});

test("in the demo it plays at 10x to the end, and the timeline seeks", async ({ page, demo }) => {
  await demo.hub.create("replayed");
  await openDemo(page, demo, "replayed");
  await connect(page, "websocket");
  await expectCount(page, events.length);
  await openView(page, "replay");
  const replay = page.getByTestId("replay");
  await expect(replay).toHaveAttribute("data-total", String(ids.length));
  await expect(replay).toHaveAttribute("data-index", "0");
  await page.getByTestId("replay-speed").selectOption("10");
  await page.getByTestId("replay-play").click();
  await expect(replay).toHaveAttribute("data-status", "playing");
  await expect(replay).toHaveAttribute("data-status", "ended", { timeout: 40_000 });
  await expect(replay).toHaveAttribute("data-index", String(ids.length));
  expect(await listedIds(page, "replay-events")).toEqual(ids);

  for (const place of [25, 140, 1]) {
    await page.getByTestId("timeline").fill(String(place));
    await expect(replay).toHaveAttribute("data-index", String(place));
    await expectCount(page, place, "replay-events");
    expect(await listedIds(page, "replay-events")).toEqual(ids.slice(0, place));
  }
  await page.getByTestId("replay-step").click();
  await expectCount(page, 2, "replay-events");
  await page.getByTestId("replay-start").click();
  await expect(replay).toHaveAttribute("data-index", "0");
});
