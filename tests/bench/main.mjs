// `npm run bench`: what the package does beside what people would take instead. See options.mjs.
import { build } from "../../scripts/build.mjs";
import { main } from "../../scripts/lib/shell.mjs";
import { setup } from "../../scripts/setup.mjs";
import { CONTENDERS, LISTS } from "./contenders/contender.mjs";
import { OPERATIONS } from "./operations/operations.js";
import { HELP, settingsOf } from "./options.mjs";

await main(import.meta.url, async (args) => {
  const names = [...Object.keys(CONTENDERS), ...LISTS];
  const settings = settingsOf(args, Object.keys(OPERATIONS), names);
  if (settings.help) return console.log(HELP);
  await setup({ tests: true });
  await build();
  // What it imports is installed only now.
  const { bench } = await import("./bench.mjs");
  return bench(settings);
});
