import { dispose } from "./dispose.js";
import { parseAll } from "./events.js";
import { PullIterator } from "./iterator.js";
import type { Remote } from "./remote.js";
import { guarded, type Report } from "./report.js";
import type { Event, Replay, ReplayState, ReplayUpdate } from "./types.js";
import type { ReplayHandle } from "./wasm/oh.js";

/** Mirrors the replay that the wasm module plays. */
export class LocalReplay implements Replay {
  state: ReplayState;
  readonly #handle: Promise<Remote<ReplayHandle>>;
  readonly #report: Report;
  readonly #subscribers = new Set<(update: ReplayUpdate) => void>();
  /** Iterators that wait for events or the end. */
  readonly #waiting = new Set<() => void>();
  #over = false;
  #failure: unknown;

  constructor(handle: Promise<Remote<ReplayHandle>>, speed: number, report: Report) {
    this.state = { status: "paused", index: 0, total: 0, time: 0, duration: 0, speed };
    this.#handle = handle;
    this.#report = report;
    void this.#run();
  }

  get speed(): number {
    return this.state.speed;
  }

  set speed(speed: number) {
    this.#command((handle) => handle.call("setSpeed", speed));
  }

  play(): void {
    this.#command((handle) => handle.call("play"));
  }

  pause(): void {
    this.#command((handle) => handle.call("pause"));
  }

  step(n = 1): void {
    this.#command((handle) => handle.call("step", n));
  }

  seek(to: number | Date): void {
    this.#command((handle) =>
      to instanceof Date ? handle.call("seekTime", to.getTime()) : handle.call("seekPosition", to),
    );
  }

  subscribe(callback: (update: ReplayUpdate) => void): () => void {
    // A function of its own for each call: the same callback may be given twice.
    const subscriber = (update: ReplayUpdate) => callback(update);
    this.#subscribers.add(subscriber);
    return () => void this.#subscribers.delete(subscriber);
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    const queue: Event[] = [];
    let left = false;
    let wake = () => {};
    const stir = () => wake();
    const unsubscribe = this.subscribe(({ events, reset }) => {
      if (reset) queue.length = 0;
      for (const event of events) queue.push(event);
    });
    this.#waiting.add(stir);
    const close = () => {
      left = true;
      unsubscribe();
      this.#waiting.delete(stir);
      wake();
    };
    return new PullIterator({ close }, async () => {
      for (;;) {
        const event = queue.shift();
        if (event || left) return event;
        if (this.#failure) throw this.#failure;
        if (this.#over || this.state.status === "ended") {
          close();
          return undefined;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    });
  }

  dispose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stir();
    this.#handle.then((handle) => handle.free()).catch(() => {});
  }

  [dispose](): void {
    this.dispose();
  }

  async #run(): Promise<void> {
    try {
      const handle = await this.#handle;
      this.#tell({ state: await handle.call("state"), events: [], reset: false });
      for (;;) {
        const step = await handle.call("next");
        if (!step || this.#over) break;
        this.#tell({ state: step.state, events: parseAll(step.batch), reset: step.reset });
      }
    } catch (error) {
      if (!this.#over) {
        this.#failure = error;
        this.#report("error", "the replay ended", error);
      }
    }
    this.dispose();
  }

  #tell(update: ReplayUpdate): void {
    this.state = update.state;
    for (const subscriber of this.#subscribers) {
      void guarded(this.#report, "a replay's subscriber", () => subscriber(update));
    }
    this.#stir();
  }

  #stir(): void {
    for (const stir of this.#waiting) stir();
  }

  #command(run: (handle: Remote<ReplayHandle>) => Promise<unknown>): void {
    if (this.#over) return;
    this.#handle.then(run).catch((error: unknown) => {
      if (!this.#over) this.#report("error", "the replay refused a command", error);
    });
  }
}
