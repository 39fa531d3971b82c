/** What the wasm module exports, more exactly than wasm-bindgen's own declarations say it. */
import type {
  ConnectOptions,
  ConversationInfo,
  ConversationOptions,
  Coverage,
  Dialect,
  ErrorCode,
  EventFilter,
  ExportOptions,
  ImportReport,
  MatchingOptions,
  NestedEventStoreOptions,
  OpenOptions,
  Recovery,
  ReplayOptions,
  ReplayState,
  SearchAllOptions,
  SearchOptions,
  ServerOptions,
  Stats,
  SubscribeOptions,
  SyncReport,
  VerifyReport,
} from "../types.js";

/** Instantiates a compiled module; only the first call does anything. */
export function initSync(options: { module: WebAssembly.Module }): unknown;

export type NoticeKind =
  | "log"
  | "status"
  | "dialect"
  | "blocked"
  | "blocking"
  | "terminated"
  | "lost"
  | "evicted"
  | "degraded"
  | "restored"
  | "panic";

export type Notify = (kind: NoticeKind, detail: Record<string, unknown>) => void;

/** Events' texts back to back, each of them ASCII. */
export interface Batch {
  readonly bytes: Uint8Array;
  /** Where each text ends in `bytes`. */
  readonly ends: Uint32Array;
  /** All of `bytes`, once somebody reads them from end to end. */
  text?: string;
  readonly positions: Float64Array;
  /** Of a subscription: before these, all after that position went. There may be none then. */
  readonly gone?: number;
  /** Indices of texts with NaN or Infinity, which JSON.parse can't read. */
  readonly nonFinite?: Uint32Array;
  /** Where a filter's `text` was found in each event, as JSON back to back. */
  readonly highlights?: Uint8Array;
  /** Where each ends in `highlights`. */
  readonly highlightEnds?: Uint32Array;
  /** The conversation of each event, of a search through all of them. */
  readonly conversations?: readonly string[];
}

export class Store {
  private constructor();
  free(): void;
  static open(options: OpenOptions, notify: Notify): Promise<Store>;
  mode(): "indexeddb" | "memory";
  conversation(id: string, options: ConversationOptions): Promise<Log>;
  conversations(): Promise<ConversationInfo[]>;
  searchAll(filter: EventFilter, options: SearchAllOptions): Cursor;
  deleteConversation(id: string): Promise<void>;
  pin(id: string, pinned: boolean): Promise<void>;
  /** `next` gives undefined at the file's end, or why no more of it can be unpacked. */
  import(
    next: () => Promise<Uint8Array | string | undefined | void>,
    size: number,
    options: { id?: string | undefined },
    progress: (done: number, total: number) => void,
  ): Promise<ImportReport>;
  stats(): Omit<Stats, "latencies">;
  close(): void;
}

/** What can be read of a log, here or on a server. */
export interface EventReader {
  latest(): Promise<Batch>;
  latestId(): number | Promise<number>;
  get(id: number | string): Promise<Batch>;
  search(options: SearchOptions): Cursor;
  matching(options: MatchingOptions): Promise<Batch>;
  count(filter?: EventFilter): Promise<number>;
}

export class Nested implements EventReader {
  private constructor();
  free(): void;
  static open(options: NestedEventStoreOptions, notify: Notify): Nested;
  latest(): Promise<Batch>;
  latestId(): Promise<number>;
  get(id: number | string): Promise<Batch>;
  search(options: SearchOptions): Cursor;
  matching(options: MatchingOptions): Promise<Batch>;
  count(filter?: EventFilter): Promise<number>;
  close(): void;
}

/** 0: an event that is stored now. 1: one that was. 2: a status. A string: why it was rejected. */
export type Fed = number | string;

/** A socket of the application's own; `parsed`: its client has parsed what it brings. */
interface AttachedOptions extends ServerOptions {
  transport: "attached";
  parsed: boolean;
}

export class Log implements EventReader {
  private constructor();
  free(): void;
  dialect(): Dialect;
  latest(): Promise<Batch>;
  latestId(): number;
  get(id: number | string): Promise<Batch>;
  search(options: SearchOptions): Cursor;
  matching(options: MatchingOptions): Promise<Batch>;
  count(filter?: EventFilter): Promise<number>;
  sync(options: ServerOptions): SyncRun;
  verify(mend: boolean, options: object): VerifyRun;
  connect(options: ConnectOptions | AttachedOptions): Link;
  add(eventJson: string, source: string): Promise<Batch>;
  /** Frames back to back, and where each ends. */
  feed(frames: Uint8Array, ends: Uint32Array, parsed: boolean): Promise<Fed[]>;
  follow(options: { from?: number | undefined; filter?: EventFilter | undefined }): Subscription;
  subscribe(subscriberId: string, callbackId: string, options: SubscribeOptions): Subscription;
  unsubscribe(subscriberId: string, callbackId: string): boolean;
  setSecrets(secrets: Readonly<Record<string, string>>): void;
  updateSecrets(secrets: Readonly<Record<string, string>>): void;
  replay(options: ReplayOptions): Promise<ReplayHandle>;
  export(options: ExportOptions): ExportCursor;
  coverage(): Coverage;
  truncate(afterId: number): Promise<number>;
}

export class Cursor {
  private constructor();
  free(): void;
  next(max: number): Promise<Batch | undefined>;
  close(): void;
}

export class Subscription {
  private constructor();
  free(): void;
  next(max: number): Promise<Batch | undefined>;
  close(): void;
}

export class ExportCursor {
  private constructor();
  free(): void;
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  progress(): [done?: number, total?: number];
  close(): void;
}

export class SyncRun {
  private constructor();
  free(): void;
  next(): Promise<{ report: SyncReport; ended: boolean } | undefined>;
  close(): void;
}

export class VerifyRun {
  private constructor();
  free(): void;
  next(): Promise<{ report: VerifyReport; ended: boolean } | undefined>;
  close(): void;
}

export type LinkControl =
  "start" | "wake" | "online" | "offline" | "holder" | "beside" | "follower";

interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly recovery: Recovery;
}

export type LinkState =
  | { readonly status: "idle" | "connecting" | "live" | "offline" | "follower" }
  | { readonly status: "syncing"; readonly events: number }
  | { readonly status: "waiting"; readonly retryAt: number; readonly error: Reason }
  | { readonly status: "failed"; readonly error: Reason };

export class Link {
  private constructor();
  free(): void;
  next(): Promise<LinkState | undefined>;
  control(what: LinkControl): void;
  /** Of an application's own socket: a message's data, or whether it is open. */
  hear(message: unknown): void;
  /** JSON; resolves when the server has it. */
  send(action: string): Promise<void>;
  cancel(id: string): Promise<boolean>;
  /** With `next`: once they may have changed; undefined once it is closed. */
  pending(next: boolean): Promise<LinkAction[] | undefined>;
  close(): void;
}

export interface LinkAction {
  readonly id: string;
  readonly queuedAt: number;
  /** JSON. */
  readonly action: string;
  readonly status: "waiting" | "sent" | "rejected";
  readonly error?: Reason;
}

export class ReplayHandle {
  private constructor();
  free(): void;
  next(): Promise<{ state: ReplayState; batch?: Batch; reset: boolean } | undefined>;
  play(): void;
  pause(): void;
  step(n: number): void;
  seekPosition(position: number): void;
  seekTime(time: number, local: number): void;
  setSpeed(speed: number): void;
  state(): ReplayState;
  close(): void;
}
