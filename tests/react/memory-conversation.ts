import type {
  BatchCallback,
  Conversation,
  Event,
  Replay,
  ReplayOptions,
  ReplayState,
  ReplayUpdate,
  Search,
  SearchOptions,
} from "../../www/lib/types.js";

type Part = Pick<
  Conversation,
  "searchEvents" | "subscribeBatches" | "unsubscribe" | "getEvent" | "replay"
>;

export const event = (id: number, content = `event ${id}`): Event => ({
  id,
  observation: "run",
  content,
  extras: {},
});

/** A conversation in an array, for what the controllers use of one; it counts what they do. */
export class MemoryConversation implements Part {
  log: Event[];
  searches = 0;
  /** Events that searches have handed out. */
  read = 0;
  /** Iterations that were begun and not ended. */
  open = 0;
  /** A read fails once so many events were handed out. */
  failsAt = Infinity;
  readonly replays: MemoryReplay[] = [];
  readonly #subscribers = new Map<string, BatchCallback>();

  constructor(length: number) {
    this.log = Array.from({ length }, (_, id) => event(id));
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Stores an event at its place and tells the subscribers. */
  add(...events: Event[]): void {
    for (const added of events) {
      this.log = [...this.log.filter(({ id }) => id !== added.id), added];
      this.log.sort((a, b) => Number(a.id) - Number(b.id));
      this.tell([added], [Number(added.id)]);
    }
  }

  /** Tells the subscribers of events that came together. */
  tell(events: readonly Event[], positions: ArrayLike<number>): void {
    this.#subscribers.forEach((callback) => void callback(events, positions));
  }

  searchEvents({ startId, endId, reverse, filter }: SearchOptions = {}): Search<Event> {
    this.searches++;
    const iterator = (): AsyncIterableIterator<Event> => {
      let rest: Event[] | undefined;
      let begun = false;
      let ended = false;
      const end = () => {
        if (begun && !ended) this.open--;
        ended = true;
      };
      return {
        next: async () => {
          if (!begun && !ended) this.open++;
          begun = true;
          await Promise.resolve();
          if (this.read >= this.failsAt) {
            end();
            throw new Error("the disk is gone");
          }
          if (!rest) {
            rest = this.log.filter(
              (one) =>
                Number(one.id) >= (startId ?? -Infinity) &&
                Number(one.id) <= (endId ?? Infinity) &&
                JSON.stringify(one).includes(filter?.query ?? ""),
            );
            if (reverse) rest.reverse();
          }
          const value = ended ? undefined : rest.shift();
          if (value === undefined) {
            end();
            return { done: true, value };
          }
          this.read++;
          return { done: false, value };
        },
        return: () => {
          end();
          return Promise.resolve({ done: true, value: undefined });
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    };
    return {
      [Symbol.asyncIterator]: iterator,
      [Symbol.asyncDispose]: () => Promise.resolve(),
      batches: () => {
        throw new Error("not used");
      },
      toArray: async () => {
        const all: Event[] = [];
        for await (const one of iterator()) all.push(one);
        return all;
      },
    };
  }

  async subscribeBatches(
    subscriberId: string,
    callback: BatchCallback,
    callbackId: string,
  ): Promise<void> {
    await Promise.resolve();
    const pair = JSON.stringify([subscriberId, callbackId]);
    if (this.#subscribers.has(pair)) throw new Error(`${pair} is subscribed already`);
    this.#subscribers.set(pair, callback);
  }

  async unsubscribe(subscriberId: string, callbackId: string): Promise<void> {
    await Promise.resolve();
    if (!this.#subscribers.delete(JSON.stringify([subscriberId, callbackId]))) {
      throw new Error("an unknown pair");
    }
  }

  async getEvent(id: number | string): Promise<Event> {
    await Promise.resolve();
    const found = this.log.find((one) => one.id === id);
    if (!found) throw new Error(`there is no event ${id}`);
    return found;
  }

  replay(options: ReplayOptions = {}): Replay {
    const replay = new MemoryReplay([...this.log], options.speed ?? 1);
    this.replays.push(replay);
    return replay;
  }
}

/** A replay whose clock is `due`. */
export class MemoryReplay implements Replay {
  state: ReplayState;
  disposed = false;
  readonly #subscribers = new Set<(update: ReplayUpdate) => void>();

  constructor(
    private readonly log: Event[],
    speed: number,
  ) {
    const total = log.length;
    this.state = { status: "paused", index: 0, total, time: 0, duration: total, speed };
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  #change(change: Partial<ReplayState>, events: readonly Event[] = [], reset = false): void {
    this.state = { ...this.state, ...change };
    this.#subscribers.forEach((callback) => callback({ state: this.state, events, reset }));
  }

  #goto(index: number, reset: boolean): void {
    const from = this.state.index;
    const events = reset ? [] : this.log.slice(from, index);
    const { status, total, time, duration, speed } = this.state;
    const last = this.log[index - 1];
    const position = last && { position: Number(last.id) };
    this.state = { status, total, time, duration, speed, index, ...position };
    this.#change({}, events, reset);
  }

  /** Lets the next `n` events become due, if it is playing. */
  due(n: number): void {
    if (this.state.status === "playing") this.step(n);
  }

  play(): void {
    this.#change({ status: "playing" });
  }

  pause(): void {
    this.#change({ status: "paused" });
  }

  step(n = 1): void {
    this.#goto(Math.min(this.state.index + n, this.log.length), false);
  }

  seek(to: number | Date): void {
    this.#goto(this.log.filter(({ id }) => Number(id) <= Number(to)).length, true);
  }

  get speed(): number {
    return this.state.speed;
  }

  set speed(speed: number) {
    this.#change({ speed });
  }

  subscribe(callback: (update: ReplayUpdate) => void): () => void {
    this.#subscribers.add(callback);
    return () => this.#subscribers.delete(callback);
  }

  dispose(): void {
    this.disposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    throw new Error("not used");
  }
}
