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
      const current = conversation.replay({ ...options, speed });
      replay = current;
      // The replay's events by index, from the first on, also those after the place shown: going
      // back costs nothing, going forward only what was never seen.
      const known: Event[] = [];
      let end: number | undefined;
      let filling = false;
      const show = perFrame(() => {
        if (signal.aborted) return;
        const { state } = current;
        if (state.index > known.length && state.position !== end) void fill();
        else set({ state, events: view(known, Math.min(state.index, known.length)) });
      });
      const fill = async () => {
        if (filling) return;
        filling = true;
        try {
          const { position } = current.state;
          const range = { startId: end === undefined ? undefined : end + 1, endId: position };
          const missing = iterate(conversation.searchEvents({ ...range, filter }), signal);
          for (let next = await missing.next(); !next.done; next = await missing.next()) {
            known.push(next.value);
          }
          end = position;
          show();
        } catch (error) {
          set({ error: asError(error) });
        }
        filling = false;
      };
      const stop = current.subscribe(({ state, events }) => {
        const first = state.index - events.length;
        if (!filling && first <= known.length && state.index > known.length) {
          for (const event of events.slice(known.length - first)) known.push(event);
          end = state.position;
        }
        show();
      });
      onAbort(signal, () => {
        stop();
        current.dispose();
      });
      set({ state: current.state });
    },
  );
  const controls: ReplayControls = {
    play: () => replay?.play(),
    pause: () => replay?.pause(),
    step: (n) => replay?.step(n),
    seek: (to) => replay?.seek(to),
    setSpeed(next) {
      speed = next;
      if (replay) replay.speed = next;
    },
  };
  return { observed, controls };
}
