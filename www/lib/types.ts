/// <reference lib="esnext.disposable" preserve="true" />

// ---------------------------------------------------------------- events

/** Which protocol a conversation speaks: OpenHands V0 (integer ids) or V1 (string ids, `kind`). */
export type Dialect = "v0" | "v1";

/** Who an event came from. Only `hook` is V1's alone. */
export type EventSource = "agent" | "user" | "environment" | "hook";

/** The V0 server's action names; a newer server may know others. */
export type ActionType =
  | "null"
  | "run"
  | "run_ipython"
  | "browse"
  | "browse_interactive"
  | "read"
  | "write"
  | "edit"
  | "think"
  | "finish"
  | "reject"
  | "delegate"
  | "recall"
  | "change_agent_state"
  | "message"
  | "system"
  | "condensation"
  | "condensation_request"
  | "call_tool_mcp"
  | "task_tracking"
  | "loop_recovery"
  | (string & {});

/** The V0 server's observation names; a newer server may know others. */
export type ObservationType =
  | "null"
  | "run"
  | "run_ipython"
  | "browse"
  | "read"
  | "write"
  | "edit"
  | "delegate"
  | "success"
  | "error"
  | "agent_state_changed"
  | "user_rejected"
  | "condense"
  | "think"
  | "recall"
  | "mcp"
  | "download"
  | "task_tracking"
  | "loop_detection"
  | (string & {});

/** What V0's actions and observations have in common. Absent keys are absent, never null. */
export interface V0EventBase {
  /** The server's number for the event; holes between numbers are normal. */
  readonly id: number;
  /** Local time of the server, ISO 8601 without a zone. */
  readonly timestamp?: string;
  readonly source?: EventSource;
  /** A sentence for people that the server made from the event. */
  readonly message?: string;
  /** The id of the event that this one answers. */
  readonly cause?: number;
  readonly tool_call_metadata?: Readonly<Record<string, unknown>>;
  readonly llm_metrics?: Readonly<Record<string, unknown>>;
  readonly kind?: undefined;
  readonly [key: string]: unknown;
}

/** A V0 action: something that the user or the agent does. */
export interface ActionEvent extends V0EventBase {
  readonly action: ActionType;
  readonly args: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly timeout?: number;
  readonly observation?: undefined;
}

/** A V0 observation: what came of an action. */
export interface ObservationEvent extends V0EventBase {
  readonly observation: ObservationType;
  readonly content: string;
  readonly extras: Readonly<Record<string, unknown>>;
  readonly success?: boolean;
  readonly action?: undefined;
}

/** A V0 event; `event.action !== undefined` tells the two apart. */
export type V0Event = ActionEvent | ObservationEvent;

/** A V1 event; `kind` is its class name, the other keys depend on it. */
export interface V1Event {
  readonly id: string;
  readonly kind: string;
  /** Local time of the server, ISO 8601 without a zone. */
  readonly timestamp: string;
  readonly source: EventSource;
  /** The event before this one; absent: the previous event of the log. */
  readonly parent_id?: string | null;
  readonly action?: Readonly<Record<string, unknown>> | null;
  readonly observation?: Readonly<Record<string, unknown>>;
  readonly [key: string]: unknown;
}

/**
 * One event as the server sends it. `event.kind === undefined` narrows to V0, and there
 * `event.action !== undefined` to an action; every other key can be read as `unknown`.
 */
export type Event = V0Event | V1Event;

/** What `addEvent` takes: an event without the id and the timestamp that the log gives it. */
export type NewEvent = { readonly [key: string]: unknown } & (
  | {
      readonly action: ActionType;
      readonly args?: Readonly<Record<string, unknown>>;
    }
  | {
      readonly observation: ObservationType;
      readonly content?: string;
      readonly extras?: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: string }
);

/** A message on the socket that is no event (`status_update`, `error`, a new title); never stored. */
export interface StatusMessage {
  readonly status_update?: boolean;
  readonly error?: boolean;
  readonly type?: string;
  /** For example `STATUS$STARTING_RUNTIME`. */
  readonly id?: string;
  readonly message?: string;
  readonly [key: string]: unknown;
}

/**
 * Which events match: the server's EventFilter, and `text`. Everything given must hold; absent
 * means any.
 */
