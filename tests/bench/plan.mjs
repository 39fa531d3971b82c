// What is run in which order: round by round, and in each round shuffled, so that what disturbs the
// machine for a while disturbs everyone.
import { random, seedOf, shuffled } from "./random.mjs";

/**
 * @typedef {object} Step one measurement
 * @property {string} operation
 * @property {string} contender
 * @property {number} round
 * @property {boolean} keep a fill whose profile is read from afterwards
 * @property {boolean} recorded whether its figures count
 */

/** Those of a conversation that was really held, which is small. */
const ON_REAL = ["ingest", "cold-open", "replay", "rare-cold"];

/**
 * The steps for one corpus, filling first.
 * @returns {Step[]}
 */
export function planFor(corpus, settings, operations, largest) {
  const chosen = settings.only.filter(
    (name) =>
      (operations[name].start !== "empty" || corpus === largest) &&
      (corpus.name !== "real" || ON_REAL.includes(name)),
  );
  const taking = (names) => names.filter((name) => settings.contenders.includes(name));
  const reading = chosen.filter((name) => ["cold", "warm"].includes(operations[name].start));
  const readers = new Set(reading.flatMap((name) => taking(operations[name].contenders)));
  const next = random(seedOf(settings.seed, corpus.count));
  const steps = [];

  const { ingest } = operations;
  const timesIngest = chosen.includes("ingest") ? taking(ingest.contenders) : [];
  for (let round = 0; round < settings.rounds; round++) {
    const fills = new Set(timesIngest);
    if (round === 0) {
      for (const name of taking([...ingest.contenders, ...ingest.filledOnce])) {
        if (readers.has(name)) fills.add(name);
      }
    }
    for (const contender of shuffled([...fills], next)) {
      const recorded = timesIngest.includes(contender);
      steps.push({ operation: "ingest", contender, round, keep: round === 0, recorded });
    }
  }
  for (let round = 0; round < settings.rounds; round++) {
    const pairs = chosen
      .filter((name) => operations[name].start !== "fill")
      .flatMap((operation) =>
        taking(operations[operation].contenders).map((contender) => ({ operation, contender })),
      );
    for (const pair of shuffled(pairs, next)) {
      steps.push({ ...pair, round, keep: false, recorded: true });
    }
  }
  return steps;
}
