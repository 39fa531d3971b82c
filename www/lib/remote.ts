import { errorOf, messageOf, type EventStoreError } from "./errors.js";
import { buffersOf, FULL, pack, runOf, type Frame } from "./frames.js";
import { Latencies } from "./latencies.js";
import type { Failure, Message, Request, Roots, WorkerName } from "./protocol.js";
import type { Fed, NoticeKind } from "./wasm/oh.js";

export type MethodOf<T> = {
  [K in keyof T]: T[K] extends (...args: never[]) => unknown ? K : never;
}[keyof T] &
  string;
export type ArgsOf<F> = F extends (...args: infer A) => unknown ? A : never;
export type ResultOf<F> = F extends (...args: never[]) => infer R ? Awaited<R> : never;

interface Port {
  /** Without requests, the host is to answer that it has come so far. */
  send(requests: readonly Request[]): void;
  end(): void;
}

interface Call {
  /** Without one it feeds a frame. */
  method?: string;
  /** When it was made, in milliseconds of `performance.now()`. */
  start: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
  progress?: ((...step: unknown[]) => void) | undefined;
}

/** A worker that is behind gets at most so many calls in a message, or more of one microtask. */
const MOST_WAITING = 128;

export type OnNotice = (kind: NoticeKind, detail: Record<string, unknown>) => void;

