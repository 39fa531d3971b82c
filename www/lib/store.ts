import { blobOf, settingsOf } from "./content.js";
import { LocalConversation, type Home } from "./conversation.js";
import { asyncDispose } from "./dispose.js";
import { errorOf } from "./errors.js";
import { parseEvent, parseNonFinite } from "./events.js";
import { wasmModule } from "./init.js";
import { BatchSearch } from "./iterator.js";
import type { HostedLog as Log, HostedStore as Store } from "./protocol.js";
import { Instance, type OnNotice, type Remote } from "./remote.js";
import { guarded, Listeners, reporter, type Report } from "./report.js";
import type {
  Conversation,
  ConversationInfo,
  ConversationOptions,
  Dialect,
  EventFilter,
  EventStore,
  FoundEvent,
  ImportOptions,
  ImportReport,
  LogLevel,
  OpenOptions,
  Search,
  SearchAllOptions,
  Stats,
  StatusMessage,
} from "./types.js";

/** The store as it is open in one instance of the wasm module. */
interface Live {
  readonly instance: Instance;
  readonly store: Remote<Store>;
  readonly logs: Map<string, Remote<Log>>;
}

/** The callbacks of the options, by what they are told of. */
const TOLD = {
  blocked: "onBlocked",
  blocking: "onBlocking",
  terminated: "onTerminated",
  lost: "onDataLost",
  evicted: "onEvicted",
  degraded: "onDegraded",
  restored: "onRestored",
} as const;

const CALLBACKS = [...Object.values(TOLD), "onLog"];

class LocalStore implements EventStore, Home {
  mode: "indexeddb" | "memory" = "indexeddb";
  readonly report: Report;
  readonly name: string;
  readonly modes: Listeners<EventStore["mode"]>;
  readonly #options: OpenOptions;
  readonly #conversations = new Map<string, LocalConversation>();
  #instance: Instance | undefined;
  #live: Promise<Live> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: OpenOptions) {
    this.#options = options;
    const { name = "oh-event-store", userId } = options;
    this.name = userId === undefined ? name : `${name}/${userId}`;
    this.report = reporter(options);
    this.modes = new Listeners("a connection", this.report);
  }

  /**
   * The running instance; a new one on the same data where the last one panicked. On the page
   * there is only one for the page's life.
   */
  live(): Promise<Live> {
    if (this.#closing) return Promise.reject(errorOf("closed", "the store is closed"));
    return this.#running();
  }

  #running(): Promise<Live> {
    if (this.#instance?.failure && this.#instance.inWorker) this.#live = undefined;
    return (this.#live ??= this.#start());
  }

  async conversation(id: string, options: ConversationOptions = {}): Promise<Conversation> {
    const live = await this.live();
    // For each call one of its own, that says what is wrong with its options and no others. It is
    // kept where there is none, and no conversation that has other options.
    const keep = !this.#conversations.has(id) && !live.logs.has(id);
    const log = this.#open(live, id, options, keep);
    const dialect = await log.call("dialect");
    if (live.logs.get(id) !== log) void log.free();
    const conversation = this.#conversations.get(id) ?? new LocalConversation(id, this, dialect);
    this.#conversations.set(id, conversation);
    conversation.opened(options);
    return conversation;
  }

  async conversations(): Promise<ConversationInfo[]> {
    return (await this.live()).store.call("conversations");
  }

  searchAll(filter: EventFilter, options: SearchAllOptions = {}): Search<FoundEvent> {
    return new BatchSearch(
      async () => (await this.live()).store.open("searchAll", filter, options),
      (batch, index) => ({
        conversationId: batch.conversations?.[index] ?? "",
        event: parseEvent(batch, index),
      }),
    );
  }

  async deleteConversation(id: string): Promise<void> {
    await (await this.live()).store.call("deleteConversation", id);
  }

  async pin(id: string, pinned: boolean): Promise<void> {
    await (await this.live()).store.call("pin", id, pinned);
  }

  async import(
    source: Blob | string | Uint8Array,
    { onProgress, ...options }: ImportOptions = {},
  ): Promise<ImportReport> {
    const file = blobOf(source);
    if (!file) throw errorOf("invalid-argument", "only a Blob, a string or bytes can be imported");
    const progress = (done: number, total: number) =>
      void guarded(this.report, "onProgress", () => onProgress?.(done, total));
    return (await this.live()).store.call("import", file, options, progress);
  }

  async persist(): Promise<boolean> {
    return (await navigator.storage?.persist?.()) ?? false;
  }

  async stats(): Promise<Stats> {
    const { store } = await this.live();
    return { ...(await store.call("stats")), latencies: store.instance.latencies.report() };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async log(id: string, options: ConversationOptions): Promise<Remote<Log>> {
    const live = await this.#running();
    return live.logs.get(id) ?? this.#open(live, id, options, true);
  }

  #open({ logs, store }: Live, id: string, options: ConversationOptions, keep: boolean) {
    const log = store.open("conversation", id, options);
    if (keep) {
      logs.set(id, log);
      log.ready.catch(() => logs.delete(id));
    }
    return log;
  }

  async leave(id: string, asked: Promise<unknown> | undefined): Promise<void> {
    this.#conversations.delete(id);
    await asked?.catch(() => {});
    const live = await this.#live?.catch(() => undefined);
    const log = live?.logs.get(id);
    live?.logs.delete(id);
    await log?.free();
  }

  async #start(): Promise<Live> {
    // The worker's script is loaded while the module is, and the origin's databases, which a first
    // call of any page or worker waits for.
    new Promise((resolve) => resolve(indexedDB.databases())).catch(() => {});
    const module = wasmModule();
    const instance = new Instance(this.#options.worker ?? true, this.#onNotice);
    this.#instance = instance;
    try {
      const store = instance.open("store", await module, settingsOf(this.#options, CALLBACKS));
      this.mode = await store.call("mode");
      return { instance, store, logs: new Map() };
    } catch (error) {
      instance.fail(errorOf("closed", "the store didn't open"));
      if (this.#instance === instance) this.#live = undefined;
      throw error;
    }
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#conversations.values()].map((conversation) => conversation.end()));
    const live = await this.#live?.catch(() => undefined);
    try {
      if (!live?.instance.failure) await live?.store.call("close");
    } finally {
      live?.instance.fail(errorOf("closed", "the store is closed"));
    }
  }

  readonly #onNotice: OnNotice = (kind, detail) => {
    if (kind === "log") {
      this.report(detail["level"] as LogLevel, String(detail["message"]), detail["detail"]);
    } else if (kind === "panic") {
      this.report("error", `the store panicked: ${String(detail["message"])}`);
    } else if (kind === "status" || kind === "dialect") {
      const conversation = this.#conversations.get(String(detail["conversation"]));
      if (!conversation) return;
      if (kind === "dialect") conversation.dialect = detail["dialect"] as Dialect;
      else conversation.status.tell(parseNonFinite(String(detail["text"])) as StatusMessage);
    } else {
      if (kind === "restored") this.modes.tell((this.mode = "indexeddb"));
      if (kind === "degraded") this.modes.tell((this.mode = "memory"));
      if (kind === "lost") {
        this.report("error", "the browser lost the database and began an empty one", detail);
      }
      const callback = TOLD[kind];
      void guarded(this.report, callback, () => this.#options[callback]?.(detail as never));
    }
  };
}

/** Opens the browser's copy of the conversations, by default in a worker of its own. */
export async function openEventStore(options: OpenOptions = {}): Promise<EventStore> {
  const store = new LocalStore(options);
  await store.live();
  return store;
}
