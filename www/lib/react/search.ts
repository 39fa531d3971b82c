import type { Conversation, Event, SearchOptions } from "../types.js";
import { asError, iterate, nameOf, observable, onAbort, perFrame } from "./observable.js";
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
  /** An `EventNotFoundError` as long as there is none. */
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

type Source = Pick<Conversation, "getEvent" | "subscribeBatches" | "unsubscribe">;

/** The machinery of `useEvent`, without React. */
export function eventController(
  conversation: Source | null | undefined,
  id: number | string,
): Observable<EventState> {
  return observable<EventState>(
    { event: undefined, loading: true, error: null },
    async ({ set }, signal) => {
      if (!conversation) return;
      const look = async () =>
        set({ event: await conversation.getEvent(id), loading: false, error: null });
      try {
        return await look();
      } catch (error) {
        set({ loading: false, error: asError(error) });
      }
      // It may come yet. One that is there has no subscription.
      const name = nameOf("useEvent");
      const found = new AbortController();
      const listen = () =>
        look().then(
          () => found.abort(),
          () => {},
        );
      await conversation.subscribeBatches(name, listen, name);
      onAbort(found.signal, () => conversation.unsubscribe(name, name));
      onAbort(signal, () => found.abort());
      // What came before that.
      await listen();
    },
  );
}
