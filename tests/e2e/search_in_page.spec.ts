// A search in the page gives exactly the ids that the OpenHands server gives.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import type { EventFilter } from "oh-event-store";
import { connect, enter, expectCount, listedIds, openDemo, openView } from "./support/demo.js";
import { expect, root, test } from "./support/fixtures.js";
import { elements, member, members } from "./support/json_text.js";
import { events, texts, type RecordedEvent } from "./support/recording.js";

const VECTORS = `${root}tests/data/vectors/`;
const COMMITTED = [
  ...readdirSync(VECTORS)
    .filter((name) => name.endsWith(".json"))
    .map((name) => VECTORS + name),
  `${VECTORS}errors/poison.json`,
];
/** Answers about real conversations, where they are. */
const SHARED = `${root}../shared/vectors/`;
const REAL = existsSync(SHARED)
  ? readdirSync(SHARED)
      .filter((name) => /^real_.*\.json$/.test(name))
      .map((name) => SHARED + name)
  : [];
// scripts/test.mjs accepts a test that is left out only when a line says so.
if (REAL.length === 0 && process.env["TEST_WORKER_INDEX"] === undefined) {
  console.log(`left out: search_in_page.spec.ts (2 tests): ${SHARED} is not on this machine`);
}

/** A search as the vectors write it; what is absent has the server's default. */
interface Call {
  start_id?: number;
  end_id?: number | null;
  reverse?: boolean;
  limit?: number | null;
  filter?: {
    query?: string;
    include_types?: string[];
    exclude_types?: string[];
    source?: string;
    start_date?: string;
    end_date?: string;
    exclude_hidden?: boolean;
  } | null;
}

/** The events of a store as the server had them, and searches in it. */
interface Store {
  readonly name: string;
  /** What a socket sends; else what old files hold. */
  readonly isWire: boolean;
  readonly events: string[];
  /** The calls as ASCII text, for any surrogate in them. */
  readonly cases: { call: string; ids: number[]; failed: boolean }[];
}

/** The stores of a vector file. */
function readVectors(file: string): Store[] {
  const text = readFileSync(file, "utf8");
  return (text.startsWith("[") ? elements(text) : [text]).map((store) => {
    const parts = members(store);
    const raw = parts.get("events_raw");
    const cases = elements(parts.get("cases") ?? "").map((text) => ({
      call: member(text, "call"),
      ids: JSON.parse(member(text, "ids")) as number[],
      failed: (members(text).get("error") ?? "null") !== "null",
    }));
    return {
      name: JSON.parse(member(store, "name")) as string,
      isWire: member(store, "form") === '"wire"',
      events: raw === undefined ? elements(member(store, "events")) : (JSON.parse(raw) as string[]),
      cases,
    };
  });
}

const stores = COMMITTED.flatMap(readVectors);
const wireStores = stores.filter(({ isWire }) => isWire);

/** What `getMatchingEvents` has to answer to the same call; undefined where it can't be asked. */
function expectedMatching(text: string, ids: number[]): number[] | string | undefined {
  const { end_id, limit, filter } = JSON.parse(text) as Call;
  if (end_id != null || filter?.exclude_types?.length || filter?.exclude_hidden) return undefined;
  if (limit == null) return ids.slice(0, 100);
  return limit >= 1 && limit <= 100 ? ids : "invalid-argument";
}

