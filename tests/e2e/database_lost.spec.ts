// The browser takes the database away, for a moment or for good: nothing that was fed is lost.
import type { Page } from "@playwright/test";
import { expect, harnessPath, needsChromium, test } from "./support/fixtures.js";
import { frame, frames, range } from "./support/frames.js";

declare global {
  interface Window {
    /** Closes every database as Safari does: by force, with a `close` event, its data kept. */
    closeByForce(): void;
    /** Whether databases can be opened. */
    refuses: boolean;
  }
}

/** On a page: forced closing can't be had from outside without losing the data too. */
async function withFaults(page: Page, refuses: boolean): Promise<void> {
  await page.addInitScript((refuses) => {
    const open = indexedDB.open.bind(indexedDB);
    const databases: IDBDatabase[] = [];
    window.refuses = refuses;
    window.closeByForce = () => {
      for (const database of databases.splice(0)) {
        database.close();
        database.dispatchEvent(new Event("close"));
      }
    };
    IDBFactory.prototype.open = (name, version) => {
      if (window.refuses) throw new DOMException("not now", "UnknownError");
      const request = open(name, version);
      request.addEventListener("success", () => databases.push(request.result));
      return request;
    };
  }, refuses);
}

/** The browser takes the database away, and doesn't give it back. */
function lose(page: Page): Promise<void> {
  return page.evaluate(() => {
    window.refuses = true;
    window.closeByForce();
  });
}

interface Told {
  readonly kind: string;
  readonly detail: { readonly reason?: string; readonly events?: number };
}

function openStore(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const told: Told[] = [];
    window.seen = told;
    const tell = (kind: string) => (detail: Told["detail"]) => void told.push({ kind, detail });
    window.store = await window.oh.openEventStore({
      worker: false,
      memoryBudget: 1,
      onLog: () => {},
      onTerminated: tell("terminated"),
      onDegraded: tell("degraded"),
      onRestored: tell("restored"),
    });
    window.conversation = await window.store.conversation("c");
    return window.store.mode;
  });
}

function feed(page: Page, texts: string[]): Promise<number> {
  return page.evaluate(async (texts) => {
    const reports = await Promise.all(texts.map((text) => window.conversation.feed(text)));
    return reports.reduce((sum, { accepted }) => sum + accepted, 0);
  }, texts);
}

const found = (page: Page): Promise<unknown[]> =>
  page.evaluate(async () =>
    (await window.conversation.searchEvents().toArray()).map(({ id }) => id),
  );
const mode = (page: Page) => page.evaluate(() => window.store.mode);
const kinds = (page: Page) => page.evaluate(() => (window.seen as Told[]).map(({ kind }) => kind));
const long = (from: number, to: number) =>
  range(from, to).map((id) => frame(id, `line ${id} `.repeat(200)));

/** What another page reads: what is in the database. */
async function stored(page: Page, url: string): Promise<unknown[]> {
  const other = await page.context().newPage();
  await other.goto(url);
  await other.evaluate(async () => {
    window.store = await window.oh.openEventStore({});
    window.conversation = await window.store.conversation("c");
  });
  const ids = await found(other);
  await other.close();
  return ids;
}

test("a database closed by force is opened again, and what is under way is not lost", async ({
  page,
  files,
}) => {
  await withFaults(page, false);
  await page.goto(files.url + harnessPath);
  expect(await openStore(page)).toBe("indexeddb");
  const accepted = await page.evaluate(
    async (texts) => {
      const feeding = texts.map(async (text, index) => {
        await new Promise((resolve) => setTimeout(resolve, index));
        return window.conversation.feed(text);
      });
      setTimeout(() => window.closeByForce(), 100);
      const reports = await Promise.all(feeding);
      return reports.reduce((sum, { accepted }) => sum + accepted, 0);
    },
    frames(0, 300),
  );
  expect(accepted).toBe(300);
  expect(await kinds(page)).toEqual(["terminated"]);
  expect(await mode(page)).toBe("indexeddb");
  expect(await found(page)).toEqual(range(0, 300));
  expect(await stored(page, files.url + harnessPath)).toEqual(range(0, 300));
});

