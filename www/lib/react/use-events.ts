import { useMemo } from "react";
import type { Conversation, EventFilter, SearchOptions } from "../types.js";
import { eventsController } from "./events.js";
import type { EventsState } from "./events.js";
import { eventController, searchController } from "./search.js";
import type { EventState, SearchState } from "./search.js";
import { useObservable } from "./use-observable.js";

export interface UseEventsOptions {
  /** Compared by value. */
  readonly filter?: EventFilter | undefined;
  /** How many events are read at first and by each `loadOlder`; default 100. */
  readonly window?: number | undefined;
}

/** How `useSearch` searches; compared by value. */
export type UseSearchOptions = Pick<SearchOptions, "reverse" | "limit">;

/**
 * The newest window of a conversation's events, then live: at most one render per animation frame,
 * and a new event costs the same however many there are. Null instead of a conversation waits.
 */
export function useEvents(
  conversation: Conversation | null | undefined,
  { filter, window = 100 }: UseEventsOptions = {},
): EventsState {
  const key = JSON.stringify(filter ?? {});
  return useObservable(
    useMemo(
      () => eventsController(conversation, JSON.parse(key) as EventFilter, window),
      [conversation, key, window],
    ),
  );
}

/** One event by its id, as soon as it is there. */
export function useEvent(
  conversation: Conversation | null | undefined,
  id: number | string,
): EventState {
  return useObservable(useMemo(() => eventController(conversation, id), [conversation, id]));
}

/**
 * All stored events that match, as they are found; another filter ends the search and begins the
 * next. The filter is compared by value, null searches nothing.
 */
export function useSearch(
  conversation: Conversation | null | undefined,
  filter: EventFilter | null | undefined,
  options: UseSearchOptions = {},
): SearchState {
  const key = JSON.stringify(filter ? { ...options, filter } : null);
  return useObservable(
    useMemo(
      () => searchController(conversation, JSON.parse(key) as SearchOptions | null),
      [conversation, key],
    ),
  );
}
