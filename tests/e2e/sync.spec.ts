// A log is made whole from a real server, and no server of any manner does harm.
import type { Page } from "@playwright/test";
import { createServer, type RunningServer } from "../../www/server/server.mjs";
import { exportedTexts, openDemo } from "./support/demo.js";
import { expect, test } from "./support/fixtures.js";
import { oddServer, type OddServer } from "./support/odd_server.js";
import { ids, texts } from "./support/recording.js";

const KEY = "key-that-nobody-sees";

let server: RunningServer;
let odd: OddServer;

test.beforeAll(async () => {
  [server, odd] = await Promise.all([createServer({ key: KEY }), oddServer()]);
  await server.hub.create("whole");
});
test.afterAll(async () => {
  await Promise.all([server.close(), odd.close()]);
});

const whole = (): string => `${server.url}/api/conversations/whole`;

interface Failed {
  code: string;
  recovery: string;
  message: string;
}

/** What reading or syncing a path of the odd server comes to. */
async function fails(
  page: Page,
  how: "nested" | "sync",
  path: string,
  worker: boolean,
  timeout = 20_000,
): Promise<Failed> {
  const failed = await page.evaluate(
    async ({ baseUrl, how, worker, timeout, sessionApiKey }) => {
      const options = { baseUrl, sessionApiKey, timeout };
      const name = `odd-${crypto.randomUUID()}`;
      const said: string[] = [];
      const onLog = (...line: unknown[]): void => void said.push(line.join(" "));
      const store = await window.oh.openEventStore({ name, worker, onLog, logLevel: "debug" });
      const nested = window.oh.nestedEventStore({ ...options, worker, onLog, logLevel: "debug" });
      try {
        const conversation = await store.conversation("c");
        const call = how === "sync" ? conversation.sync(options) : nested.searchEvents().toArray();
        return await call.then(
          (value) => ({ code: "none", recovery: "", message: JSON.stringify(value), said }),
          (error: { code: string; recovery: string; message: string }) => ({
            code: error.code,
            recovery: error.recovery,
            message: error.message,
            said,
          }),
        );
      } finally {
        await nested.close();
        await store.close();
      }
    },
    { baseUrl: `${odd.url}/${path}`, how, worker, timeout, sessionApiKey: KEY },
  );
  expect(JSON.stringify(failed)).not.toContain(KEY);
  return failed;
}

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, a sync makes the log what the server has, and asks once for it`, async ({
    harness,
  }) => {
    const found = await harness.evaluate(
      async ({ baseUrl, sessionApiKey, worker, late }) => {
        const store = await window.oh.openEventStore({ worker });
        const conversation = await store.conversation("whole");
        // What a socket brought: one event as the server sends it live, with another source.
        await conversation.feed(late);
        const seen: number[] = [];
        const options = { baseUrl, sessionApiKey };
        const first = await conversation.sync({
          ...options,
          onProgress: ({ events }) => seen.push(events),
        });
        const again = await conversation.sync(options);
        const text = await (await conversation.export({ format: "jsonl" })).text();
        const coverage = await conversation.coverage();
        await store.close();
        return { seen, first, again, coverage, texts: text.trimEnd().split("\n") };
      },
      {
        baseUrl: whole(),
        sessionApiKey: KEY,
        worker,
        late: (texts[4] ?? "").replace(/"source": "\w+"/, '"source": "hook"'),
      },
    );
    expect(found.texts).toEqual(texts);
    expect(found.coverage).toMatchObject({ gaps: [], complete: true });
    const pages = Math.ceil(texts.length / 100);
    expect(found.first).toMatchObject({
      requests: pages,
      events: texts.length,
      accepted: texts.length - 1,
      replaced: 1,
      doubles: 0,
      rejected: 0,
      complete: true,
      gaps: [],
    });
    expect(found.seen).toHaveLength(pages);
    expect(found.again).toMatchObject({ requests: 1, events: 0, complete: true });
  });

  test(`${where}, the remote store reads what the server has`, async ({ harness }) => {
    const filter = { includeTypes: ["CmdOutputObservation"], query: "error" };
    const found = await harness.evaluate(
      async ({ baseUrl, sessionApiKey, worker, filter }) => {
        const nested = window.oh.nestedEventStore({ baseUrl, sessionApiKey, worker });
        const store = await window.oh.openEventStore({ worker });
        const local = await store.conversation("whole");
        await local.sync({ baseUrl, sessionApiKey });
        const idsOf = (events: { id: unknown }[]): unknown[] => events.map(({ id }) => id);
        const ask = async (it: typeof nested): Promise<unknown> => ({
          all: idsOf(await it.searchEvents().toArray()),
          back: idsOf(await it.searchEvents({ reverse: true, limit: 30 }).toArray()),
          some: idsOf(await it.searchEvents({ filter, startId: 5, limit: 3 }).toArray()),
          matching: idsOf(await it.getMatchingEvents({ source: "agent", limit: 7 })),
          bySource: idsOf(await it.filteredEventsBySource("user").toArray()),
          one: await it.getEvent(3),
          latest: await it.getLatestEvent(),
          latestId: await it.getLatestEventId(),
          count: await it.countEvents(filter),
          missing: await it.getEvent(123456).catch((error: { code: string }) => error.code),
        });
        const both = [await ask(nested), await ask(local)];
        const gone = window.oh.nestedEventStore({ baseUrl: `${baseUrl}-not`, sessionApiKey });
        const empty = [await gone.searchEvents().toArray(), await gone.getLatestEventId()];
        await Promise.all([nested.close(), gone.close(), store.close()]);
        const closed = await nested.getEvent(3).catch((error: { code: string }) => error.code);
        return { both, empty, closed };
      },
      { baseUrl: whole(), sessionApiKey: KEY, worker, filter },
    );
    const [remote, local] = found.both as [{ all: number[]; missing: string }, unknown];
    expect(remote).toEqual(local);
    expect(remote.all).toEqual(ids);
    expect(remote.missing).toBe("event-not-found");
    expect(found.empty).toEqual([[], -1]);
    expect(found.closed).toBe("closed");
  });

  test(`${where}, a wrong key is said to be one, and is not said`, async ({ harness }) => {
    const failed = await harness.evaluate(
      async ({ baseUrl, worker }) => {
        const store = await window.oh.openEventStore({ worker });
        const conversation = await store.conversation("locked");
        const sessionApiKey = "wrong-key";
        const error = await conversation
          .sync({ baseUrl, sessionApiKey })
          .catch(({ code, recovery, message }: Failed) => ({ code, recovery, message }));
        await store.close();
        return error;
      },
      { baseUrl: whole(), worker },
    );
    expect(failed).toMatchObject({ code: "network", recovery: "tell-user" });
    expect((failed as Failed).message).toMatch(/401.*session API key/);
    expect((failed as Failed).message).not.toContain("wrong-key");
  });

  test(`${where}, lies and rubbish are errors`, async ({ harness }) => {
    const lies = ["repeats", "foreign", "endless", "html", "shapeless", "truncated", "redirects"];
    for (const path of lies) {
      for (const how of ["nested", "sync"] as const) {
        const failed = await fails(harness, how, path, worker);
        expect(failed, `${how} ${path}`).toMatchObject({ code: "network", recovery: "tell-user" });
      }
    }
    for (const path of ["cut", "chunked", "500", "502"]) {
      for (const how of ["nested", "sync"] as const) {
        const failed = await fails(harness, how, path, worker);
        expect(failed, `${how} ${path}`).toMatchObject({ code: "network", recovery: "retry" });
      }
    }
    expect(odd.asked("one"), "a redirection was followed").toEqual([]);
    for (const path of ["hangs", "stalls"]) {
      const failed = await fails(harness, "sync", path, worker, 300);
      expect(failed).toMatchObject({ code: "timeout", recovery: "retry" });
    }
    expect(odd.asked("html").every(({ key }) => key === KEY)).toBe(true);
  });

  test(`${where}, an answer without an end is cut short`, async ({ harness }) => {
    const failed = await fails(harness, "nested", "giant", worker);
    expect(failed).toMatchObject({ code: "network", message: /too large/ });
  });

  test(`${where}, whoever leaves hangs up`, async ({ harness }) => {
    const before = odd.asked("hangs").length;
    const left = await harness.evaluate(
      async ({ baseUrl, worker }) => {
        const { oh } = window;
        const store = await oh.openEventStore({ worker });
        const conversation = await store.conversation("left");
        const pause = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 300));
        const nameOf = (error: Error): string => error.name;

        const abort = new AbortController();
        const sync = conversation.sync({ baseUrl, signal: abort.signal }).catch(nameOf);
        await pause();
        abort.abort();
        const again = await conversation.sync({ baseUrl, signal: abort.signal }).catch(nameOf);
        const aborted = [await sync, again];

        const nested = oh.nestedEventStore({ baseUrl, worker });
        const events = nested.searchEvents()[Symbol.asyncIterator]();
        const next = events.next();
        await pause();
        await events.return?.();
        const ended = (await next).done;

        const count = nested.countEvents().catch(nameOf);
        await pause();
        await nested.close();
        const counted = await count;

        const last = conversation.sync({ baseUrl }).catch(nameOf);
        await pause();
        await store.close();
        return { aborted, ended, closed: [counted, await last] };
      },
      { baseUrl: `${odd.url}/hangs`, worker },
    );
    expect(left.aborted).toEqual(["AbortError", "AbortError"]);
    expect(left.ended).toBe(true);
    expect(left.closed).toEqual(["ClosedError", "ClosedError"]);
    const asked = odd.asked("hangs").slice(before);
    expect(asked).toHaveLength(4);
    await expect.poll(() => asked.every(({ aborted }) => aborted)).toBe(true);
  });
}

test("a busy server is left alone for as long as it asks, and then asked again", async ({
  harness,
}) => {
  for (const [path, least] of [
    ["seconds", 1000],
    ["date", 900],
  ] as const) {
    const found = await harness.evaluate(async (baseUrl) => {
      const nested = window.oh.nestedEventStore({ baseUrl, logLevel: "off" });
      const begin = performance.now();
      const events = await nested.searchEvents().toArray();
      const took = performance.now() - begin;
      await nested.close();
      return { count: events.length, took };
    }, `${odd.url}/${path}`);
    expect(found.count).toBe(1);
    expect(found.took).toBeGreaterThanOrEqual(least);
    expect(odd.asked(path)).toHaveLength(2);
  }
  const failed = await fails(harness, "nested", "busy", true);
  expect(failed).toMatchObject({ code: "network", recovery: "retry", message: /503/ });
  expect(odd.asked("busy")).toHaveLength(5);
});

test("an address that can't be asked is refused without a word of what is in it", async ({
  harness,
}) => {
  const said = await harness.evaluate(async () => {
    const addresses = ["", "https://", "ftp://a/b", "https://user:secret@a/", "data:,secret"];
    const store = await window.oh.openEventStore();
    const conversation = await store.conversation("c");
    const said: string[] = [];
    const note = ({ code, message }: Failed): void => void said.push(`${code} ${message}`);
    for (const baseUrl of addresses) {
      await conversation.sync({ baseUrl }).catch(note);
      try {
        window.oh.nestedEventStore({ baseUrl });
      } catch (error) {
        note(error as Failed);
      }
    }
    const sessionApiKey = "secret\nkey";
    const nested = window.oh.nestedEventStore({ baseUrl: location.href, sessionApiKey });
    await nested.getLatestEvent().catch(note);
    await store.close();
    return said;
  });
  expect(said).toHaveLength(11);
  for (const text of said) {
    expect(text).toMatch(/^invalid-argument /);
    expect(text).not.toContain("secret");
  }
});

test("in the demo, what the socket left out is fetched, and the gaps are gone", async ({
  page,
  demo,
}) => {
  const id = "gaps";
  await demo.hub.create(id);
  await openDemo(page, demo, id);
  await page.getByTestId("connect").click();
  await expect(page.getByTestId("coverage")).toHaveText(/Not known to be complete: 0–\d+/);
  await page.getByTestId("sync").click();
  await expect(page.getByTestId("sync-outcome")).toHaveText(/The log is whole/);
  const last = ids.at(-1) ?? -1;
  await expect(page.getByTestId("coverage")).toHaveText(`Nothing is missing up to event ${last}.`);
  expect(await exportedTexts(page, id)).toEqual(texts);
});