/** What `countEvents` has to answer to the same filter, where nothing but the filter decides. */
function expectedCount(text: string, ids: number[]): number | undefined {
  const { start_id = 0, end_id, limit } = JSON.parse(text) as Call;
  return start_id <= 0 && end_id == null && !limit ? ids.length : undefined;
}

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  /** Compares every answer; a store is fed what sockets send, and imports what files hold. */
  async function compareAll(harness: Page, stores: Store[]) {
    const compared = { searches: 0, matching: 0, counts: 0 };
    for (const { name, isWire, events, cases } of stores) {
      const answers = await harness.evaluate(
        async ({ name, worker, isWire, events, calls }) => {
          const store = await window.oh.openEventStore({ name, worker });
          const conversation = await store.conversation(name);
          let accepted = 0;
          if (isWire) {
            const reports = await Promise.all(events.map((frame) => conversation.feed(frame)));
            accepted = reports.reduce((sum, report) => sum + report.accepted, 0);
          } else {
            accepted = (await store.import(`[${events.join(",")}]`, { id: name })).accepted;
          }
          const given = [];
          for (const text of calls) {
            const call = JSON.parse(text) as Call;
            const filter: EventFilter | undefined = call.filter
              ? {
                  query: call.filter.query,
                  includeTypes: call.filter.include_types,
                  excludeTypes: call.filter.exclude_types,
                  source: call.filter.source,
                  startDate: call.filter.start_date,
                  endDate: call.filter.end_date,
                  excludeHidden: call.filter.exclude_hidden,
                }
              : undefined;
            const ids: unknown[] = [];
            const { start_id: startId, end_id: endId, reverse } = call;
            const limit = call.limit ?? undefined;
            const found = conversation.searchEvents({ startId, endId, reverse, filter, limit });
            for await (const event of found) ids.push(event.id);
            const matching = await conversation
              .getMatchingEvents({
                query: filter?.query,
                eventTypes: filter?.includeTypes,
                source: filter?.source,
                startDate: filter?.startDate,
                endDate: filter?.endDate,
                startId,
                limit,
                reverse,
              })
              .then(
                (events) => events.map(({ id }) => id),
                (error: unknown) => (error as { code?: string }).code ?? String(error),
              );
            given.push({ ids, matching, count: await conversation.countEvents(filter) });
          }
          await store.deleteConversation(name);
          await store.close();
          return { accepted, given };
        },
        { name, worker, isWire, events, calls: cases.map(({ call }) => call) },
      );
      const isWhole = cases.every(({ failed }) => !failed);
      if (isWhole) expect(answers.accepted, name).toBe(events.length);
      for (const [index, { call, ids, failed }] of cases.entries()) {
        const given = answers.given[index];
        const what = `${name}, case ${index}: ${call}`;
        compared.searches += 1;
        if (failed) {
          // The server stopped at an event that it can't load; here the search goes on.
          expect.soft(given?.ids.slice(0, ids.length), what).toEqual(ids);
          continue;
        }
        expect.soft(given?.ids, what).toEqual(ids);
        const matching = expectedMatching(call, ids);
        if (matching !== undefined) {
          expect.soft(given?.matching, `getMatchingEvents, ${what}`).toEqual(matching);
          compared.matching += 1;
        }
        const count = expectedCount(call, ids);
        if (count !== undefined) {
          expect.soft(given?.count, `countEvents, ${what}`).toBe(count);
          compared.counts += 1;
        }
      }
    }
    console.log(`${where}: ${JSON.stringify(compared)}`);
    expect(Math.min(...Object.values(compared))).toBeGreaterThan(20);
  }

  test(`${where}, every recorded answer of the server is given`, async ({ harness }) => {
    test.slow();
    expect(wireStores.length).toBeGreaterThan(10);
    expect(stores.length - wireStores.length).toBeGreaterThan(10);
    await compareAll(harness, stores);
  });

  test(`${where}, so is every answer about real conversations`, async ({ harness }) => {
    test.skip(REAL.length === 0, `${SHARED} is not on this machine`);
    await compareAll(harness, REAL.flatMap(readVectors));
  });

  test(`${where}, an event that is fetched is the event that came`, async ({ harness }) => {
    for (const { name, events: frames } of wireStores) {
      const { others, read } = await harness.evaluate(
        async ({ name, worker, frames }) => {
          const store = await window.oh.openEventStore({ name, worker });
          const conversation = await store.conversation(name);
          await Promise.all(frames.map((frame) => conversation.feed(frame)));
          const others: string[] = [];
          let read = 0;
          for (const frame of frames) {
            const plain = frame.replace(/\b(?:NaN|Infinity)\b/g, "0").replaceAll("-0", "0");
            const { id } = JSON.parse(plain) as { id: number };
            const event = await conversation.getEvent(id);
            let expected: unknown;
            try {
              expected = JSON.parse(frame);
            } catch {
              // NaN or an infinity: another test looks at those.
              continue;
            }
            read += 1;
            if (JSON.stringify(event) !== JSON.stringify(expected)) others.push(frame);
          }
          const latest = await conversation.getLatestEventId();
          const missing = await conversation.getEvent(latest + 1).then(
            () => "there",
            (error: unknown) => (error as { code?: string }).code,
          );
          if (missing !== "event-not-found") others.push(`event ${latest + 1} is ${missing}`);
          await store.close();
          return { others, read };
        },
        { name, worker, frames },
      );
      expect(others, name).toEqual([]);
      expect(read, name).toBeGreaterThan(0);
    }
  });
}

