// A browser on a profile of its own.
import { readFileSync, readdirSync } from "node:fs";
import { chromium, firefox } from "playwright";
import { chromiumPath, firefoxPath } from "../../scripts/setup.mjs";

const READY_MS = 30_000;

/** A browser is quiet that takes less than so much of a processor's time within a glance. */
const GLANCE_MS = 60;
const QUIET_MS = 10;
/** Of the kernel's clock for processes. */
const TICK_MS = 10;
const LONGEST_START_MS = 5_000;
/** Chromium's own pages for its address bar, which it loads behind every window that is opened. */
const FEATURES_OFF = ["WebUIOmniboxPopup", "WebUIOmniboxFullPopup", "WebUIOmniboxAimPopup"];

/** A page of Chromium on `profile`, at `url`; with `port` other debuggers may come there. */
export async function launch(profile, url, { port } = {}) {
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    args: [
      "--disable-extensions",
      "--disable-component-update",
      `--disable-features=${FEATURES_OFF}`,
      ...(port ? [`--remote-debugging-port=${port}`] : []),
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  const browser = {
    page,
    async go(to) {
      await page.goto(to, { timeout: READY_MS });
      await page.waitForFunction(() => window.bench !== undefined, undefined, {
        timeout: READY_MS,
      });
    },
    /** Runs one operation in the page, which fails where it takes longer than `limit` ms. */
    async measure(operation, input, limit) {
      const late = new Promise((_, reject) => {
        setTimeout(() => reject(new Error(`took longer than ${limit / 1000} s`)), limit).unref();
      });
      const work = page.evaluate(
        ([name, given]) => window.bench.measure(name, given),
        [operation, input],
      );
      const result = await Promise.race([work, late]);
      if (errors.length) throw new Error(errors.join("; "));
      return result;
    },
    /** Removes all that the origin has stored; no page of it may be open. */
    async forget(origin) {
      await page.goto("about:blank");
      const session = await context.newCDPSession(page);
      await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
      await session.detach();
    },
    close: () => context.close(),
  };
  if (url) await browser.go(url);
  await quiet(profile);
  return browser;
}

/** Waits until a browser has started: what it does for itself is not to be measured. */
async function quiet(profile) {
  const end = performance.now() + LONGEST_START_MS;
  let before = processorTime(profile);
  while (performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, GLANCE_MS));
    const now = processorTime(profile);
    if (now - before < QUIET_MS) return;
    before = now;
  }
}

/** What the processes of a profile have taken of the processors, in milliseconds. */
function processorTime(profile) {
  let ticks = 0;
  for (const id of processesOf(profile)) {
    try {
      const [inProgram, inKernel] = statusOf(id).slice(11);
      ticks += Number(inProgram) + Number(inKernel);
    } catch {
      // It has ended.
    }
  }
  return ticks * TICK_MS;
}

/** A page of Firefox on `profile`, as distributions have it: driven over WebDriver BiDi. */
export async function launchFirefox(profile) {
  const context = await firefox.launchPersistentContext(profile, {
    executablePath: firefoxPath(),
    channel: "moz-firefox",
  });
  const page = context.pages()[0] ?? (await context.newPage());
  return { page, close: () => context.close() };
}

/** What the kernel says of a process after its name: its state, its parent and so on. */
function statusOf(id) {
  const stat = readFileSync(`/proc/${id}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** The processes of a profile: the browser's own, and all that it has started. */
export function processesOf(profile) {
  const parents = new Map();
  const own = [];
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      parents.set(Number(name), Number(statusOf(name)[1]));
      if (command.includes(`--user-data-dir=${profile}`)) own.push(Number(name));
    } catch {
      // It has ended since it was listed.
    }
  }
  const found = new Set(own);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const [id, parent] of parents) if (found.has(parent)) found.add(id);
  }
  return [...found];
}

/** Resident bytes of some processes that no file backs: their own memory. */
export function residentBytes(processes) {
  let bytes = 0;
  for (const id of processes) {
    try {
      const status = readFileSync(`/proc/${id}/status`, "utf8");
      const lines = status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB/gm);
      for (const [, kilobytes] of lines) bytes += Number(kilobytes) * 1024;
    } catch {
      // It has ended.
    }
  }
  return bytes;
}