export interface EventFilter {
  /** Leave out hidden commands and their output. */
  readonly excludeHidden?: boolean | undefined;
  /** Case-insensitive substring of the event's JSON text as the server dumps it. */
  readonly query?: string | undefined;
  /** Class names such as `CmdRunAction`; `Action` and `Observation` mean all of them. */
  readonly includeTypes?: readonly string[] | undefined;
  readonly excludeTypes?: readonly string[] | undefined;
  readonly source?: string | undefined;
  /** Inclusive, compared as text with the event's timestamp. */
  readonly startDate?: string | undefined;
  /** Inclusive, compared as text: a date without a time leaves that whole day out. */
  readonly endDate?: string | undefined;
  /**
   * For people: occurs in what they read of the event (what was said, thought, run, printed, the
   * names of files …), in upper or lower case and however accents are spelled; `highlights` tells
   * where. Keys, ids and escapes are never searched, as they are by `query`.
   */
  readonly text?: string | undefined;
}

/** Where a filter's `text` was found in one string of an event. */
export interface Highlight {
  /** The way to the string: keys, and places in lists. */
  readonly path: readonly (string | number)[];
  /** From and to, the latter not included, as `slice` takes them; ascending, without overlap. */
  readonly ranges: readonly (readonly [start: number, end: number])[];
}

// ---------------------------------------------------------------- errors

/** What an application can do about an error. */
export type Recovery = "retry" | "reopen" | "refetch" | "tell-user";

/** The `code` of every error of this package. */
export type ErrorCode =
  | "event-not-found"
  | "invalid-argument"
  | "invalid-event"
  | "quota-exceeded"
  | "blocked"
  | "closed"
  | "version-too-new"
  | "timeout"
  | "conflict"
  | "corrupt"
  | "storage"
  | "duplicate-subscription"
  | "too-many-subscribers"
  | "network"
  | "action-rejected"
  | "action-cancelled"
  | "outbox-full"
  | "panic"
  | "worker";

// ---------------------------------------------------------------- the store

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where the WebAssembly module comes from; without one, the file beside the package's code. */
export type InitInput = string | URL | Response | BufferSource | WebAssembly.Module;

/** What a storage callback is told. */
export interface StorageNotice {
  readonly reason?: string;
  readonly [key: string]: unknown;
}

/** What `onRestored` is told. */
export interface Restoration extends StorageNotice {
  /** How many events went from memory to the database. */
  readonly events: number;
}

/** What `onEvicted` is told: a stored conversation is no more. */
export interface Eviction extends StorageNotice {
  /** The conversation's id. */
  readonly id: string;
  /** How much it took, as its `ConversationInfo` counted. */
  readonly bytes: number;
  /** The storage budget was exceeded, or the browser had no room for a write. */
  readonly reason: "budget" | "quota";
}

export interface OpenOptions {
  /** The database's name; default `oh-event-store`. */
  readonly name?: string | undefined;
  /** Keeps the users of one origin apart. */
  readonly userId?: string | undefined;
  /** Default true: storage and search run in a dedicated worker; false: on the page. */
  readonly worker?: boolean | undefined;
  /** `strict` waits for the disk at every commit; default `relaxed`. */
  readonly durability?: "relaxed" | "strict" | undefined;
  /** The most events in one page; pages are cut by bytes first. */
  readonly cacheSize?: number | undefined;
  /** Bytes of pages, signatures and search results kept in memory. */
  readonly memoryBudget?: number | undefined;
  /**
   * The most bytes that all conversations of the database may take together, as their
   * `ConversationInfo` counts them. Beyond, or when the browser has no room, the least recently used
   * ones are deleted, but none that is pinned or open in this store. Without it, nothing is.
   */
  readonly storageBudget?: number | undefined;
  /** Milliseconds for one storage operation. */
  readonly timeout?: number | undefined;
  /** Default 1000. */
  readonly maxSubscribers?: number | undefined;
  /** The least level that is reported; default `warn`. */
  readonly logLevel?: LogLevel | "off" | undefined;
  /** Default: the console. */
  readonly onLog?: ((level: LogLevel, message: string, detail?: unknown) => void) | undefined;
  /** Another tab keeps an older version of the database open. */
  readonly onBlocked?: ((detail: StorageNotice) => void) | undefined;
  /** This tab keeps another one from upgrading the database. */
  readonly onBlocking?: ((detail: StorageNotice) => void) | undefined;
  /** The browser closed the database. */
  readonly onTerminated?: ((detail: StorageNotice) => void) | undefined;
  /** The browser found its files damaged and began an empty database, and what it says of that. */
  readonly onDataLost?: ((detail: StorageNotice) => void) | undefined;
  /** A conversation was deleted to make room. */
  readonly onEvicted?: ((detail: Eviction) => void) | undefined;
  /** The database can't be reached: from now on everything is in memory only, and why. */
  readonly onDegraded?: ((detail: StorageNotice) => void) | undefined;
  /** The database is there again and holds what came meanwhile. */
  readonly onRestored?: ((detail: Restoration) => void) | undefined;
}

