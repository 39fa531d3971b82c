// A browser without room: a refused write says so, stores nothing of itself and harms nothing.
import type { Page } from "@playwright/test";
import { expect, harnessPath, test } from "./support/fixtures.js";
import { frame } from "./support/frames.js";

const QUOTA = 3_000_000;
/** Frames that are fed at once: each lot is so large that it takes a transaction or more. */
const LOT = 10;

// Firefox takes its limit at the start only: in KiB for all sites, of which one gets a part.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    const firefoxUserPrefs = { "dom.quotaManager.temporaryStorage.fixedLimit": 20_480 };
    await use({ ...launchOptions, firefoxUserPrefs });
  },
});

/** Opens the page where there is little room; the function that comes back makes more. */
async function openWithLittleRoom(page: Page, url: string): Promise<() => Promise<unknown>> {
  if (page.context().browser()?.browserType().name() === "chromium") {
    // Chrome keeps what it once learned of an origin's room, so the limit comes first.
    const session = await page.context().newCDPSession(page);
    const { origin } = new URL(url);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: QUOTA });
    await page.goto(url);
    return () => session.send("Storage.overrideQuotaForOrigin", { origin });
  }
  await page.goto(url);
  await page.evaluate(
    (size) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open("ballast");
        opening.onupgradeneeded = () => opening.result.createObjectStore("all");
        opening.onsuccess = () => {
          const writing = opening.result.transaction("all", "readwrite");
          for (let at = 0; at < size; at += 65_536) {
            const bytes = crypto.getRandomValues(new Uint8Array(65_536));
            writing.objectStore("all").put(bytes, at);
          }
          writing.oncomplete = () => resolve(opening.result.close());
          writing.onabort = () => reject(writing.error ?? new Error("no reason"));
        };
      }),
    QUOTA,
  );
  return () =>
    page.evaluate(() =>
      new Promise((resolve) => {
        indexedDB.deleteDatabase("ballast").onsuccess = resolve;
      }).then(() => undefined),
    );
}

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, a full disk refuses whole events and goes on reading`, async ({
    page,
    files,
  }) => {
    const makeRoom = await openWithLittleRoom(page, files.url + harnessPath);

    const full = await page.evaluate(
      async ({ worker, template, lot }) => {
        window.store = await window.oh.openEventStore({ worker, onLog: () => {} });
        window.conversation = await window.store.conversation("full");
        // A browser compresses what it stores, so only random text takes room.
        const random = () =>
          btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30_000))));
        const contents: Record<number, string> = {};
        const accepted: number[] = [];
        const codes: (string | undefined)[] = [];
        const names = new Set<string>();
        for (let id = 0; codes.length === 0 && id < 1000; id += lot) {
          const feeding = Array.from({ length: lot }, async (_, index) => {
            const content = (contents[id + index] = random());
            const text = template
              .replace('"id": 0', `"id": ${id + index}`)
              .replace("line 0", content);
            try {
              await window.conversation.feed(text);
              accepted.push(id + index);
            } catch (error) {
              codes.push((error as { code?: string }).code);
              if (error instanceof window.oh.QuotaExceededError) names.add("QuotaExceededError");
            }
          });
          await Promise.all(feeding);
        }
        const wrong: number[] = [];
        const found: unknown[] = [];
        for await (const event of window.conversation.searchEvents()) {
          found.push(event.id);
          if (event["content"] !== contents[Number(event.id)]) wrong.push(Number(event.id));
        }
        const counted = await window.conversation.countEvents();
        return { accepted, codes, names: [...names], found, wrong, counted };
      },
      { worker, template: frame(0), lot: LOT },
    );
    expect(full.codes.length).toBeGreaterThan(0);
    expect(new Set(full.codes)).toEqual(new Set(["quota-exceeded"]));
    expect(full.names).toEqual(["QuotaExceededError"]);
    expect(full.accepted.length).toBeGreaterThan(0);
    expect(full.found).toEqual(full.accepted.toSorted((one, other) => one - other));
    expect(full.wrong).toEqual([]);
    expect(full.counted).toBe(full.accepted.length);

    await makeRoom();
    const next = 1000;
    const after = await page.evaluate(
      async ({ worker, text, next }) => {
        const report = await window.conversation.feed(text);
        await window.store.close();
        const store = await window.oh.openEventStore({ worker });
        const conversation = await store.conversation("full");
        const found = (await conversation.searchEvents().toArray()).map(({ id }) => id);
        const content = (await conversation.getEvent(next))["content"];
        await store.close();
        return { report, found, content };
      },
      { worker, text: frame(next), next },
    );
    expect(after.report).toMatchObject({ accepted: 1, rejected: 0 });
    expect(after.found).toEqual([...full.found, next]);
    expect(after.content).toBe(`line ${next}`);
  });
}
