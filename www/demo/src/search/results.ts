// The results of a search, batch by batch as they are found.
import type { Conversation, Event, EventFilter } from "oh-event-store";
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

/** Full batches side by side: an event is parsed when its row is shown, not before. */
class Batches implements Events {
  readonly #batches: readonly Event[][];
  readonly length: number;

  constructor(batches: readonly Event[][]) {
    this.#batches = batches;
    this.length = batches.reduce((sum, batch) => sum + batch.length, 0);
  }

  at(index: number): Event | undefined {
    return this.#batches[Math.floor(index / BATCH)]?.[index % BATCH];
  }
}

/** Searches anew when the filter changes; leaving the loop frees the search that was running. */
export function useResults(conversation: Conversation, filter: EventFilter): Results {
  const [results, setResults] = useState(NONE);
  useEffect(() => {
    let current = true;
    const run = async (): Promise<void> => {
      const begin = performance.now();
      const batches: Event[][] = [];
      const show = (done: boolean): void => {
        const milliseconds = performance.now() - begin;
        const events = new Batches([...batches]);
        setResults({ events, done, milliseconds, error: undefined });
      };
      try {
        for await (const batch of conversation.searchEvents({ filter }).batches(BATCH)) {
          if (!current) return;
          batches.push(batch);
          show(false);
        }
        if (current) show(true);
      } catch (error) {
        if (current) setResults({ ...NONE, done: true, error: reason(error) });
      }
    };
    setResults(NONE);
    void run();
    return () => {
      current = false;
    };
  }, [conversation, filter]);
  return results;
}
