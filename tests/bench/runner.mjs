// Takes the steps of a plan, each in the browser and on the profile that it asks for.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch } from "./browser.mjs";
import { dropCaches, fillCaches, storedBytes } from "./disk.mjs";
import { hottest, startProfiling } from "./profiler.mjs";
import { OPERATIONS } from "./operations/operations.js";

const MINUTE = 60_000;
/** After a fill: what the database still has to tidy up is not to disturb what is measured. */
const SETTLE_MS = 1500;
const DEBUGGER_PORT = 9333;
/** The scratch browser lives beside the others. */
const SCRATCH_PORT = 9334;
const HOTTEST = 25;

export class Runner {
  #scratch;

  /**
   * @param {string} directory for the profiles
   * @param {Record<string, string>} origins by contender
   * @param {object} settings
   */
  constructor(directory, origins, settings) {
    this.directory = directory;
    this.origins = origins;
    this.settings = settings;
    rmSync(directory, { recursive: true, force: true });
  }

  profile(corpus, contender) {
    return join(this.directory, corpus.name, contender);
  }

  /** Runs one step; resolves with its figures. */
  async take({ operation, contender, corpus, keep }) {
    const input = { contender, corpus, settings: this.settings };
    const origin = this.origins[contender];
    const { start } = OPERATIONS[operation];
    if (start === "empty") {
      const browser = await this.scratch();
      await browser.forget(origin);
      await browser.go(origin);
      const profiled = this.settings.profile && contender === "ours";
      const profiling = profiled ? await startProfiling(SCRATCH_PORT) : undefined;
      const figures = await browser.measure(operation, input, 5 * MINUTE);
      if (profiling) this.#keep(operation, await profiling.stop());
      return figures;
    }
    const profile =
      start === "fill" && !keep ? join(this.directory, "fill") : this.profile(corpus, contender);
    if (start === "fill") {
      rmSync(profile, { recursive: true, force: true });
      mkdirSync(profile, { recursive: true });
    }
    if (start === "cold") await dropCaches(profile);
    if (start === "warm") await fillCaches(profile);
    const profiled = this.settings.profile && contender === "ours";
    const browser = await launch(profile, origin, profiled ? { port: DEBUGGER_PORT } : {});
    try {
      const profiling = profiled ? await startProfiling(DEBUGGER_PORT) : undefined;
      const figures = await browser.measure(operation, input, 5 * MINUTE);
      if (profiling) this.#keep(`${corpus.name}-${operation}`, await profiling.stop());
      if (keep) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return figures;
    } finally {
      await browser.close();
    }
  }

  /** What the corpus takes on disk: as the browser counts, and as the file system does. */
  async disk(corpus, contender) {
    const profile = this.profile(corpus, contender);
    const browser = await launch(profile, this.origins[contender]);
    try {
      // The browser counts what it has opened.
      await browser.measure("cold-open", { contender, corpus, settings: this.settings }, MINUTE);
      const { usage } = await browser.page.evaluate(() => navigator.storage.estimate());
      return { bytes: storedBytes(profile), usage };
    } finally {
      await browser.close();
    }
  }

  /** The browser in which operations begin on an origin without data. */
  async scratch() {
    if (!this.#scratch) {
      const profile = join(this.directory, "scratch");
      mkdirSync(profile, { recursive: true });
      const { profile: profiled } = this.settings;
      this.#scratch = await launch(profile, undefined, profiled ? { port: SCRATCH_PORT } : {});
    }
    return this.#scratch;
  }

  #keep(name, profiles) {
    const directory = join(this.directory, "../profiles-cpu");
    mkdirSync(directory, { recursive: true });
    for (const [thread, profile] of profiles) {
      const file = `${name}-${thread.replaceAll(/\W+/g, "-")}.cpuprofile`;
      writeFileSync(join(directory, file), JSON.stringify(profile));
      console.log(`  ${thread}: target/bench/profiles-cpu/${file}`);
      for (const [what, ms] of hottest(profile, HOTTEST)) {
        console.log(`    ${ms.toFixed(1).padStart(9)} ms  ${what}`);
      }
    }
  }

  async closeScratch() {
    const browser = this.#scratch;
    this.#scratch = undefined;
    await browser?.close();
  }

  async close() {
    await this.closeScratch();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
