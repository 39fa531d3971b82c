import { expect, test } from "vitest";
import { Latencies } from "./latencies.js";

test("percentiles are the power of two above, and never more than the longest", () => {
  const latencies = new Latencies();
  for (let duration = 1; duration <= 100; duration++) latencies.add("feed", 0, duration);
  latencies.add("get", 5, 5);
  expect(latencies.report(100)).toMatchObject({
    feed: { count: 100, p50: 64, p95: 100, p99: 100, longest: 100 },
    get: { count: 1, p50: 0, longest: 0 },
  });
});

test("durations without bounds are counted", () => {
  const latencies = new Latencies();
  for (const duration of [-1, 0, 1e-9, 1e12]) latencies.add("feed", 0, duration);
  expect(latencies.report(0)["feed"]).toMatchObject({ count: 4, longest: 1e12 });
});

test("the rate follows the calls and forgets old ones", () => {
  const latencies = new Latencies();
  for (let now = 0; now <= 60_000; now += 10) latencies.add("feed", now, now);
  expect(latencies.report(60_000)["feed"]?.rate).toBeCloseTo(100, -1);
  expect(latencies.report(70_000)["feed"]?.rate).toBeCloseTo(37, -1);
  expect(latencies.report(600_000)["feed"]?.rate).toBeCloseTo(0);
});
