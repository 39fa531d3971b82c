import { exportFile, importFile } from "./files.js";
import type { Failure, Message, Request, Roots } from "./protocol.js";
import type { NestedEventStoreOptions, OpenOptions } from "./types.js";
import { Nested, Store, initSync, type Notify } from "./wasm/oh.js";

type Methods = Record<string, ((...args: never[]) => unknown) | undefined>;
/** Calls that a Blob goes or comes with, which the wasm module doesn't know. */
const FILES = { import: importFile, file: exportFile } as Methods;

type Send = (message: Message, transfer: Transferable[]) => void;

/** An object of the wasm module, and the calls on it that haven't ended. */
interface Kept {
  readonly object: Promise<unknown>;
  readonly calls: Set<Promise<unknown>>;
}

/** Owns the wasm module's objects and calls them on request, in the order of the requests. */
export class Host {
  readonly #kept = new Map<number, Kept>();
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
  }

  receive(request: Request): void {
    const { id, keep, method, target } = request;
    const outcome = method === "free" ? this.#free(target) : this.#call(request);
    if (keep) this.#kept.set(keep, { object: outcome, calls: new Set() });
    outcome.then(
      (value) => {
        const answer = keep ? undefined : value;
        this.#send({ id, value: answer }, buffers(answer));
      },
      (error: unknown) => this.#send({ id, error: describe(error) }, []),
    );
  }

  async #call({ id, target, method, args, progress }: Request): Promise<unknown> {
    if (!target) {
      const [module, options] = args as [WebAssembly.Module, OpenOptions];
      initSync({ module });
      const notify: Notify = (kind, detail) => this.#send({ kind, detail }, []);
      return method === ("nested" satisfies keyof Roots)
        ? Nested.open(options as NestedEventStoreOptions, notify)
        : Store.open(options, notify);
    }
    const kept = this.#kept.get(target);
    if (!kept) throw Object.assign(new Error("this was closed"), { code: "closed" });
    const step = (...step: unknown[]) => this.#send({ id, progress: step }, []);
    const rest = progress ? [...args, step] : args;
    const call = kept.object.then((object) =>
      FILES[method]
        ? FILES[method](object as never, ...(rest as never[]))
        : (object as Methods)[method]?.(...(rest as never[])),
    );
    kept.calls.add(call);
    try {
      return await call;
    } finally {
      kept.calls.delete(call);
    }
  }

  /** wasm-bindgen refuses to free an object while one of its methods runs. */
  async #free(target: number): Promise<void> {
    const kept = this.#kept.get(target);
    if (!kept) return;
    this.#kept.delete(target);
    const object = (await kept.object) as Methods;
    await object["close"]?.();
    await Promise.allSettled(kept.calls);
    object["free"]?.();
  }
}

/** The buffers of an answer that can move to the page instead of being copied. */
function buffers(value: unknown): Transferable[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  if (typeof value !== "object" || value === null) return [];
  const { batch = value } = value as { batch?: object };
  return Object.values(batch)
    .filter((part) => ArrayBuffer.isView(part))
    .map((view) => view.buffer as ArrayBuffer);
}

function describe(error: unknown): Failure {
  const { code, message, recovery } = Object(error) as Partial<Failure>;
  return {
    code:
      error instanceof WebAssembly.RuntimeError
        ? "panic"
        : (code ?? (error instanceof TypeError ? "invalid-argument" : "storage")),
    message: message ?? String(error),
    recovery,
  };
}
