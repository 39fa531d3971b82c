// Whatever a server does, a connection to it ends in a state that says what is going on: no crash,
// no loop, the log unharmed, and the key nowhere.
import type { Page } from "@playwright/test";
import { expect, test } from "./support/fixtures.js";
import { BEFORE, event, events, oddSockets, type Dialect } from "./support/odd_sockets.js";
import type { OddSockets } from "./support/odd_sockets.js";
import { textsInStorage } from "./support/raw_storage.js";

const KEY = 'key-that-"nobody"-sees';
/** Some ways to write it. */
const KEYS = [KEY, JSON.stringify(KEY).slice(1, -1), encodeURIComponent(KEY)];

/** What a run of tries is at most in these tests, if there are pauses between them. */
const FEW_TRIES = 15;

let odd: OddSockets;
test.beforeAll(async () => {
  odd = await oddSockets();
});
test.afterAll(() => odd.close());

interface Seen {
  status: string;
  retryAt?: string;
  code?: string;
  recovery?: string;
  message?: string;
}

interface Meeting {
  /** Every state, oldest first. */
  states(): Promise<Seen[]>;
  latest(): Promise<Seen>;
  warnings(): Promise<string[]>;
  stored(): Promise<string[]>;
  /** Looks for the key everywhere, and whether all is as it was. */
  end(): Promise<void>;
}

/** Connects a conversation that has the first events to a server of such a manner. */
async function meet(
  page: Page,
  manner: string,
  dialect: Dialect,
  { pages = true, worker = true } = {},
): Promise<Meeting> {
  const url = `${odd.url}/${manner}`;
  const before = odd.tries(manner, dialect);
  await page.evaluate(
    async ({ url, dialect, worker, pages, sessionApiKey, texts }) => {
      const said: string[] = [];
      const onLog = (...line: unknown[]): void => void said.push(line.map(String).join(" "));
      window.store = await window.oh.openEventStore({ worker, onLog, logLevel: "debug" });
      window.conversation = await window.store.conversation("odd", { dialect });
      for (const text of texts) await window.conversation.feed(text);
      const v0 = dialect === "v0";
      window.connection = window.conversation.connect({
        transport: v0 ? "socket.io" : "websocket",
        url: v0 ? url : `${url}/sockets/events/odd`,
        ...(pages ? { baseUrl: `${url}/api/conversations/odd` } : {}),
        sessionApiKey,
      });
      const states: object[] = [];
      window.seen = [states, said];
      window.connection.on("state", (state) => {
        const error = "error" in state ? state.error : undefined;
        const { code, recovery, message, stack } = (error ?? {}) as Error & Record<string, string>;
        const { cause } = (error ?? {}) as Error;
        states.push({ ...state, code, recovery, message, stack, cause: String(cause) });
      });
    },
    { url, dialect, worker, pages, sessionApiKey: KEY, texts: events(dialect, BEFORE) },
  );
  const states = async (): Promise<Seen[]> =>
    JSON.parse(await page.evaluate(() => JSON.stringify(window.seen[0]))) as Seen[];
  const said = (): Promise<string[]> => page.evaluate(() => window.seen[1] as string[]);
  const stored = (): Promise<string[]> =>
    page.evaluate(async () => {
      const texts: string[] = [];
      for await (const batch of window.conversation.searchEvents().batches()) {
        texts.push(...batch.map((event) => JSON.stringify(event)));
      }
      return texts;
    });
  return {
    states,
    latest: async () => (await states()).at(-1) ?? { status: "none" },
    warnings: async () => (await said()).filter((line) => line.startsWith("warn")),
    stored,
    async end() {
      const { sound } = await page.evaluate(() => window.conversation.verify());
      expect(sound).toBe(true);
      await page.evaluate(() => window.connection.close());
      await expect.poll(() => odd.open(manner)).toBe(0);
      const tries = odd.tries(manner, dialect);
      const told = JSON.stringify([await states(), await said()]);
      const kept = await page.evaluate(() =>
        JSON.stringify({ ...localStorage, ...sessionStorage }),
      );
      for (const key of KEYS) {
        expect(told).not.toContain(key);
        expect(kept).not.toContain(key);
      }
      expect(await textsInStorage(page, KEYS)).toEqual([]);
      await page.evaluate(() => window.store.close());
      expect(odd.tries(manner, dialect), "a closed connection tried again").toBe(tries);
      expect(tries).toBeGreaterThan(before);
    },
  };
}

/** Compared as JavaScript reads them. */
const same = (texts: string[]): string[] => texts.map((text) => JSON.stringify(JSON.parse(text)));

const status = async (meeting: Meeting): Promise<string> => (await meeting.latest()).status;

