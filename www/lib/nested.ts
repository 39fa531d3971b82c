import { settingsOf } from "./content.js";
import { asyncDispose } from "./dispose.js";
import { errorOf, type EventStoreError } from "./errors.js";
import { wasmModule } from "./init.js";
import { Reading } from "./reading.js";
import { Instance, type Remote } from "./remote.js";
import { reporter } from "./report.js";
import type { LogLevel, NestedEventStore, NestedEventStoreOptions } from "./types.js";
import { absoluteUrl } from "./urls.js";
import type { Nested } from "./wasm/oh.js";

/** Its instance of the module is started by the first read. */
class HttpEventStore extends Reading implements NestedEventStore {
  readonly #options: NestedEventStoreOptions;
  #instance: Instance | undefined;
  #source: Promise<Remote<Nested>> | undefined;
  #closed = false;

  constructor(options: NestedEventStoreOptions) {
    super();
    this.#options = { ...options, baseUrl: absoluteUrl(options.baseUrl) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const source = await this.#source?.catch(() => undefined);
    // Asked for before everything ends: on a page the requests under way have to be aborted.
    const freed = source?.free();
    this.#instance?.fail(errorOf("closed", "the remote store is closed"));
    await freed;
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  protected source(): Promise<Remote<Nested>> {
    if (this.#closed) return Promise.reject(errorOf("closed", "the remote store is closed"));
    return (this.#source ??= this.#start().catch((error: EventStoreError) => {
      this.#instance?.fail(error);
      this.#source = undefined;
      throw error;
    }));
  }

  async #start(): Promise<Remote<Nested>> {
    const module = await wasmModule();
    const report = reporter(this.#options);
    this.#instance = new Instance(this.#options.worker ?? true, (kind, detail) => {
      if (kind !== "log") return;
      report(detail["level"] as LogLevel, String(detail["message"]), detail["detail"]);
    });
    const source = this.#instance.open("nested", module, settingsOf(this.#options, ["onLog"]));
    await source.ready;
    return source;
  }
}

/**
 * The events of a conversation as its server has them now, read page by page over HTTP; nothing is
 * stored. It is the server's NestedEventStore: `endId` is no bound but the event at which a search
 * ends. Nothing is asked before the first read.
 */
export function nestedEventStore(options: NestedEventStoreOptions): NestedEventStore {
  return new HttpEventStore(options);
}
