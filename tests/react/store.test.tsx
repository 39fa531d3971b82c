import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { openEventStore } from "oh-event-store";
import type { Conversation, Event, EventFilter, ReplayOptions } from "oh-event-store";
import {
  EventStoreProvider,
  useConversation,
  useEvent,
  useEvents,
  useReplay,
  useSearch,
  useWebSocket,
} from "oh-event-store/react";
import { StrictMode } from "react";
import type { ReactNode } from "react";
import { afterEach, expect, inject, test } from "vitest";

afterEach(cleanup);

const ids = (events: readonly Event[]) => events.map(({ id }) => id);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const patient = { timeout: 10_000 };

/** One message of a V0 server's socket. */
const frame = (id: number, content = `line ${id}`) => ({
  id,
  timestamp: new Date(Date.UTC(2025, 0, 1, 0, 0, id)).toISOString().slice(0, -1),
  source: "agent",
  message: `Command \`ls\` executed with exit code 0.`,
  observation: "run",
  content,
  extras: { command: "ls", hidden: false, metadata: { exit_code: 0 } },
  success: true,
});
const feed = async (conversation: Conversation, from: number, to: number) => {
  await Promise.all(range(from, to).map((id) => conversation.feed(JSON.stringify(frame(id)))));
};

/** A database that no other test has, with `stored` events in the conversation "c". */
async function database(stored: number) {
  const name = `react-${crypto.randomUUID()}`;
  if (stored) {
    const store = await openEventStore({ name });
    await feed(await store.conversation("c"), 0, stored);
    await store.close();
  }
  return ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <EventStoreProvider options={{ name }}>{children}</EventStoreProvider>
    </StrictMode>
  );
}

function present<T>(value: T | null): T {
  if (value === null) throw new Error("it isn't open yet");
  return value;
}

test("the newest window, then live, then older ones", async () => {
  const { result } = renderHook(
    () => {
      const conversation = useConversation("c");
      return { conversation, ...useEvents(conversation, { window: 10 }) };
    },
    { wrapper: await database(50) },
  );
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(40, 50)), patient);
  await act(() => feed(present(result.current.conversation), 50, 75));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(40, 75)), patient);
  act(() => result.current.loadOlder());
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(30, 75)), patient);
  expect(result.current).toMatchObject({ hasOlder: true, error: null });
});

test("a filter holds for what is stored and for what comes", async () => {
  const { result } = renderHook(
    () => {
      const conversation = useConversation("c");
      return { conversation, ...useEvents(conversation, { filter: { query: "LINE 2" } }) };
    },
    { wrapper: await database(25) },
  );
  await waitFor(() => expect(ids(result.current.events)).toEqual([2, ...range(20, 25)]), patient);
  await act(() => feed(present(result.current.conversation), 25, 35));
  await waitFor(() => expect(ids(result.current.events)).toEqual([2, ...range(20, 30)]), patient);
  expect(result.current.hasOlder).toBe(false);
});

test("an event that comes late is shown at its place", async () => {
  const { result } = renderHook(
    () => {
      const conversation = useConversation("c");
      return { conversation, ...useEvents(conversation) };
    },
    { wrapper: await database(5) },
  );
  await waitFor(() => expect(result.current.events).toHaveLength(5), patient);
  await act(() => feed(present(result.current.conversation), 8, 12));
  await waitFor(() => expect(result.current.events).toHaveLength(9), patient);
  await act(() => feed(present(result.current.conversation), 5, 8));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 12)), patient);
});

test("what is no more is not shown: rolled back here, by another tab, deleted", async () => {
  const name = `react-${crypto.randomUUID()}`;
  const store = await openEventStore({ name });
  const { result, unmount } = renderHook(
    () => {
      const conversation = useConversation("c");
      return { conversation, ...useEvents(conversation, { window: 4 }) };
    },
    {
      wrapper: ({ children }: { children: ReactNode }) => (
        <EventStoreProvider store={store}>{children}</EventStoreProvider>
      ),
    },
  );
  await waitFor(() => expect(result.current.loading).toBe(false), patient);
  const conversation = present(result.current.conversation);
  const shows = (expected: number[]) =>
    waitFor(() => expect(ids(result.current.events)).toEqual(expected), patient);
  await act(() => feed(conversation, 0, 10));
  await shows(range(0, 10));
  await act(() => conversation.truncate(5));
  await shows(range(0, 6));
  await act(() => feed(conversation, 6, 8));
  await shows(range(0, 8));
  const other = await openEventStore({ name });
  await (await other.conversation("c")).truncate(2);
  await shows(range(0, 3));
  await act(() => feed(conversation, 3, 5));
  await shows(range(0, 5));
  await act(() => store.deleteConversation("c"));
  await shows([]);
  expect(result.current).toMatchObject({ loading: false, hasOlder: false, error: null });
  await act(() => feed(conversation, 0, 3));
  await shows(range(0, 3));
  await other.deleteConversation("c");
  await shows([]);
  unmount();
  await other.close();
  await store.close();
});

