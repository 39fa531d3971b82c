// A connection in a browser, to real servers: what they have is in the log, whatever breaks.
import type { Page } from "@playwright/test";
import type { ConnectOptions } from "oh-event-store";
import { createServer, type RunningServer } from "../../www/server/server.mjs";
import { expect, test } from "./support/fixtures.js";
import { texts } from "./support/recording.js";

const KEY = "key-that-nobody-sees";

/** Events of a V1 agent-server; some share a timestamp. */
const v1Texts = Array.from({ length: 400 }, (_, index) => {
  const timestamp = `2026-01-01T00:${String(index >> 4).padStart(2, "0")}:00.000000`;
  return (
    `{"id": "e-${(index * 7919) % 10_007}", "timestamp": "${timestamp}", "n": 1.0, ` +
    `"source": "agent", "action": {"kind": "FinishAction"}, "kind": "ActionEvent"}`
  );
});

let server: RunningServer;

test.beforeAll(async () => {
  server = await createServer({ key: KEY });
});
test.afterAll(() => server.close());

const kinds = [
  { name: "V0 over Socket.IO", transport: "socket.io", dialect: "v0", all: texts },
  { name: "V1 over a WebSocket", transport: "websocket", dialect: "v1", all: v1Texts },
] as const;

function options(id: string, transport: "socket.io" | "websocket", key = KEY): ConnectOptions {
  return {
    transport,
    url: transport === "socket.io" ? server.url : `${server.url}/sockets/events/${id}`,
    baseUrl: `${server.url}/api/conversations/${id}`,
    sessionApiKey: key,
  };
}

/** Opens a store with a conversation and connects it; the states go to `seen`. */
async function connect(
  page: Page,
  id: string,
  dialect: "v0" | "v1",
  given: ConnectOptions,
  worker = true,
): Promise<void> {
  await page.evaluate(
    async ({ id, dialect, given, worker }) => {
      window.store = await window.oh.openEventStore({ worker });
      window.conversation = await window.store.conversation(id, { dialect });
      window.seen = [];
      window.connection = window.conversation.connect(given);
      window.connection.on("state", (state) => {
        const error = "error" in state ? String(state.error) : undefined;
        window.seen.push({ ...state, error });
      });
    },
    { id, dialect, given, worker },
  );
}

const stored = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const text = await (await window.conversation.export({ format: "jsonl" })).text();
    return text ? text.trimEnd().split("\n") : [];
  });

const status = (page: Page): Promise<string> => page.evaluate(() => window.connection.state.status);

const connections = (id: string): number => server.hub.find(id)?.connections ?? 0;

for (const { name, transport, dialect, all } of kinds) {
  for (const worker of [true, false]) {
    const where = worker ? "in the worker" : "on the page";

    test(`${name}, ${where}: cut, and whole again`, async ({ harness }) => {
      const id = `cut-${dialect}-${String(worker)}`;
      const events = [...all];
      const half = Math.floor(events.length / 2);
      const conversation = await server.hub.create(id, { events, released: half });
      await connect(harness, id, dialect, options(id, transport), worker);
      await expect.poll(() => status(harness)).toBe("live");
      expect(await stored(harness)).toEqual(events.slice(0, half));

      // A third of the rest comes live, a third is missed, and the connection breaks in between.
      conversation.play(0);
      conversation.drop();
      await expect.poll(() => stored(harness), { timeout: 20_000 }).toEqual(events);
      await expect.poll(() => status(harness)).toBe("live");
      const coverage = await harness.evaluate(() => window.conversation.coverage());
      expect(coverage).toMatchObject({ complete: true, gaps: [] });
      const seen = JSON.stringify(await harness.evaluate(() => window.seen));
      expect(seen).toContain('"waiting"');
      expect(seen).not.toContain(KEY);

      expect(connections(id)).toBe(1);
      await harness.evaluate(() => window.connection.close());
      await expect.poll(() => connections(id)).toBe(0);
      expect(await status(harness)).toBe("closed");
      await harness.evaluate(() => window.store.close());
    });
  }

  test(`${name}: a reload goes on after what is stored`, async ({ harness }) => {
    const id = `reload-${dialect}`;
    const events = [...all];
    const conversation = await server.hub.create(id, { events, released: 100 });
    await connect(harness, id, dialect, options(id, transport));
    await expect.poll(() => status(harness)).toBe("live");
    await harness.reload();
    conversation.play(0);
    await connect(harness, id, dialect, options(id, transport));
    await expect.poll(() => stored(harness), { timeout: 20_000 }).toEqual(events);
    await harness.evaluate(() => window.store.close());
    await expect.poll(() => connections(id)).toBe(0);
  });

  test(`${name}: a wrong key is said, and not tried again`, async ({ harness }) => {
    const id = `wrong-${dialect}`;
    await server.hub.create(id, { events: [...all] });
    await connect(harness, id, dialect, options(id, transport, "not-this-one"));
    await expect.poll(() => status(harness)).toBe("failed");
    const seen = await harness.evaluate(() => window.seen);
    expect(JSON.stringify(seen)).not.toContain("not-this-one");
    expect(await stored(harness)).toEqual([]);
    await harness.evaluate(() => window.store.close());
  });
}

