// The benchmark's parts do what they say; nothing here measures a time.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { AIMS, standing } from "./aims.mjs";
import { scanModule } from "./bundle.mjs";
import { CONTENDERS, LISTS } from "./contenders/contender.mjs";
import { madeUp } from "./corpus/corpus.mjs";
import { eventText, rareIds } from "./corpus/events.mjs";
import { factsOf } from "./corpus/facts.mjs";
import { FREQUENT, RARE } from "./corpus/words.mjs";
import { dropCaches } from "./disk.mjs";
import { OPERATIONS } from "./operations/operations.js";
import { settingsOf } from "./options.mjs";
import { planFor } from "./plan.mjs";
import { random, shuffled } from "./random.mjs";
import { markdown } from "./report/markdown.mjs";
import { ratioText, written } from "./report/numbers.mjs";
import { plot } from "./report/plot.mjs";
import { Results } from "./results.mjs";
import { median, summary } from "./statistics.mjs";
import { WEIGHED } from "./weights.mjs";

const COUNT = 2000;
const directory = mkdtempSync(join(tmpdir(), "oh-bench-"));
after(() => rmSync(directory, { recursive: true }));

const everyone = [...Object.keys(CONTENDERS), ...LISTS];
const settings = (...args) => settingsOf(args, Object.keys(OPERATIONS), everyone);

test("a seed and an id decide an event, whatever was made before it", () => {
  const forwards = Array.from({ length: 50 }, (_, id) => eventText(7, id, COUNT));
  const backwards = Array.from({ length: 50 }, (_, at) => eventText(7, 49 - at, COUNT));
  assert.deepEqual(backwards.reverse(), forwards);
  assert.notEqual(eventText(8, 3, COUNT), eventText(7, 3, COUNT));
});

test("a corpus is what it is said to be", () => {
  const corpus = madeUp(directory, 42, COUNT);
  const events = corpus.lines(0, COUNT).toString().split("\n").map(JSON.parse);
  assert.deepEqual(
    events.map(({ id }) => id),
    Array.from({ length: COUNT }, (_, id) => id),
  );
  assert.ok(events.every(({ timestamp }, id) => !id || timestamp > events[id - 1].timestamp));
  const mean = corpus.bytes / COUNT;
  assert.ok(mean > 1700 && mean < 2500, `${mean} bytes each`);

  const facts = factsOf(corpus);
  assert.equal(facts.rareHits, 3);
  assert.ok(Math.abs(facts.nonAscii / COUNT - 0.18) < 0.03, `${facts.nonAscii} not ASCII`);
  assert.ok(Math.abs(facts.frequentHits / COUNT - 0.5) < 0.05, `${facts.frequentHits} frequent`);
  assert.ok(facts.filterHits > 0);
  for (const needle of RARE) {
    const ids = events.filter((event) => JSON.stringify(event).includes(needle)).map((e) => e.id);
    assert.deepEqual(ids, rareIds(needle, COUNT));
  }
});

test("a corpus on disk gives any of its lines", () => {
  const corpus = madeUp(directory, 42, COUNT);
  const lines = (from, to) => corpus.lines(from, to).toString().split("\n");
  assert.deepEqual(lines(0, 2), [eventText(42, 0, COUNT), eventText(42, 1, COUNT)]);
  assert.deepEqual(lines(COUNT - 1, COUNT + 10), [eventText(42, COUNT - 1, COUNT)]);
});

test("the floor's search finds what a naive one finds", async () => {
  const module = new WebAssembly.Module(scanModule());
  const { exports } = new WebAssembly.Instance(module);
  const bytes = new Uint8Array(exports.memory.buffer);
  const next = random(5);
  for (let round = 0; round < 400; round++) {
    const letter = () => "abAB{."[Math.floor(next() * 6)];
    const text = Array.from({ length: Math.floor(next() * 80) }, letter).join("");
    const needle = ["ab", "aba", "abbab", "b", "babababababababababab"][round % 5];
    bytes.fill(0);
    bytes.set(Buffer.from(needle), 0);
    bytes.set(Buffer.from(text), 1024);
    const lowered = text.toLowerCase();
    let hits = 0;
    for (let at = 0; at < text.length; at++) hits += Number(lowered.startsWith(needle, at));
    assert.equal(exports.count(1024, text.length, 0, needle.length), hits, `${needle} in ${text}`);
  }
});

test("each round has every measurement once, and the seed decides the order", () => {
  const facts = { name: "2k", count: COUNT };
  const plan = (seed) => planFor(facts, settings("--seed", seed), OPERATIONS, facts);
  const steps = plan("1");
  assert.deepEqual(plan("1"), steps);
  assert.notDeepEqual(plan("2"), steps);
  for (const [operation, { contenders }] of Object.entries(OPERATIONS)) {
    for (const contender of contenders) {
      const rounds = steps
        .filter((step) => step.operation === operation && step.contender === contender)
        .map(({ round }) => round);
      assert.deepEqual(rounds, [0, 1, 2, 3, 4], `${operation} ${contender}`);
    }
  }
  const lastFill = steps.findLastIndex(({ operation }) => operation === "ingest");
  const first = steps.findIndex(({ operation }) => operation !== "ingest");
  assert.ok(lastFill < first, "everything is filled before anything is read");
});

