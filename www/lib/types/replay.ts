// Replaying a conversation.
import type { Event, EventFilter } from "./events.js";

export interface ReplayOptions {
  /** Times recorded speed; default 1. */
  readonly speed?: number | undefined;
  /** Pauses between events are shortened to this many milliseconds. */
  readonly maxIdle?: number | undefined;
  readonly filter?: EventFilter | undefined;
}

export interface ReplayState {
  readonly status: "paused" | "playing" | "ended";
  /** Events shown so far; those that went since it began are counted when it passes them. */
  readonly index: number;
  /** Events in all when it began. */
  readonly total: number;
  /** Of the last shown event. */
  readonly position?: number;
  /** Milliseconds into the shortened recording. */
  readonly time: number;
  /** Milliseconds of the shortened recording. */
  readonly duration: number;
  readonly speed: number;
  /**
   * The recorded timestamp of the last shown event, where it has one: to the millisecond, in UTC if
   * it has a zone.
   */
  readonly date?: string;
  /** Why it can't be replayed, or no further. */
  readonly error?: Error;
}

/** What a replay's subscribers are told. */
export interface ReplayUpdate {
  readonly state: ReplayState;
  /** The events that became due. */
  readonly events: readonly Event[];
  /**
   * True after a seek: forget what was shown; the events up to `state.position` can be read with
   * `searchEvents({ endId: state.position })`.
   */
  readonly reset: boolean;
}

/** Iterating yields events as they become due, and ends with the replay. */
export interface Replay extends AsyncIterable<Event>, Disposable {
  /** Changes only together with a call of the subscribers. */
  readonly state: ReplayState;
  /** Times recorded speed, 0.01 to 10 000; can be set at any time. */
  speed: number;
  play(): void;
  pause(): void;
  /** Shows the next `n` events at once (default 1); a negative number goes back. */
  step(n?: number): void;
  /**
   * Goes to the event at a position, or to the last before any that was recorded after a date. A
   * timestamp without a zone is taken as local time, as `Date` does.
   */
  seek(to: number | Date): void;
  /** Calls back with every change; returns the function that ends it. */
  subscribe(callback: (update: ReplayUpdate) => void): () => void;
  /** Frees the replay, also where the runtime has no `Symbol.dispose`. */
  dispose(): void;
}