export interface ConversationOptions {
  /** Default: the dialect that the conversation was stored with, or `v0` for a new one. */
  readonly dialect?: Dialect | undefined;
  /** Values that are masked before anything is stored, by name. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
}

export interface ConversationInfo {
  readonly id: string;
  readonly dialect: Dialect;
  /** How many events are stored. */
  readonly events: number;
  /** Stored size. */
  readonly bytes: number;
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  /** Milliseconds since 1970. */
  readonly lastAccess: number;
  readonly pinned: boolean;
  /** How many ranges are known to be missing. */
  readonly gaps: number;
}

export interface ImportOptions {
  /**
   * The conversation to import into. Default: the one that an archive came from, or else one that
   * is named after the file's contents.
   */
  readonly id?: string | undefined;
  /** Called as the import goes on, with bytes done and bytes in all. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface ImportReport {
  readonly conversationId: string;
  /** The form that the file was recognised as. */
  readonly format: string;
  readonly accepted: number;
  /** Events that were there already. */
  readonly doubles: number;
  readonly rejected: number;
  /** Where in the file something was wrong: in which line, or in which part of an archive. */
  readonly errors: readonly { readonly line: number; readonly reason: string }[];
}

/** Counters since the store was opened. */
export interface Stats {
  readonly mode: "indexeddb" | "memory";
  /** What became of the frames that were fed; see `FeedReport`. */
  readonly accepted: number;
  readonly doubles: number;
  readonly status: number;
  readonly rejected: number;
  readonly bytesFed: number;
  /** Events that the policy `latest` has dropped, of all subscribers together. */
  readonly dropped: number;
  /** Decoded pages in memory. */
  readonly cacheBytes: number;
  readonly cachePages: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  /**
   * How long the calls into the store took, by the name inside: `feed` ends when the event is
   * durable, `next` is one batch of a search or of a subscription, which waits for events.
   */
  readonly latencies: Readonly<Record<string, Latency>>;
}

/** Durations in milliseconds; percentiles are rounded up to a power of two. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly longest: number;
  /** Calls per second, of late: those of 10 seconds ago count for a third. */
  readonly rate: number;
}

/** What the models had cost at an event. Tokens and dollars are sums since the beginning. */
export interface MetricsPoint {
  readonly id: number | string;
  readonly timestamp?: string | undefined;
  /** Dollars. */
  readonly cost: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  /** Seconds that the model took to answer last, where the event says so. */
  readonly latency?: number | undefined;
}

export interface ConversationStats {
  /** Dollars, as the newest event that tells it says. */
  readonly cost: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Every event that tells of it, in order. */
  readonly overTime: readonly MetricsPoint[];
}

export interface EventStore extends AsyncDisposable {
  /**
   * `memory`: the browser gives no storage, and nothing outlives the page. It changes as `onDegraded`
   * and `onRestored` are told.
   */
  readonly mode: "indexeddb" | "memory";
  /** Opens a conversation or begins a new one; the same id gives the same object. */
  conversation(id: string, options?: ConversationOptions): Promise<Conversation>;
  conversations(): Promise<ConversationInfo[]>;
  /**
   * Searches all conversations by time: the oldest match first, or the newest with `reverse`. Equal
   * timestamps come by conversation, then by position (in reverse the other way round), events
   * without one last. A conversation is read when its dates can be next, and closed again; what is
   * damaged is reported and passed by.
   */
  searchAll(filter: EventFilter, options?: SearchAllOptions): Search<FoundEvent>;
  deleteConversation(id: string): Promise<void>;
  /** Marks a conversation as one to keep when others are evicted, or takes the mark away. */
  pin(id: string, pinned: boolean): Promise<void>;
  /**
   * Reads a trajectory, JSON Lines, pages of `GET /events`, or an archive, each of them packed with
   * gzip or not. What is damaged is reported, and the rest goes in.
   */
  import(source: Blob | string | Uint8Array, options?: ImportOptions): Promise<ImportReport>;
  /** Asks the browser to keep the data when space runs out; false when it won't. */
  persist(): Promise<boolean>;
  stats(): Promise<Stats>;
  close(): Promise<void>;
}