test("what a narrowed plan reads is filled, and is no result", () => {
  const facts = { name: "2k", count: COUNT };
  const narrowed = settings("--only", "rare-cold", "--contenders", "ours,sqlite-fts");
  const fills = planFor(facts, narrowed, OPERATIONS, facts).filter(({ keep }) => keep);
  assert.deepEqual(fills.map(({ contender }) => contender).sort(), ["ours", "sqlite-fts"]);
  assert.ok(fills.every(({ recorded, round }) => !recorded && round === 0));
});

test("shuffling loses nothing", () => {
  const items = Array.from({ length: 40 }, (_, index) => index);
  const other = shuffled(items, random(3));
  assert.notDeepEqual(other, items);
  assert.deepEqual(
    other.sort((a, b) => a - b),
    items,
  );
});

test("medians, and what is best", () => {
  assert.equal(median([5, 1, 3]), 3);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.deepEqual(summary([3, 1, 2], "ms"), { median: 2, best: 1, worst: 3, runs: [3, 1, 2] });
  assert.equal(summary([3, 1, 2], "/s").best, 3);
});

test("an aim is met, missed or not measured", () => {
  const results = {
    burst: { ours: { rate: { median: 90 } }, idb: { rate: { median: 100 } } },
    "page-thread": { ours: { task: { median: 60 } } },
  };
  const aim = { operation: "burst", contender: "ours", metric: "rate" };
  const against = { contender: "idb" };
  assert.deepEqual(standing({ ...aim, against, least: 0.9 }, results).met, true);
  assert.deepEqual(standing({ ...aim, against, least: 0.91 }, results).met, false);
  const missing = { ...aim, against: { contender: "dexie" }, least: 1 };
  assert.deepEqual(standing(missing, results), { aim: missing });
  const task = { operation: "page-thread", contender: "ours", metric: "task", most: 50 };
  assert.deepEqual(standing(task, results), { aim: task, ratio: 60, met: false });
});

test("every aim is about something that is measured", () => {
  const operations = { ...OPERATIONS, ...WEIGHED };
  for (const aim of AIMS) {
    for (const side of [aim, ...(aim.against ? [{ ...aim, ...aim.against }] : [])]) {
      const { metrics, contenders = Object.keys(CONTENDERS) } = operations[side.operation];
      assert.ok(metrics[side.metric], `${side.operation} has no ${side.metric}`);
      assert.ok(contenders.includes(side.contender), `${side.operation}: ${side.contender}`);
    }
  }
});

test("options that make no sense are refused", () => {
  assert.throws(() => settings("--only", "nothing"), /there is no operation nothing/);
  assert.throws(() => settings("--rounds", "0"), /at least 1/);
  assert.throws(() => settings("--seed", "x"), /whole number/);
  assert.throws(() => settings("--fast"), /--quick/);
  assert.equal(settings("--quick").corpora.length, 1);
});

test("figures are written with three digits and their unit", () => {
  assert.equal(written(12345.6, "/s"), "12 346 /s");
  assert.equal(written(0.12345, "ms"), "0.123 ms");
  assert.equal(written(2 ** 20, "bytes"), "1 MiB");
  assert.equal(ratioText(0.01234), "0.012×");
  assert.equal(ratioText(2.3456), "2.35×");
});

test("results become tables with ratios, and plots", () => {
  const corpus = { name: "2k", count: COUNT, bytes: 1, nonAscii: 1 };
  const results = new Results();
  for (const [contender, values] of [
    ["ours", [900, 1000, 1100]],
    ["idb", [400, 500, 600]],
  ]) {
    for (const rate of values) results.add({ corpus, operation: "burst", contender }, { rate });
  }
  results.add(
    { corpus, operation: "react-feed", contender: "today" },
    { total: 9, unfinished: true, fed: 4 },
  );
  const measured = results.of("2k", OPERATIONS);
  const run = {
    date: "2026-01-01",
    minutes: 1,
    settings: { rounds: 3, seed: 1, quick: true },
    machine: { load: [0] },
    versions: {},
    corpora: [corpus],
    aims: { corpus: "2k", standings: AIMS.map((aim) => standing(aim, measured)) },
    failures: [],
    results: { "2k": measured },
  };
  const text = markdown(run, { ...OPERATIONS, ...WEIGHED }, CONTENDERS, () => "plots/x.svg");
  assert.match(text, /A quick run/);
  assert.match(
    text,
    /\| idb, one record per event \| \*\*500 \/s\*\* \(600 \/s – 400 \/s\) \| 2× \|/,
  );
  assert.match(text, /> 9 ms, stopped after 4 events/);

  const rows = Object.entries(measured.burst).map(([label, { rate }]) => ({
    label: `<${label}>`,
    ours: label === "ours",
    figure: rate,
  }));
  const svg = plot("Bursts", [{ title: "rate", unit: "/s", rows }]);
  assert.match(svg, /^<svg [^>]*viewBox/);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(svg, /&lt;idb&gt;/);
  assert.equal(svg.match(/<circle /g).length, 2);
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
});

test("dropping a directory's files from the system's cache leaves them as they are", async () => {
  const corpus = madeUp(directory, 42, COUNT);
  const before = corpus.lines(0, COUNT);
  writeFileSync(join(directory, "a name with spaces"), "kept");
  await dropCaches(directory);
  assert.ok(corpus.lines(0, COUNT).equals(before));
  assert.ok(before.includes(FREQUENT));
});
