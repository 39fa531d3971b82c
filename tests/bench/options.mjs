// `npm run bench -- …`: what can be asked for.
import { parseArgs } from "node:util";
import { Failure } from "../../scripts/lib/shell.mjs";

const MINUTE = 60_000;

/** How much is measured, and after which time no further round begins. Times are milliseconds. */
const WHOLE = {
  rounds: 5,
  corpora: [10_000, 100_000],
  liveEvents: 1000,
  reactEvents: 50_000,
  reactLimit: 60_000,
  real: true,
  limit: 36 * MINUTE,
};

const QUICK = {
  rounds: 3,
  corpora: [10_000],
  liveEvents: 400,
  reactEvents: 10_000,
  reactLimit: 10_000,
  real: false,
  limit: 3.4 * MINUTE,
};

export const HELP = `npm run bench -- [options]
  --quick             10 000 events and up to three rounds, in under four minutes
  --check             compare the ratios with the aims; exit code 1 where one is missed
  --only a,b          only these operations
  --contenders a,b    only these contenders
  --rounds N          runs of each measurement (default: 5, quick: 3)
  --events N          only a corpus of this size
  --minutes N         after which no further round begins (default: 36, quick: 3.4)
  --seed N            decides the corpora and the order of the runs (default 42)
  --million           one million events: memory to open, show the newest 100 and search; no more
  --dist DIR          another build of the package, to compare two; writes no files
  --no-report         print the results, write no files
  --profile           a CPU profile of each operation of ours, under target/bench/profiles-cpu`;

const OPTIONS = {
  quick: { type: "boolean", default: false },
  check: { type: "boolean", default: false },
  only: { type: "string" },
  contenders: { type: "string" },
  rounds: { type: "string" },
  events: { type: "string" },
  minutes: { type: "string" },
  seed: { type: "string", default: "42" },
  dist: { type: "string", default: "dist" },
  million: { type: "boolean", default: false },
  "no-report": { type: "boolean", default: false },
  profile: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

function known(list, names, what) {
  if (list === undefined) return names;
  const chosen = list.split(",");
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length) {
    throw new Failure(`there is no ${what} ${unknown.join(", ")}; there are: ${names.join(" ")}`);
  }
  return chosen;
}

function whole(text, name) {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new Failure(`--${name} takes a whole number, not ${text}`);
}

/** The settings of a run; throws a Failure where they make no sense. */
export function settingsOf(args, operations, contenders) {
  let values;
  try {
    ({ values } = parseArgs({ args, options: OPTIONS }));
  } catch (error) {
    throw new Failure(`${error.message}\n${HELP}`);
  }
  const settings = { ...(values.quick ? QUICK : WHOLE), ...values };
  settings.seed = whole(values.seed, "seed");
  if (values.rounds !== undefined) settings.rounds = whole(values.rounds, "rounds");
  if (values.minutes !== undefined) settings.limit = whole(values.minutes, "minutes") * MINUTE;
  if (settings.rounds < 1) throw new Failure("--rounds takes at least 1");
  if (values.events !== undefined) {
    settings.corpora = [whole(values.events, "events")];
    if (settings.corpora[0] < 1000) throw new Failure("--events takes at least 1000");
    settings.reactEvents = Math.min(settings.reactEvents, settings.corpora[0]);
  }
  settings.only = known(values.only, operations, "operation");
  settings.contenders = known(values.contenders, contenders, "contender");
  return settings;
}
