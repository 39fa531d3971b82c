// What a user does in a browser reaches a real server, once and in order, through reloads and cuts.
import type { Page } from "@playwright/test";
import type { ConnectOptions } from "oh-event-store";
import { createServer, type RunningServer } from "../../www/server/server.mjs";
import { expect, test } from "./support/fixtures.js";
import { texts } from "./support/recording.js";

const v1Text =
  '{"id": "e-1", "timestamp": "2026-01-01T00:00:00.000000", "source": "agent", ' +
  '"action": {"kind": "FinishAction"}, "kind": "ActionEvent"}';

let server: RunningServer;

test.beforeAll(async () => {
  server = await createServer();
});
test.afterAll(() => server.close());

const kinds = [
  {
    name: "V0",
    transport: "socket.io",
    dialect: "v0",
    events: texts.slice(0, 5),
    action: (content: string) => ({ action: "message", args: { content } }),
    bad: { action: 7 },
  },
  {
    name: "V1",
    transport: "websocket",
    dialect: "v1",
    events: [v1Text],
    action: (text: string) => ({ role: "user", content: [{ type: "text", text }] }),
    bad: { role: "assistant", content: [] },
  },
] as const;

/** Opens the conversation in a page and connects it. */
async function connect(
  page: Page,
  id: string,
  { transport, dialect }: (typeof kinds)[number],
  worker = true,
): Promise<void> {
  const given: ConnectOptions = {
    transport,
    url: transport === "socket.io" ? server.url : `${server.url}/sockets/events/${id}`,
    baseUrl: `${server.url}/api/conversations/${id}`,
  };
  await page.evaluate(
    async ({ id, dialect, given, worker }) => {
      window.store = await window.oh.openEventStore({ worker });
      window.conversation = await window.store.conversation(id, { dialect });
      window.connection = window.conversation.connect(given);
      window.sent = [];
      window.seen = [];
      window.connection.on("pending", (actions) => window.seen.push(actions.length));
    },
    { id, dialect, given, worker },
  );
}

/** Sends without waiting for the server; `window.sent` says how it ends. */
const send = (page: Page, action: object): Promise<void> =>
  page.evaluate((action) => {
    const at = window.sent.push("") - 1;
    window.connection.send(action).then(
      () => (window.sent[at] = "ok"),
      (error: unknown) => (window.sent[at] = (error as { code: string }).code),
    );
  }, action);

const sent = (page: Page) => page.evaluate(() => window.sent);
const status = (page: Page) => page.evaluate(() => window.connection.state.status);
const pending = (page: Page) =>
  page.evaluate(async () =>
    (await window.connection.pending()).map(({ action, status }) => ({ action, status })),
  );

/** What users have said, as the server has it. */
function said(id: string): string[] {
  const events = server.hub.find(id)?.events ?? [];
  const own = events.map(({ text }) => /"(?:content|text)": "(say [^"]*)"/.exec(text)?.[1]);
  return own.filter((text) => text !== undefined);
}

