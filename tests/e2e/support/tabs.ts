import type { BrowserContext, Page } from "@playwright/test";
import type { ConnectOptions } from "oh-event-store";
import type { RunningServer } from "../../../www/server/server.mjs";
import { expect, harnessPath } from "./fixtures.js";
import { frames } from "./frames.js";

export const KEY = "key-that-nobody-sees";

/** So many that they don't end while tabs take turns, however slow the machine is. */
const EVENTS = 1000;

/** Events of a V1 agent-server, a second apart. */
function v1Frames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const timestamp = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString().slice(0, 19);
    return (
      `{"id": "e-${(index * 7919) % 10_007}", "timestamp": "${timestamp}.000000", "n": 1.0, ` +
      `"source": "agent", "action": {"kind": "FinishAction"}, "kind": "ActionEvent"}`
    );
  });
}

/** Something to run scripts in. */
export type Tab = Pick<Page, "evaluate">;

export type Transport = "socket.io" | "websocket";

/** A conversation on a server, and the browser's tabs that connect to it. */
export class Shared {
  readonly events: string[];
  /** Sockets that were opened, and the most at a time. */
  opened = 0;
  most = 0;
  readonly #sockets = new Set<object>();

  private constructor(
    private readonly server: RunningServer,
    private readonly origin: string,
    readonly id: string,
    readonly transport: Transport,
    count: number,
  ) {
    this.events = transport === "socket.io" ? frames(0, count) : v1Frames(count);
  }

  static async create(
    server: RunningServer,
    origin: string,
    id: string,
    transport: Transport,
    released = 50,
  ): Promise<Shared> {
    const shared = new Shared(server, origin, id, transport, EVENTS);
    const conversation = await server.hub.create(id, { events: shared.events, released });
    const listen = conversation.listen.bind(conversation);
    conversation.listen = (listener) => {
      shared.opened++;
      shared.#sockets.add(listener);
      shared.most = Math.max(shared.most, shared.#sockets.size);
      const end = listen(listener);
      return () => {
        shared.#sockets.delete(listener);
        return end();
      };
    };
    return shared;
  }

  /** Sockets that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** How many events have happened. */
  get released(): number {
    return this.server.hub.find(this.id)?.events.length ?? 0;
  }

  /** Lets the rest of the events happen: `speed` of them in a second, or all at once. */
  play(speed = 0): void {
    this.server.hub.find(this.id)?.play(speed);
  }

  /** Lets no more of them happen. */
  pause(): void {
    this.server.hub.find(this.id)?.pause();
  }

  /** Sends a message that is no event through every socket. */
  say(message: string): void {
    this.server.hub.find(this.id)?.status({ status_update: true, type: "info", message });
  }

  /** How the conversation is connected to; `key` opens it. */
  options(key = KEY): ConnectOptions {
    const { id, server, transport } = this;
    return {
      transport,
      url: transport === "socket.io" ? server.url : `${server.url}/sockets/events/${id}`,
      baseUrl: `${server.url}/api/conversations/${id}`,
      sessionApiKey: key,
    };
  }

  /**
   * Opens a tab that connects; `window.seen` is what `follow` gives in it, each id as it comes, and
   * `window.told` what `onStatus` does.
   */
  async tab(
    context: BrowserContext,
    {
      worker = true,
      prepare,
    }: { worker?: boolean; prepare?: (page: Page) => Promise<unknown> } = {},
  ): Promise<Page> {
    const page = await context.newPage();
    await prepare?.(page);
    await page.goto(this.origin + harnessPath);
    await this.join(page, { worker });
    return page;
  }

  async join(page: Tab, { worker = true, key = KEY } = {}): Promise<void> {
    const dialect = this.transport === "socket.io" ? "v0" : "v1";
    const given = { id: this.id, dialect, worker, options: this.options(key) } as const;
    await page.evaluate(async ({ id, dialect, worker, options }) => {
      window.store = await window.oh.openEventStore({ worker, onLog: () => {} });
      window.conversation = await window.store.conversation(id, { dialect });
      window.seen = [];
      window.told = [];
      // A V1 server greets with a state, which has none.
      window.conversation.onStatus(({ message }) => void (message && window.told.push(message)));
      void (async () => {
        for await (const { id } of window.conversation.follow()) window.seen.push(id);
      })();
      window.connection = window.conversation.connect(options);
    }, given);
  }

  /** Waits until exactly one of the tabs is connected, and the others follow it. */
  async settled<T extends Tab>(tabs: readonly T[]): Promise<{ holder: T; followers: T[] }> {
    const states = () => Promise.all(tabs.map(status));
    const expected = ["live", ...tabs.slice(1).map(() => "follower")];
    await expect
      .poll(async () => (await states()).toSorted().toReversed(), { intervals: [50] })
      .toEqual(expected);
    const now = await states();
    const holder = tabs[now.indexOf("live")];
    if (!holder) throw new Error(now.join());
    return { holder, followers: tabs.filter((tab) => tab !== holder) };
  }

  /** Expects that the tabs have all events, and have heard of each once. */
  async whole(tabs: readonly Tab[]): Promise<void> {
    const all = this.events.map((text) => String((JSON.parse(text) as { id: unknown }).id));
    for (const tab of tabs) {
      await expect.poll(() => stored(tab)).toEqual(this.events);
      const seen = () => tab.evaluate(() => window.seen.map(String));
      await expect.poll(async () => (await seen()).length).toBeGreaterThanOrEqual(all.length);
      expect((await seen()).toSorted()).toEqual(all.toSorted());
      await complete(tab);
    }
  }
}

/** Waits until nothing that has happened is missing in a tab. */
export async function complete(tab: Tab): Promise<void> {
  const coverage = () => tab.evaluate(() => window.conversation.coverage());
  await expect.poll(coverage).toMatchObject({ complete: true, gaps: [] });
}

export function status(page: Tab): Promise<string> {
  return page.evaluate(() => window.connection.state.status);
}

export function stored(page: Tab): Promise<string[]> {
  return page.evaluate(async () => {
    const text = await (await window.conversation.export({ format: "jsonl" })).text();
    return text ? text.trimEnd().split("\n") : [];
  });
}

/** How many locks the browser's tabs have, and wait for. */
export function locks(page: Tab): Promise<[held: number, pending: number]> {
  return page.evaluate(async () => {
    const { held = [], pending = [] } = await navigator.locks.query();
    return [held.length, pending.length];
  });
}
