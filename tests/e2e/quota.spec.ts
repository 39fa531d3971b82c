// A browser without room: a refused write says so, stores nothing of itself and harms nothing.
import { expect, harnessPath, needsChromium, test } from "./support/fixtures.js";
import { frame } from "./support/frames.js";

const QUOTA = 3_000_000;
/** Frames that are fed at once: each lot is so large that it takes a transaction or more. */
const LOT = 10;

for (const worker of [true, false]) {
  const where = worker ? "in the worker" : "on the page";

  test(`${where}, a full disk refuses whole events and goes on reading`, async ({
    browserName,
    page,
    files,
  }) => {
    needsChromium(browserName, "only Chromium's driver limits an origin's room");
    // Chrome keeps what it once learned of an origin's room, so the limit comes first.
    const session = await page.context().newCDPSession(page);
    const origin = files.url;
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: QUOTA });
    await page.goto(files.url + harnessPath);

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

    await session.send("Storage.overrideQuotaForOrigin", { origin });
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