test("an application's own socket: what it missed is fetched, and it stays the application's", async ({
  harness,
}) => {
  const conversation = await server.hub.create("own", { events: v1Texts, released: 200 });
  await harness.evaluate(
    async ({ url, baseUrl, sessionApiKey }) => {
      window.store = await window.oh.openEventStore();
      window.conversation = await window.store.conversation("own", { dialect: "v1" });
      const socket = new WebSocket(`${url}?session_api_key=${sessionApiKey}`);
      window.seen = [socket];
      window.end = window.oh.attach(socket, window.conversation, { baseUrl, sessionApiKey });
    },
    {
      url: `${server.url}/sockets/events/own`.replace("http", "ws"),
      baseUrl: `${server.url}/api/conversations/own`,
      sessionApiKey: KEY,
    },
  );
  await expect.poll(() => stored(harness)).toEqual(v1Texts.slice(0, 200));
  conversation.play(0);
  await expect.poll(() => stored(harness)).toEqual(v1Texts);
  const after = await harness.evaluate(async () => {
    window.end();
    const { complete } = await window.conversation.coverage();
    return { complete, open: (window.seen[0] as WebSocket).readyState };
  });
  expect(after).toEqual({ complete: true, open: 1 });
  await harness.evaluate(() => window.store.close());
});

test("a Socket.IO client's own socket: what it parsed, missed and was never sent is fetched", async ({
  harness,
  files,
}) => {
  const conversation = await server.hub.create("client", { events: texts, released: 40 });
  await harness.evaluate(
    async ({ module, url, baseUrl, sessionApiKey }) => {
      const { io } = (await import(module)) as typeof import("socket.io-client");
      window.store = await window.oh.openEventStore();
      window.conversation = await window.store.conversation("client", { dialect: "v0" });
      const query = {
        conversation_id: "client",
        latest_event_id: -1,
        session_api_key: sessionApiKey,
      };
      const socket = io(url, { query, transports: ["websocket"], reconnectionDelayMax: 500 });
      window.seen = [socket];
      window.end = window.oh.attach(socket, window.conversation, { baseUrl, sessionApiKey });
    },
    {
      module: `${files.url}/node_modules/socket.io-client/dist/socket.io.esm.min.js`,
      url: server.url,
      baseUrl: `${server.url}/api/conversations/client`,
      sessionApiKey: KEY,
    },
  );
  await expect.poll(() => stored(harness)).toEqual(texts.slice(0, 40));
  conversation.play(0);
  conversation.drop();
  await expect.poll(() => stored(harness), { timeout: 30_000 }).toEqual(texts);
  const after = await harness.evaluate(async () => {
    window.end();
    const { complete } = await window.conversation.coverage();
    const socket = window.seen[0] as import("socket.io-client").Socket;
    const { connected } = socket;
    socket.close();
    return { complete, connected };
  });
  expect(after).toEqual({ complete: true, connected: true });
  await harness.evaluate(() => window.store.close());
});

test("options that can't be right are refused", async ({ harness }) => {
  const failed = await harness.evaluate(async () => {
    const store = await window.oh.openEventStore();
    const conversation = await store.conversation("c");
    const codes: unknown[] = [];
    try {
      conversation.connect({ transport: "websocket", url: "ftp://host" });
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
    const odd = { transport: "carrier pigeon", url: "http://host" };
    const connection = conversation.connect(odd as never);
    await new Promise((resolve) => connection.on("state", resolve));
    codes.push("error" in connection.state && (connection.state.error as { code?: string }).code);
    await store.close();
    return codes;
  });
  expect(failed).toEqual(["invalid-argument", "invalid-argument"]);
});
