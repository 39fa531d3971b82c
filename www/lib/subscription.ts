import { ClosedError, PanicError } from "./errors.js";
import { decodeAll, parseEvent, parseLazily } from "./events.js";
import type { Remote } from "./remote.js";
import { guarded, type Report } from "./report.js";
import type { BatchCallback, Event, SubscribeOptions } from "./types.js";
import type { Batch, Subscription } from "./wasm/oh.js";

/** How many events one read takes out of a subscriber's queue; `latest` has to drop in the queue. */
const MANY = 1000;

/** Calls of an application for the events of a batch: each tells the position it goes to. */
type Calls = (batch: Batch) => Iterable<[position: number, call: () => unknown]>;

/** One call for each event. */
export const eachEvent = (callback: (event: Event) => unknown): Calls =>
  function* (batch) {
    decodeAll(batch);
    for (const [index, position] of batch.positions.entries()) {
      yield [position, () => callback(parseEvent(batch, index))];
    }
  };

/** One call for all of them. */
export const allEvents = (callback: BatchCallback): Calls =>
  function* (batch) {
    const last = batch.positions.at(-1);
    if (last === undefined) return;
    yield [last, () => callback(parseLazily(batch), batch.positions)];
  };

/** A page that isn't shown has no frames. */
const LONGEST_FRAME_MS = 100;

function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LONGEST_FRAME_MS);
    globalThis.requestAnimationFrame?.(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** One subscription: reads its queue and calls its callback, one call after the other. */
export class Delivery {
  #stopped = false;
  #source: Remote<Subscription> | undefined;

  constructor(
    private readonly name: string,
    private readonly calls: Calls,
    private readonly options: SubscribeOptions,
    private readonly open: (options: SubscribeOptions) => Promise<Remote<Subscription>>,
    private readonly report: Report,
    private readonly onRollback?: SubscribeOptions["onRollback"],
  ) {}

  /** Resolves when the subscription stands. */
  async start(): Promise<void> {
    await this.#open(this.options.from);
    void this.#run();
  }

  /** No callback from now on. */
  stop(): void {
    this.#stopped = true;
  }

  close(): void {
    this.stop();
    void this.#source?.free();
  }

  async #open(from: number | undefined): Promise<Remote<Subscription>> {
    const source = await this.open({ ...this.options, from });
    await source.ready;
    return (this.#source = source);
  }

  async #run(): Promise<void> {
    const { policy = "block" } = this.options;
    let { from } = this.options;
    /** Whether this source gave anything: a subscription that panics at once isn't repeated. */
    let alive = false;
    while (!this.#stopped) {
      try {
        const source = this.#source ?? (await this.#open(from));
        const batch = await source.call("next", policy === "latest" ? 1 : MANY);
        if (!batch) return this.close();
        alive = true;
        if (policy === "batch") await nextFrame();
        const { gone } = batch;
        if (gone !== undefined && !this.#stopped) {
          await guarded(this.report, "onRollback", () => this.onRollback?.(gone));
        }
        for (const [position, call] of this.calls(batch)) {
          if (this.#stopped) return;
          await guarded(this.report, `the callback ${this.name}`, call);
          from = position + 1;
        }
      } catch (error) {
        if (!(alive && error instanceof PanicError)) return this.#end(error);
        alive = false;
        this.#source = undefined;
      }
    }
  }

  #end(error: unknown): void {
    if (this.#stopped || error instanceof ClosedError) return;
    this.report("error", `the subscription ${this.name} ended`, error);
  }
}
