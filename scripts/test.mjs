// Runs everything that says whether the product is right: `npm test`, or `npm test -- native e2e`
// for some of its steps. A failed step doesn't stop the others; a failed build stops what needs it.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Failure, main, root, run, say } from "./lib/shell.mjs";
import { filesUnder } from "./lib/stamp.mjs";
import { chromedriverPath, chromiumPath, firefoxPath, geckodriverPath, setup } from "./setup.mjs";

const MINUTES = 60_000;
const WASM = "wasm32-unknown-unknown";
/** The Rust tests that have been seen to pass in Firefox; the others are not run there yet. */
const IN_FIREFOX = ["backend_page", "backend_worker", "browser_clock"];

/**
 * How each runner sums up, and says how many tests have passed and how many were left out; what is
 * `announced` was left out with a line that says why.
 */
const RUNNERS = {
  cargo: {
    summary: /^test result: .*$/gm,
    passed: /(\d+) passed/g,
    skipped: /([1-9]\d*) ignored/g,
  },
  semantics: {
    summary: /^\d+ passed, \d+ failed$/gm,
    passed: /^(\d+) passed/gm,
  },
  node: {
    summary: /^ℹ (?:pass|fail|skipped|todo) .*$/gm,
    passed: /ℹ pass (\d+)/g,
    skipped: /ℹ (?:skipped|todo) ([1-9]\d*)/g,
  },
  vitest: {
    summary: /^ *(?:Test Files|Tests) .*$/gm,
    passed: /Tests .*?(\d+) passed/g,
    skipped: /Tests .*?([1-9]\d*) (?:skipped|todo)/g,
  },
  fuzz: {
    summary: /^(?:fuzz: .*|left out: fuzz.*)$/gm,
    passed: /^fuzz: \S+: (\d+) runs/gm,
    skipped: /^left out: fuzz .*\((\d+) targets\)/gm,
    announced: /^left out: fuzz .*\((\d+) targets\): ./gm,
  },
  playwright: {
    summary: /^ +(?:\d+ (?:passed|failed|flaky|skipped|did not run|interrupted)|\[\w+\] › ).*$/gm,
    passed: /^ +(\d+) passed/gm,
    skipped: /^ +(\d+) (?:skipped|did not run)/gm,
    announced: /^left out: .*\((\d+) tests?\): ./gm,
  },
};

/**
 * In the order in which they run. `needs` are steps that have to succeed first, `runner` tells
 * how to read the output of one that must have run at least one test, `lacking` what isn't on
 * this machine: the step is skipped then. `env` is for its commands alone.
 */
const STEPS = {
  rustfmt: { commands: () => [["cargo", "fmt", "--all", "--check"]] },
  prettier: { commands: () => [["prettier", "--check", "."]] },
  build: { commands: () => [["node", "scripts/build.mjs"]] },
  size: { needs: ["build"], commands: () => [["node", "scripts/size.mjs"]] },
  eslint: { needs: ["build"], commands: () => [["eslint", ".", "--max-warnings", "0"]] },
  types: { needs: ["build"], commands: typeChecks },
  clippy: { commands: () => [clippy("--all-targets")] },
  "clippy-wasm": {
    commands: () => [clippy("--target", WASM, "--profile", "test", "--lib", ...inBrowser())],
  },
  native: { runner: "cargo", commands: () => [["cargo", "test", "--no-fail-fast"]] },
  semantics: { runner: "semantics", commands: () => [semantics()] },
  fuzz: { runner: "fuzz", commands: () => [["node", "scripts/fuzz.mjs", "10", "--seed=1"]] },
  server: { runner: "node", commands: () => [nodeTests("tests/server")] },
  bench: { runner: "node", commands: () => [nodeTests("tests/bench")] },
  browser: { runner: "cargo", commands: () => [browserTests("chrome")] },
  vitest: { needs: ["build"], runner: "vitest", commands: () => [["vitest", "run"]] },
  package: { needs: ["build"], runner: "node", commands: () => [nodeTests("tests/packaging")] },
  demo: { needs: ["build"], commands: () => [["node", "scripts/demo.mjs", "--build-only"]] },
  e2e: { needs: ["demo"], runner: "playwright", commands: () => [endToEnd("chromium")] },
  firefox: {
    runner: "cargo",
    lacking: () => noFirefox() ?? (geckodriverPath() ? undefined : "no geckodriver here"),
    // Nowhere else: the runner takes Firefox wherever it is told of a geckodriver.
    env: { GECKODRIVER_ARGS: `--binary "${firefoxPath()}"` },
    commands: () => [browserTests("firefox", "--geckodriver", geckodriverPath())],
  },
  "firefox-e2e": {
    needs: ["demo"],
    runner: "playwright",
    lacking: noFirefox,
    commands: () => [endToEnd("firefox")],
  },
};

function clippy(...options) {
  return ["cargo", "clippy", ...options, "--", "-D", "warnings"];
}

function found(files, what) {
  if (files.length === 0) throw new Failure(`there are no ${what}`);
  return files;
}

function typeChecks() {
  const projects = ["tsconfig.json", ...filesUnder(["www", "tests"])].filter((file) =>
    /^(?!.*\/packaging\/).*\btsconfig(?:\.\w+)?\.json$/.test(file),
  );
  return projects.map((project) => ["tsc", "--noEmit", "-p", project]);
}

/** The core's answers beside those of the OpenHands server, on the vectors that are kept here. */
function semantics() {
  const files = filesUnder(["tests/data/vectors"]).filter((file) => file.endsWith(".json"));
  found(files, "vectors in tests/data/vectors");
  return ["cargo", "run", "--example", "semantics", "--", ...files];
}

