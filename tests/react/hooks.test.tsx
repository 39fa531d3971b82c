import { act, cleanup, renderHook, waitFor } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, expect, test } from "vitest";
import { useEvent, useEvents, useReplay, useSearch } from "../../www/lib/react/index.js";
import type { Conversation, Event } from "../../www/lib/types.js";
import { MemoryConversation, event } from "./memory-conversation.js";

afterEach(cleanup);

const ids = (events: readonly Event[]) => events.map(({ id }) => id);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
/** The hooks take a whole conversation; they use no more of it than this one has. */
const whole = (memory: MemoryConversation) => memory as unknown as Conversation;

test("useEvents: a filter written inline searches once", async () => {
  const memory = new MemoryConversation(30);
  const { result, rerender } = renderHook(
    ({ query }) => useEvents(whole(memory), { filter: { query }, window: 5 }),
    { initialProps: { query: "event" } },
  );
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(25, 30)));
  const { events, loadOlder } = result.current;
  rerender({ query: "event" });
  expect(result.current.events).toBe(events);
  expect(result.current.loadOlder).toBe(loadOlder);
  expect(memory.searches).toBe(1);
  rerender({ query: "event 1" });
  expect(result.current.loading).toBe(true);
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(15, 20)));
  expect([memory.searches, memory.open, memory.subscribers]).toEqual([2, 1, 1]);
});

test("useEvents: a burst of events renders once, and older ones can be read", async () => {
  const memory = new MemoryConversation(30);
  let renders = 0;
  const { result } = renderHook(() => {
    renders++;
    return useEvents(whole(memory), { window: 10 });
  });
  await waitFor(() => expect(result.current.loading).toBe(false));
  renders = 0;
  act(() => memory.add(...range(30, 1030).map((id) => event(id))));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(20, 1030)));
  expect(renders).toBe(1);
  act(() => result.current.loadOlder());
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(10, 1030)));
  expect(result.current.hasOlder).toBe(true);
});

test("useEvents: StrictMode searches once, and unmounting frees everything", async () => {
  const memory = new MemoryConversation(30);
  const { result, unmount } = renderHook(() => useEvents(whole(memory), { window: 10 }), {
    wrapper: StrictMode,
  });
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(20, 30)));
  expect([memory.searches, memory.open, memory.subscribers]).toEqual([1, 1, 1]);
  unmount();
  await waitFor(() => expect([memory.open, memory.subscribers]).toEqual([0, 0]));
});

test("useSearch: another filter begins again, none finds nothing", async () => {
  const memory = new MemoryConversation(300);
  const { result, rerender } = renderHook(
    ({ query }) => useSearch(whole(memory), query ? { query } : null, { reverse: true }),
    { initialProps: { query: "" } },
  );
  expect(result.current).toEqual({ events: [], loading: false, error: null });
  rerender({ query: "event 29" });
  expect(result.current.loading).toBe(true);
  rerender({ query: "event 10" });
  await waitFor(() => expect(result.current.loading).toBe(false));
  expect(ids(result.current.events)).toEqual([...range(100, 110).reverse(), 10]);
  rerender({ query: "" });
  expect(result.current.events).toEqual([]);
  expect(memory.open).toBe(0);
});

test("useEvent: another id is another event", async () => {
  const memory = new MemoryConversation(3);
  const { result, rerender } = renderHook(({ id }) => useEvent(whole(memory), id), {
    initialProps: { id: 1 },
  });
  expect(result.current).toEqual({ event: undefined, loading: true, error: null });
  await waitFor(() => expect(result.current.event?.id).toBe(1));
  rerender({ id: 2 });
  expect(result.current.event).toBe(undefined);
  await waitFor(() => expect(result.current.event?.id).toBe(2));
});

test("useReplay: plays, seeks, and another speed goes on where it is", async () => {
  const memory = new MemoryConversation(50);
  const { result, rerender } = renderHook(
    ({ speed }) => useReplay(whole(memory), { speed, filter: { excludeHidden: true } }),
    { initialProps: { speed: 1 }, wrapper: StrictMode },
  );
  await waitFor(() => expect(result.current.state?.status).toBe("paused"));
  const { play, seek } = result.current;
  act(() => play());
  act(() => memory.replays[0]?.due(5));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 5)));
  rerender({ speed: 8 });
  await waitFor(() => expect(result.current.state?.speed).toBe(8));
  expect(result.current.play).toBe(play);
  act(() => seek(19));
  await waitFor(() => expect(ids(result.current.events)).toEqual(range(0, 20)));
  expect(memory.replays).toHaveLength(1);
});
