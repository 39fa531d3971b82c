// Tabs of one browser write to one conversation and read it, all at once: nothing is lost, nothing
// is there twice, and each hears of what the others do.
import type { BrowserContext, Page } from "@playwright/test";
import type { Event } from "oh-event-store";
import { expect, harnessPath, needsChromium, test } from "./support/fixtures.js";
import { frame, frames, range } from "./support/frames.js";

/** Opens the conversation in a tab; `window.seen` is what `follow` gives from then on. */
async function follow(page: Page, worker: boolean): Promise<void> {
  await page.evaluate(async (worker) => {
    window.store = await window.oh.openEventStore({ worker });
    window.conversation = await window.store.conversation("shared");
    window.seen = [];
    void (async () => {
      for await (const { id } of window.conversation.follow()) window.seen.push(id);
    })();
  }, worker);
}

async function twoTabs(context: BrowserContext, url: string, worker: boolean) {
  const pages = [await context.newPage(), await context.newPage()] as const;
  for (const page of pages) {
    await page.goto(url + harnessPath);
    await follow(page, worker);
  }
  return pages;
}

async function feed(page: Page, texts: string[]): Promise<(string | undefined)[]> {
  return page.evaluate(async (texts) => {
    const feeding = texts.map((text) =>
      window.conversation.feed(text).then(
        () => undefined,
        (error: unknown) => String(error),
      ),
    );
    return Promise.all(feeding);
  }, texts);
}

function found(page: Page): Promise<unknown[]> {
  return page.evaluate(async () => {
    const events = await window.conversation.searchEvents().toArray();
    return events.map(({ id }) => id);
  });
}

const ascending = (ids: unknown[]): number[] =>
  (ids as number[]).toSorted((one, other) => one - other);

for (const count of [2, 4, 8]) {
  test(`${count} tabs write at once, and each has and hears of every event once`, async ({
    context,
    files,
  }) => {
    const each = 240 / count;
    const pages = await Promise.all(Array.from({ length: count }, () => context.newPage()));
    for (const [index, page] of pages.entries()) {
      await page.goto(files.url + harnessPath);
      await follow(page, index % 2 === 0);
    }
    // A tab has events of its own and, as tabs on one server do, some of its neighbour's.
    const answers = await Promise.all(
      pages.map((page, index) => {
        const own = range(0, each).map((n) => n * count + index);
        const neighbours = own.filter((id) => id % 3 === 0).map((id) => id - index);
        return feed(
          page,
          [...own, ...neighbours].map((id) => frame(id)),
        );
      }),
    );
    expect(answers.flat().filter((failure) => failure !== undefined)).toEqual([]);
    const all = range(0, 240);
    for (const page of pages) {
      await expect.poll(() => page.evaluate(() => window.seen.length)).toBe(240);
      expect(ascending(await page.evaluate(() => window.seen))).toEqual(all);
      expect(await found(page)).toEqual(all);
      expect(await page.evaluate(() => window.conversation.countEvents())).toBe(240);
    }
  });
}

for (const worker of [true, false]) {
  test(`events that come late and one by one are heard in the other tab, ${worker ? "in a worker" : "on the page"}`, async ({
    context,
    files,
  }) => {
    const [writer, reader] = await twoTabs(context, files.url, worker);
    const content = "x".repeat(400);
    // Each of them goes into a page that is made anew.
    await writer.evaluate(
      async (texts) => {
        for (const text of texts) await window.conversation.feed(text);
      },
      range(0, 1200)
        .map((id) => frame(id, content))
        .toReversed(),
    );
    await expect.poll(() => reader.evaluate(() => window.seen.length)).toBe(1200);
    expect(ascending(await reader.evaluate(() => window.seen))).toEqual(range(0, 1200));
  });
}

test("better copies, and what comes after a rollback or a deletion, are heard in the other tab", async ({
  context,
  files,
}) => {
  const [writer, reader] = await twoTabs(context, files.url, true);
  await reader.evaluate(async () => {
    window.heard = {};
    const hear = (event: Event) => {
      window.heard[Number(event.id)] = event["content"];
    };
    await window.conversation.subscribe("test", hear, "hear");
  });
  const heard = (ids: number[]) => reader.evaluate((ids) => ids.map((id) => window.heard[id]), ids);
  const all = range(0, 300);
  await feed(
    writer,
    all.map((id) => frame(id, "old")),
  );
  await expect.poll(() => heard(all)).toEqual(all.map(() => "old"));

  await writer.evaluate(
    (text) => window.store.import(text, { id: "shared" }),
    all.map((id) => frame(id, "better")).join("\n"),
  );
  await expect.poll(() => heard(all)).toEqual(all.map(() => "better"));

  const again = range(100, 300);
  await writer.evaluate(
    async (texts) => {
      await window.conversation.truncate(99);
      await Promise.all(texts.map((text) => window.conversation.feed(text)));
    },
    again.map((id) => frame(id, "new")),
  );
  await expect.poll(() => heard(again)).toEqual(again.map(() => "new"));

  await writer.evaluate(
    async (texts) => {
      await window.store.deleteConversation("shared");
      await Promise.all(texts.map((text) => window.conversation.feed(text)));
    },
    all.map((id) => frame(id, "after")),
  );
  await expect.poll(() => heard(all)).toEqual(all.map(() => "after"));
  // So does the tab that has deleted it.
  expect(await writer.evaluate(() => window.seen.length)).toBe(300 + 300 + 200 + 300);
});

