import { asyncDispose, net } from "./dispose.js";
import { errorOf } from "./errors.js";
import { decodeAll, parseEvent, pushLazily } from "./events.js";
import type { Remote } from "./remote.js";
import type { Event, Search } from "./types.js";
import type { Batch, Cursor, Subscription } from "./wasm/oh.js";

/** Opens what is read from; called at the first read. */
export type OpenSource = () => Promise<Pick<Remote<Cursor | Subscription>, "call" | "free">>;

/** The most events that one read brings; a first read is small so that it is quick. */
const FIRST_READ = 100;
const FULL_READ = 512;

/** Reads a cursor or a subscription batch by batch, until the end, an error or `close`. */
export class Reader {
  closed = false;
  #source: ReturnType<OpenSource> | undefined;
  #ahead: Promise<Batch | undefined> | undefined;
  #size = FIRST_READ;
  readonly #open: OpenSource;
  readonly #readAhead: boolean;
  readonly #onClose: () => void;

  /** `readAhead`: the next batch is on its way while this one is looked at. */
  constructor(open: OpenSource, readAhead: boolean, onClose: () => void) {
    this.#open = open;
    this.#readAhead = readAhead;
    this.#onClose = onClose;
  }

  /** The next batch; undefined at the end, and where it is closed before the batch has come. */
  async next(): Promise<Batch | undefined> {
    try {
      const batch = this.closed ? undefined : await (this.#ahead ?? this.#read());
      if (batch && !this.closed) {
        if (this.#readAhead) (this.#ahead = this.#read()).catch(() => {});
        return batch;
      }
    } catch (error) {
      if (!this.closed) {
        this.close();
        throw error;
      }
    }
    this.close();
    return undefined;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose();
    this.#source?.then((source) => source.free()).catch(() => {});
  }

  async #read(): Promise<Batch | undefined> {
    const source = await (this.#source ??= this.#open());
    const size = this.#size;
    this.#size = Math.min(size * 2, FULL_READ);
    return source.call("next", size);
  }
}

/** Makes an item of what lies at a place in a batch. */
type Make<T> = (batch: Batch, index: number) => T;

async function* each<T>(reader: Reader, make: Make<T>): AsyncGenerator<T, void> {
  for (let batch; (batch = await reader.next());) {
    decodeAll(batch);
    const { length } = batch.ends;
    for (let index = 0; index < length && !reader.closed; index++) yield make(batch, index);
  }
}

/** A generator's own `return` and `throw` would wait for a `next` that may never come. */
export function closing<T>(
  reader: { close(): void },
  events: AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  for (const leave of ["return", "throw"] as const) {
    const own = events[leave].bind(events);
    events[leave] = (value: unknown) => {
      reader.close();
      return own(value);
    };
  }
  net.register(events, reader);
  return events;
}

/** The events one by one, each of them parsed when it is its turn. */
export function eventsOf(reader: Reader): AsyncGenerator<Event, void> {
  return closing(reader, each(reader, parseEvent));
}

export class BatchSearch<T> implements Search<T> {
  readonly #open: OpenSource;
  readonly #make: Make<T>;
  readonly #readers = new Set<Reader>();

  constructor(open: OpenSource, make: Make<T>) {
    this.#open = open;
    this.#make = make;
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    const reader = this.#reader();
    return closing(reader, each(reader, this.#make));
  }

  batches(size = 100): AsyncIterable<T[]> {
    if (!(size >= 1)) throw errorOf("invalid-argument", `a batch of ${size} events`);
    const make = this.#make;
    async function* batches(reader: Reader): AsyncGenerator<T[], void> {
      let items: T[] = [];
      for (let batch: Batch | undefined; (batch = await reader.next());) {
        const from = batch;
        for (let index = 0; index < from.ends.length && !reader.closed; index++) {
          pushLazily(items, () => make(from, index));
          if (items.length < size) continue;
          yield items;
          items = [];
        }
      }
      if (items.length) yield items;
    }
    return {
      [Symbol.asyncIterator]: () => {
        const reader = this.#reader();
        return closing(reader, batches(reader));
      },
    };
  }

  /** Parses everything: elements that wait would keep every text in memory beside the array. */
  async toArray(): Promise<T[]> {
    const items: T[] = [];
    for await (const item of this) items.push(item);
    return items;
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
