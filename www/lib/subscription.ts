import { EventStoreError, PanicError } from "./errors.js";
import { parseEvent } from "./events.js";
import type { Remote } from "./remote.js";
import { guarded, type Report } from "./report.js";
import type { Event, SubscribeOptions } from "./types.js";
import type { Subscription } from "./wasm/oh.js";

/** How many events one read takes out of a subscriber's queue. `latest` has to drop in the queue. */
const READ = { block: 64, batch: 1000, latest: 1 };

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

/** One subscription: reads its queue and calls its callback, one event after the other. */
export class Delivery {
  #stopped = false;
  #source: Remote<Subscription> | undefined;

  constructor(
    private readonly name: string,
    private readonly callback: (event: Event) => unknown,
    private readonly options: SubscribeOptions,
    private readonly open: (options: SubscribeOptions) => Promise<Remote<Subscription>>,
    private readonly report: Report,
  ) {}

  /** Resolves when the subscription stands. */
  async start(): Promise<void> {
    const source = await this.#open(this.options.from);
    void this.#run(source);
  }

  stop(): void {
    this.#stopped = true;
    this.#source?.free().catch(() => {});
  }

  async #open(from: number | undefined): Promise<Remote<Subscription>> {
    const source = await this.open({ ...this.options, from });
    await source.ready;
    this.#source = source;
    return source;
  }

  async #run(source: Remote<Subscription>): Promise<void> {
    let { from } = this.options;
    /** Whether this source gave anything: a subscription that panics at once isn't repeated. */
    let alive = false;
    const seen = (position: number | undefined) => {
      alive = true;
      if (position !== undefined) from = position + 1;
    };
    for (;;) {
      try {
        await this.#drain(source, seen);
        await source.free();
        return;
      } catch (error) {
        if (!(alive && error instanceof PanicError) || this.#stopped) return this.#end(error);
      }
      try {
        alive = false;
        source = await this.#open(from);
      } catch (error) {
        return this.#end(error);
      }
    }
  }

  async #drain(
    source: Remote<Subscription>,
    seen: (position: number | undefined) => void,
  ): Promise<void> {
    const { policy = "block" } = this.options;
    for (;;) {
      const batch = await source.call("next", READ[policy]);
      if (!batch) return;
      if (policy === "batch") await nextFrame();
      for (const [index, position] of batch.positions.entries()) {
        if (this.#stopped) return;
        await guarded(this.report, `the callback ${this.name}`, () =>
          this.callback(parseEvent(batch, index)),
        );
        seen(position);
      }
    }
  }

  #end(error: unknown): void {
    if (this.#stopped || (error instanceof EventStoreError && error.code === "closed")) return;
    this.report("error", `the subscription ${this.name} ended`, error);
  }
}