test("what one tab stores, deletes or rolls back another one sees without asking", async ({
  context,
  files,
}) => {
  const [writer, reader] = await twoTabs(context, files.url, true);
  await feed(writer, frames(0, 5));
  await expect.poll(() => reader.evaluate(() => window.seen)).toEqual(range(0, 5));
  expect(await reader.evaluate(() => window.conversation.getLatestEventId())).toBe(4);
  await writer.evaluate(() => window.conversation.truncate(2));
  const latest = () => reader.evaluate(() => window.conversation.getLatestEventId());
  await expect.poll(latest).toBe(2);
  await writer.evaluate(() => window.store.deleteConversation("shared"));
  await expect.poll(latest).toBe(-1);
});

test("a tab that dies while it writes takes nothing acknowledged with it and holds nobody up", async ({
  context,
  files,
  browserName,
}) => {
  needsChromium(browserName, "only Chromium's driver crashes a tab");
  const [dying, living] = [await context.newPage(), await context.newPage()];
  const acknowledged = new Set<number>();
  await dying.exposeFunction("acknowledge", (id: number) => void acknowledged.add(id));
  for (const page of [dying, living]) {
    await page.goto(files.url + harnessPath);
    await follow(page, true);
  }
  const crashed = new Promise((resolve) => dying.once("crash", resolve));
  void dying
    .evaluate(
      async (texts) => {
        const { acknowledge } = window as unknown as { acknowledge: (id: number) => void };
        for (let at = 0; at < texts.length; at += 5) {
          const some = texts.slice(at, at + 5).map(async (text, index) => {
            await window.conversation.feed(text);
            acknowledge(2 * (at + index));
          });
          await Promise.all(some);
        }
      },
      range(0, 3000).map((id) => frame(2 * id)),
    )
    .catch(() => {});
  const writing = feed(
    living,
    range(0, 300).map((id) => frame(2 * id + 1)),
  );
  await expect.poll(() => acknowledged.size).toBeGreaterThan(50);
  const session = await context.newCDPSession(dying);
  session.send("Page.crash").catch(() => {});
  await crashed;
  expect((await writing).filter((failure) => failure !== undefined)).toEqual([]);
  await feed(living, [frame(9999)]);
  const kept = await found(living);
  expect([...acknowledged].filter((id) => !kept.includes(id))).toEqual([]);
  expect(kept.filter((id) => Number(id) % 2 === 1)).toHaveLength(301);
  expect(new Set(kept).size).toBe(kept.length);
  expect(kept).toEqual(ascending(kept));
});

test("a tab that another one's newer release upgrades past says so and stands in no one's way", async ({
  context,
  files,
}) => {
  const [older, newer] = [await context.newPage(), await context.newPage()];
  for (const page of [older, newer]) await page.goto(files.url + harnessPath);
  await older.evaluate(async (text) => {
    window.seen = [];
    const tell = (kind: string) => () => void window.seen.push(kind);
    window.store = await window.oh.openEventStore({
      onBlocking: tell("blocking"),
      onDegraded: tell("degraded"),
    });
    window.conversation = await window.store.conversation("shared");
    await window.conversation.feed(text);
  }, frame(0));
  // What a later release does first.
  const version = await newer.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open("oh-event-store", 1000);
        request.onsuccess = () => {
          resolve(request.result.version);
          request.result.close();
        };
        request.onerror = () => reject(request.error ?? new Error("no reason"));
        request.onblocked = () => reject(new Error("blocked"));
      }),
  );
  expect(version).toBe(1000);
  await expect.poll(() => older.evaluate(() => window.seen)).toEqual(["blocking"]);
  const codes = await older.evaluate(async (text) => {
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => "done",
        (error: unknown) => (error as { code?: string }).code,
      );
    return [
      await code(window.conversation.feed(text)),
      await code(window.oh.openEventStore({ onLog: () => {} })),
    ];
  }, frame(1));
  expect(codes).toEqual(["closed", "version-too-new"]);
  expect(await older.evaluate(() => window.store.mode)).toBe("indexeddb");
});
