// A server: history, live connections, reading over HTTP.
import type { Conversation } from "./conversation.js";
import type { LogLevel } from "./store.js";

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
  /**
   * Tries again at once, also where it had failed, and once where it is `offline`: a server of the
   * same machine needs no network.
   */
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
  /** The server's end was reached, nothing is missing and nothing was rejected. */
  readonly complete: boolean;
  /** What is still not known to be complete, as in `Coverage`. */
  readonly gaps: readonly (readonly [number, number])[];
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
