/** Connections of components: none twice, and none left behind. */
import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { openEventStore, type ConnectOptions } from "oh-event-store";
import {
  ConversationSubscriptionsProvider,
  EventStoreProvider,
  useConnection,
  useConversation,
  useConversationSubscriptions,
} from "oh-event-store/react";
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { afterEach, expect, inject, test, vi } from "vitest";
import type { Seen } from "./server.js";

const host = `127.0.0.1:${inject("port")}`;
const patient = { timeout: 10_000 };
let count = 0;
const path = () => `/live-${Date.now()}-${count++}`;
const seen = async (at: string) => (await fetch(`http://${host}${at}`)).json() as Promise<Seen>;

const text = (id: string) => `{"id": "${id}", "source": "agent", "kind": "MessageEvent"}`;
const options = (at: string, id: string): ConnectOptions => ({
  transport: "websocket",
  url: `ws://${host}${at}`,
  query: { hello: text(id) },
  sessionApiKey: "key-of-the-test",
});

afterEach(cleanup);
afterEach(() => vi.restoreAllMocks());

/** The locks of the connections of this file's tests, which have addresses of their own. */
async function locks(at: string): Promise<string[]> {
  const { held = [], pending = [] } = await navigator.locks.query();
  const names = [...held, ...pending].map(({ name = "" }) => name);
  return names.filter((name) => name.includes(`${at}"`));
}

async function wrapper(worker = true) {
  const store = await openEventStore({ name: `live-${crypto.randomUUID()}`, worker });
  return ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <EventStoreProvider store={store}>
        <ConversationSubscriptionsProvider>{children}</ConversationSubscriptionsProvider>
      </EventStoreProvider>
    </StrictMode>
  );
}

test("useConnection connects once, says where it stands, and hangs up", async () => {
  const at = path();
  const { result, unmount } = renderHook(
    () => {
      const conversation = useConversation("c", { dialect: "v1" });
      return { conversation, live: useConnection(conversation, options(at, "e-1")) };
    },
    { wrapper: await wrapper() },
  );
  await waitFor(() => expect(result.current.live.state.status).toBe("live"), patient);
  await waitFor(
    async () => expect(await result.current.conversation?.getEvent("e-1")).toBeDefined(),
    patient,
  );
  const { urls, received } = await seen(at);
  expect(urls).toHaveLength(1);
  expect(received).toEqual([`{"type": "auth", "session_api_key": "key-of-the-test"}`]);
  expect(urls.join()).not.toContain("key-of-the-test");
  expect(await locks(at)).toHaveLength(1);
  expect((await locks(at)).join()).not.toContain("hello");
  unmount();
  await waitFor(async () => expect((await seen(at)).closed).toHaveLength(1), patient);
  await waitFor(async () => expect(await locks(at)).toEqual([]), patient);
});

test("two components on one conversation have one socket, which outlives the first of them", async () => {
  const at = path();
  const within = await wrapper();
  const use = () => {
    const conversation = useConversation("c", { dialect: "v1" });
    return useConnection(conversation, options(at, "e-1")).state.status;
  };
  const first = renderHook(use, { wrapper: within });
  await waitFor(() => expect(first.result.current).toBe("live"), patient);
  const second = renderHook(use, { wrapper: within });
  await waitFor(() => expect(second.result.current).toBe("follower"), patient);
  expect((await seen(at)).urls).toHaveLength(1);
  first.unmount();
  await waitFor(() => expect(second.result.current).toBe("live"), patient);
  expect((await seen(at)).urls).toHaveLength(2);
  second.unmount();
  await waitFor(async () => expect((await seen(at)).closed).toHaveLength(2), patient);
  await waitFor(async () => expect(await locks(at)).toEqual([]), patient);
});

test("pending: what is sent offline appears, and vanishes when the server has it", async () => {
  const at = path();
  vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  const shown: number[] = [];
  const { result, unmount } = renderHook(
    () => {
      const conversation = useConversation("c", { dialect: "v1" });
      const live = useConnection(conversation, options(at, "e-1"));
      shown.push(live.pending.length);
      return live;
    },
    { wrapper: await wrapper() },
  );
  await waitFor(() => expect(result.current.state.status).toBe("offline"), patient);
  expect(result.current.pending).toEqual([]);
  const message = { role: "user", content: [{ type: "text", text: "go on" }] };
  const echo = { id: "e-2", source: "user", kind: "MessageEvent", llm_message: message };
  const action = { ...message, say: [JSON.stringify(echo)] };
  const sent = result.current.connection?.send(action);
  await waitFor(() => expect(result.current.pending).toHaveLength(1), patient);
  expect(result.current.pending).toMatchObject([{ action, status: "waiting" }]);
  expect((await seen(at)).received).toEqual([]);

  window.dispatchEvent(new Event("online"));
  await sent;
  await waitFor(() => expect(result.current.pending).toEqual([]), patient);
  expect((await seen(at)).received).toContainEqual(JSON.stringify(action));
  // Also the component was rendered with it, and without.
  expect(shown.filter((count, index) => count !== shown[index - 1])).toEqual([0, 1, 0]);
  unmount();
});

