import { LocalConnection, type ConnectionHome, type Message } from "./connection.js";
import { contentOf, jsonOf } from "./content.js";
import { asyncDispose } from "./dispose.js";
import { errorOf, messageOf, type EventStoreError } from "./errors.js";
import { parseEvent } from "./events.js";
import { Reader, eventsOf } from "./iterator.js";
import { METRICS, statsOf } from "./metrics.js";
import type { HostedLog as Log } from "./protocol.js";
import { Reading } from "./reading.js";
import type { ArgsOf, MethodOf, Remote, ResultOf } from "./remote.js";
import { LocalReplay } from "./replay.js";
import { guarded, isFunction, Listeners, onAbort, type Report } from "./report.js";
import { allEvents, Delivery, eachEvent } from "./subscription.js";
import type {
  BatchCallback,
  Connection,
  ConnectOptions,
  Conversation,
  ConversationOptions,
  ConversationStats,
  Coverage,
  Dialect,
  Event,
  EventSource,
  ExportOptions,
  FeedReport,
  FollowOptions,
  NewEvent,
  Replay,
  ReplayOptions,
  ServerOptions,
  RepairOptions,
  RepairReport,
  StatusMessage,
  SubscribeOptions,
  SyncOptions,
  SyncReport,
  VerifyOptions,
  VerifyReport,
} from "./types.js";
import { absoluteUrl } from "./urls.js";

/** What an export's Blob says it is, by its format. */
const TYPES = {
  trajectory: "application/json",
  jsonl: "application/x-ndjson",
  markdown: "text/markdown",
  archive: "application/gzip",
} as const;

/** What the module answers to one frame, spelled out. */
function feedReport(fed: number | string): FeedReport {
  const [accepted = 0, doubles = 0, status = 0] = [0, 1, 2].map((count) => Number(fed === count));
  const report = { accepted, doubles, status, rejected: 0 };
  return typeof fed === "string" ? { ...report, rejected: 1, reason: fed } : report;
}

type Secrets = Readonly<Record<string, string>>;

/** What is done in steps, each of which tells what was done so far. */
interface Run<R> {
  next(): Promise<{ report: R; ended: boolean } | undefined>;
}

/** What a conversation needs of its store. */
export interface Home extends ConnectionHome {
  /** The database's name. */
  readonly name: string;
  /** The log as it is open now; opened anew where the module had to be started again. */
  log(id: string, options: ConversationOptions): Promise<Remote<Log>>;
  /** Closes the log, behind all that was asked for. */
  leave(id: string, asked: Promise<unknown> | undefined): Promise<void>;
}

/** What is done with what a socket says. */
export interface Hearing {
  open(): void;
  close(): void;
  message(data: Message): void;
  end(): void;
}

export const notStored = (error: unknown) =>
  `a message of the socket was not stored: ${messageOf(error)}`;

export class LocalConversation extends Reading implements Conversation {
  /** How many times it was opened and not closed. */
  users = 0;
  readonly #home: Home;
  #options: ConversationOptions = {};
  readonly status: Listeners<StatusMessage>;
  readonly #deliveries = new Map<string, Delivery>();
  /** What is read from at this moment and doesn't end by itself. */
  readonly #running = new Set<() => void>();
  /** Calls go in the order in which they were made: while a Blob is read, later ones wait for it. */
  #reading: Promise<unknown> | undefined;
  /** The last call on its way to the log. */
  #asked: Promise<unknown> | undefined;

  constructor(
    readonly id: string,
    home: Home,
    /** As the module tells it from then on. */
    public dialect: Dialect,
  ) {
    super();
    this.#home = home;
    this.status = new Listeners("a status callback", home.report);
  }

  get report(): Report {
    return this.#home.report;
  }

