import { parseEvent, parseLazily } from "./events.js";
import { BatchSearch } from "./iterator.js";
import type { Remote } from "./remote.js";
import type { Event, EventFilter, EventSource, MatchingOptions, Search } from "./types.js";
import type { SearchOptions } from "./types.js";
import type { EventReader } from "./wasm/oh.js";

/** The reading half of a conversation: the server's EventStore, over a log or over HTTP. */
export abstract class Reading {
  /** What is read from, as it is open now. */
  protected abstract source(): Promise<Remote<EventReader>>;

  searchEvents(options: SearchOptions = {}): Search<Event> {
    return new BatchSearch(async () => (await this.source()).open("search", options), parseEvent);
  }

  filteredEventsBySource(source: EventSource): Search<Event> {
    // A filter with an empty source is none, but no event has that source.
    return this.searchEvents({ filter: source ? { source } : { excludeTypes: ["Event"] } });
  }

  async getEvent(id: number | string): Promise<Event> {
    return parseEvent(await (await this.source()).call("get", id), 0);
  }

  async getLatestEvent(): Promise<Event> {
    return parseEvent(await (await this.source()).call("latest"), 0);
  }

  async getLatestEventId(): Promise<number> {
    return (await this.source()).call("latestId");
  }

  async getMatchingEvents(options: MatchingOptions = {}): Promise<Event[]> {
    return parseLazily(await (await this.source()).call("matching", options));
  }

  async countEvents(filter?: EventFilter): Promise<number> {
    return (await this.source()).call("count", filter);
  }
}
