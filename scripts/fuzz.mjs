// Looks for bytes that break what must hold for any bytes: `node scripts/fuzz.mjs SECONDS TARGET…`,
// by default a minute of every target in tests/fuzz/targets, from a seed of its own or that of
// `--seed=N`. What it finds lies in target/fuzz.
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Failure, main, must, output, root, run, say } from "./lib/shell.mjs";

const CARGO_FUZZ = "0.13.2";
const FOLDER = "tests/fuzz";
const BUILT = "target/fuzz";
/** Nothing here is unsafe, so there is nothing for a sanitizer to see. */
const OPTIONS = ["--fuzz-dir", FOLDER, "--target-dir", BUILT, "--sanitizer", "none"];

const targets = readdirSync(join(root, FOLDER, "targets")).map((file) => basename(file, ".rs"));

/** Why it can't be done here; undefined when it can. */
async function lacking() {
  if (output("cargo", ["+nightly", "--version"]) === undefined) {
    return "there is no nightly toolchain of Rust";
  }
  const tools = join(root, "target/fuzz-tools");
  process.env.PATH = `${join(tools, "bin")}:${process.env.PATH}`;
  if (existsSync(join(tools, "bin/cargo-fuzz"))) return undefined;
  say("Installing cargo-fuzz: a minute, once");
  const wanted = ["cargo-fuzz", "--version", `=${CARGO_FUZZ}`, "--locked", "--root", tools];
  const { code } = await run("cargo", ["install", ...wanted]);
  return code === 0 ? undefined : "cargo-fuzz could not be installed";
}

async function fuzz(target, seconds, seed) {
  // New inputs go to the first folder; the committed ones are only read.
  const own = join(BUILT, "corpus", target);
  const found = join(BUILT, "found", target);
  for (const folder of [own, found]) mkdirSync(join(root, folder), { recursive: true });
  const limits = [
    `-max_total_time=${seconds}`,
    "-timeout=20",
    "-rss_limit_mb=2048",
    `-seed=${seed}`,
  ];
  const places = [own, join(FOLDER, "corpus", target)];
  const { code, printed } = await run(
    "cargo",
    [
      ...["+nightly", "fuzz", "run", ...OPTIONS, target, ...places, "--", ...limits],
      ...["-max_len=4096", "-verbosity=0", "-print_final_stats=1", `-artifact_prefix=${found}/`],
    ],
    { capture: true, env: { PATH: process.env.PATH } },
  );
  const runs = /number_of_executed_units: (\d+)/.exec(printed)?.[1];
  if (code !== 0 || runs === undefined) {
    const what = `what seed ${seed} found lies in ${found}/ (exit code ${code})`;
    throw new Failure(`${target}: ${what}`);
  }
  console.log(`fuzz: ${target}: ${runs} runs in ${seconds} s from seed ${seed}, nothing found`);
}

await main(import.meta.url, async (given) => {
  const [seconds = "60", ...names] = given.filter((argument) => !argument.startsWith("--"));
  const option = given.find((argument) => argument.startsWith("--seed="));
  const seed = option?.slice("--seed=".length) ?? String(randomInt(1, 2 ** 31));
  if ([seconds, seed].some((number) => !/^[1-9]\d*$/.test(number))) {
    throw new Failure("SECONDS and the seed are whole numbers from 1 on");
  }
  const unknown = names.filter((name) => !targets.includes(name));
  if (unknown.length > 0) throw new Failure(`no target is called ${unknown.join(", ")}`);
  const why = await lacking();
  if (why !== undefined) {
    console.log(`left out: fuzz (${targets.length} targets): ${why}`);
    return;
  }
  await must("cargo", ["+nightly", "fuzz", "build", ...OPTIONS], {
    env: { PATH: process.env.PATH },
  });
  for (const target of names.length > 0 ? names : targets) await fuzz(target, seconds, seed);
});