/** One running instance of the wasm module, in a worker of its own or on the page. */
export class Instance {
  /** Why it can't be called any more. */
  failure: EventStoreError | undefined;
  readonly #port: Port;
  readonly latencies = new Latencies();
  readonly #calls = new Map<number, Call | Frame[]>();
  readonly #onNotice: OnNotice;
  #last = 0;
  // Calls of one microtask go in one message, save frames that are enough for a call: messages are
  // dear. A host that has said nothing since the last one gets an empty one after the next, and
  // calls wait until it answers that; so do frames for which it has more than one call to do. What
  // its caller could change meanwhile doesn't wait, and takes along what was before it.
  #waiting: (Request | Frame)[] = [];
  #size = 0;
  #urgent = false;
  #due = false;
  #silent = false;
  #asked = false;

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
      this.#post({ id, target, method, args: rest, keep, progress: !!progress }, rest);
    });
  }

  /** Feeds a frame; those that wait together go as one call. */
  feed(target: number, content: string | Uint8Array, parsed: boolean) {
    return new Promise<Fed>((resolve, reject) => {
      if (this.failure) throw this.failure;
      const start = performance.now();
      this.#post({ target, content, parsed, start, resolve, reject }, [content]);
    });
  }

  #post(call: Request | Frame, given: readonly unknown[]): void {
    this.#urgent ||= given.some((value) => Object(value) === value);
    const waits = this.#asked && !this.#urgent;
    this.#size += "content" in call ? call.content.length : 0;
    if (this.#waiting.push(call) !== MOST_WAITING && waits) return;
    if (this.#size >= FULL && !waits) return this.#flush(true);
    if (!this.#due) queueMicrotask(() => this.#flush(this.#silent));
    this.#due = true;
  }

  #flush(ask: boolean): void {
    const waiting = this.#waiting;
    const urgent = this.#urgent;
    this.#waiting = [];
    this.#size = 0;
    this.#due = this.#urgent = false;
    this.#silent = true;
    let requests: Request[] = [];
    let fed = false;
    for (let at = 0; at < waiting.length;) {
      const call = waiting[at] as Request | Frame;
      if ("id" in call) {
        requests.push(call);
        at++;
        continue;
      }
      const frames = runOf(waiting, at);
      at += frames.length;
      const id = this.number();
      this.#calls.set(id, frames);
      try {
        const args = [...pack(frames), call.parsed];
        requests.push({ id, target: call.target, method: "feed", args });
      } catch (error) {
        this.#receive({ id, error: unsendable(error) });
      }
      if (at === waiting.length) break;
      this.#port.send(requests);
      requests = [];
      if (fed && !urgent) {
        this.#waiting = waiting.slice(at);
        return;
      }
      fed = true;
      this.#ask();
    }
    if (requests.length) this.#port.send(requests);
    if (ask) this.#ask();
  }

  #ask(): void {
    if (!this.#asked) this.#port.send([]);
    this.#asked = true;
  }

  /** Ends the instance: every call, also those under way, rejects with `error`. */
  fail(error: EventStoreError): void {
    if (this.failure) return;
    this.failure = error;
    const waiting = this.#waiting.filter((call) => "reject" in call);
    for (const { reject } of [...this.#calls.values(), ...waiting].flat()) reject(error);
    this.#calls.clear();
    // On the page a host goes on, and has to hear what is to be freed.
    this.#port.send(this.#waiting.filter((call) => "id" in call));
    this.#waiting = [];
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
      if (!Array.isArray(call)) call.progress?.(...message.progress);
      return;
    }
    if (message.error?.code === "panic") this.fail(panic(message.error.message));
    this.#calls.delete(message.id);
    const { error, value } = message;
    const now = performance.now();
    const answer = ({ method = "feed", start, resolve, reject }: Call, value: unknown) => {
      this.latencies.add(method, start, now);
      if (error) reject(errorOf(error.code, error.message, error.recovery));
      else resolve(value);
    };
    if (!Array.isArray(call)) return answer(call, value);
    call.forEach((frame, index) => answer(frame, (value as Fed[] | undefined)?.[index]));
  }

  #hear(messages: readonly Message[]): void {
    this.#silent = false;
    if (!messages.length) {
      this.#asked = false;
      if (this.#waiting.length) this.#flush(true);
    }
    for (const message of messages) this.#receive(message);
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
      const send = (requests: readonly Request[]) => {
        try {
          worker.postMessage(requests, requests.flatMap(buffersOf));
        } catch (error) {
          if (requests.length > 1) for (const request of requests) send([request]);
          else for (const { id } of requests) this.#receive({ id, error: unsendable(error) });
        }
      };
      worker.onmessage = ({ data }: MessageEvent<Message[]>) => this.#hear(data);
      worker.onerror = (event) => {
        event.preventDefault();
        fail(new Error(event.message));
      };
      return {
        send,
        end: () => worker.terminate(),
      };
    } catch (error) {
      queueMicrotask(() => fail(error));
      return { send() {}, end() {} };
    }
  }

  /** Imported where it is needed: a page that uses the worker doesn't load the host. */
  #startOnPage(): Port {
    const host = import("./worker.js").then(
      ({ Host }) => new Host((message) => this.#receive(message)),
    );
    host.catch((error: unknown) => this.fail(errorOf("network", messageOf(error))));
    return {
      send: (requests) =>
        void host.then(
          (it) => {
            if (!requests.length) this.#hear([]);
            for (const request of requests) it.receive(request);
          },
          () => {},
        ),
      end() {},
    };
  }
}

const unsendable = (error: unknown): Failure => ({
  code: "invalid-argument",
  message: messageOf(error),
});

function panic(message: string): EventStoreError {
  return errorOf("panic", message);
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

  call<K extends MethodOf<T>>(method: K, ...args: ArgsOf<T[K]>): Promise<ResultOf<T[K]>> {
    return this.#answer(this.instance.request(this.#handle, method, args)) as Promise<
      ResultOf<T[K]>
    >;
  }

  /** Calls `feed` with a frame, alone or with others. */
  feed(content: string | Uint8Array, parsed: boolean): Promise<Fed> {
    return this.#answer(this.instance.feed(this.#handle, content, parsed));
  }

  /** Calls a method whose result is an object of the wasm module. */
  open<K extends MethodOf<T>>(method: K, ...args: ArgsOf<T[K]>): Remote<ResultOf<T[K]>> {
    return new Remote(this.instance, this.#handle, method, args);
  }

  async #answer<R>(answer: Promise<R>): Promise<R> {
    try {
      return await answer;
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  /** Closes the object and gives its memory back; an instance that failed has nothing to give. */
  async free(): Promise<void> {
    await this.instance.request(this.#handle, "free", []).catch(() => {});
  }
}
