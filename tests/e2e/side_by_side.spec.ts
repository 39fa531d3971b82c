// What goes on at the same time doesn't disturb each other, and bad input disturbs nothing.
import type { EventFilter } from "oh-event-store";
import { connect, expectCount, listedIds, openDemo } from "./support/demo.js";
import { expect, test } from "./support/fixtures.js";
import { frame, frames, range } from "./support/frames.js";
import { ids, texts } from "./support/recording.js";

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, two searches and a feed go on side by side`, async ({ harness }) => {
    const found = await harness.evaluate(
      async ({ worker, before, later }) => {
        const store = await window.oh.openEventStore({ worker });
        const conversation = await store.conversation("busy");
        await Promise.all(before.map((text) => conversation.feed(text)));
        const latest = await conversation.getLatestEventId();
        const collect = async (reverse: boolean, filter?: EventFilter) => {
          const ids: unknown[] = [];
          const search = conversation.searchEvents({ endId: latest, reverse, filter });
          for await (const event of search) {
            ids.push(event.id);
            // So that the others have their turn between any two events.
            if (ids.length % 50 === 0) await new Promise((resolve) => setTimeout(resolve));
          }
          return ids;
        };
        const [all, ends, reports] = await Promise.all([
          collect(false),
          collect(true, { query: "7 of the first" }),
          Promise.all(later.map((text) => conversation.feed(text))),
        ]);
        const after: unknown[] = [];
        for await (const { id } of conversation.searchEvents()) after.push(id);
        await store.close();
        return { all, ends, after, accepted: reports.map(({ accepted }) => accepted) };
      },
      {
        worker,
        before: range(0, 3000).map((id) => frame(id, `${id} of the first`)),
        later: frames(3000, 4000),
      },
    );
    expect(found.all).toEqual(range(0, 3000));
    expect(found.ends).toEqual(
      range(0, 3000)
        .filter((id) => id % 10 === 7)
        .reverse(),
    );
    expect(found.accepted).toEqual(Array(1000).fill(1));
    expect(found.after).toEqual(range(0, 4000));
  });

  test(`${where}, a subscriber that throws disturbs no other`, async ({ harness }) => {
    const heard = await harness.evaluate(
      async ({ worker, texts }) => {
        const logged: string[] = [];
        const onLog = (level: string, _: string, detail?: unknown) =>
          logged.push(`${level} ${detail instanceof Error ? detail.message : String(detail)}`);
        const store = await window.oh.openEventStore({ worker, onLog });
        const conversation = await store.conversation("heard");
        const heard: Record<string, unknown[]> = { slow: [], left: [], last: [] };
        let failed = 0;
        await conversation.subscribe(
          "throws",
          () => {
            failed += 1;
            throw new Error("from a callback");
          },
          "a",
        );
        await conversation.subscribe(
          "rejects",
          async () => {
            failed += 1;
            throw new Error("from a promise");
          },
          "a",
        );
        let inside = 0;
        let overlaps = 0;
        await conversation.subscribe(
          "slow",
          async ({ id }) => {
            inside += 1;
            if (inside > 1) overlaps += 1;
            await new Promise((resolve) => setTimeout(resolve, Number(id) % 3));
            heard["slow"]?.push(id);
            inside -= 1;
          },
          "a",
        );
        await conversation.subscribe("left", ({ id }) => void heard["left"]?.push(id), "a");
        await conversation.subscribe("left", ({ id }) => void heard["last"]?.push(id), "b");
        const twice = await conversation
          .subscribe("left", () => {}, "b")
          .then(
            () => "taken",
            (error: unknown) => (error as { code?: string }).code,
          );
        const half = texts.length / 2;
        const until = async (holds: () => boolean) => {
          while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
        };
        await Promise.all(texts.slice(0, half).map((text) => conversation.feed(text)));
        await until(() => heard["left"]?.length === half);
        const loggedBefore = logged.length;
        await conversation.unsubscribe("left", "a");
        const warnings = logged.slice(loggedBefore).filter((line) => line.startsWith("warn"));
        await Promise.all(texts.slice(half).map((text) => conversation.feed(text)));
        await until(() => heard["slow"]?.length === texts.length);
        await until(() => heard["last"]?.length === texts.length && failed === 2 * texts.length);
        const before = logged.length;
        await conversation.unsubscribe("nobody", "a");
        await until(() => logged.length > before);
        await store.close();
        return { heard, overlaps, twice, logged, warnings };
      },
      { worker, texts: frames(0, 200) },
    );
    expect(heard.heard["slow"]).toEqual(range(0, 200));
    expect(heard.heard["last"]).toEqual(range(0, 200));
    expect(heard.heard["left"]).toEqual(range(0, 100));
    expect(heard.overlaps).toBe(0);
    expect(heard.twice).toBe("duplicate-subscription");
    const count = (text: string) => heard.logged.filter((line) => line.includes(text)).length;
    expect(count("from a callback")).toBe(200);
    expect(count("from a promise")).toBe(200);
    expect(heard.warnings, "a known pair was unsubscribed").toEqual([]);
    expect(heard.logged.at(-1)).toMatch(/^warn/);
  });

  test(`${where}, a malformed frame is counted and reported, and that is all`, async ({
    harness,
  }) => {
    const malformed = [
      '{"id": 7, "timestamp": "2025-',
      "",
      "[1, 2",
      "not JSON",
      '{"id": 8, "action": "run"} trailing',
      "\u0000",
    ];
    const result = await harness.evaluate(
      async ({ worker, good, malformed }) => {
        const logged: string[] = [];
        const onLog = (level: string, message: string) => logged.push(`${level} ${message}`);
        const store = await window.oh.openEventStore({ worker, onLog });
        const conversation = await store.conversation("fed");
        const heard: unknown[] = [];
        const statuses: unknown[] = [];
        await conversation.subscribe("all", ({ id }) => void heard.push(id), "a");
        conversation.onStatus((status) => void statuses.push(status));
        await Promise.all(good.slice(0, 5).map((text) => conversation.feed(text)));
        while (heard.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
        const read = async () => ({
          events: (await conversation.searchEvents().toArray()).map(({ id }) => id),
          info: (await store.conversations()).map(({ events, bytes }) => ({ events, bytes })),
        });
        const before = await read();
        const loggedBefore = logged.length;
        const reports = [];
        for (const text of malformed) reports.push(await conversation.feed(text));
        const bytes = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
        reports.push(await conversation.feed(bytes));
        const after = await read();
        const heardAfter = heard.length;
        const lines = logged.slice(loggedBefore);
        const { rejected } = await store.stats();
        await Promise.all(good.slice(5).map((text) => conversation.feed(text)));
        while (heard.length < good.length) await new Promise((resolve) => setTimeout(resolve, 5));
        await store.close();
        return { before, after, reports, heard, heardAfter, statuses, lines, rejected };
      },
      { worker, good: frames(0, 10), malformed },
    );
    for (const report of result.reports) {
      expect(report).toMatchObject({ accepted: 0, doubles: 0, status: 0, rejected: 1 });
      expect(report.reason).toBeTruthy();
    }
    expect(result.rejected).toBe(malformed.length + 1);
    expect(result.after).toEqual(result.before);
    expect(result.heardAfter).toBe(5);
    expect(result.statuses).toEqual([]);
    expect(result.lines.length).toBeGreaterThanOrEqual(malformed.length + 1);
    expect(result.heard).toEqual(range(0, 10));
  });
}

test("in the demo, a malformed frame and a status on the line change no event", async ({
  page,
  demo,
}) => {
  const conversation = await demo.hub.create("malformed", { released: 100 });
  await openDemo(page, demo, "malformed");
  await connect(page, "websocket");
  await expectCount(page, 100);
  conversation.raw('{"id": 3, "timestamp": "2025-');
  await expect(page.getByTestId("count-rejected")).toHaveText("1");
  await expect(page.getByTestId("status-messages")).toContainText("Rejected");
  conversation.status({ status_update: true, type: "info", id: "S", message: "Starting" });
  await expect(page.getByTestId("count-status")).toHaveText("1");
  await expect(page.getByTestId("status-messages")).toContainText("Starting");
  await expectCount(page, 100);
  conversation.play(0);
  await expectCount(page, texts.length);
  await expect(page.getByTestId("count-accepted")).toHaveText(String(texts.length));
  expect(await listedIds(page)).toEqual(ids);
});
