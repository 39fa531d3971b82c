// What is aimed at: ratios of medians of one run, and a few figures that stand alone.

const least = (factor, operation, metric, against) => ({
  operation,
  metric,
  against,
  least: factor,
});
const most = (factor, operation, metric, against) => ({ operation, metric, against, most: factor });
const ours = { contender: "ours" };

/**
 * `least` and `most` bound what `contender` (by default ours) has, divided by what `against` has of
 * the same operation and metric unless it names others. Without `against` they bound the figure.
 */
export const AIMS = [
  least(0.95, "live-relaxed", "rate", { contender: "idb" }),
  least(2.2, "live-relaxed", "rate", { contender: "dexie" }),
  least(0.95, "live-strict", "rate", { contender: "idb" }),
  least(1.6, "live-strict", "rate", { contender: "dexie" }),
  least(2.3, "burst", "rate", { contender: "sqlite", operation: "live-relaxed" }),
  least(0.9, "burst", "rate", { contender: "idb" }),
  least(5, "ingest", "rate", { contender: "dexie" }),
  least(1.5, "ingest", "rate", { contender: "sqlite" }),
  most(0.4, "cold-open", "total", { contender: "dexie" }),
  most(0.25, "cold-open", "total", { contender: "sqlite" }),
  most(0.75, "replay", "total", { contender: "sqlite" }),
  most(0.45, "replay", "total", { contender: "dexie" }),
  most(0.4, "rare-cold", "fresh", { contender: "sqlite-fts" }),
  most(0.1, "rare-cold", "fresh", { contender: "sqlite" }),
  most(0.02, "rare-cold", "fresh", { contender: "dexie" }),
  most(1, "rare-cold", "loaded", { contender: "sqlite-fts" }),
  most(0.2, "frequent", "first", { contender: "sqlite-fts" }),
  most(1, "frequent", "all", { contender: "sqlite-fts" }),
  most(0.25, "filter", "cold", { contender: "sqlite" }),
  most(0.2, "filter", "warm", { contender: "sqlite" }),
  most(0.5, "rare-warm", "first", { contender: "memory" }),
  most(1.2, "react-feed", "total", { contender: "push" }),
  { ...least(10, "react-feed", "total", { contender: "push" }), contender: "today" },
  ...["single", "readers", "bulk"].map((metric) =>
    most(0.1, "scenarios", metric, { contender: "idb" }),
  ),
  most(0.1, "subscribers", "total", { contender: "idb" }),
  most(50, "page-thread", "task"),
  most(0.65, "disk", "bytes", { contender: "dexie" }),
  most(0.35, "disk", "bytes", { contender: "sqlite" }),
  most(120 * 1024, "size", "wasm"),
  most(12 * 1024, "size", "javascript"),
].map((aim) => ({ ...ours, ...aim }));

/**
 * How an aim stands.
 * @param {Record<string, Record<string, Record<string, { median: number }>>>} results by operation,
 *   contender and metric
 * @returns {{ aim: object, ratio?: number, met?: boolean }} without a ratio: it was not measured
 */
export function standing(aim, results) {
  const figure = ({ operation, contender, metric }) =>
    results[operation]?.[contender]?.[metric]?.median;
  const { against, ...subject } = aim;
  const own = figure(subject);
  const other = against ? figure({ ...subject, ...against }) : 1;
  if (own === undefined || other === undefined) return { aim };
  const ratio = own / other;
  return { aim, ratio, met: aim.least === undefined ? ratio <= aim.most : ratio >= aim.least };
}
