// Tabs that connect to one conversation have one socket. Whatever happens to the tab that has it,
// another one goes on from what is stored: nothing is lost, nothing is there twice.
import { chromium, type Page } from "@playwright/test";
import { createServer, type RunningServer } from "../../www/server/server.mjs";
import { expect, harnessPath, needsChromium, test } from "./support/fixtures.js";
import { FreeTab } from "./support/free_tab.js";
import { complete, KEY, locks, Shared, status, type Tab, type Transport } from "./support/tabs.js";

let server: RunningServer;

test.beforeAll(async () => {
  server = await createServer({ key: KEY });
});
test.afterAll(() => server.close());

const POLL = { intervals: [20] };
const TRANSPORTS: readonly Transport[] = ["socket.io", "websocket"];

/** Waits until one of the tabs brings what happens from now on, and tells how long that took. */
async function takenOver(shared: Shared, tabs: readonly Tab[], since: number): Promise<void> {
  const newest = shared.released;
  const states = () => Promise.all(tabs.map(status));
  await expect
    .poll(async () => (await states()).some((state) => /live|syncing/.test(state)), POLL)
    .toBe(true);
  const counts = () => Promise.all(tabs.map((tab) => tab.evaluate(() => window.seen.length)));
  await expect.poll(async () => Math.min(...(await counts())), POLL).toBeGreaterThan(newest);
  console.log(`${test.info().title}: taken over after ${Date.now() - since} ms`);
  await shared.settled(tabs);
}

for (const transport of TRANSPORTS) {
  test(`${transport}: eight tabs, one socket`, async ({ context, files }) => {
    const shared = await Shared.create(server, files.url, `eight-${transport}`, transport);
    const tabs = await Promise.all(
      Array.from({ length: 8 }, (_, index) => shared.tab(context, { worker: index % 2 === 0 })),
    );
    await shared.settled(tabs);
    expect(shared.open).toBe(1);
    shared.play();
    await shared.whole(tabs);
    expect([shared.opened, shared.most]).toEqual([1, 1]);
    // One after the other goes; the last one takes the socket along.
    for (let rest = tabs; rest.length;) {
      const { holder, followers } = await shared.settled(rest);
      await holder.evaluate(() => window.connection.close());
      rest = followers;
    }
    await expect.poll(() => shared.open).toBe(0);
    expect(shared.opened).toBe(8);
    expect(await locks(tabs[0] as Page)).toEqual([0, 0]);
  });
}

/** What ends a tab, or the connection of it. */
const ENDS: Record<string, (page: Page) => Promise<unknown>> = {
  "is closed": (page) => page.close(),
  "closes its connection": (page) => page.evaluate(() => window.connection.close()),
  "closes its store": (page) => page.evaluate(() => window.store.close()),
  "goes to another page": (page) => page.goto("about:blank"),
  crashes: async (page) => {
    const crashed = new Promise((resolve) => page.once("crash", resolve));
    const session = await page.context().newCDPSession(page);
    session.send("Page.crash").catch(() => {});
    await crashed;
  },
};

