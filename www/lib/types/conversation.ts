// One conversation: its log, searches and subscriptions.
import type { RepairOptions, RepairReport, VerifyOptions, VerifyReport } from "./damage.js";
import type {
  Dialect,
  Event,
  EventFilter,
  EventSource,
  NewEvent,
  StatusMessage,
} from "./events.js";
import type { Replay, ReplayOptions } from "./replay.js";
import type { ConnectOptions, Connection, SyncOptions, SyncReport } from "./server.js";
import type { ConversationStats } from "./store.js";

export interface SearchOptions {
  /** Lowest id, inclusive. */
  readonly startId?: number | undefined;
  /** Highest id, inclusive; null: the newest. */
  readonly endId?: number | null | undefined;
  /** Newest first. */
  readonly reverse?: boolean | undefined;
  readonly filter?: EventFilter | undefined;
  /** The most matches; null or 0: all of them. */
  readonly limit?: number | null | undefined;
}

export interface SearchAllOptions {
  /** Newest first. */
  readonly reverse?: boolean | undefined;
  /** The most matches; null or 0: all of them. */
  readonly limit?: number | null | undefined;
}

/** A match of a search through all conversations. */
export interface FoundEvent {
  readonly conversationId: string;
  readonly event: Event;
}

export interface MatchingOptions {
  readonly query?: string | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly source?: string | undefined;
  readonly startDate?: string | undefined;
  readonly endDate?: string | undefined;
  readonly startId?: number | undefined;
  /** 1 to 100; default 100. */
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
}

export interface FollowOptions {
  /** The first position; default: the beginning. */
  readonly from?: number | undefined;
  readonly filter?: EventFilter | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
}

export interface SubscribeOptions {
  readonly filter?: EventFilter | undefined;
  /** Stored events from this position on come first; default: only what comes from now on. */
  readonly from?: number | undefined;
  /**
   * What happens to a callback that is slower than the events: `block` (default) holds
   * `feed` back, `batch` calls in bursts, at most one per animation frame, `latest` drops the
   * oldest. Connections and `sync` wait for nobody. A callback that waits for a `feed` to the same
   * conversation waits for itself once its buffer is full; `addEvent` and `send` can be waited for.
   */
  readonly policy?: "block" | "batch" | "latest" | undefined;
  /** The most events that wait for the callback. */
  readonly bufferSize?: number | undefined;
  /**
   * Called where the log was rolled back, here or by another tab: every event after this position is
   * gone, and what came to the callback before is no longer true of it. A number below all positions:
   * the conversation was deleted. The next event comes when it has ended.
   */
  readonly onRollback?: ((afterId: number) => void | Promise<void>) | undefined;
}

/**
 * Hears of events that came together, with their positions. An element of the array is parsed when
 * it is read first.
 */
export type BatchCallback = (
  events: readonly Event[],
  positions: ArrayLike<number>,
) => void | Promise<void>;

