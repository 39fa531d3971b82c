import type { Conversation, Event, Replay, ReplayOptions, ReplayState } from "../types.js";
import { asError, iterate, observable, onAbort, perFrame } from "./observable.js";
import type { Observable } from "./observable.js";
import { view } from "./view.js";

/** A replay as it goes. */
export interface ReplayHookState {
  /** Null until there is a conversation. */
  state: ReplayState | null;
  /** The events shown so far, oldest first; after a seek, those up to the new place. */
  events: readonly Event[];
  error: Error | null;
}

/** What can be done with a replay; the functions never change. */
export interface ReplayControls {
  play: () => void;
  pause: () => void;
  /** Shows the next `n` events at once (default 1). */
  step: (n?: number) => void;
  /** Goes to the event at a position, or to a moment of recorded time. */
  seek: (to: number | Date) => void;
  /** Times recorded speed. */
  setSpeed: (speed: number) => void;
}

/** The machinery of `useReplay`, without React. */
export function replayController(
  conversation: Pick<Conversation, "replay" | "searchEvents"> | null | undefined,
  options: ReplayOptions,
): { observed: Observable<ReplayHookState>; controls: ReplayControls } {
  let replay: Replay | undefined;
  let speed = options.speed;
  const observed = observable<ReplayHookState>(
    { state: null, events: [], error: null },
    ({ set }, signal) => {
      if (!conversation) return;
      const { filter } = options;
      // A speed that is none is told once the replay is there, which can go on at another.
      const current = conversation.replay({ ...options, speed: Number(speed) > 0 ? speed : 1 });
      replay = current;
      // The events up to the position `end`, also those after the place shown: going back costs
      // nothing, going forward only what was never seen.
      const known: Event[] = [];
      let end = -Infinity;
      let before = end;
      let filling = false;
      const show = perFrame(() => {
        if (signal.aborted) return;
        const { state } = current;
        const { index, position = -Infinity } = state;
        // What is read may be more than was replayed, as events that came meanwhile are there too.
        const length = Math.min(position < end ? index : Infinity, known.length);
        if (position > end) void fill(position);
        else set({ state, events: view(known, length) });
      });
      const fill = async (endId: number) => {
        if (filling) return;
        filling = true;
        try {
          const range = { startId: known.length ? end + 1 : undefined, endId };
          const missing = iterate(conversation.searchEvents({ ...range, filter }), signal);
          const found: Event[] = [];
          for (let next = await missing.next(); !next.done; next = await missing.next()) {
            found.push(next.value);
          }
          for (const event of found) known.push(event);
          end = endId;
          set({ error: current.state.error ?? null });
          show();
        } catch (error) {
          set({ error: asError(error) });
        }
        filling = false;
      };
      const stop = current.subscribe(({ state, events, reset }) => {
        const { error, position = -Infinity } = state;
        if (error) set({ error });
        if (!filling && !reset && before === end) {
          for (const event of events) known.push(event);
          end = position;
        }
        before = position;
        show();
      });
      onAbort(signal, () => {
        stop();
        current.dispose();
      });
      set({ state: current.state });
      if (speed !== undefined) controls.setSpeed(speed);
    },
  );
  const controls: ReplayControls = {
    play: () => replay?.play(),
    pause: () => replay?.pause(),
    step: (n) => replay?.step(n),
    seek: (to) => replay?.seek(to),
    setSpeed(next) {
      speed = next;
      if (!replay) return;
      let error = replay.state.error ?? null;
      try {
        replay.speed = next;
      } catch (wrong) {
        error = asError(wrong);
      }
      observed.set({ error });
    },
  };
  return { observed, controls };
}
