// `npm run bench -- --million`: what an origin of one million events costs in memory.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Failure, say } from "../../scripts/lib/shell.mjs";
import { launch, processesOf, residentBytes } from "./browser.mjs";
import { bundle } from "./bundle.mjs";
import { eventText } from "./corpus/events.mjs";
import { RARE } from "./corpus/words.mjs";
import { dropCaches, storedBytes } from "./disk.mjs";
import { serve } from "./server.mjs";

const EVENTS = 1_000_000;
const AIM_BYTES = 300e6;
const SAMPLE_MS = 20;
const CHUNK = 1000;

/** Made as it is asked for: two gigabytes need no place on the disk. */
function endless(seed, count) {
  return {
    lines(from, to) {
      const ids = Array.from({ length: Math.min(to, count) - from }, (_, index) => from + index);
      return Buffer.from(ids.map((id) => eventText(seed, id, count)).join("\n"));
    },
  };
}

/** The most that the profile's processes have resident while `work` goes on. */
async function peak(profile, work) {
  let most = 0;
  let on = true;
  const watch = async () => {
    const processes = processesOf(profile);
    while (on) {
      most = Math.max(most, residentBytes(processes));
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  };
  const watching = watch();
  try {
    await work();
  } finally {
    on = false;
    await watching;
  }
  return most;
}

async function fill(profile, origin, count) {
  const { page, close } = await launch(profile, origin);
  for (let from = 0; from < count; from += 10 * CHUNK) {
    const start = performance.now();
    await page.evaluate((range) => window.bench.feed(range), {
      from,
      count: 10 * CHUNK,
      chunk: CHUNK,
    });
    if (from % 100_000) continue;
    const rate = (10 * CHUNK * 1000) / (performance.now() - start);
    console.log(`${Math.floor((100 * from) / count)} %  stored, ${Math.round(rate)} events/s`);
  }
  await close();
}

/** Opens, shows the newest 100 and searches; each with its time and the growth since before. */
async function measure(profile, origin) {
  const browser = await launch(profile, origin);
  try {
    const { page } = browser;
    const before = residentBytes(processesOf(profile));
    const rows = [];
    const step = async (what, input) => {
      let figures;
      const most = await peak(profile, async () => {
        figures = await page.evaluate((given) => window.bench.ask(given), input);
      });
      rows.push({ what, ...figures, growth: most - before });
    };
    await step("open", { method: "open" });
    await step("newest 100", { method: "newest", args: [100] });
    await step("rare substring", { method: "find", args: [RARE[0], 100] });
    await step("absent substring", { method: "count", args: ["zyzzyvas of nowhere"] });
    return rows;
  } finally {
    await browser.close();
  }
}

export async function million(work, seed, count = EVENTS) {
  const profile = join(work, "profiles/million");
  rmSync(profile, { recursive: true, force: true });
  mkdirSync(profile, { recursive: true });
  await bundle(join(work, "www"));
  const server = await serve(join(work, "www"), new Map([["endless", endless(seed, count)]]), [
    "ours",
  ]);
  try {
    say(`Storing ${count} events`);
    await fill(profile, server.origins.ours, count);
    await dropCaches(profile);
    say(`Reading them in a new process: ${Math.round(storedBytes(profile) / 1e6)} MB on disk`);
    const rows = await measure(profile, server.origins.ours);
    for (const { what, ms, found, growth } of rows) {
      const grown = `processes grown by ${Math.round(growth / 1e6)} MB at most`;
      console.log(
        `${what.padEnd(18)} ${String(Math.round(ms)).padStart(6)} ms  ${found}  ${grown}`,
      );
    }
    const most = Math.max(...rows.map(({ growth }) => growth));
    if (most > AIM_BYTES) throw new Failure(`grown by ${Math.round(most / 1e6)} MB, not under 300`);
  } finally {
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}