// ---------------------------------------------------------------- a conversation

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
   * What happens to a callback that is slower than the events: `block` (default) holds the
   * producer back, `batch` calls in bursts, at most one per animation frame, `latest` drops the
   * oldest.
   */
  readonly policy?: "block" | "batch" | "latest" | undefined;
  /** The most events that wait for the callback. */
  readonly bufferSize?: number | undefined;
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
   * Default `trajectory`: one JSON array, as the server exports it. `jsonl`: one event per line.
   * `markdown`: a transcript for people, without hidden events. `archive`: the log itself, packed; an import makes the identical log of it.
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

// ---------------------------------------------------------------- a server

/** Where a conversation's server is and how it is asked. */
export interface ServerOptions {
  /** The conversation's address, such as `https://example.org/api/conversations/8f3c`. */
  readonly baseUrl: string;
  /** Goes into the header `X-Session-API-Key`, and nowhere else. */
  readonly sessionApiKey?: string | undefined;
  /** More headers; another origin's server has to allow them. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Milliseconds for one request. */
  readonly timeout?: number | undefined;
}

export interface SyncOptions extends ServerOptions {
  /** Ends the sync, which rejects with the signal's reason; what is stored stays. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each page that is stored. */
  readonly onProgress?: ((report: SyncReport) => void) | undefined;
}

export interface ConnectOptions extends Omit<ServerOptions, "baseUrl"> {
  /** `socket.io` for a V0 server, `websocket` for a V1 agent server. */
  readonly transport: "socket.io" | "websocket";
  /** The V0 server's address; of a V1 conversation its socket's, as `buildWebSocketUrl` gives it. */
  readonly url: string;
  /**
   * The conversation's address over HTTP, as for `sync`. Without it, what the socket leaves out
   * stays a gap.
   */
  readonly baseUrl?: string | undefined;
  /** The conversation's id on the server; default: its id here. */
  readonly conversationId?: string | undefined;
  /** More parameters of the socket's address. */
  readonly query?: Readonly<Record<string, string>> | undefined;
}

/** Where a connection stands. */
export type ConnectionState =
  | {
      /**
       * `live`: everything comes as it happens. `offline`: the browser has no network. `follower`:
       * another tab is connected, or another connection of this one; what it brings is stored here
       * too, and this one takes over when it ends.
       */
      readonly status: "idle" | "connecting" | "live" | "offline" | "follower" | "closed";
    }
  | {
      /** Connected; what was missed is being fetched. */
      readonly status: "syncing";
      /** Events that were fetched by this connection so far. */
      readonly events: number;
    }
  | {
      /** The connection broke, or there was none. */
      readonly status: "waiting";
      /** When it is tried again, unless the page is looked at before. */
      readonly retryAt: Date;
      readonly error: Error;
    }
  | {
      /** Trying again is no use: the error says why. */
      readonly status: "failed";
      readonly error: Error;
    };

/** An action in the outbox. */
export interface PendingAction {
  readonly id: string;
  readonly action: object;
  readonly queuedAt: Date;
  /** `sent`: the server has not said yet that it has it. `rejected`: it doesn't want it. */
  readonly status: "waiting" | "sent" | "rejected";
  /** Why it was rejected. */
  readonly error?: Error | undefined;
}

/** A connection to a server. What it brings is stored; subscribers hear of it as of all events. */
export interface Connection extends AsyncDisposable {
  readonly state: ConnectionState;
  /** Calls back at every change; returns the function that ends it. */
  on(event: "state", callback: (state: ConnectionState) => void): () => void;
  /** Calls back with what waits now, and at every change. */
  on(event: "pending", callback: (actions: readonly PendingAction[]) => void): () => void;
  /**
   * Keeps a user's action on disk until the server has it, and resolves then: of V0
   * `{action, args}`, of V1 a message `{role, content}`. Actions are sent in the order of these
   * calls, as they are, by whichever tab is connected, also after a reload. Rejects with the server's
   * reason where it doesn't want the action, which is then listed until it is cancelled.
   */
  send(action: object): Promise<void>;
  /** The actions that the server doesn't have yet, in their order, and those that it has rejected. */
  pending(): Promise<PendingAction[]>;
  /**
   * Takes an action out of the outbox, and rejects its `send`. True: the server was not given it.
   * False: it may have it, but is not given it again; or there is none with this id.
   */
  cancel(id: string): Promise<boolean>;
  /** Tries again at once, also where it had failed. */
  retry(): void;
  close(): Promise<void>;
}