  /** It is opened once more. */
  opened(options: ConversationOptions): void {
    this.users++;
    const secrets = { ...this.#options.secrets, ...options.secrets };
    this.#options = { ...options, ...this.#options, secrets };
  }

  follow({ signal, ...options }: FollowOptions = {}): AsyncIterable<Event> {
    return {
      [Symbol.asyncIterator]: () => {
        const end = () => reader.close();
        const reader = new Reader(
          async () => (await this.#log()).open("follow", options),
          false,
          () => {
            forget();
            this.#running.delete(end);
          },
        );
        const forget = onAbort(signal, end);
        this.#running.add(end);
        if (signal?.aborted) end();
        return eventsOf(reader);
      },
    };
  }

  stats(): Promise<ConversationStats> {
    return statsOf(this.searchEvents({ filter: METRICS[this.dialect] }));
  }

  async addEvent(event: NewEvent, source: EventSource): Promise<Event> {
    return parseEvent(await this.#call("add", jsonOf(event), source), 0);
  }

  async feed(frame: string | ArrayBuffer | ArrayBufferView | Blob | object): Promise<FeedReport> {
    const raw = contentOf(frame);
    const content = raw ?? jsonOf(frame);
    const turn = this.#turn(content);
    const log = await this.#log(turn);
    const fed = await log.feed(turn instanceof Promise ? await turn : turn, raw === undefined);
    return feedReport(fed);
  }

  #turn<T>(content: T | Promise<T>): T | Promise<T> {
    if (!this.#reading && !(content instanceof Promise)) return content;
    const turn = Promise.all([content, this.#reading]).then(([ready]) => ready);
    const reading = turn
      .catch(() => {})
      .then(() => {
        if (this.#reading === reading) this.#reading = undefined;
      });
    this.#reading = reading;
    return turn;
  }

  subscribe(
    subscriberId: string,
    callback: (event: Event) => void | Promise<void>,
    callbackId: string,
    options?: SubscribeOptions,
  ): Promise<void> {
    return this.#deliver(subscriberId, callback, callbackId, options, eachEvent);
  }

  subscribeBatches(
    subscriberId: string,
    callback: BatchCallback,
    callbackId: string,
    options?: SubscribeOptions,
  ): Promise<void> {
    return this.#deliver(subscriberId, callback, callbackId, options, allEvents);
  }

  async #deliver<C>(
    subscriberId: string,
    callback: C,
    callbackId: string,
    { onRollback, ...options }: SubscribeOptions = {},
    calls: (callback: C) => ConstructorParameters<typeof Delivery>[1],
  ): Promise<void> {
    isFunction(callback, "callback");
    if (onRollback) isFunction(onRollback, "onRollback");
    const name = JSON.stringify([subscriberId, callbackId]);
    const delivery = new Delivery(
      name,
      calls(callback),
      options,
      async (from) => (await this.#log()).open("subscribe", subscriberId, callbackId, from),
      this.report,
      onRollback,
    );
    await delivery.start();
    if (this.users) this.#deliveries.set(name, delivery);
    else delivery.close();
  }

  async unsubscribe(subscriberId: string, callbackId: string): Promise<void> {
    const name = JSON.stringify([subscriberId, callbackId]);
    const delivery = this.#deliveries.get(name);
    this.#deliveries.delete(name);
    delivery?.stop();
    try {
      await this.#call("unsubscribe", subscriberId, callbackId);
    } finally {
      delivery?.close();
    }
  }

  onStatus(callback: (status: StatusMessage) => void): () => void {
    return this.status.add(callback);
  }

  async setSecrets(secrets: Secrets): Promise<void> {
    await this.#call("setSecrets", secrets);
    this.#options = { ...this.#options, secrets };
  }

  async updateSecrets(secrets: Secrets): Promise<void> {
    await this.#call("updateSecrets", secrets);
    this.#options = { ...this.#options, secrets: { ...this.#options.secrets, ...secrets } };
  }

  async sync({ signal, onProgress, ...server }: SyncOptions): Promise<SyncReport> {
    const options = { ...server, baseUrl: absoluteUrl(server.baseUrl) };
    return this.#steps((log) => log.open("sync", options), signal, onProgress);
  }

  async verify({ signal, onProgress, ...rest }: VerifyOptions = {}): Promise<VerifyReport> {
    return this.#steps((log) => log.open("verify", false, rest), signal, onProgress);
  }

  async repair(options: RepairOptions = {}): Promise<RepairReport> {
    const { signal, onProgress, ...server } = options;
    const run = (log: Remote<Log>) => log.open("verify", true, server);
    const report = await this.#steps(run, signal, onProgress);
    const { baseUrl } = server;
    if (baseUrl === undefined) return report;
    const told = (sync: SyncReport) => onProgress?.({ ...report, sync });
    const sync = await this.sync({ ...server, baseUrl, signal, onProgress: told });
    return { ...report, sync };
  }

  /** Goes on step by step until all is done. */
  async #steps<R>(
    open: (log: Remote<Log>) => Remote<Run<R>>,
    signal: AbortSignal | undefined,
    onProgress: ((report: R) => void) | undefined,
  ): Promise<R> {
    if (signal?.aborted) throw signal.reason;
    const log = await this.#log();
    let end = () => {};
    const ended = new Promise<undefined>((resolve) => (end = () => resolve(undefined)));
    const forget = onAbort(signal, end);
    const run = open(log);
    this.#running.add(end);
    if (!this.users) end();
    try {
      for (;;) {
        const step = await Promise.race([run.call("next"), ended]);
        if (signal?.aborted) throw signal.reason;
        if (!step) throw this.#closed();
        void guarded(this.report, "onProgress", () => onProgress?.(step.report));
        if (step.ended) return step.report;
      }
    } finally {
      forget();
      this.#running.delete(end);
      void run.free();
    }
  }

  connect(given: ConnectOptions): Connection {
    const url = absoluteUrl(given.url, "url");
    const options = { ...given, url, baseUrl: given.baseUrl && absoluteUrl(given.baseUrl) };
    const server = [options.conversationId ?? this.id, url.split(/[?#]/)[0]];
    const lock = `oh-event-store/${JSON.stringify([this.#home.name, this.id, ...server])}`;
    return this.#connect(options, lock);
  }

  /** A connection over a socket of the application's own: see `attach`. */
  hearing(server: ServerOptions, parsed: boolean): Hearing {
    const baseUrl = absoluteUrl(server.baseUrl);
    const connection = this.#connect({ ...server, baseUrl, transport: "attached", parsed });
    const take = (data: Message) => this.take(data);
    return {
      open: () => connection.hear(true),
      close: () => connection.hear(false),
      message: (data) => connection.hear(data, take),
      end: () => void connection.close(),
    };
  }

  /** Feeds a message about which nobody asks. */
  take(data: Message): void {
    this.feed(data).catch((error: unknown) => {
      this.report("error", notStored(error), error);
    });
  }

  #connect(options: Parameters<Log["connect"]>[0], lock?: string): LocalConnection {
    const link = this.#log().then((log) => log.open("connect", options));
    const end = () => void connection.close();
    const gone = () => this.#running.delete(end);
    const connection = new LocalConnection(link, this.#home, lock, gone);
    this.#running.add(end);
    return connection;
  }

  coverage(): Promise<Coverage> {
    return this.#call("coverage");
  }

  truncate(afterId: number): Promise<number> {
    return this.#call("truncate", afterId);
  }

  replay(options: ReplayOptions = {}): Replay {
    const handle = this.#log().then((log) => log.open("replay", options));
    const end = () => replay.dispose();
    const replay = new LocalReplay(handle, options.speed ?? 1, this.report, () =>
      this.#running.delete(end),
    );
    this.#running.add(end);
    return replay;
  }

  async export(options: ExportOptions = {}): Promise<Blob> {
    const { signal, onProgress, ...rest } = options;
    if (signal?.aborted) throw signal.reason;
    const log = await this.#log();
    const forget = onAbort(signal, () => end());
    const cursor = log.open("export", rest);
    const end = () => void cursor.free();
    try {
      const type = TYPES[rest.format ?? "trajectory"];
      const blob = await cursor.call("file", type, (done, total) => {
        if (!signal?.aborted)
          void guarded(this.report, "onProgress", () => onProgress?.(done, total));
      });
      signal?.throwIfAborted();
      return blob;
    } finally {
      forget();
      end();
    }
  }

  async close(): Promise<void> {
    if (this.users > 1) this.users--;
    else if (this.users) await this.end();
  }

  /** Ends whatever runs; nothing more can be asked for, and what was is done. */
  async end(): Promise<void> {
    this.users = 0;
    for (const delivery of this.#deliveries.values()) delivery.close();
    for (const end of this.#running) end();
    await this.#home.leave(this.id, this.#asked);
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async #call<K extends MethodOf<Log>>(
    method: K,
    ...args: ArgsOf<Log[K]>
  ): Promise<ResultOf<Log[K]>> {
    return (await this.#log()).call(method, ...args);
  }

  #closed(): EventStoreError {
    return errorOf("closed", `the conversation ${this.id} is closed`);
  }

  protected source(): Promise<Remote<Log>> {
    return this.#log();
  }

  /** Every call comes by here, and as many awaits later reaches its object. */
  async #log(turn: unknown = this.#reading): Promise<Remote<Log>> {
    if (!this.users) throw this.#closed();
    const log = Promise.resolve(turn).then(() => this.#home.log(this.id, this.#options));
    this.#asked = log;
    return log;
  }
}
