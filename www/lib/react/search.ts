import type { Conversation, Event, SearchOptions } from "../types.js";
import { iterate, observable, perFrame } from "./observable.js";
import type { Observable } from "./observable.js";
import { view } from "./view.js";

/** The matches found so far. */
export interface SearchState {
  /** Another array whenever something was found; an array that was given never changes. */
  events: readonly Event[];
  /** The search goes on. */
  loading: boolean;
  error: Error | null;
}

/** One event, once it is there. */
export interface EventState {
  event: Event | undefined;
  loading: boolean;
  /** An `EventNotFoundError` if there is none. */
  error: Error | null;
}

/** The machinery of `useSearch`, without React. Without options it finds nothing. */
export function searchController(
  conversation: Pick<Conversation, "searchEvents"> | null | undefined,
  options: SearchOptions | null,
): Observable<SearchState> {
  return observable<SearchState>(
    { events: [], loading: !!options, error: null },
    async ({ set }, signal) => {
      if (!conversation || !options) return;
      const found: Event[] = [];
      const show = perFrame(() => set({ events: view(found) }));
      const matches = iterate(conversation.searchEvents(options), signal);
      for (let next = await matches.next(); !next.done; next = await matches.next()) {
        if (signal.aborted) return;
        found.push(next.value);
        show();
      }
      set({ events: view(found), loading: false });
    },
  );
}

/** The machinery of `useEvent`, without React. */
export function eventController(
  conversation: Pick<Conversation, "getEvent"> | null | undefined,
  id: number | string,
): Observable<EventState> {
  return observable<EventState>(
    { event: undefined, loading: true, error: null },
    async ({ set }) => {
      if (conversation) set({ event: await conversation.getEvent(id), loading: false });
    },
  );
}