test.describe("in the demo", () => {
  interface Search {
    readonly what: string;
    readonly filter: EventFilter;
    readonly naive: (event: RecordedEvent, text: string) => boolean;
  }

  const hidden = ({ action, observation, args, extras }: RecordedEvent) =>
    (action === "run" && Boolean(args?.hidden)) ||
    (action === undefined && observation === "run" && Boolean(extras?.hidden));
  const half = events[Math.floor(events.length / 2)]?.timestamp ?? "";

  const NOTHING = "a query that nothing has";
  const searches: Search[] = [
    {
      what: "a query, whatever its case",
      filter: { query: "UnitTest" },
      naive: (_, text) => text.toLowerCase().includes("unittest"),
    },
    {
      what: "a query with a key and its spelling",
      filter: { query: '"exit_code": 1' },
      naive: (_, text) => text.toLowerCase().includes('"exit_code": 1'),
    },
    {
      what: NOTHING,
      filter: { query: "no such text anywhere" },
      naive: () => false,
    },
    {
      what: "a source",
      filter: { source: "environment" },
      naive: ({ source }) => source === "environment",
    },
    {
      what: "two kinds",
      filter: { includeTypes: ["FileEditAction", "CmdOutputObservation"] },
      naive: ({ action, observation }) =>
        action === "edit" || (action === undefined && observation === "run"),
    },
    { what: "hidden commands left out", filter: { excludeHidden: true }, naive: (e) => !hidden(e) },
    {
      what: "from a moment on",
      filter: { startDate: half },
      naive: ({ timestamp }) => timestamp >= half,
    },
    {
      what: "up to a moment",
      filter: { endDate: half },
      naive: ({ timestamp }) => timestamp <= half,
    },
    {
      what: "all of it together",
      filter: {
        query: "error",
        source: "agent",
        includeTypes: ["CmdOutputObservation", "AgentThinkAction"],
        excludeHidden: true,
        startDate: events[10]?.timestamp,
        endDate: events.at(-5)?.timestamp,
      },
      naive: (event, text) =>
        text.toLowerCase().includes("error") &&
        event.source === "agent" &&
        (event.action === "think" || (event.action === undefined && event.observation === "run")) &&
        !hidden(event) &&
        event.timestamp >= (events[10]?.timestamp ?? "") &&
        event.timestamp <= (events.at(-5)?.timestamp ?? ""),
    },
  ];

  test("the rows shown are those of a naive filter over the recording", async ({
    browserName,
    page,
    demo,
  }) => {
    test.slow(browserName === "firefox", "its driver takes long for each click");
    await demo.hub.create("searched");
    await openDemo(page, demo, "searched");
    await connect(page, "websocket");
    await expectCount(page, events.length);
    await openView(page, "search");
    await expectCount(page, events.length, "search-results");

    for (const { what, filter, naive } of searches) {
      await test.step(what, async () => {
        const expected = events.filter((event, index) => naive(event, texts[index] ?? ""));
        expect(expected.length > 0).toBe(what !== NOTHING);
        expect(expected.length).toBeLessThan(events.length);
        await page.getByTestId("by-query").click();
        await enter(page.getByTestId("filter-query"), filter.query ?? "");
        await page.getByTestId("filter-source").selectOption({ value: filter.source ?? "" });
        await enter(page.getByTestId("filter-start"), filter.startDate ?? "");
        await enter(page.getByTestId("filter-end"), filter.endDate ?? "");
        await page.getByTestId("filter-hidden").setChecked(filter.excludeHidden ?? false);
        for (const type of filter.includeTypes ?? []) {
          await page.getByTestId(`filter-type-${type}`).check();
        }
        const count = page.getByTestId("search-count");
        await expect(count).toHaveAttribute("data-count", String(expected.length));
        await expect(count).toHaveAttribute("data-done", "true");
        await expectCount(page, expected.length, "search-results");
        if (expected.length > 0) {
          expect(await listedIds(page, "search-results")).toEqual(expected.map(({ id }) => id));
        }
        await page.getByTestId("clear-filter").click();
        await expect(count).toHaveAttribute("data-count", String(events.length));
      });
    }
  });
});