test("V1 events that are no more are not shown either", async () => {
  const { result } = renderHook(
    () => {
      const conversation = useConversation("c", { dialect: "v1" });
      return { conversation, ...useEvents(conversation) };
    },
    { wrapper: await database(0) },
  );
  await waitFor(() => expect(result.current.loading).toBe(false), patient);
  const conversation = present(result.current.conversation);
  const all = ["c", "a", "b"];
  const event = (id: string) => ({ id, source: "user", kind: "MessageEvent", timestamp: "2026" });
  for (const id of all) await act(() => conversation.feed(event(id)));
  await waitFor(() => expect(ids(result.current.events)).toEqual(all), patient);
  await act(async () => {
    await conversation.truncate((await conversation.getLatestEventId()) - 1);
  });
  await waitFor(
    async () => expect(ids(result.current.events)).toHaveLength(await conversation.countEvents()),
    patient,
  );
  expect(ids(result.current.events)).not.toContain("b");
});

test("what one component has stored, the next one finds, after unmounting too", async () => {
  const wrapper = await database(0);
  const first = renderHook(() => useConversation("c"), { wrapper });
  await waitFor(() => expect(first.result.current).not.toBe(null), patient);
  await act(() => feed(present(first.result.current), 0, 5));
  first.unmount();
  const second = renderHook(() => useEvents(useConversation("c")), { wrapper });
  await waitFor(() => expect(ids(second.result.current.events)).toEqual(range(0, 5)), patient);
});

test("every message of useWebSocket is in the log", async () => {
  const url = `ws://127.0.0.1:${inject("port")}/${crypto.randomUUID()}`;
  const { result } = renderHook(
    () => {
      const conversation = useConversation("c");
      return { socket: useWebSocket(url, { conversation }), ...useEvents(conversation) };
    },
    { wrapper: await database(3) },
  );
  await waitFor(() => expect(result.current.socket.isConnected).toBe(true), patient);
  const lines = range(2, 8).map((id) => JSON.stringify(frame(id)));
  result.current.socket.sendMessage(JSON.stringify({ say: [...lines, ...lines] }));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 8)), patient);
});

test("a search finds what the conversation's own search finds, and one event by its id", async () => {
  const { result } = renderHook(
    () => {
      const conversation = useConversation("c");
      return {
        conversation,
        search: useSearch(conversation, { query: "line 1" }, { reverse: true }),
        event: useEvent(conversation, 7),
        missing: useEvent(conversation, 700),
      };
    },
    { wrapper: await database(300) },
  );
  await waitFor(() => expect(result.current.search.events.length).toBeGreaterThan(0), patient);
  await waitFor(() => expect(result.current.search.loading).toBe(false), patient);
  const own = present(result.current.conversation).searchEvents({
    filter: { query: "line 1" },
    reverse: true,
  });
  expect(result.current.search.events).toEqual(await own.toArray());
  expect(ids(result.current.search.events)).toContain(1);
  await waitFor(() => expect(result.current.event.event).toEqual(frame(7)), patient);
  await waitFor(
    () => expect(result.current.missing.error).toMatchObject({ code: "event-not-found" }),
    patient,
  );
});

test("a replay steps, seeks forth and back, and plays to the end", async () => {
  const { result } = renderHook(() => useReplay(useConversation("c"), { speed: 1000 }), {
    wrapper: await database(60),
  });
  await waitFor(() => expect(result.current.state?.total).toBe(60), patient);
  expect(result.current.events).toEqual([]);
  act(() => result.current.step(3));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 3)), patient);
  act(() => result.current.seek(39));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 40)), patient);
  act(() => result.current.seek(9));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 10)), patient);
  act(() => result.current.play());
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 60)), patient);
  await waitFor(() => expect(result.current.state?.status).toBe("ended"), patient);
});

test("a replay that can't be says why, and one at a speed that is none waits for another", async () => {
  const first: ReplayOptions = { maxIdle: -1 };
  const { result, rerender } = renderHook(
    (options: ReplayOptions) => useReplay(useConversation("c"), options),
    {
      wrapper: await database(5),
      initialProps: first,
    },
  );
  const refused = { code: "invalid-argument" };
  await waitFor(() => expect(result.current.error).toMatchObject(refused), patient);
  rerender({ filter: { sorce: "x" } as EventFilter });
  await waitFor(() => expect(result.current.error).toBe(null), patient);
  await waitFor(() => expect(result.current.error).toMatchObject(refused), patient);
  rerender({ speed: 0 });
  await waitFor(() => expect(result.current.state?.total).toBe(5), patient);
  await waitFor(() => expect(result.current.error).toMatchObject(refused), patient);
  rerender({ speed: 2 });
  await waitFor(() => expect(result.current.error).toBe(null), patient);
  await waitFor(() => expect(result.current.state?.speed).toBe(2), patient);
  act(() => result.current.step(2));
  await waitFor(() => expect(ids(result.current.events)).toEqual([0, 1]), patient);
  rerender({ speed: NaN });
  await waitFor(() => expect(result.current.error).toMatchObject(refused), patient);
  rerender({ speed: 4 });
  await waitFor(() => expect(result.current.error).toBe(null), patient);
  expect(ids(result.current.events)).toEqual([0, 1]);
});

test("a store that the application has opened is used, and stays open", async () => {
  const store = await openEventStore({ name: `react-${crypto.randomUUID()}` });
  const { result, unmount } = renderHook(() => useConversation("c"), {
    wrapper: ({ children }) => <EventStoreProvider store={store}>{children}</EventStoreProvider>,
  });
  await waitFor(() => expect(result.current).not.toBe(null), patient);
  unmount();
  expect(await store.conversations()).toBeInstanceOf(Array);
  await store.close();
});

test("without a provider there is a clear error", () => {
  expect(() => renderHook(() => useConversation("c"))).toThrow(/EventStoreProvider/);
});