for (const dialect of ["v0", "v1"] as const) {
  const name = dialect === "v0" ? "V0" : "V1";
  const before = same(events(dialect, BEFORE));
  const next = same(events(dialect, BEFORE + 1));

  const failures: [string, RegExp][] = [
    ["wrong-key", /key/],
    ["refused-upgrade", /401.*session API key/],
    ["html", /web page/],
    ["html-pages", /web page/],
    ["connect-error", dialect === "v0" ? /No conversation_id/ : /1008/],
    ["gone-conversation", /no such conversation/],
  ];
  for (const [manner, reason] of failures) {
    test(`${name}, ${manner}: it fails with a reason, and tries no more`, async ({ harness }) => {
      const meeting = await meet(harness, manner, dialect);
      await expect.poll(() => status(meeting)).toBe("failed");
      const { code, recovery, message } = await meeting.latest();
      expect({ code, recovery }).toEqual({ code: "network", recovery: "tell-user" });
      expect(message).toMatch(reason);
      const tries = odd.tries(manner, dialect);
      await harness.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1500)));
      expect(odd.tries(manner, dialect)).toBe(tries);
      const kept = await meeting.stored();
      expect(kept.slice(0, BEFORE)).toEqual(before);
      await meeting.end();
    });
  }

  test(`${name}: a key that expires is good until then, and is said to be none`, async ({
    harness,
  }) => {
    const meeting = await meet(harness, "expired", dialect);
    await expect.poll(() => status(meeting)).toBe("failed");
    const statuses = (await meeting.states()).map(({ status }) => status);
    expect(statuses).toEqual(expect.arrayContaining(["live", "waiting", "failed"]));
    expect((await meeting.latest()).message).toMatch(/key/);
    expect(await meeting.stored()).toEqual(next);
    await meeting.end();
  });

  const outages: [string, RegExp][] = [
    ["404", /404/],
    ["500", /500/],
    ["closes-first", /1011/],
    ["closes-then", /1011/],
    ["resets", /1006/],
    ["busy", /1013/],
    ...(dialect === "v0" ? [["no-ping", /silent/] as [string, RegExp]] : []),
  ];
  for (const [manner, reason] of outages) {
    for (const pages of [true, false]) {
      const how = pages ? "with pages" : "without pages";
      test(`${name}, ${manner}, ${how}: it waits, says why and until when`, async ({ harness }) => {
        const before = odd.tries(manner, dialect);
        const meeting = await meet(harness, manner, dialect, { pages });
        const waits = async (): Promise<Seen[]> =>
          (await meeting.states()).filter(({ status }) => status === "waiting");
        // A server that is overloaded is left alone for long.
        const least = manner === "busy" ? 1 : 3;
        await expect.poll(async () => (await waits()).length).toBeGreaterThanOrEqual(least);
        // Where nothing waited, thousands of tries would be made in this time.
        await harness.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1000)));
        expect(odd.tries(manner, dialect) - before).toBeLessThan(FEW_TRIES);
        for (const { retryAt, code } of await waits()) {
          expect(Date.parse(retryAt ?? "")).toBeGreaterThan(0);
          expect(code).toBe("network");
        }
        const reasons = (await waits()).map(({ message }) => message).join("\n");
        const told = !pages && ["404", "500"].includes(manner) ? /1006/ : reason;
        expect(reasons).toMatch(told);
        expect(await meeting.stored()).toEqual(same(events(dialect, BEFORE)));
        await meeting.end();
      });
    }
  }

  test(`${name}: a server that began anew is found out, and the log stays`, async ({ harness }) => {
    const meeting = await meet(harness, "fewer", dialect);
    await expect.poll(() => status(meeting)).toBe("failed");
    const { recovery, message } = await meeting.latest();
    expect(recovery).toBe("tell-user");
    expect(message).toMatch(/another history.*delete this copy/);
    expect(await meeting.stored()).toEqual(before);
    await meeting.end();
  });

  for (const worker of [true, false]) {
    const where = worker ? "in the worker" : "on the page";

    for (const manner of ["binary", "namespace", "rubbish"]) {
      test(`${name}, ${manner}, ${where}: it is passed by, and what follows is kept`, async ({
        harness,
      }) => {
        const meeting = await meet(harness, manner, dialect, { worker });
        await expect.poll(() => meeting.stored()).toEqual(next);
        await expect.poll(() => status(meeting)).toBe("live");
        if (manner !== "namespace") expect(await meeting.warnings()).not.toEqual([]);
        await meeting.end();
      });
    }

    // What costs so much is done once.
    if (!worker) continue;

    test(`${name}, ${where}: 200 MB in a message are refused, and what follows is kept`, async ({
      harness,
    }) => {
      const meeting = await meet(harness, "giant", dialect, { worker });
      await expect.poll(() => meeting.stored(), { timeout: 60_000 }).toEqual(next);
      await expect.poll(() => status(meeting)).toBe("live");
      expect((await meeting.warnings()).join("\n")).toMatch(/64 MB/);
      await meeting.end();
    });

    test(`${name}, ${where}: an event of 60 MB is kept, and found`, async ({ harness }) => {
      const meeting = await meet(harness, "large", dialect, { worker });
      const count = (): Promise<number> =>
        harness.evaluate(() => window.conversation.countEvents());
      await expect.poll(count, { timeout: 60_000 }).toBe(BEFORE + 2);
      const lengths = await harness.evaluate(async () => {
        const lengths: number[] = [];
        for await (const event of window.conversation.searchEvents()) {
          const { content, action } = event as { content?: string; action?: { message: string } };
          lengths.push((content ?? action?.message ?? "").length);
        }
        return lengths;
      });
      expect(Math.max(...lengths)).toBe(60 << 20);
      await meeting.end();
    });
  }
}

test("a wrong key, with the pages' address only, is in no line of a log", async ({ harness }) => {
  const said = await harness.evaluate(
    async ({ url, sessionApiKey, text }) => {
      const said: string[] = [];
      const onLog = (...line: unknown[]): void => void said.push(line.map(String).join(" "));
      const store = await window.oh.openEventStore({ onLog, logLevel: "debug" });
      const conversation = await store.conversation("c");
      await conversation.feed(text);
      const baseUrl = `${url}/wrong-key/api/conversations/odd`;
      await conversation.sync({ baseUrl, sessionApiKey }).catch((error: Error) => {
        said.push(String(error), String(error.stack));
      });
      await store.close();
      return said.join("\n");
    },
    { url: odd.url, sessionApiKey: KEY, text: event("v0", 0) },
  );
  expect(said).toMatch(/401/);
  for (const key of KEYS) expect(said).not.toContain(key);
});
