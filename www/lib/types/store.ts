// The store and its options.
import type { Conversation, FoundEvent, Search, SearchAllOptions } from "./conversation.js";
import type { Dialect, EventFilter } from "./events.js";

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
  /**
   * Deletes a conversation in one transaction. Who has it open, in whichever tab, goes on with an
   * empty log: subscriptions stay, and a connection stores what comes.
   */
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
