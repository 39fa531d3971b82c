import { asyncDispose } from "./dispose.js";
import { errorOf } from "./errors.js";
import type { Remote } from "./remote.js";
import { Listeners, type Report } from "./report.js";
import type { Connection, ConnectionState } from "./types.js";
import type { Link, LinkControl } from "./wasm/oh.js";

/** What a page hears when a connection may be possible again, or not. */
const SIGNS = ["online", "offline", "pageshow", "visibilitychange"] as const;

/** Mirrors the connection that the wasm module holds. */
export class LocalConnection implements Connection {
  #state: ConnectionState = { status: "idle" };
  #over = false;
  readonly #link: Promise<Remote<Link>>;
  readonly #onEnd: () => void;
  readonly #listeners: Listeners<ConnectionState>;

  constructor(link: Promise<Remote<Link>>, report: Report, onEnd: () => void) {
    this.#link = link;
    this.#onEnd = onEnd;
    this.#listeners = new Listeners("a connection's callback", report);
    // `visibilitychange` of the document bubbles.
    for (const sign of SIGNS) globalThis.addEventListener(sign, this.#onSign);
    if (!navigator.onLine) this.#control("offline");
    this.#control("start");
    void this.#run();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  on(_event: "state", callback: (state: ConnectionState) => void): () => void {
    return this.#listeners.add(callback);
  }

  retry(): void {
    this.#control("start");
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    for (const sign of SIGNS) globalThis.removeEventListener(sign, this.#onSign);
    this.#tell({ status: "closed" });
    this.#onEnd();
    await this.#link.then(
      (link) => link.free(),
      () => {},
    );
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(): Promise<void> {
    try {
      const link = await this.#link;
      await link.ready;
      for (let state; !this.#over && (state = await link.call("next"));) {
        if (this.#over) return;
        if ("error" in state) {
          const { code, message, recovery } = state.error;
          const error = errorOf(code, message, recovery);
          if (state.status === "failed") this.#tell({ status: "failed", error });
          else this.#tell({ status: "waiting", retryAt: new Date(state.retryAt), error });
        } else {
          this.#tell(state);
        }
      }
    } catch (error) {
      if (!this.#over) this.#tell({ status: "failed", error: error as Error });
    }
  }

  #tell(state: ConnectionState): void {
    this.#state = state;
    this.#listeners.tell(state);
  }

  readonly #onSign = ({ type }: { readonly type: string }): void => {
    if (type === "online" || type === "offline") this.#control(type);
    else if (document.visibilityState === "visible") this.#control("wake");
  };

  /** What an application's own socket brings. */
  hear(message: unknown): void {
    this.#link.then((link) => link.call("hear", message)).catch(() => {});
  }

  #control(what: LinkControl): void {
    this.#link.then((link) => link.call("control", what)).catch(() => {});
  }
}