test("a database that can't be opened again is done without, and then gets what came meanwhile", async ({
  page,
  files,
}) => {
  await withFaults(page, false);
  await page.goto(files.url + harnessPath);
  await openStore(page);
  expect(await feed(page, long(0, 200))).toBe(200);

  await lose(page);
  expect(await feed(page, long(200, 260))).toBe(60);
  expect(await mode(page)).toBe("memory");
  expect(await kinds(page)).toEqual(["terminated", "degraded"]);
  const seen = await page.evaluate(async () => {
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => "done",
        (error: unknown) => (error as { code?: string }).code,
      );
    return {
      reason: (window.seen as Told[])[1]?.detail.reason,
      latest: await window.conversation.getLatestEventId(),
      count: await window.conversation.countEvents(),
      all: await code(window.conversation.searchEvents().toArray()),
      list: await code(window.store.conversations()),
      newest: (await window.conversation.getLatestEvent()).id,
      stats: (await window.store.stats()).mode,
    };
  });
  expect(seen).toMatchObject({
    latest: 259,
    count: 260,
    all: "storage",
    list: "storage",
    newest: 259,
    stats: "memory",
  });
  expect(seen.reason).toContain("can't be reached");

  // Another tab is not concerned, and goes on writing.
  const other = await page.context().newPage();
  await other.goto(files.url + harnessPath);
  await other.evaluate(
    async (texts) => {
      const store = await window.oh.openEventStore({});
      const conversation = await store.conversation("c");
      await Promise.all(texts.map((text) => conversation.feed(text)));
      await store.close();
    },
    long(250, 300),
  );

  await page.evaluate(() => void (window.refuses = false));
  await expect.poll(() => mode(page), { timeout: 60_000 }).toBe("indexeddb");
  expect(await kinds(page)).toEqual(["terminated", "degraded", "restored"]);
  await expect.poll(() => found(page)).toEqual(range(0, 300));
  expect(await feed(page, [frame(300)])).toBe(1);
  expect(await stored(page, files.url + harnessPath)).toEqual(range(0, 301));
});

test("a page that has no storage at first keeps everything once it has", async ({
  page,
  files,
}) => {
  await withFaults(page, true);
  await page.goto(files.url + harnessPath);
  expect(await openStore(page)).toBe("memory");
  expect(await kinds(page)).toEqual(["degraded"]);
  const added = await page.evaluate(async () => {
    const ids: unknown[] = [];
    for (let n = 0; n < 30; n += 1) {
      const args = { content: `message ${n}` };
      ids.push((await window.conversation.addEvent({ action: "message", args }, "user")).id);
    }
    return ids;
  });
  expect(added).toEqual(range(0, 30));
  expect(await found(page)).toEqual(range(0, 30));
  await page.evaluate(() => void (window.refuses = false));
  await expect.poll(() => mode(page), { timeout: 60_000 }).toBe("indexeddb");
  expect(await page.evaluate(() => (window.seen as Told[]).at(-1))).toEqual({
    kind: "restored",
    detail: { events: 30 },
  });
  expect(await stored(page, files.url + harnessPath)).toEqual(range(0, 30));
});

test("a store that is closed while it is in memory brings what it has to the database first", async ({
  page,
  files,
}) => {
  await withFaults(page, false);
  await page.goto(files.url + harnessPath);
  await openStore(page);
  expect(await feed(page, frames(0, 20))).toBe(20);
  await lose(page);
  expect(await feed(page, frames(20, 30))).toBe(10);
  expect(await mode(page)).toBe("memory");
  await page.evaluate(async () => {
    window.refuses = false;
    await window.store.close();
  });
  expect(await stored(page, files.url + harnessPath)).toEqual(range(0, 30));
});

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, a user who clears the site's data gets an empty log that goes on`, async ({
    browserName,
    page,
    files,
  }) => {
    needsChromium(browserName, "only Chromium's driver clears a site's data");
    await page.goto(files.url + harnessPath);
    await page.evaluate(
      async ({ worker, texts }) => {
        window.seen = [];
        const tell = (kind: string) => () => void window.seen.push(kind);
        window.store = await window.oh.openEventStore({
          worker,
          onLog: () => {},
          onTerminated: tell("terminated"),
          onDegraded: tell("degraded"),
        });
        window.conversation = await window.store.conversation("c");
        await Promise.all(texts.map((text) => window.conversation.feed(text)));
        // No other tab has answered by now, so that events are added without a look at the rest.
        await new Promise((resolve) => setTimeout(resolve, 500));
      },
      { worker, texts: frames(0, 50) },
    );
    const session = await page.context().newCDPSession(page);
    const origin = files.url;
    await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "indexeddb" });
    await expect.poll(() => page.evaluate(() => window.seen)).toEqual(["terminated"]);
    const kept = () =>
      page.evaluate(async () => ({
        events: await window.conversation.countEvents(),
        latest: await window.conversation.getLatestEventId(),
      }));
    await expect.poll(kept).toEqual({ events: 0, latest: -1 });
    expect(await feed(page, frames(50, 60))).toBe(10);
    expect(await found(page)).toEqual(range(50, 60));
    expect(await stored(page, files.url + harnessPath)).toEqual(range(50, 60));
  });
}
