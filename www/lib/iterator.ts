import { asyncDispose, net } from "./dispose.js";
import { errorOf } from "./errors.js";
import { parseAll, parseEvent, pushLazily } from "./events.js";
import type { Remote } from "./remote.js";
import type { Event, Search } from "./types.js";
import type { Batch, Cursor, Subscription } from "./wasm/oh.js";

/** Opens what is read from; called at the first read. */
export type OpenSource = () => Promise<Pick<Remote<Cursor | Subscription>, "call" | "free">>;

/** The most events that one read brings; a first read is small so that it is quick. */
const FIRST_READ = 16;
const FULL_READ = 256;

/** Reads batches until the end, an error or `close`. */
export class Reader {
  batch: Batch | undefined;
  /** The next event of `batch`. */
  index = 0;
  #source: ReturnType<OpenSource> | undefined;
  #ahead: Promise<Batch | undefined> | undefined;
  #closed = false;
  #size = FIRST_READ;

  constructor(
    private readonly open: OpenSource,
    /** Whether the next batch is asked for while this one is looked at. */
    private readonly readAhead: boolean,
    private readonly onClose: () => void = () => {},
  ) {}

  /** Waits until there is a next event; false at the end. */
  async more(size?: number): Promise<boolean> {
    try {
      while (!this.batch || this.index >= this.batch.ends.length) {
        const next = this.#closed ? undefined : await (this.#ahead ?? this.#read(size));
        this.#ahead = undefined;
        if (!next || this.#closed) {
          this.close();
          return false;
        }
        this.batch = next;
        this.index = 0;
        if (this.readAhead) {
          this.#ahead = this.#read(size);
          this.#ahead.catch(() => {});
        }
      }
      return true;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.batch = undefined;
    this.onClose();
    this.#source?.then((source) => source.free()).catch(() => {});
  }

  async #read(size = this.#size): Promise<Batch | undefined> {
    this.#size = Math.min(this.#size * 4, FULL_READ);
    this.#source ??= this.open();
    return (await this.#source).call("next", size);
  }
}

/** Written by hand: a generator's `return` would wait for a `next` that never comes. */
export class PullIterator<T extends object> implements AsyncIterableIterator<T> {
  readonly #source: { close(): void };
  readonly #take: () => Promise<T | undefined>;
  #last: Promise<unknown> = Promise.resolve();

  /** `take` and `source` don't refer to the iterator, so that it can be collected. */
  constructor(source: { close(): void }, take: () => Promise<T | undefined>) {
    this.#source = source;
    this.#take = take;
    net.register(this, source);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const take = this.#take;
    const step = async (): Promise<IteratorResult<T, undefined>> => {
      const value = await take();
      return value ? { done: false, value } : { done: true, value: undefined };
    };
    const result = this.#last.then(step, step);
    this.#last = result;
    return result;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#source.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** The events one by one, each of them parsed when it is its turn. */
export function eventsOf(reader: Reader): AsyncIterableIterator<Event> {
  return new PullIterator(reader, async () =>
    (await reader.more()) && reader.batch ? parseEvent(reader.batch, reader.index++) : undefined,
  );
}

export class EventSearch implements Search<Event> {
  readonly #open: OpenSource;
  readonly #readers = new Set<Reader>();

  constructor(open: OpenSource) {
    this.#open = open;
  }

  [Symbol.asyncIterator](): AsyncIterator<Event> {
    return eventsOf(this.#reader());
  }

  batches(size = 100): AsyncIterable<Event[]> {
    if (!(size >= 1)) throw errorOf("invalid-argument", `the size of a batch is ${size}`);
    const take = async (reader: Reader) => {
      const events: Event[] = [];
      while (events.length < size && (await reader.more(size)) && reader.batch) {
        pushLazily(events, reader.batch, reader.index++);
      }
      return events.length ? events : undefined;
    };
    return {
      [Symbol.asyncIterator]: () => {
        const reader = this.#reader();
        return new PullIterator(reader, () => take(reader));
      },
    };
  }

  /** Parses everything: an array that holds all events would keep their texts as well. */
  async toArray(): Promise<Event[]> {
    const events: Event[] = [];
    const reader = this.#reader();
    try {
      while (await reader.more(FULL_READ)) {
        for (const event of parseAll(reader.batch)) events.push(event);
        reader.batch = undefined;
      }
    } finally {
      reader.close();
    }
    return events;
  }

  async [asyncDispose](): Promise<void> {
    for (const reader of this.#readers) reader.close();
  }

  #reader(): Reader {
    const reader: Reader = new Reader(this.#open, true, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }
}
