/**
 * `npm run test:kills [-- --rounds N --seed N]`: kills Chromium in the middle of writing, again and
 * again on one profile, and looks at what is left. `npm test` makes two rounds of it.
 */
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { Failure, main, run } from "./lib/shell.mjs";
import { setup } from "./setup.mjs";

await main(import.meta.url, async (args) => {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: "string", default: "25" }, seed: { type: "string" } },
  });
  const { rounds, seed } = values;
  if ([rounds, seed].some((number) => number !== undefined && !/^\d+$/.test(number))) {
    throw new Failure("--rounds and --seed are whole numbers");
  }
  await setup({ tests: true });
  await build();
  const env = { ROUNDS: rounds, ...(seed !== undefined && { SEED: seed }) };
  const { code } = await run("npx", ["playwright", "test", "killed"], { env });
  if (code !== 0) throw new Failure("something was lost; the seed above tells the run again");
});
