import { describe, expect, it, vi } from "vitest";
import { PanicError, errorOf } from "./errors.js";
import type { Remote } from "./remote.js";
import { allEvents, Delivery, eachEvent } from "./subscription.js";
import type { BatchCallback, Event, SubscribeOptions } from "./types.js";
import type { Batch, Subscription } from "./wasm/oh.js";

type Step = number[] | Error;

function batchOf(ids: number[]): Batch {
  const texts = ids.map((id) => `{"id": ${id}}`);
  let end = 0;
  return {
    bytes: new TextEncoder().encode(texts.join("")),
    ends: Uint32Array.from(texts, (text) => (end += text.length)),
    positions: Float64Array.from(ids),
  };
}

/** Sources that give the steps of one script after the other, and what is reported and opened. */
function scripted(...scripts: Step[][]) {
  const opened: (number | undefined)[] = [];
  const reports: string[] = [];
  const open = async ({ from }: SubscribeOptions) => {
    opened.push(from);
    const script = scripts.shift() ?? [];
    return {
      ready: Promise.resolve(),
      call: async () => {
        const step = script.shift();
        if (step instanceof Error) throw step;
        return step && batchOf(step);
      },
      free: async () => {},
    } as unknown as Remote<Subscription>;
  };
  const start = async (
    calls: ConstructorParameters<typeof Delivery>[1],
    options: SubscribeOptions = {},
  ) => {
    const delivery = new Delivery("[a, b]", calls, options, open, (level, message) => {
      reports.push(`${level}: ${message}`);
    });
    await delivery.start();
    return delivery;
  };
  const deliver = (callback: (event: Event) => unknown, options?: SubscribeOptions) =>
    start(eachEvent(callback), options);
  const deliverBatches = (callback: BatchCallback) => start(allEvents(callback));
  return { deliver, deliverBatches, opened, reports };
}

const settled = (ms = 0) => new Promise((resolve) => setTimeout(resolve, ms));
const panic = () => new PanicError("it broke", "panic", "reopen");

describe("a subscription", () => {
  it.each(["block", "batch", "latest"] as const)("delivers in order under %s", async (policy) => {
    const { deliver } = scripted([[1, 2], [3], [4, 5]]);
    const ids: unknown[] = [];
    await deliver((event) => ids.push(event.id), { policy });
    await vi.waitFor(() => expect(ids).toEqual([1, 2, 3, 4, 5]));
  });

  it("waits for a callback before it calls it again", async () => {
    const { deliver } = scripted([[1, 2], [3]]);
    const log: string[] = [];
    await deliver(async ({ id }) => {
      log.push(`in ${id}`);
      await settled(5);
      log.push(`out ${id}`);
    });
    await vi.waitFor(() =>
      expect(log).toEqual(["in 1", "out 1", "in 2", "out 2", "in 3", "out 3"]),
    );
  });

  it("goes on after a callback that throws or rejects, and says so", async () => {
    const { deliver, reports } = scripted([[1, 2, 3]]);
    const ids: unknown[] = [];
    await deliver(({ id }) => {
      ids.push(id);
      if (id === 1) throw new Error("thrown");
      return id === 2 ? Promise.reject(new Error("rejected")) : undefined;
    });
    await settled();
    expect(ids).toEqual([1, 2, 3]);
    expect(reports).toEqual([
      "error: the callback [a, b] failed",
      "error: the callback [a, b] failed",
    ]);
  });

  it("calls nobody after it was closed", async () => {
    const { deliver } = scripted([[1, 2, 3]]);
    const ids: unknown[] = [];
    const delivery: Delivery = await deliver(({ id }) => {
      ids.push(id);
      if (id === 2) delivery.close();
    });
    await settled();
    expect(ids).toEqual([1, 2]);
  });

  it("hands over what came together in one call, and parses what is looked at", async () => {
    const { deliverBatches, opened, reports } = scripted([[1, 2, 3], [4], panic()], [[5]]);
    const parse = vi.spyOn(JSON, "parse");
    const calls: unknown[] = [];
    let parsed = 0;
    await deliverBatches(async (events, positions) => {
      const before = parse.mock.calls.length;
      const last = events[positions.length - 1];
      parsed += parse.mock.calls.length - before;
      await settled();
      calls.push([Array.from(positions), last?.id]);
      if (positions.length === 1) throw new Error("thrown");
    });
    await vi.waitFor(() => expect(calls).toHaveLength(3));
    parse.mockRestore();
    expect(calls).toEqual([
      [[1, 2, 3], 3],
      [[4], 4],
      [[5], 5],
    ]);
    expect(parsed).toBe(3);
    expect(opened).toEqual([undefined, 5]);
    expect(reports).toEqual(Array(2).fill("error: the callback [a, b] failed"));
  });

  it("goes on after a panic where it was", async () => {
    const { deliver, opened, reports } = scripted([[4, 5], panic()], [[6]]);
    const ids: unknown[] = [];
    await deliver(({ id }) => ids.push(id), { from: 4 });
    await settled();
    expect(ids).toEqual([4, 5, 6]);
    expect(opened).toEqual([4, 6]);
    expect(reports).toEqual([]);
  });

  it("isn't repeated when it panics at once", async () => {
    const { deliver, opened, reports } = scripted([[1], panic()], [panic()], [[9]]);
    await deliver(() => {});
    await settled();
    expect(opened).toEqual([undefined, 2]);
    expect(reports).toEqual(["error: the subscription [a, b] ended"]);
  });

  it("ends without a word when the store is closed", async () => {
    const { deliver, reports } = scripted([[1], errorOf("closed", "closed")]);
    await deliver(() => {});
    await settled();
    expect(reports).toEqual([]);
  });
});
