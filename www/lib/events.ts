import type { Event, Highlight } from "./types.js";
import type { Batch } from "./wasm/oh.js";

const decoder = new TextDecoder("latin1");

/** What JSON.parse can't read, and what says whether it stands in a string: no backtracking. */
const NON_FINITE = /\\.|"|-?Infinity|NaN/g;

/** JSON.parse that also knows Python's NaN and Infinity. */
export function parseNonFinite(text: string): unknown {
  let mark = "NaN";
  while (text.includes(`"${mark}"`)) mark += "!";
  let quoted = false;
  const json = text.replace(NON_FINITE, (found) => {
    if (found === '"') quoted = !quoted;
    if (quoted || found === '"') return found;
    return found === "NaN" ? `"${mark}"` : found.replace("Infinity", "1e999");
  });
  return JSON.parse(json, (_, value: unknown) => (value === mark ? NaN : value));
}

/** Decodes all texts of a batch that is read from end to end: one by one they take twice as long. */
export function decodeAll(batch: Batch): void {
  batch.text ??= decoder.decode(batch.bytes);
}

/** The text at a place in a batch. */
function cut(bytes: Uint8Array, ends: Uint32Array, index: number, text?: string): string {
  const from = index ? ends[index - 1] : 0;
  const to = ends[index];
  return text?.slice(from, to) ?? decoder.decode(bytes.subarray(from, to));
}

/** What is known of the hits in an event, as JSON. */
const found = new WeakMap<Event, string>();

/** Parses one event of a batch. */
export function parseEvent(batch: Batch, index: number): Event {
  const text = cut(batch.bytes, batch.ends, index, batch.text);
  const parse = batch.nonFinite?.includes(index) ? parseNonFinite : JSON.parse;
  const event = parse(text) as Event;
  if (batch.highlights && batch.highlightEnds) {
    found.set(event, cut(batch.highlights, batch.highlightEnds, index));
  }
  return event;
}

/**
 * Where the `text` of the filter occurs that found this event: at most 1000 ranges. Empty for an
 * event that was found without one, and for a copy of an event.
 */
export function highlights(event: Event): Highlight[] {
  return JSON.parse(found.get(event) ?? "[]") as Highlight[];
}

/** Parses all events of a batch at once. */
export function parseAll(batch: Batch | undefined): Event[] {
  return batch ? Array.from(batch.ends, (_, index) => parseEvent(batch, index)) : [];
}

/** The events of a batch, each of them parsed when it is looked at first. */
export function parseLazily(batch: Batch): Event[] {
  const events: Event[] = [];
  batch.ends.forEach((_, index) => pushLazily(events, () => parseEvent(batch, index)));
  return events;
}

/** Appends an item that is made when the element is read first. */
export function pushLazily<T>(items: T[], make: () => T): void {
  const place = items.length;
  const attributes = { configurable: true, enumerable: true };
  const settle = (value: T) => {
    Object.defineProperty(items, place, { ...attributes, writable: true, value });
    return value;
  };
  Object.defineProperty(items, place, {
    ...attributes,
    get: () => settle(make()),
    set: settle,
  });
}
