import type { BatchCallback, Conversation, Event, EventFilter } from "../types.js";
import { asError, iterate, nameOf, observable, onAbort, perFrame } from "./observable.js";
import type { Observable } from "./observable.js";
import { view } from "./view.js";

/** The newest events of a conversation, and as many older ones as were asked for. */
export interface EventsState {
  /** Oldest first. Another array whenever something came; an array that was given never changes. */
  events: readonly Event[];
  /** The first window or an older one is being read. */
  loading: boolean;
  error: Error | null;
  /** There are older matching events than those in `events`. */
  hasOlder: boolean;
  /**
   * Reads one more window of older events; does nothing while `loading` or without `hasOlder`. Where
   * the newest could not be read, it tries that again, as the next event does.
   */
  loadOlder: () => void;
}

/** An event, and where it belongs. */
interface Row {
  readonly id: Event["id"];
  /** V0's order is in the ids; V1's isn't on the wire, the time is what comes nearest to it. */
  readonly order: number | string;
  readonly event: Event;
}

function rowOf(event: Event): Row {
  const { id, timestamp } = event;
  return { id, order: typeof id === "number" ? id : (timestamp ?? ""), event };
}

/** One of V0, whose position is its id: it need not be parsed before it is looked at. */
const unread = (id: number, events: readonly Event[], index: number): Row => ({
  id,
  order: id,
  get event() {
    return events[index] as Event;
  },
});

const show = (rows: Row[]) => view(rows, rows.length, ({ event }) => event);

type Source = Pick<Conversation, "searchEvents" | "subscribeBatches" | "unsubscribe">;

/** The machinery of `useEvents`, without React. */
export function eventsController(
  conversation: Source | null | undefined,
  filter: EventFilter | undefined,
  window: number,
): Observable<EventsState> {
  let older: (() => Promise<void>) | undefined;
  return observable<EventsState>(
    {
      events: [],
      loading: true,
      error: null,
      hasOlder: false,
      loadOlder: () => void older?.(),
    },
    async ({ getSnapshot, set }, signal) => {
      if (!conversation) return;
      let shown: Row[] = [];
      const ids = new Set<Event["id"]>();
      let early: Row[] | undefined = [];
      // The newest could not be read.
      let failed = false;
      // The open search no longer tells everything that is older.
      let stale = false;
      const changed = perFrame(() => set({ events: show(shown) }));

      const insert = (row: Row) => {
        const again = ids.has(row.id);
        const before = (other: Row | undefined) =>
          !other || (again ? other.id === row.id : other.order <= row.order);
        let at = shown.length;
        while (at && !before(shown[at - 1])) at--;
        if (!at && shown.length && getSnapshot().hasOlder) {
          stale = true;
          return;
        }
        ids.add(row.id);
        if (at === shown.length && !again) shown.push(row);
        // Another array, for there are views of this one. A better copy replaces the first.
        else shown = [...shown.slice(0, at - +again), row, ...shown.slice(at)];
        changed();
      };

      // Live first, then history: what comes in between is put in when the history is there.
      const name = nameOf("useEvents");
      const hear: BatchCallback = (events, positions) => {
        // A log holds events of one dialect.
        const numbered = typeof events[0]?.id === "number";
        for (let index = 0; index < events.length; index++) {
          const row = numbered
            ? unread(positions[index] as number, events, index)
            : rowOf(events[index] as Event);
          if (early) early.push(row);
          else insert(row);
        }
        if (failed) void begin();
      };

      // One search, left open, is read window by window; one event ahead tells if there are more.
      let history: AsyncIterator<Event> | undefined;
      let ahead: IteratorResult<Event> | undefined;
      const search = async (endId?: number) => {
        stale = false;
        void history?.return?.();
        history = iterate(conversation.searchEvents({ endId, reverse: true, filter }), signal);
        ahead = await history.next();
      };
      const read = async (most: number, isNew: boolean) => {
        const batch: Row[] = [];
        for (; ahead && !ahead.done && batch.length < most; ahead = await history?.next()) {
          if (!ids.has(ahead.value.id)) batch.push(rowOf(ahead.value));
        }
        for (const { id } of batch) ids.add(id);
        shown = [...batch.reverse(), ...(isNew ? [] : shown)];
        set({ events: show(shown), hasOlder: !ahead?.done, loading: false, error: null });
      };

      // Reads wait for each other.
      let reading = Promise.resolve();
      const inTurn = (work: () => Promise<void>) =>
        (reading = reading.then(work).catch((error: unknown) => {
          stale = true;
          failed = !!early;
          set({ error: asError(error), loading: false });
        }));

      /** Reads what is there now, and as much as was shown. */
      const begin = () => {
        failed = false;
        return inTurn(async () => {
          // What came until now is stored, and read with the rest, unless it is gone.
          early = [];
          ids.clear();
          await search();
          await read(Math.max(window, shown.length), true);
          early.forEach(insert);
          early = undefined;
        });
      };
      await conversation.subscribeBatches(name, hear, name, { filter, onRollback: begin });
      onAbort(signal, () => conversation.unsubscribe(name, name));
      older = async () => {
        const { hasOlder, loading } = getSnapshot();
        if (loading || !(hasOlder || failed)) return;
        set({ loading: true, error: null });
        if (failed) await begin();
        else
          await inTurn(async () => {
            const oldest = shown[0]?.id;
            if (stale) await search(typeof oldest === "number" ? oldest - 1 : undefined);
            await read(window, false);
          });
      };
      await begin();
    },
  );
}