for (const transport of TRANSPORTS) {
  for (const [how, end] of Object.entries(ENDS)) {
    test(`${transport}: the tab with the socket ${how}`, async ({
      browserName,
      context,
      files,
    }) => {
      if (how === "crashes") needsChromium(browserName, "only Chromium's driver crashes a tab");
      const id = `${transport}-${how}`.replaceAll(" ", "-");
      const shared = await Shared.create(server, files.url, id, transport);
      let tabs: Page[] = [];
      for (let count = 0; count < 3; count++) tabs.push(await shared.tab(context));
      // Twice, while events come.
      for (let round = 0; round < 2; round++) {
        const { holder, followers } = await shared.settled(tabs);
        shared.play(25);
        await expect.poll(() => holder.evaluate(() => window.seen.length)).toBeGreaterThan(60);
        const since = Date.now();
        await end(holder);
        tabs = followers;
        await takenOver(shared, tabs, since);
      }
      shared.play();
      await shared.whole(tabs);
      await expect.poll(() => shared.open).toBe(1);
      expect(shared.opened).toBe(3);
    });
  }

  test(`${transport}: the tab with the socket is frozen, and thawed`, async ({
    browser,
    browserName,
    files,
  }) => {
    needsChromium(browserName, "only Chromium's driver freezes a tab");
    const shared = await Shared.create(server, files.url, `frozen-${transport}`, transport);
    const tabs: FreeTab[] = [];
    try {
      for (let count = 0; count < 2; count++) {
        const tab = await FreeTab.open(browser, files.url + harnessPath);
        tabs.push(tab);
        await shared.join(tab);
      }
      const { holder, followers } = await shared.settled(tabs);
      shared.play(25);
      const seen = () => holder.evaluate(() => window.seen.length);
      await expect.poll(seen).toBeGreaterThan(60);
      // Frozen in the middle of a transaction, it would hold up the others: a browser waits for its end.
      shared.pause();
      await expect.poll(seen).toBe(shared.released);
      await complete(holder);
      const since = Date.now();
      await holder.send("Page.setWebLifecycleState", { state: "frozen" });
      shared.play(25);
      await takenOver(shared, followers, since);
      shared.play();
      await shared.whole(followers);
      await holder.send("Page.setWebLifecycleState", { state: "active" });
      await shared.whole(tabs);
      expect(await status(holder)).toBe("follower");
      // What stood still with a socket open has let go of it.
      await expect.poll(() => shared.open).toBe(1);
      // And it is its turn again when the other one is frozen.
      await followers[0]?.send("Page.setWebLifecycleState", { state: "frozen" });
      await shared.settled([holder]);
      expect(shared.opened).toBe(3);
    } finally {
      for (const tab of tabs) await tab.close();
    }
  });

  test(`${transport}: without Web Locks each tab connects, and nothing is there twice`, async ({
    context,
    files,
  }) => {
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, "locks", { value: undefined });
    });
    const shared = await Shared.create(server, files.url, `lockless-${transport}`, transport);
    const tabs = await Promise.all([0, 1, 2].map(() => shared.tab(context)));
    for (const tab of tabs) await expect.poll(() => status(tab)).toBe("live");
    expect(shared.open).toBe(3);
    const told = ["one", "two", "three"];
    told.forEach((message) => shared.say(message));
    for (const tab of tabs) await expect.poll(() => tab.evaluate(() => window.told)).toEqual(told);
    shared.play(100);
    await tabs.pop()?.close();
    await shared.whole(tabs);
  });
}

for (const transport of TRANSPORTS) {
  test(`${transport}: what is no event is told in every tab once`, async ({ context, files }) => {
    const shared = await Shared.create(server, files.url, `told-${transport}`, transport);
    const tabs = await Promise.all([0, 1, 2].map((n) => shared.tab(context, { worker: n < 2 })));
    const { holder, followers } = await shared.settled(tabs);
    const [twice, listener] = followers as [Page, Page];
    await twice.evaluate((options) => {
      const other = window.conversation.connect(options);
      window.end = () => void other.close();
    }, shared.options());
    // What one tab tells the others, which anybody of this origin may hear.
    await listener.evaluate(() => {
      window.sent = [];
      const name = "oh-event-store/oh-event-store";
      new BroadcastChannel(name).onmessage = ({ data }) => window.sent.push(JSON.stringify(data));
    });
    const told = (tab: Tab) => tab.evaluate(() => window.told);
    shared.say("one");
    shared.say("two");
    for (const tab of tabs) await expect.poll(() => told(tab)).toEqual(["one", "two"]);

    // Neither the key, in whatever spelling, nor what is very long.
    const kept = [`it is ${KEY}!`, "x".repeat(100_000)];
    kept.forEach((message) => shared.say(message));
    shared.say("three");
    for (const tab of followers) {
      await expect.poll(() => told(tab)).toEqual(["one", "two", "three"]);
    }
    await expect.poll(() => told(holder)).toEqual(["one", "two", ...kept, "three"]);
    const sent = (await listener.evaluate(() => window.sent)).join("\n");
    expect(sent).toContain("three");
    expect(sent).not.toContain(KEY);

    await holder.evaluate(() => window.connection.close());
    await twice.evaluate(() => window.end());
    await shared.settled(followers);
    shared.say("four");
    shared.say("five");
    const all = ["one", "two", "three", "four", "five"];
    for (const tab of followers) await expect.poll(() => told(tab)).toEqual(all);
    expect(await told(holder)).toHaveLength(5);
  });
}