for (const kind of kinds) {
  const { name, action, bad } = kind;

  for (const worker of [true, false]) {
    const where = worker ? "in the worker" : "on the page";

    test(`${name}, ${where}: sent offline, and there after a reload, once and in order`, async ({
      harness,
      context,
    }) => {
      const id = `offline-${name}-${String(worker)}`;
      const conversation = await server.hub.create(id, { events: [...kind.events] });
      await connect(harness, id, kind, worker);
      await expect.poll(() => status(harness)).toBe("live");
      await send(harness, action("say one"));
      await expect.poll(() => sent(harness)).toEqual(["ok"]);

      await context.setOffline(true);
      conversation.drop();
      await expect.poll(() => status(harness)).not.toBe("live");
      for (const text of ["say two", "say two", "say three"]) await send(harness, action(text));
      const waiting = ["say two", "say two", "say three"].map((text) => ({
        ...{ action: action(text), status: "waiting" },
      }));
      await expect.poll(() => pending(harness)).toEqual(waiting);
      expect(await sent(harness)).toEqual(["ok", "", "", ""]);

      await harness.evaluate(() => window.store.close());
      expect(await sent(harness)).toEqual(["ok", "closed", "closed", "closed"]);
      expect(said(id)).toEqual(["say one"]);
      await context.setOffline(false);
      await harness.reload();
      await connect(harness, id, kind, worker);
      await expect.poll(() => pending(harness), { timeout: 20_000 }).toEqual([]);
      expect(said(id)).toEqual(["say one", "say two", "say two", "say three"]);
      const stored = await harness.evaluate(() => window.conversation.countEvents());
      expect(stored).toBe(kind.events.length + 4);
      expect(await harness.evaluate(() => window.seen.at(-1))).toBe(0);
      await harness.evaluate(() => window.store.close());
    });
  }

  test(`${name}: what the server doesn't want is an error, and listed until it is dismissed`, async ({
    harness,
  }) => {
    const id = `rejected-${name}`;
    await server.hub.create(id, { events: [...kind.events] });
    await connect(harness, id, kind);
    await send(harness, bad);
    await send(harness, action("say good"));
    await expect.poll(() => sent(harness)).toEqual(["action-rejected", "ok"]);
    const left = await harness.evaluate(async () => {
      const [rejected] = await window.connection.pending();
      const dismissed = await window.connection.cancel(rejected?.id ?? "");
      return {
        ...{ status: rejected?.status, why: rejected?.error?.message, dismissed },
        left: await window.connection.pending(),
      };
    });
    expect(left).toMatchObject({ status: "rejected", dismissed: false, left: [] });
    expect(left.why).toContain("did not take the action");
    expect(said(id)).toEqual(["say good"]);
    await harness.evaluate(() => window.store.close());
  });

  test(`${name}: what is cancelled before it is sent never is`, async ({ harness, context }) => {
    const id = `cancelled-${name}`;
    const conversation = await server.hub.create(id, { events: [...kind.events] });
    await connect(harness, id, kind);
    await expect.poll(() => status(harness)).toBe("live");
    await context.setOffline(true);
    conversation.drop();
    await expect.poll(() => status(harness)).not.toBe("live");
    for (const text of ["say one", "say two", "say three"]) await send(harness, action(text));
    await expect.poll(async () => (await pending(harness)).length).toBe(3);
    const cancelled = await harness.evaluate(async () => {
      const actions = await window.connection.pending();
      return window.connection.cancel(actions[1]?.id ?? "");
    });
    expect(cancelled).toBe(true);
    await context.setOffline(false);
    await expect
      .poll(() => sent(harness), { timeout: 20_000 })
      .toEqual(["ok", "action-cancelled", "ok"]);
    expect(said(id)).toEqual(["say one", "say three"]);
    await harness.evaluate(() => window.store.close());
  });

  test(`${name}: a connection that is cut as the server acts sends nothing twice`, async ({
    harness,
  }) => {
    const id = `twice-${name}`;
    const conversation = await server.hub.create(id, { events: [...kind.events] });
    await connect(harness, id, kind);
    await expect.poll(() => status(harness)).toBe("live");
    // As soon as the action's event is out, and before it is acknowledged.
    conversation.drop(1);
    await send(harness, action("say so"));
    await send(harness, action("say so"));
    await expect.poll(() => sent(harness), { timeout: 30_000 }).toEqual(["ok", "ok"]);
    expect(said(id)).toEqual(["say so", "say so"]);
    await harness.evaluate(() => window.store.close());
  });
}

test("what can't be an action is refused at once", async ({ harness }) => {
  await server.hub.create("odd", { events: [v1Text] });
  await connect(harness, "odd", kinds[1]);
  for (const odd of [[], null, "text", 7, undefined, { role: "user", run: false }]) {
    await send(harness, odd as never);
  }
  await expect.poll(() => sent(harness)).toEqual(Array(6).fill("invalid-argument"));
  await harness.evaluate(() => window.store.close());
});
