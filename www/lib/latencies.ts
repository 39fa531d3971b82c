import type { Latency } from "./types.js";

/** After this many milliseconds a call counts for a third of a new one in the rate. */
const MEMORY_MS = 10_000;

/** The longest that is told apart is 2^(BUCKETS - OFFSET - 1) ms, the shortest 2^-OFFSET. */
const BUCKETS = 32;
const OFFSET = 10;

class Histogram {
  /** How many took at most 2^(index - OFFSET) ms, and longer than the bucket before. */
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #longest = 0;
  #rate = 0;
  #last = 0;

  add(duration: number, now: number): void {
    const index = Math.ceil(Math.log2(duration)) + OFFSET;
    const bucket = Math.min(Math.max(index, 0), BUCKETS - 1);
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    this.#longest = Math.max(this.#longest, duration);
    this.#rate = this.#rateAt(now) + 1000 / MEMORY_MS;
    this.#last = now;
  }

  report(now: number): Latency {
    return {
      count: this.#count,
      p50: this.#percentile(0.5),
      p95: this.#percentile(0.95),
      p99: this.#percentile(0.99),
      longest: this.#longest,
      rate: this.#rateAt(now),
    };
  }

  #rateAt(now: number): number {
    return this.#rate * Math.exp((this.#last - now) / MEMORY_MS);
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    const index = this.#buckets.findIndex((count) => (left -= count) <= 0);
    return Math.min(2 ** (index - OFFSET), this.#longest);
  }
}

/** How long calls took, by their name. */
export class Latencies {
  readonly #histograms = new Map<string, Histogram>();

  /** Takes in a call that began at `start`, in milliseconds of `performance.now()`. */
  add(name: string, start: number, now = performance.now()): void {
    let histogram = this.#histograms.get(name);
    if (!histogram) this.#histograms.set(name, (histogram = new Histogram()));
    histogram.add(now - start, now);
  }

  report(now = performance.now()): Record<string, Latency> {
    const all = [...this.#histograms];
    return Object.fromEntries(all.map(([name, histogram]) => [name, histogram.report(now)]));
  }
}