export interface ExportOptions {
  /**
   * Default `trajectory`: one JSON array, as the server exports it, with hidden events too, which the
   * server leaves out. `jsonl`: one event per line. `markdown`: a transcript for people, without
   * hidden events. `archive`: the log itself, packed; an import makes the identical log of it.
   */
  readonly format?: "trajectory" | "jsonl" | "markdown" | "archive" | undefined;
  /**
   * Keep screenshots in a trajectory or, as data URLs, in a transcript; default false. The other
   * formats keep all there is.
   */
  readonly screenshots?: boolean | undefined;
  /** Ends the export: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called as the export goes on, with bytes of text done and bytes in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What became of one WebSocket message. */
export interface FeedReport {
  /** Events stored. */
  readonly accepted: number;
  /** Events that were there already. */
  readonly doubles: number;
  /** Messages that are no events; `onStatus` has them. */
  readonly status: number;
  /** Frames that can't be read. */
  readonly rejected: number;
  /** Why a frame was rejected. */
  readonly reason?: string;
}

/** Which positions are known to be complete, as inclusive ranges, and which are missing. */
export interface Coverage {
  readonly known: readonly (readonly [number, number])[];
  readonly gaps: readonly (readonly [number, number])[];
  readonly complete: boolean;
}

/**
 * A lazy search: nothing is read before it is iterated, leaving the loop frees it, and each
 * iteration searches anew.
 */
export interface Search<T> extends AsyncIterable<T>, AsyncDisposable {
  /**
   * Arrays of `size` events (default 100), the last one shorter. An element is parsed when it is
   * looked at first.
   */
  batches(size?: number): AsyncIterable<T[]>;
  toArray(): Promise<T[]>;
}

export interface Conversation extends AsyncDisposable {
  readonly id: string;
  readonly dialect: Dialect;
  searchEvents(options?: SearchOptions): Search<Event>;
  /** Rejects with `EventNotFoundError`. */
  getEvent(id: number | string): Promise<Event>;
  /** Rejects with `EventNotFoundError` when there is none. */
  getLatestEvent(): Promise<Event>;
  /** What the models have cost, over time: from `llm_metrics`, or V1's statistics. */
  stats(): Promise<ConversationStats>;
  /** The highest position; -1 when there is none. */
  getLatestEventId(): Promise<number>;
  getMatchingEvents(options?: MatchingOptions): Promise<Event[]>;
  filteredEventsBySource(source: EventSource): Search<Event>;
  countEvents(filter?: EventFilter): Promise<number>;
  /** What is stored, then what comes, without a seam. */
  follow(options?: FollowOptions): AsyncIterable<Event>;
  /** Stores an event under the next id; resolves with it when it is durable. */
  addEvent(event: NewEvent, source: EventSource): Promise<Event>;
  /** Takes one WebSocket message as it came; resolves when what it held is durable. */
  feed(frame: string | ArrayBuffer | ArrayBufferView | Blob | object): Promise<FeedReport>;
  /**
   * Calls back for every event once it is durable, one at a time and in order. A callback that
   * throws or rejects is logged and disturbs nobody.
   */
  subscribe(
    subscriberId: string,
    callback: (event: Event) => void | Promise<void>,
    callbackId: string,
    options?: SubscribeOptions,
  ): Promise<void>;
  /**
   * The same with one call for all that came together, for who looks at few of them. The next call
   * comes when this one has ended.
   */
  subscribeBatches(
    subscriberId: string,
    callback: BatchCallback,
    callbackId: string,
    options?: SubscribeOptions,
  ): Promise<void>;
  /** An unknown pair is a warning in the log. */
  unsubscribe(subscriberId: string, callbackId: string): Promise<void>;
  /** Calls back for messages that are no events; returns the function that ends it. */
  onStatus(callback: (status: StatusMessage) => void): () => void;
  /** Replaces the values that are masked before an event is stored. */
  setSecrets(secrets: Readonly<Record<string, string>>): Promise<void>;
  /** Adds to them. */
  updateSecrets(secrets: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Connects to a server and stays so: it resumes after what is stored, fills the gaps, and tries
   * again by itself, until it is closed.
   */
  connect(options: ConnectOptions): Connection;
  /**
   * Fills the gaps from the server, page by page; resolves when there is nothing more to ask for.
   * Whatever ends it, what is stored stays, and the same call again asks for the rest.
   */
  sync(options: SyncOptions): Promise<SyncReport>;
  coverage(): Promise<Coverage>;
  /**
   * Rolls the log back: every event after `afterId` (of V1: after that position) is deleted, in one
   * transaction, in other tabs too as soon as they look. Resolves to how many went; -1 takes all.
   */
  truncate(afterId: number): Promise<number>;
  /** Plays the stored events again under a clock of its own; begins paused. */
  replay(options?: ReplayOptions): Replay;
  export(options?: ExportOptions): Promise<Blob>;
  /** Looks at every stored record, a few at a time; nothing is changed and nothing kept in memory. */
  verify(options?: VerifyOptions): Promise<VerifyReport>;
  /**
   * Verifies, and puts right what is wrong: what can be derived is made anew; what can't be read goes,
   * and where it lay is a gap, which is filled from the server if one is given (V0). Every step is
   * one transaction, so it can be broken off at any time and called again.
   */
  repair(options?: RepairOptions): Promise<RepairReport>;
  /**
   * To be called as many times as the conversation was opened; the last call frees it and ends its
   * subscriptions, iterations and replays.
   */
  close(): Promise<void>;
}
