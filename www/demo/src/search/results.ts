// The results of a search, batch by batch as they are found.
import type { Event, FoundEvent, Search } from "oh-event-store";
import { useEffect, useState } from "react";
import type { Events } from "../event/list";
import { reason } from "../format";

export interface Results {
  readonly events: Events;
  readonly done: boolean;
  readonly milliseconds: number;
  readonly error: string | undefined;
}

const BATCH = 200;
const NONE: Results = { events: [], done: false, milliseconds: 0, error: undefined };
/** Of no search at all. */
export const NOTHING: Results = { ...NONE, done: true };

/** Full batches side by side: an event is parsed when its row is shown, not before. */
class Batches<T> {
  readonly #batches: readonly T[][];
  readonly length: number;

  constructor(batches: readonly T[][]) {
    this.#batches = batches;
    this.length = batches.reduce((sum, batch) => sum + batch.length, 0);
  }

  at(index: number): T | undefined {
    return this.#batches[Math.floor(index / BATCH)]?.[index % BATCH];
  }
}

/** The same for events of several conversations. */
class FoundBatches implements Events {
  readonly #batches: Batches<FoundEvent>;
  readonly length: number;

  constructor(batches: readonly FoundEvent[][]) {
    this.#batches = new Batches(batches);
    this.length = this.#batches.length;
  }

  at(index: number): Event | undefined {
    return this.#batches.at(index)?.event;
  }

  conversationAt(index: number): string | undefined {
    return this.#batches.at(index)?.conversationId;
  }
}

export const ofOne = (batches: readonly Event[][]): Events => new Batches(batches);
export const ofAll = (batches: readonly FoundEvent[][]): Events => new FoundBatches(batches);

/** Searches anew when `search` changes; leaving the loop frees the search that was running. */
export function useResults<T>(
  search: (() => Search<T>) | undefined,
  show: (batches: readonly T[][]) => Events,
): Results {
  const [results, setResults] = useState(NONE);
  useEffect(() => {
    let current = true;
    const run = async (found: Search<T>): Promise<void> => {
      const begin = performance.now();
      const batches: T[][] = [];
      const tell = (done: boolean): void => {
        const milliseconds = performance.now() - begin;
        setResults({ events: show([...batches]), done, milliseconds, error: undefined });
      };
      try {
        for await (const batch of found.batches(BATCH)) {
          if (!current) return;
          batches.push(batch);
          tell(false);
        }
        if (current) tell(true);
      } catch (error) {
        if (current) setResults({ ...NONE, done: true, error: reason(error) });
      }
    };
    setResults(search ? NONE : NOTHING);
    if (search) void run(search());
    return () => {
      current = false;
    };
  }, [search, show]);
  return results;
}
