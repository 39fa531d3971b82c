// One run: corpora, steps, sums, report.
import { mkdirSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { Failure, root, say } from "../../scripts/lib/shell.mjs";
import { AIMS, standing } from "./aims.mjs";
import { bundle } from "./bundle.mjs";
import { CONTENDERS, LISTS } from "./contenders/contender.mjs";
import { madeUp } from "./corpus/corpus.mjs";
import { factsOf } from "./corpus/facts.mjs";
import { realCorpus, realIsThere } from "./corpus/real.mjs";
import { machine, versions } from "./machine.mjs";
import { million } from "./million.mjs";
import { OPERATIONS } from "./operations/operations.js";
import { planFor } from "./plan.mjs";
import { Progress } from "./progress.mjs";
import { markdown } from "./report/markdown.mjs";
import { writeReport } from "./report/write.mjs";
import { Results } from "./results.mjs";
import { Runner } from "./runner.mjs";
import { serve } from "./server.mjs";
import { summary } from "./statistics.mjs";
import { WEIGHED, packageSize } from "./weights.mjs";

const HERE = join(root, "tests/bench");
const WORK = join(root, "target/bench");

const everything = { ...OPERATIONS, ...WEIGHED };
const single = (value) => summary([value], "bytes");

/** Takes all steps; what fails is told and doesn't end the run. */
async function runAll(plans, runner, results, settings) {
  const progress = new Progress(plans.flatMap(({ steps }) => steps));
  const weighed = {};
  for (const { corpus, steps } of plans) {
    for (const step of steps) {
      if (step.round > 0 && progress.spent > settings.limit) {
        progress.skip();
        results.leftOut += 1;
        continue;
      }
      progress.begin(step);
      const start = performance.now();
      try {
        const figures = await runner.take(step);
        if (step.recorded) results.add(step, figures);
      } catch (error) {
        console.error(`✘ ${error.message}`);
        results.fail(step, error);
        await runner.closeScratch().catch(() => {});
      }
      progress.end(step, performance.now() - start);
    }
    weighed[corpus.name] = {};
    for (const { contender } of steps.filter(({ keep }) => keep)) {
      try {
        const { bytes, usage } = await runner.disk(corpus, contender);
        weighed[corpus.name][contender] = { bytes: single(bytes), usage: single(usage) };
      } catch (error) {
        results.fail({ corpus, operation: "disk", contender, round: 0 }, error);
      }
    }
  }
  return { weighed, minutes: progress.spent / 60_000 };
}

async function corporaFor(settings, runner, corpora) {
  for (const count of settings.corpora) {
    say(`The corpus of ${count} events`);
    const corpus = madeUp(join(WORK, "corpora"), settings.seed, count);
    corpora.set(corpus.name, corpus);
  }
  if (!settings.real) return [...corpora.values()].map(factsOf);
  if (realIsThere()) {
    const browser = await runner.scratch();
    await browser.go(runner.origins.ours);
    corpora.set("real", await realCorpus(join(WORK, "corpora"), browser.page));
  } else {
    console.log("../shared/data is not there: the real conversation is left out");
  }
  return [...corpora.values()].map(factsOf);
}

async function measure(settings) {
  mkdirSync(WORK, { recursive: true });
  const files = join(WORK, "www");
  await bundle(files, settings.dist);
  const corpora = new Map();
  const server = await serve(files, corpora, [...Object.keys(CONTENDERS), ...LISTS]);
  const runner = new Runner(join(WORK, "profiles"), server.origins, settings);
  const before = machine();
  try {
    const facts = await corporaFor(settings, runner, corpora);
    const largest = facts.filter(({ name }) => name !== "real").at(-1);
    const plans = facts.map((corpus) => {
      const steps = planFor(corpus, settings, OPERATIONS, largest);
      return { corpus, steps: steps.map((step) => ({ ...step, corpus })) };
    });
    const results = new Results();
    const { weighed, minutes } = await runAll(plans, runner, results, settings);
    const ofCorpus = ({ name }) => {
      const found = results.of(name, OPERATIONS);
      if (Object.keys(weighed[name]).length) found.disk = weighed[name];
      if (name !== largest.name) return found;
      const { wasm, javascript } = packageSize();
      return { ...found, size: { ours: { wasm: single(wasm), javascript: single(javascript) } } };
    };
    const all = Object.fromEntries(facts.map((corpus) => [corpus.name, ofCorpus(corpus)]));
    const packages = Object.values(CONTENDERS).flatMap((contender) => contender.packages);
    const { rounds, seed, quick } = settings;
    return {
      date: new Date().toISOString().slice(0, 10),
      minutes,
      settings: { rounds, seed, quick },
      machine: before,
      loadAfter: Number(loadavg()[0].toFixed(2)),
      versions: versions([...new Set([...packages, "react", "zustand"])]),
      corpora: facts.map(({ name, count, bytes, nonAscii }) => ({ name, count, bytes, nonAscii })),
      aims: {
        corpus: largest.name,
        standings: AIMS.map((aim) => standing(aim, all[largest.name])),
      },
      failures: results.failures,
      leftOut: results.leftOut,
      results: all,
    };
  } finally {
    await runner.close();
    server.close();
  }
}

/** A narrowed run would replace figures that it hasn't measured. */
const isWhole = ({ only, contenders, dist }) =>
  dist === "dist" &&
  only.length === Object.keys(OPERATIONS).length &&
  contenders.length === Object.keys(CONTENDERS).length + LISTS.length;

/** Does what the settings ask for; throws a Failure where something failed or is missed. */
export async function bench(settings) {
  if (settings.million) return million(WORK, settings.seed);
  const run = await measure(settings);
  console.log(`\n${markdown(run, everything, CONTENDERS, () => undefined)}`);
  if (isWhole(settings) && !settings["no-report"]) {
    await writeReport(HERE, run, everything, CONTENDERS);
    say("tests/bench/RESULTS.md, results.json and plots/ are written");
  }
  if (run.failures.length) throw new Failure(`${run.failures.length} measurements failed`);
  if (!settings.check) return;
  const missed = run.aims.standings.filter(({ met }) => met === false);
  if (missed.length) throw new Failure(`${missed.length} aims are missed`);
}
