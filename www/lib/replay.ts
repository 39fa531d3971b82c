import { dispose } from "./dispose.js";
import { errorOf } from "./errors.js";
import { parseAll } from "./events.js";
import { closing } from "./iterator.js";
import type { Remote } from "./remote.js";
import { Listeners, type Report } from "./report.js";
import type { Event, Replay, ReplayState, ReplayUpdate } from "./types.js";
import type { ReplayHandle } from "./wasm/oh.js";

/** An update, and the promise of the one after it: an iterator follows them at its own pace. */
class Link {
  settle: (next: Link | undefined) => void = () => {};
  readonly next = new Promise<Link | undefined>((resolve) => (this.settle = resolve));

  constructor(readonly update: ReplayUpdate) {}
}

function checked(value: unknown): number {
  if (typeof value === "number" && !Number.isNaN(value)) return value;
  throw errorOf("invalid-argument", `${String(value)} is no number or date`);
}

/** Mirrors the replay that the wasm module plays. */
export class LocalReplay implements Replay {
  readonly #handle: Promise<Remote<ReplayHandle>>;
  readonly #report: Report;
  readonly #onEnd: () => void;
  readonly #subscribers: Listeners<ReplayUpdate>;
  #last: Link;
  #over = false;
  /** A command leads away from the end that `state` shows; its first update is a reset. */
  #leaves = false;
  #failure: Error | undefined;

  constructor(
    handle: Promise<Remote<ReplayHandle>>,
    speed: number,
    report: Report,
    onEnd: () => void,
  ) {
    const state = { status: "paused", index: 0, total: 0, time: 0, duration: 0, speed } as const;
    this.#last = new Link({ state, events: [], reset: false });
    this.#handle = handle;
    this.#report = report;
    this.#onEnd = onEnd;
    this.#subscribers = new Listeners("a replay's subscriber", report);
    void this.#run();
  }

  get state(): ReplayState {
    return this.#last.update.state;
  }

  get speed(): number {
    return this.state.speed;
  }

  set speed(speed: number) {
    if (!(speed > 0)) throw errorOf("invalid-argument", "a speed is above 0");
    this.#command((handle) => handle.call("setSpeed", speed));
  }

  play(): void {
    this.#leave();
    this.#command((handle) => handle.call("play"));
  }

  pause(): void {
    this.#command((handle) => handle.call("pause"));
  }

  step(n = 1): void {
    if (checked(n) <= -1) this.#leave();
    this.#command((handle) => handle.call("step", n));
  }

  seek(to: number | Date): void {
    const place = checked(to instanceof Date ? to.getTime() : to);
    this.#leave();
    if (to instanceof Date) {
      // To the end of its millisecond, as recorded times have microseconds.
      const time = place + 0.9995;
      const local = time - to.getTimezoneOffset() * 60_000;
      this.#command((handle) => handle.call("seekTime", time, local));
    } else this.#command((handle) => handle.call("seekPosition", place));
  }

  subscribe(callback: (update: ReplayUpdate) => void): () => void {
    return this.#subscribers.add(callback);
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    const wait = { close: () => {} };
    return closing(wait, this.#eventsAfter(this.#last, this.#leaves, wait));
  }

  dispose(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onEnd();
    this.#last.settle(undefined);
    this.#handle.then((handle) => handle.free()).catch(() => {});
  }

  [dispose](): void {
    this.dispose();
  }

  /** `leaves`: what was told so far is no end. `wait` closes while the next update is waited for. */
  async *#eventsAfter(link: Link, leaves: boolean, wait: { close(): void }) {
    while (leaves || link.update.state.status !== "ended") {
      const next = await new Promise<Link | undefined>((resolve) => {
        wait.close = () => resolve(undefined);
        void link.next.then(resolve);
      });
      if (!next) {
        if (this.#failure) throw this.#failure;
        return;
      }
      yield* next.update.events;
      link = next;
      leaves &&= !link.update.reset;
    }
  }

  async #run(): Promise<void> {
    try {
      const handle = await this.#handle;
      this.#tell({ state: await handle.call("state"), events: [], reset: false });
      for (let step; !this.#over && (step = await handle.call("next"));) {
        this.#tell({ state: step.state, events: parseAll(step.batch), reset: step.reset });
      }
    } catch (error) {
      this.#failure = error as Error;
      this.#complain(error);
      const state = { ...this.state, status: "paused", error: this.#failure } as const;
      this.#tell({ state, events: [], reset: false });
    }
    this.dispose();
  }

  #tell(update: ReplayUpdate): void {
    if (this.#over) return;
    if (update.reset) this.#leaves = false;
    const link = new Link(update);
    this.#last.settle(link);
    this.#last = link;
    this.#subscribers.tell(update);
  }

  #leave(): void {
    this.#leaves ||= this.state.status === "ended";
  }

  #command(run: (handle: Remote<ReplayHandle>) => Promise<unknown>): void {
    this.#handle.then(run).catch((error: unknown) => this.#complain(error));
  }

  #complain(error: unknown): void {
    if (!this.#over) this.#report("error", "the replay failed", error);
  }
}
