// The figures of a run, as they come in and as they are summed up.
import { summary } from "./statistics.mjs";

export class Results {
  /** corpus → operation → contender → metric → the values of all rounds */
  #values = {};
  /** What went wrong, by step. */
  failures = [];
  /** How many measurements of later rounds the time did not allow. */
  leftOut = 0;

  add({ corpus, operation, contender }, { unfinished, fed, ...figures }) {
    const place = ((this.#values[corpus.name] ??= {})[operation] ??= {});
    const metrics = (place[contender] ??= { values: {} });
    if (unfinished) metrics.stoppedAfter = fed;
    for (const [metric, value] of Object.entries(figures)) {
      (metrics.values[metric] ??= []).push(value);
    }
  }

  fail({ corpus, operation, contender, round }, error) {
    this.failures.push({ corpus: corpus.name, operation, contender, round, error: error.message });
  }

  /** For one corpus: operation → contender → metric → median, best, worst, runs. */
  of(name, operations) {
    const summed = {};
    for (const [operation, contenders] of Object.entries(this.#values[name] ?? {})) {
      summed[operation] = {};
      for (const [contender, { values, stoppedAfter }] of Object.entries(contenders)) {
        const metrics = {};
        for (const [metric, runs] of Object.entries(values)) {
          metrics[metric] = summary(runs, operations[operation].metrics[metric].unit);
          if (stoppedAfter !== undefined) metrics[metric].stoppedAfter = stoppedAfter;
        }
        summed[operation][contender] = metrics;
      }
    }
    return summed;
  }
}