test("pending: the outbox is not read before somebody looks, and then it is what it was", async () => {
  const at = path();
  const asked: string[] = [];
  const begin = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (
    this: IDBDatabase,
    ...args
  ) {
    const [stores] = args;
    asked.push(...(typeof stores === "string" ? [stores] : stores));
    return begin.apply(this, args);
  });
  const unreachable = { ...options(at, "e-1"), query: { refuse: "yes" } };
  const { result, rerender, unmount } = renderHook(
    ({ looks }) => {
      const conversation = useConversation("c", { dialect: "v1" });
      const live = useConnection(conversation, unreachable);
      return {
        connection: live.connection,
        status: live.state.status,
        seen: looks && live.pending,
      };
    },
    { wrapper: await wrapper(false), initialProps: { looks: false } },
  );
  await waitFor(() => expect(result.current.status).toBe("waiting"), patient);
  expect(asked).toContain("conversations");
  expect(asked).not.toContain("outbox");
  const sent = result.current.connection?.send({ role: "user", content: "later" });
  sent?.catch(() => {});
  await waitFor(
    async () => expect(await result.current.connection?.pending()).toHaveLength(1),
    patient,
  );
  expect(result.current.seen).toBe(false);
  rerender({ looks: true });
  await waitFor(() => expect(result.current.seen).toMatchObject([{ status: "waiting" }]), patient);
  unmount();
});

test("a page without HTTPS hears the events of its subscriptions, too", async () => {
  vi.spyOn(crypto, "randomUUID").mockImplementation(() => {
    throw new TypeError("crypto.randomUUID is not a function");
  });
  const store = await openEventStore({ name: `live-${Date.now()}` });
  const at = path();
  const onEvent = vi.fn();
  const { result, unmount } = renderHook(() => useConversationSubscriptions(), {
    wrapper: ({ children }: { children: ReactNode }) => (
      <EventStoreProvider store={store}>
        <ConversationSubscriptionsProvider>{children}</ConversationSubscriptionsProvider>
      </EventStoreProvider>
    ),
  });
  act(() =>
    result.current.subscribeToConversation({
      conversationId: "a",
      dialect: "v1",
      onEvent,
      ...options(at, "e-a"),
    }),
  );
  await waitFor(() => expect(onEvent).toHaveBeenCalledOnce(), patient);
  unmount();
  await store.close();
});

test("several conversations, each with its own state, none connected twice", async () => {
  const [first, second] = [path(), path()];
  const heard: string[] = [];
  const onEvent = (event: { id: unknown }, id: string) => heard.push(`${id}: ${String(event.id)}`);
  const { result, unmount } = renderHook(() => useConversationSubscriptions(), {
    wrapper: await wrapper(),
  });
  const subscribe = (conversationId: string, at: string, id: string) =>
    act(() =>
      result.current.subscribeToConversation({
        conversationId,
        dialect: "v1",
        onEvent,
        ...options(at, id),
      }),
    );
  subscribe("a", first, "e-a");
  subscribe("a", first, "e-a");
  subscribe("b", second, "e-b");
  expect(result.current.activeConversationIds).toEqual(["a", "b"]);
  await waitFor(
    () =>
      expect(result.current.connections).toEqual({ a: { status: "live" }, b: { status: "live" } }),
    patient,
  );
  await waitFor(() => expect(heard.toSorted()).toEqual(["a: e-a", "b: e-b"]), patient);
  expect((await seen(first)).urls).toHaveLength(1);

  act(() => result.current.unsubscribeFromConversation("a"));
  expect(result.current.isSubscribedToConversation("a")).toBe(false);
  await waitFor(async () => expect((await seen(first)).closed).toHaveLength(1), patient);
  expect((await seen(second)).closed).toHaveLength(0);
  await waitFor(async () => expect(await locks(first)).toEqual([]), patient);
  expect(await locks(second)).toHaveLength(1);
  unmount();
  await waitFor(async () => expect((await seen(second)).closed).toHaveLength(1), patient);
  await waitFor(async () => expect(await locks(second)).toEqual([]), patient);
});
