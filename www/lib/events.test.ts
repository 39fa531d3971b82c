import { describe, expect, it } from "vitest";
import { parseAll, parseEvent, parseNonFinite, pushLazily } from "./events.js";
import type { Event } from "./types.js";
import type { Batch } from "./wasm/oh.js";

function batchOf(texts: string[], nonFinite: number[] = []): Batch {
  const ends: number[] = [];
  texts.reduce((end, text) => (ends.push(end + text.length), end + text.length), 0);
  return {
    bytes: new TextEncoder().encode(texts.join("")),
    ends: Uint32Array.from(ends),
    positions: Float64Array.from(texts.keys()),
    nonFinite: Uint32Array.from(nonFinite),
  };
}

describe("texts that JSON.parse can't read", () => {
  it("come out as numbers wherever they stand", () => {
    expect(parseNonFinite('{"a": NaN, "b": [Infinity, -Infinity, 1.5], "c": {"d": NaN}}')).toEqual({
      a: NaN,
      b: [Infinity, -Infinity, 1.5],
      c: { d: NaN },
    });
  });

  it("leave strings and keys as they are", () => {
    const inside = { NaN: "NaN", "x\\": '"Infinity', 'y"NaN': '\\"-Infinity NaN', z: "NaN!" };
    const text = JSON.stringify(inside).replace("}", ', "n": NaN}');
    expect(parseNonFinite(text)).toEqual({ ...inside, n: NaN });
  });

  it("are read in an event of many megabytes", () => {
    const content = '\\"NaN'.repeat(4_000_000);
    const read = parseNonFinite(`{"content": "${content}", "n": -Infinity}`);
    expect(read).toHaveProperty("n", -Infinity);
    expect((read as { content: string }).content.length).toBe(16_000_000);
  }, 20_000);
});

describe("a batch", () => {
  it("is cut at its ends", () => {
    const batch = batchOf(['{"id": 1}', '{"id": NaN}', '{"id": "caf\\u00e9"}'], [1]);
    expect(parseAll(batch)).toEqual([{ id: 1 }, { id: NaN }, { id: "caf\u00e9" }]);
  });

  it("is parsed when looked at, once", () => {
    const batch = batchOf(['{"id": 1}', "no JSON", '{"id": 3}']);
    const events: Event[] = [];
    for (const index of [0, 1, 2]) pushLazily(events, () => parseEvent(batch, index));
    expect(events).toHaveLength(3);
    expect(events[2]).toEqual({ id: 3 });
    expect(events[2]).toBe(events[2]);
    expect(() => events[1]).toThrow(SyntaxError);
  });

  it("is an array like any other", () => {
    const fresh = () => {
      const events: Event[] = [];
      const batch = batchOf(['{"id": 2}', '{"id": 1}', '{"id": 3}']);
      for (const index of [0, 1, 2]) pushLazily(events, () => parseEvent(batch, index));
      return events;
    };
    const ids = (events: Event[]) => events.map(({ id }) => id);
    expect(Array.isArray(fresh())).toBe(true);
    expect(JSON.stringify(fresh())).toBe('[{"id":2},{"id":1},{"id":3}]');
    expect(ids(fresh().sort((a, b) => Number(a.id) - Number(b.id)))).toEqual([1, 2, 3]);
    expect(ids(fresh().reverse())).toEqual([3, 1, 2]);
    const shifted = fresh();
    shifted.shift();
    expect(ids(shifted)).toEqual([1, 3]);
    expect(structuredClone(fresh())).toEqual(fresh());
    expect(ids([...fresh(), ...fresh().slice(1)])).toEqual([2, 1, 3, 1, 3]);
  });
});