function nodeTests(directory) {
  const files = filesUnder([directory]).filter((file) => file.endsWith(".test.mjs"));
  found(files, `tests in ${directory}`);
  return ["node", "--test", "--test-concurrency=1", "--test-reporter=spec", ...files];
}

function noFirefox() {
  return firefoxPath() ? undefined : "no Firefox here";
}

function endToEnd(project) {
  return ["playwright", "test", `--project=${project}`];
}

function isBrowserTest(file) {
  return (
    file.endsWith(".rs") &&
    /\bwasm_bindgen_test\b(?!")/.test(readFileSync(join(root, file), "utf8"))
  );
}

/** The Rust tests that run in a browser, those that speak of wasm_bindgen_test, as cargo's options. */
function inBrowser(wanted = () => true) {
  const targets = filesUnder(["tests"])
    .filter((file) => dirname(file) === "tests" && isBrowserTest(file))
    .map((file) => basename(file, ".rs"))
    .filter(wanted)
    .flatMap((name) => ["--test", name]);
  return found(targets, "browser tests");
}

function browserTests(browser, ...driver) {
  const targets = inBrowser((name) => browser !== "firefox" || IN_FIREFOX.includes(name));
  if (browser !== "firefox" && filesUnder(["src"]).some(isBrowserTest)) targets.unshift("--lib");
  const options = ["--headless", `--${browser}`, ...driver, "--mode", "no-install"];
  return ["wasm-pack", "test", ...options, ".", ...targets];
}

function environment() {
  const colour = process.stdout.isTTY ? { FORCE_COLOR: "1", CARGO_TERM_COLOR: "always" } : {};
  return {
    ...colour,
    OH_CHROMIUM: chromiumPath(),
    CHROMEDRIVER: chromedriverPath(),
    OH_FIREFOX: firefoxPath(),
    RUST_LIB_BACKTRACE: "0",
    WASM_BINDGEN_TEST_TIMEOUT: "300",
    WASM_BINDGEN_TEST_DRIVER_TIMEOUT: "60",
  };
}

/** The named steps and what they need, in the order of STEPS; all of them when none is named. */
function selected(names) {
  const unknown = names.filter((name) => !(name in STEPS));
  if (unknown.length > 0) {
    const known = Object.keys(STEPS).join(" ");
    throw new Failure(`there is no step ${unknown.join(", ")}; the steps are: ${known}`);
  }
  const wanted = new Set();
  const add = (name) => {
    wanted.add(name);
    (STEPS[name].needs ?? []).forEach(add);
  };
  (names.length > 0 ? names : Object.keys(STEPS)).forEach(add);
  return Object.keys(STEPS).filter((name) => wanted.has(name));
}

async function runStep({ runner, commands, env = {} }) {
  let printed = "";
  for (const [command, ...args] of commands()) {
    say([command, ...args].join(" "));
    const result = await run(command, args, {
      env: { ...environment(), ...env },
      capture: true,
      timeout: 20 * MINUTES,
    });
    printed += stripVTControlCharacters(result.printed);
    if (result.timedOut) return { failed: "took longer than 20 minutes", printed };
    if (result.code !== 0) return { failed: `exit code ${result.code}`, printed };
  }
  if (runner === undefined) return { printed };
  const count = (pattern = /^(?!)/g) =>
    [...printed.matchAll(pattern)].reduce((sum, [, number]) => sum + Number(number), 0);
  const passed = count(RUNNERS[runner].passed);
  const { skipped, announced } = RUNNERS[runner];
  if (passed === 0 && count(announced) === 0) return { failed: "no test ran", printed };
  if (count(skipped) > count(announced)) return { failed: "tests were skipped", printed };
  return { passed, printed };
}

async function attempt(name, results) {
  const step = STEPS[name];
  const skipped = step.lacking?.();
  if (skipped !== undefined) {
    console.log(`\n${name}: skipped: ${skipped}`);
    return { skipped, printed: "" };
  }
  const broken = (step.needs ?? []).filter((need) => results.get(need)?.failed !== undefined);
  if (broken.length > 0) return { failed: `not run: ${broken.join(", ")} failed`, printed: "" };
  try {
    return await runStep(step);
  } catch (error) {
    if (error instanceof Failure) return { failed: error.message, printed: "" };
    throw error;
  }
}

function report(results) {
  say("Summaries");
  for (const [name, { printed }] of results) {
    const lines = printed.match(RUNNERS[STEPS[name].runner]?.summary ?? /^(?!)/) ?? [];
    for (const line of lines) console.log(`${name.padEnd(12)} ${line.trim()}`);
  }
  say("Results");
  for (const [name, { failed, skipped, passed, seconds }] of results) {
    const ended = skipped === undefined ? "ok" : `skipped: ${skipped}`;
    const outcome = failed === undefined ? ended : `FAILED: ${failed}`;
    const tests = passed === undefined ? "" : `, ${passed} passed`;
    console.log(`${name.padEnd(12)} ${seconds.toFixed(1).padStart(7)} s   ${outcome}${tests}`);
  }
}

await main(import.meta.url, async (names) => {
  const steps = selected(names);
  await setup({ tests: true });
  const results = new Map();
  for (const name of steps) {
    const start = performance.now();
    const result = await attempt(name, results);
    if (result.failed !== undefined) console.error(`\n✘ ${name}: ${result.failed}`);
    results.set(name, { ...result, seconds: (performance.now() - start) / 1000 });
  }
  report(results);
  const failed = [...results].filter(([, result]) => result.failed !== undefined);
  if (failed.length > 0) {
    throw new Failure(`${failed.length} of ${results.size} steps failed`);
  }
  const skipped = [...results.values()].filter((result) => result.skipped !== undefined).length;
  if (skipped === 0) say(`All ${results.size} steps passed`);
  else say(`${results.size - skipped} steps passed, ${skipped} skipped`);
});
