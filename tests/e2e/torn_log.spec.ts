// Chromium was killed while it wrote to its own log, and left a record of it unfinished.
import { appendFileSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, harnessPath, needsChromium, test as base } from "./support/fixtures.js";
import { frames, range } from "./support/frames.js";
import { Profile } from "./support/profile.js";

const test = base.extend<{ profile: Profile }>({
  profile: async ({ playwright, browserName, channel, launchOptions }, use) => {
    const profile = new Profile(playwright[browserName], { ...launchOptions, channel });
    await use(profile);
    await profile.remove();
  },
});

test.beforeEach(({ browserName }) => {
  needsChromium(browserName, "only Chromium keeps its databases in such a log");
});

/** Leaves of a record of 1000 bytes what LevelDB has written when it is killed after the header. */
function tearLog(profile: Profile): string {
  const databases = join(profile.folder, "Default/IndexedDB");
  const database = readdirSync(databases).find((name) => name.endsWith(".leveldb")) ?? "";
  const files = readdirSync(join(databases, database));
  const newest =
    files
      .filter((name) => name.endsWith(".log"))
      .sort()
      .at(-1) ?? "";
  const log = join(databases, database, newest);
  appendFileSync(log, Buffer.from([1, 2, 3, 4, 0xe8, 3, 1]));
  return log;
}

/**
 * Opens the browser and the store, feeds, and closes both; what was there, and what was lost. A torn
 * log is gone before the browser is: it moves what lies in there to a table in the background.
 */
async function session(
  profile: Profile,
  url: string,
  fed: readonly string[],
  torn?: string,
): Promise<{ found: unknown[]; lost: unknown[]; logged: unknown[] }> {
  const page = await profile.open();
  await page.goto(url + harnessPath);
  const seen = await page.evaluate(async (fed) => {
    const lost: unknown[] = [];
    const logged: unknown[] = [];
    const store = await window.oh.openEventStore({
      onDataLost: ({ reason }) => lost.push(reason),
      onLog: (level, message) => logged.push([level, message]),
    });
    const conversation = await store.conversation("c");
    const found = (await conversation.searchEvents().toArray()).map(({ id }) => id);
    for (const text of fed) await conversation.feed(text);
    await store.close();
    return { found, lost, logged };
  }, fed);
  if (torn !== undefined) await expect.poll(() => existsSync(torn)).toBe(false);
  await profile.close();
  return seen;
}

/** Lets the browser lose what is stored: another user of the origin writes first, who knows of nothing. */
async function loseAll(profile: Profile, url: string): Promise<void> {
  tearLog(profile);
  const page = await profile.open();
  await page.goto(url);
  await page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open("elsewhere", 1);
        request.onupgradeneeded = () => {
          request.result.createObjectStore("s").put(new Uint8Array(5000), 1);
        };
        request.onsuccess = () => resolve();
        request.onerror = () => reject(new Error(String(request.error)));
      }),
  );
  await profile.close();
}

test("a conversation outlives every start after it", async ({ profile, files }) => {
  const nothing = { lost: [], logged: [] };
  expect(await session(profile, files.url, frames(0, 20))).toEqual({ found: [], ...nothing });
  for (const start of [20, 40, 60]) {
    const torn = tearLog(profile);
    expect(await session(profile, files.url, frames(start, start + 20), torn)).toEqual({
      found: range(0, start),
      ...nothing,
    });
  }
  expect(await session(profile, files.url, [])).toEqual({ found: range(0, 80), ...nothing });
});

test("a conversation outlives a start at whose very end something was written", async ({
  profile,
  files,
}) => {
  await session(profile, files.url, frames(0, 20));
  for (const [id, end] of [
    [20, "store"],
    [21, "page"],
    [22, "store"],
    [23, "page"],
  ] as const) {
    const torn = tearLog(profile);
    const page = await profile.open();
    await page.goto(files.url + harnessPath);
    await page.evaluate(
      async ({ text, end }) => {
        const store = await window.oh.openEventStore();
        const conversation = await store.conversation("c");
        await conversation.feed(text);
        if (end === "store") await store.close();
      },
      { text: frames(id, id + 1)[0] ?? "", end },
    );
    // Another page keeps the browser.
    if (end === "page") await Promise.all([page.context().newPage(), page.close()]);
    await expect.poll(() => existsSync(torn), { message: end }).toBe(false);
    await profile.close();
  }
  expect(await session(profile, files.url, [])).toEqual({
    found: range(0, 24),
    lost: [],
    logged: [],
  });
});

test("what the browser has thrown away is told, and writing goes on", async ({
  profile,
  files,
}) => {
  await session(profile, files.url, frames(0, 20));
  await loseAll(profile, files.url + harnessPath);
  expect(await session(profile, files.url, frames(0, 5))).toEqual({
    found: [],
    lost: [expect.stringContaining("corrupt")],
    logged: [["error", "the browser lost the database and began an empty one"]],
  });
  expect(await session(profile, files.url, [])).toEqual({
    found: range(0, 5),
    lost: [],
    logged: [],
  });
});

test("the demo says that it was lost, until that is read", async ({ profile, demo }) => {
  const open = async (): Promise<Page> => {
    const page = await profile.open();
    await page.goto(demo.url);
    await expect(page.getByTestId("storage-mode")).toHaveText("IndexedDB");
    return page;
  };
  await open();
  await profile.close();
  await loseAll(profile, demo.url);
  const page = await open();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("found its database damaged");
  await alert.getByRole("button", { name: "Dismiss" }).press("Enter");
  await expect(alert).toHaveCount(0);
});
