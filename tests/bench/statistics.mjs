// What several runs of one measurement say together.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Is more of this unit better? */
export const moreIsBetter = (unit) => unit.endsWith("/s");

/**
 * @param {number[]} values of one metric, a value for each round
 * @param {string} unit
 * @returns {{ median: number, best: number, worst: number, runs: number[] }}
 */
export function summary(values, unit) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [best, worst] = moreIsBetter(unit) ? [high, low] : [low, high];
  return { median: median(values), best, worst, runs: values };
}
