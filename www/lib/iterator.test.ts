import { describe, expect, it } from "vitest";
import { asyncDispose } from "./dispose.js";
import { parseEvent } from "./events.js";
import { BatchSearch, Reader, eventsOf } from "./iterator.js";
import type { OpenSource } from "./iterator.js";
import type { Event } from "./types.js";
import type { Batch } from "./wasm/oh.js";

function batchOf(ids: number[]): Batch {
  const texts = ids.map((id) => `{"id": ${id}}`);
  let end = 0;
  return {
    bytes: new TextEncoder().encode(texts.join("")),
    ends: Uint32Array.from(texts, (text) => (end += text.length)),
    positions: Float64Array.from(ids),
  };
}

/** The events 0 to `total`, in reads that bring less than they may, and what was done with it. */
function counted(total: number) {
  const seen = { opened: 0, freed: 0, read: 0 };
  const open = async () => {
    seen.opened++;
    let next = 0;
    return {
      call: async (_: string, max: number) => {
        if (next === total) return undefined;
        const ids = Array.from({ length: Math.min(max, 7, total - next) }, () => next++);
        seen.read += ids.length;
        return batchOf(ids);
      },
      free: async () => void seen.freed++,
    };
  };
  return { seen, open: open as unknown as OpenSource };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
const numbers = (total: number) => Array.from({ length: total }, (_, index) => index);

describe("a search", () => {
  it("reads nothing before it is iterated", async () => {
    const { open, seen } = counted(10);
    const search = new BatchSearch(open, parseEvent);
    search.batches();
    await settled();
    expect(seen.opened).toBe(0);
  });

  it.each([0, 1, 7, 100])("gives all of %i events and is freed", async (total) => {
    const { open, seen } = counted(total);
    const ids: unknown[] = [];
    for await (const event of new BatchSearch(open, parseEvent)) ids.push(event.id);
    await settled();
    expect(ids).toEqual(numbers(total));
    expect(seen).toEqual({ opened: 1, freed: 1, read: total });
  });

  it("is freed when the loop is left, and reads only a little ahead", async () => {
    const { open, seen } = counted(1000);
    for await (const event of new BatchSearch(open, parseEvent)) if (event.id === 3) break;
    await settled();
    expect(seen).toEqual({ opened: 1, freed: 1, read: 14 });
  });

  it("is freed when the loop's body throws", async () => {
    const { open, seen } = counted(1000);
    const loop = async () => {
      for await (const { id } of new BatchSearch(open, parseEvent)) throw new Error(`at ${id}`);
    };
    await expect(loop()).rejects.toThrow("at 0");
    await settled();
    expect(seen.freed).toBe(1);
  });

  it("cuts batches of the wished size, the last one shorter", async () => {
    const { open, seen } = counted(25);
    const sizes: number[] = [];
    const ids: unknown[] = [];
    for await (const events of new BatchSearch(open, parseEvent).batches(10)) {
      sizes.push(events.length);
      ids.push(...events.map(({ id }) => id));
    }
    await settled();
    expect(sizes).toEqual([10, 10, 5]);
    expect(ids).toEqual(numbers(25));
    expect(seen.freed).toBe(1);
  });

  it.each([0, -1, NaN])("refuses batches of %d", (size) => {
    expect(() => new BatchSearch(counted(1).open, parseEvent).batches(size)).toThrow(
      expect.objectContaining({ code: "invalid-argument", name: "InvalidArgumentError" }),
    );
  });

  it("can be iterated again, also at the same time", async () => {
    const search = new BatchSearch(counted(30).open, parseEvent);
    const [a, b] = await Promise.all([search.toArray(), search.toArray()]);
    expect(a.map(({ id }) => id)).toEqual(numbers(30));
    expect(b).toEqual(a);
  });

  it("gives its events in order to calls of next that don't wait", async () => {
    const iterator = new BatchSearch(counted(30).open, parseEvent)[Symbol.asyncIterator]();
    const results = await Promise.all(numbers(31).map(() => iterator.next()));
    expect(results.map(({ value }) => (value as Event | undefined)?.id)).toEqual([
      ...numbers(30),
      undefined,
    ]);
  });

  it("frees what is under way when it is disposed of", async () => {
    const { open, seen } = counted(1000);
    const search = new BatchSearch(open, parseEvent);
    const iterator = search[Symbol.asyncIterator]();
    await iterator.next();
    await search[asyncDispose]();
    await settled();
    expect(seen.freed).toBe(1);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("rejects with what its source rejects with, and ends", async () => {
    const failing = new BatchSearch(() => Promise.reject(new Error("no such log")), parseEvent);
    const iterator = failing[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toThrow("no such log");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });
});

describe("an iteration that waits", () => {
  const left = { done: true, value: undefined };
  it.each(["return", "throw"] as const)("can be left with %s while it waits", async (how) => {
    let end: (batch: undefined) => void = () => {};
    const waiting = {
      call: () => new Promise<undefined>((resolve) => (end = resolve)),
      free: async () => end(undefined),
    };
    const open = (async () => waiting) as unknown as OpenSource;
    const iterator = eventsOf(new Reader(open, false, () => {}));
    const next = iterator.next();
    await settled();
    const leaving = iterator[how]("why").catch((error: unknown) => error);
    expect(await next).toEqual(left);
    expect(await leaving).toEqual(how === "throw" ? "why" : { ...left, value: "why" });
  });
});
