import { errorOf, messageOf, type EventStoreError } from "./errors.js";
import { Latencies } from "./latencies.js";
import type { Message, Request, Roots, WorkerName } from "./protocol.js";
import type { NoticeKind } from "./wasm/oh.js";

export type MethodOf<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never;
}[keyof T] &
  string;
export type ArgsOf<F> = F extends (...args: infer A) => unknown ? A : never;
export type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

interface Port {
  post(request: Request): void;
  end(): void;
}

interface Call {
  method: string;
  /** When it was made, in milliseconds of `performance.now()`. */
  start: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  progress: ((...step: unknown[]) => void) | undefined;
}

/** A worker that is behind gets at most so many calls in a message, or more of one microtask. */
const MOST_WAITING = 64;

export type OnNotice = (kind: NoticeKind, detail: Record<string, unknown>) => void;

/** One running instance of the wasm module, in a worker of its own or on the page. */
export class Instance {
  /** Why it can't be called any more. */
  failure: EventStoreError | undefined;
  readonly #port: Port;
  readonly latencies = new Latencies();
  readonly #calls = new Map<number, Call>();
  readonly #onNotice: OnNotice;
  #last = 0;

  constructor(
    readonly inWorker: boolean,
    onNotice: OnNotice,
  ) {
    this.#onNotice = onNotice;
    this.#port = inWorker ? this.#startWorker() : this.#startOnPage();
  }

  /** The first object of the instance: a store, or a remote one. */
  open<K extends keyof Roots>(
    root: K,
    module: WebAssembly.Module,
    options: Roots[K][0],
  ): Remote<Roots[K][1]> {
    return new Remote(this, 0, root, [module, options]);
  }

  number(): number {
    return ++this.#last;
  }

  request(target: number, method: string, args: readonly unknown[], keep?: number) {
    return new Promise<unknown>((resolve, reject) => {
      if (this.failure) throw this.failure;
      const id = this.number();
      const callback = args.at(-1);
      const progress = typeof callback === "function" ? (callback as () => void) : undefined;
      const rest = progress ? args.slice(0, -1) : args;
      this.#calls.set(id, { method, start: performance.now(), resolve, reject, progress });
      this.#port.post({ id, target, method, args: rest, keep, progress: !!progress });
    });
  }

  /** Ends the instance: every call, also those under way, rejects with `error`. */
  fail(error: EventStoreError): void {
    if (this.failure) return;
    this.failure = error;
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    this.#port.end();
  }

  #receive(message: Message): void {
    if ("kind" in message) {
      if (message.kind === "panic") this.fail(panic(String(message.detail["message"])));
      this.#onNotice(message.kind, message.detail);
      return;
    }
    const call = this.#calls.get(message.id);
    if (!call) return;
    if ("progress" in message) {
      call.progress?.(...message.progress);
      return;
    }
    if (message.error?.code === "panic") this.fail(panic(message.error.message));
    this.#calls.delete(message.id);
    this.latencies.add(call.method, call.start);
    const { error, value } = message;
    if (error) call.reject(errorOf(error.code, error.message, error.recovery));
    else call.resolve(value);
  }

  #startWorker(): Port {
    const fail = (reason: unknown) =>
      this.fail(
        errorOf(
          "worker",
          `the worker failed: ${messageOf(reason) || "its script can't be loaded"}` +
            " (worker.js has to come from the page's own origin; { worker: false } needs none)",
        ),
      );
    try {
      const worker = new Worker(new URL("./worker.js", import.meta.url), {
        type: "module",
        name: "oh-event-store" satisfies WorkerName,
      });
      const send = (requests: Request[]) => {
        try {
          worker.postMessage(requests);
        } catch (error) {
          const failure = { code: "invalid-argument", message: messageOf(error) } as const;
          if (requests.length > 1) for (const request of requests) send([request]);
          else for (const { id } of requests) this.#receive({ id, error: failure });
        }
      };
      // Calls of one microtask go in one message: messages are dear. A worker that has said nothing
      // since the last one gets an empty one after the next, and calls wait until it answers that.
      // What its caller could change meanwhile doesn't wait, and takes along what was before it.
      let waiting: Request[] = [];
      let due = false;
      let silent = false;
      let asked = false;
      const flush = (ask: boolean) => {
        const requests = waiting;
        waiting = [];
        due = false;
        silent = true;
        send(requests);
        if (ask && !asked) worker.postMessage([]);
        asked ||= ask;
      };
      worker.onmessage = ({ data }: MessageEvent<Message[]>) => {
        silent = false;
        if (!data.length) {
          asked = false;
          if (waiting.length) flush(true);
        }
        for (const message of data) this.#receive(message);
      };
      worker.onerror = (event) => {
        event.preventDefault();
        fail(new Error(event.message));
      };
      return {
        post: (request) => {
          const waits = asked && request.args.every((arg) => Object(arg) !== arg);
          if (waiting.push(request) < MOST_WAITING && waits) return;
          if (!due) queueMicrotask(() => flush(silent));
          due = true;
        },
        end: () => worker.terminate(),
      };
    } catch (error) {
      queueMicrotask(() => fail(error));
      return { post() {}, end() {} };
    }
  }

  /** Imported where it is needed: a page that uses the worker doesn't load the host. */
  #startOnPage(): Port {
    const host = import("./worker.js").then(
      ({ Host }) => new Host((message) => this.#receive(message)),
    );
    host.catch((error: unknown) => this.fail(errorOf("network", messageOf(error), "retry")));
    return {
      post: (request) =>
        void host.then(
          (it) => it.receive(request),
          () => {},
        ),
      end() {},
    };
  }
}

function panic(message: string): EventStoreError {
  return errorOf("panic", message, "reopen");
}

/** An object of the wasm module; calls reach it in the order in which they were made. */
export class Remote<T> {
  /** Resolves when the object exists; rejects as its maker does. */
  readonly ready: Promise<unknown>;
  readonly #handle: number;
  /** Why the object was never made. */
  #failure: Error | undefined;

  constructor(
    readonly instance: Instance,
    target: number,
    method: string,
    args: readonly unknown[],
  ) {
    this.#handle = instance.number();
    this.ready = instance.request(target, method, args, this.#handle);
    this.ready.catch((error: Error) => (this.#failure = error));
  }

  async call<K extends MethodOf<T>>(method: K, ...args: ArgsOf<T[K]>): Promise<ResultOf<T[K]>> {
    if (this.#failure) throw this.#failure;
    try {
      return (await this.instance.request(this.#handle, method, args)) as ResultOf<T[K]>;
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  /** Calls a method whose result is an object of the wasm module. */
  open<K extends MethodOf<T>>(method: K, ...args: ArgsOf<T[K]>): Remote<ResultOf<T[K]>> {
    return new Remote(this.instance, this.#handle, method, args);
  }

  /** Closes the object and gives its memory back; an instance that failed has nothing to give. */
  async free(): Promise<void> {
    await this.instance.request(this.#handle, "free", []).catch(() => {});
  }
}
