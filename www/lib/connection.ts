import { blobOf, jsonOf } from "./content.js";
import { asyncDispose } from "./dispose.js";
import { errorOf } from "./errors.js";
import type { Remote } from "./remote.js";
import { Listeners, type Report } from "./report.js";
import { Turn } from "./turn.js";
import type { Connection, ConnectionState, EventStore, PendingAction } from "./types.js";
import type { Link, LinkAction, LinkControl } from "./wasm/oh.js";

/** What a page hears when a connection may be possible again, or not, or when nothing runs in it. */
const SIGNS = [
  "online",
  "offline",
  "visibilitychange",
  "pagehide",
  "pageshow",
  "freeze",
  "resume",
] as const;

/** What a connection needs of its store. */
export interface ConnectionHome extends Pick<EventStore, "mode"> {
  readonly report: Report;
  /** Told when `mode` is another one. */
  readonly modes: Listeners<EventStore["mode"]>;
}

/** A message of a socket, as it came or as a client has parsed it. */
export type Message = string | ArrayBuffer | Blob | object;

/** A message as text; one that a client has parsed is spelled out again. */
function textOf(message: Message | boolean): string | boolean | Promise<string> {
  if (typeof message !== "object") return message;
  return blobOf(message)?.text() ?? jsonOf(message);
}

/** Mirrors the connection that the wasm module holds. */
export class LocalConnection implements Connection {
  #state: ConnectionState = { status: "idle" };
  #over = false;
  /** What it is made of is gone. */
  #dead = false;
  readonly #link: Promise<Remote<Link>>;
  readonly #home: ConnectionHome;
  /** Which of the tabs, and of their connections, has the socket. */
  readonly #turn: Turn | undefined;
  #heard: Promise<unknown> | undefined;
  readonly #onEnd: () => void;
  readonly #listeners: Listeners<ConnectionState>;
  readonly #onPending: Listeners<readonly PendingAction[]>;
  #pending: readonly PendingAction[] | undefined;
  #watching = false;

  /** `lock`: what those who share a socket have in common; without it, it is never shared. */
  constructor(
    link: Promise<Remote<Link>>,
    home: ConnectionHome,
    lock: string | undefined,
    onEnd: () => void,
  ) {
    this.#link = link;
    this.#home = home;
    this.#turn = lock === undefined ? undefined : new Turn(lock, this.#begin);
    this.#listeners = new Listeners("a connection's callback", home.report);
    this.#onPending = new Listeners("a callback for pending actions", home.report);
    // Those of the document don't all bubble.
    for (const sign of SIGNS) globalThis.addEventListener(sign, this.#onSign, true);
    const deaf = home.modes.add(this.#return);
    this.#onEnd = () => {
      for (const sign of SIGNS) globalThis.removeEventListener(sign, this.#onSign, true);
      deaf();
      onEnd();
    };
    if (!navigator.onLine) this.#control("offline");
    if (this.#turn) {
      this.#control("follower");
      link.then(this.#return, () => {});
    } else this.#control("start");
    void this.#run();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  on(
    ...[event, callback]:
      | [event: "state", callback: (state: ConnectionState) => void]
      | [event: "pending", callback: (actions: readonly PendingAction[]) => void]
  ): () => void {
    if (event === "state") return this.#listeners.add(callback);
    if (event !== "pending")
      throw errorOf("invalid-argument", `there is no event ${String(event)}`);
    const end = this.#onPending.add(callback, this.#pending);
    if (!this.#watching) void this.#watch();
    return end;
  }

  async send(action: object): Promise<void> {
    const text = jsonOf(action);
    await (await this.#open()).call("send", text);
  }

  async pending(): Promise<PendingAction[]> {
    const link = await this.#open();
    return ((await link.call("pending", false)) ?? []).map(pendingAction);
  }

  async cancel(id: string): Promise<boolean> {
    return (await this.#open()).call("cancel", id);
  }

  retry(): void {
    if (!this.#queue()) this.#control("start");
  }

  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#tell({ status: "closed" });
    this.#onEnd();
    // What was heard goes first.
    await this.#heard;
    await this.#link.then(
      (link) => link.free(),
      () => {},
    );
    // Now that the socket is closed.
    this.#turn?.leave();
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  async #open(): Promise<Remote<Link>> {
    if (this.#over) throw errorOf("closed", "the connection is closed");
    return this.#link;
  }

  async #watch(): Promise<void> {
    this.#watching = true;
    try {
      const link = await this.#link;
      for (let actions; !this.#over && (actions = await link.call("pending", true));) {
        this.#pending = actions.map(pendingAction);
        if (!this.#over) this.#onPending.tell(this.#pending);
      }
    } catch {
      // The state says why; who asks again sees it too.
    }
    this.#watching = false;
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
      this.#dead = true;
      if (!this.#over) this.#tell({ status: "failed", error: error as Error });
    }
  }

  #tell(state: ConnectionState): void {
    this.#state = state;
    // Another tab may have a better key.
    if (state.status === "failed") this.#yield();
    this.#listeners.tell(state);
  }

  readonly #onSign = ({ type }: { readonly type: string }): void => {
    if (type === "online" || type === "offline") return this.#control(type);
    // In a page that stands still, nothing that it has would come to the others.
    if (type === "pagehide" || type === "freeze") return this.#yield();
    if (type === "pageshow" || type === "resume") this.#return();
    if (document.visibilityState === "visible") this.#control("wake");
  };

  readonly #begin = (ours: boolean, only: boolean): void => {
    this.#control(!ours ? "follower" : only ? "holder" : "beside");
    this.#control("start");
  };

  /** Stands in line for the socket; `false` where it does already, or nobody shares it. */
  #queue(): boolean {
    if (!this.#turn || this.#over || this.#dead) return false;
    if (this.#home.mode === "indexeddb") return this.#turn.take();
    // What is in memory doesn't come to the others, nor what they have here.
    this.#turn.leave();
    this.#begin(true, true);
    return true;
  }

  /** Leaves the socket to the next one. */
  #yield(): void {
    if (!this.#turn) return;
    this.#control("follower");
    this.#turn.leave();
  }

  readonly #return = (): void => {
    if (this.#state.status !== "failed") this.#queue();
  };

  /**
   * What an application's own socket brings, in its order: a message, or that it is open or not.
   * `feed` takes a message where the connection is gone, as with a worker that had to be started
   * again.
   */
  hear<T extends Message | boolean>(message: T, feed?: (message: T) => void): void {
    const told = Promise.all([this.#link, textOf(message), this.#heard]);
    this.#heard = told
      .then(([link, text]) => link.call("hear", text))
      .catch(() => {
        if (!this.#over) feed?.(message);
      });
  }

  #control(what: LinkControl): void {
    this.#link.then((link) => link.call("control", what)).catch(() => {});
  }
}

function pendingAction({ id, action, queuedAt, status, error }: LinkAction): PendingAction {
  return {
    ...{ id, status, queuedAt: new Date(queuedAt), action: JSON.parse(action) as object },
    ...(error && { error: errorOf(error.code, error.message, error.recovery) }),
  };
}