/** What a sync has done. */
export interface SyncReport {
  /** Requests, those that had to be repeated too. */
  readonly requests: number;
  /** Events that came. */
  readonly events: number;
  /** Bytes of the answers. */
  readonly bytes: number;
  /** Events that were not stored before. */
  readonly accepted: number;
  /** Copies from a socket whose place the server's own has taken. */
  readonly replaced: number;
  /** Events that were there already. */
  readonly doubles: number;
  /** What is no event of this conversation. */
  readonly rejected: number;
  /** The server's end was reached and nothing is missing. */
  readonly complete: boolean;
  /** What is still not known to be complete, as in `Coverage`. */
  readonly gaps: readonly (readonly [number, number])[];
}

// ---------------------------------------------------------------- damage

export interface VerifyOptions {
  /** Ends it: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every few pages. */
  readonly onProgress?: ((report: VerifyReport) => void) | undefined;
}

/** With a `baseUrl` the gaps are filled from that server. */
export interface RepairOptions extends Partial<ServerOptions> {
  /** Ends it: it rejects with the signal's reason; what is put right stays so. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every few pages, and after each page of the server's. */
  readonly onProgress?: ((report: RepairReport) => void) | undefined;
}

/** A damaged record. */
export interface Damage {
  /** Where it lies: `conversations` has the conversation's own record. */
  readonly table: "conversations" | "tail" | "pages" | "summaries" | "signatures";
  /** Its number there: a position in the tail, the number of a page elsewhere. */
  readonly number: number;
  /** The positions that it is about, where they are known; both ends are included. */
  readonly range?: readonly [number, number];
  /**
   * `checksum`: its bytes have changed; `cut-off`: its end is missing; `missing`: it is not there;
   * `orphan`: nothing tells of it; `order`: it lies where others do; `mismatch`: it doesn't agree with
   * itself or others; `ahead`: it claims what lies beyond the last event.
   */
  readonly fault: "checksum" | "cut-off" | "missing" | "orphan" | "order" | "mismatch" | "ahead";
}

/** What a look at all records has found. */
export interface VerifyReport {
  /** Nothing is damaged. */
  readonly sound: boolean;
  /** Pages that were looked at. */
  readonly pages: number;
  readonly totalPages: number;
  /** Events that are sound; after a repair: that are there. */
  readonly events: number;
  /** The bytes of their texts, one more per event. */
  readonly bytes: number;
  /** What is not sound; after a repair: what was not. */
  readonly damages: readonly Damage[];
  /** Where events can't be read any more, as inclusive ranges; after a repair they are gaps. */
  readonly lost: readonly (readonly [number, number])[];
}

export interface RepairReport extends VerifyReport {
  /** What was fetched from the server, where one was given. */
  readonly sync?: SyncReport;
}

export interface NestedEventStoreOptions extends ServerOptions {
  /** Default true: in a worker; false: on the page. */
  readonly worker?: boolean | undefined;
  /** The least level that is reported; default `warn`. */
  readonly logLevel?: LogLevel | "off" | undefined;
  /** Default: the console. */
  readonly onLog?: ((level: LogLevel, message: string, detail?: unknown) => void) | undefined;
}

/** The reading half of a conversation over HTTP. Leaving a loop aborts its request. */
export interface NestedEventStore
  extends
    AsyncDisposable,
    Pick<
      Conversation,
      | "searchEvents"
      | "getEvent"
      | "getLatestEvent"
      | "getLatestEventId"
      | "getMatchingEvents"
      | "filteredEventsBySource"
      | "countEvents"
    > {
  /** Aborts what is under way. */
  close(): Promise<void>;
}

// ---------------------------------------------------------------- replay

export interface ReplayOptions {
  /** Times recorded speed; default 1. */
  readonly speed?: number | undefined;
  /** Pauses between events are shortened to this many milliseconds. */
  readonly maxIdle?: number | undefined;
  readonly filter?: EventFilter | undefined;
}

export interface ReplayState {
  readonly status: "paused" | "playing" | "ended";
  /** Events shown so far. */
  readonly index: number;
  /** Events in all. */
  readonly total: number;
  /** Of the last shown event. */
  readonly position?: number;
  /** Milliseconds into the shortened recording. */
  readonly time: number;
  /** Milliseconds of the shortened recording. */
  readonly duration: number;
  readonly speed: number;
  /** The recorded timestamp of the last shown event. */
  readonly date?: string;
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
  /** Goes to the event at a position, or to a moment of recorded time. */
  seek(to: number | Date): void;
  /** Calls back with every change; returns the function that ends it. */
  subscribe(callback: (update: ReplayUpdate) => void): () => void;
  /** Frees the replay, also where the runtime has no `Symbol.dispose`. */
  dispose(): void;
}