test("a page in the back-forward cache has no socket; when it is back, it follows", async ({
  browserName,
  files,
  launchOptions,
}) => {
  needsChromium(browserName, "only Chromium's driver goes to and from that cache");
  const shared = await Shared.create(server, files.url, "bfcache", "socket.io");
  const browser = await chromium.launch({
    ...launchOptions,
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });
  try {
    const [away, other] = [
      await FreeTab.open(browser, files.url + harnessPath),
      await FreeTab.open(browser, files.url + harnessPath),
    ];
    await shared.join(away);
    await shared.settled([away]);
    await shared.join(other);
    await shared.settled([away, other]);
    shared.play(25);
    await expect.poll(() => away.evaluate(() => window.seen.length)).toBeGreaterThan(60);
    const since = Date.now();
    await away.send("Page.navigate", { url: `${files.url}${harnessPath}?elsewhere` });
    await takenOver(shared, [other], since);
    await expect.poll(() => shared.open).toBe(1);
    shared.play();
    await shared.whole([other]);
    await away.evaluate(() => history.back());
    const restored = () => away.evaluate(() => "connection" in window);
    await expect.poll(restored, "it was in the cache").toBe(true);
    await expect.poll(() => status(away)).toBe("follower");
    await shared.whole([away, other]);
    expect(shared.opened).toBe(2);
  } finally {
    await browser.close();
  }
});

test("a connection that fails lets another one try, and stands in line again when told to", async ({
  context,
  files,
}) => {
  const shared = await Shared.create(server, files.url, "failing", "socket.io");
  const [wrong, right] = [await context.newPage(), await context.newPage()];
  await wrong.goto(files.url + harnessPath);
  await shared.join(wrong, { key: "not-this-one" });
  await expect.poll(() => status(wrong)).toBe("failed");
  await right.goto(files.url + harnessPath);
  await shared.join(right);
  await expect.poll(() => status(right)).toBe("live");
  await wrong.evaluate(() => window.connection.retry());
  await expect.poll(() => status(wrong)).toBe("follower");
  shared.play();
  await shared.whole([wrong, right]);
  await right.evaluate(() => window.connection.close());
  await expect.poll(() => status(wrong)).toBe("failed");
  expect(await locks(wrong)).toEqual([0, 0]);
});

test("two connections of one tab have one socket, and neither keeps the other from it", async ({
  context,
  files,
}) => {
  const shared = await Shared.create(server, files.url, "twice", "socket.io");
  const tab = await shared.tab(context);
  await shared.settled([tab]);
  await tab.evaluate((options) => {
    const first = window.connection;
    window.connection = window.conversation.connect(options);
    window.end = () => void first.close();
  }, shared.options());
  await expect.poll(() => status(tab)).toBe("follower");
  expect(shared.opened).toBe(1);
  await tab.evaluate(() => window.end());
  await expect.poll(() => status(tab)).toBe("live");
  shared.play();
  await shared.whole([tab]);
  expect(shared.open).toBe(1);
  await tab.evaluate(() => window.connection.close());
  await expect.poll(() => locks(tab)).toEqual([0, 0]);
});

test("a tab whose database can't be reached has a socket of its own as long as that lasts", async ({
  context,
  files,
}) => {
  const shared = await Shared.create(server, files.url, "in-memory", "socket.io");
  const holder = await shared.tab(context);
  await shared.settled([holder]);
  const poor = await shared.tab(context, {
    worker: false,
    prepare: (page) =>
      page.addInitScript(() => {
        const open = indexedDB.open.bind(indexedDB);
        const switches = window as unknown as { refuses: boolean };
        switches.refuses = true;
        IDBFactory.prototype.open = (name, version) => {
          if (switches.refuses) throw new DOMException("not now", "UnknownError");
          return open(name, version);
        };
      }),
  });
  await expect.poll(() => status(poor)).toBe("live");
  expect(await poor.evaluate(() => window.store.mode)).toBe("memory");
  expect([await status(holder), shared.open]).toEqual(["live", 2]);
  const told = ["one", "two", "three"];
  told.forEach((message) => shared.say(message));
  for (const tab of [holder, poor]) {
    await expect.poll(() => tab.evaluate(() => window.told)).toEqual(told);
  }
  shared.play();
  await poor.evaluate(() => void ((window as unknown as { refuses: boolean }).refuses = false));
  await expect.poll(() => status(poor), { timeout: 60_000 }).toBe("follower");
  await shared.whole([holder, poor]);
  await expect.poll(() => shared.open).toBe(1);
});
