/**
 * `npm run test:chaos [-- --server NAME --browser NAME --faults N --events N --seed N]`: a browser
 * keeps a conversation while the network fails at random; when it is well again, its log is the
 * server's.
 *
 * The servers: `socket.io` (npm's), `python` (python-socketio behind uvicorn), `v1` (WebSocket and
 * REST as an agent-server's), or `all` of them. Without Python, `python` is skipped, and says so.
 * The browsers: `chromium`, or `firefox`, which is skipped where there is none, and says so.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { Failure, main, must, root, say, which } from "../../scripts/lib/shell.mjs";
import { digest, forget, isDone, markDone } from "../../scripts/lib/stamp.mjs";
import { build } from "../../scripts/build.mjs";
import { firefoxPath, setup } from "../../scripts/setup.mjs";
import { createServer } from "../../www/server/server.mjs";
import { launch, launchFirefox } from "../bench/browser.mjs";
import { random } from "../bench/random.mjs";
import { eventsOf } from "./events.mjs";
import { createProxy } from "./proxy.mjs";

const CONVERSATION = "chaos";
const KEY = "the session key";

/** How long the browser has to be whole once the network is well. */
const HEALED_MS = 90_000;

/**
 * How long a fault waits for a connection, … Firefox itself lets a page wait for up to a minute that
 * has failed to connect a few times.
 */
const PATIENCE_MS = 90_000;

/** … and after how much of it the page hears that the network is back, as it would. */
const NETWORK_BACK_MS = 800;

function chance(seed) {
  const next = random(seed);
  const below = (limit) => Math.floor(next() * limit);
  return { below, pick: (choices) => choices[below(choices.length)] };
}

/** npm's Socket.IO or a plain WebSocket, from this repository's own server. */
async function ours() {
  const server = await createServer({ key: KEY });
  const conversation = await server.hub.create(CONVERSATION, { events: [] });
  return {
    port: server.port,
    append: async (texts) => conversation.extend(texts),
    events: async () => conversation.events.map(({ text }) => JSON.parse(text)),
    close: () => server.close(),
  };
}

async function python() {
  const program = which("python3") ?? which("python");
  if (program === undefined) return undefined;
  const venv = join(root, "target/chaos");
  const requirements = "tests/chaos/requirements.txt";
  const interpreter = join(venv, "bin/python");
  const inputs = digest([requirements], [program]);
  if (!existsSync(interpreter)) forget("chaos");
  if (!isDone("chaos", inputs, [])) {
    say("Installing python-socketio and uvicorn in target/chaos");
    await must(program, ["-m", "venv", "--clear", venv]);
    const install = ["-m", "pip", "--quiet", "install", "--requirement", requirements];
    await must(interpreter, install);
    markDone("chaos", inputs, []);
  }
  const script = join(root, "tests/chaos/python_server.py");
  const child = spawn(interpreter, [script, "--key", KEY], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const url = await new Promise((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", (code) => reject(new Failure(`the Python server ended with ${code}`)));
  });
  const sent = [];
  return {
    port: Number(new URL(url).port),
    async append(texts) {
      const body = `[${texts.join(",")}]`;
      const answer = await fetch(`${url}/control/append`, { method: "POST", body });
      if (!answer.ok) throw new Failure(`the Python server answered ${answer.status}`);
      sent.push(...texts);
    },
    events: async () => sent.map((text) => JSON.parse(text)),
    close: async () => void child.kill(),
  };
}

const SERVERS = {
  "socket.io": { start: ours, dialect: "v0", transport: "socket.io" },
  python: { start: python, dialect: "v0", transport: "socket.io" },
  v1: { start: ours, dialect: "v1", transport: "websocket" },
};

const BROWSERS = { chromium: launch, firefox: launchFirefox };

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One server, one browser, many faults. */
async function round(name, browserName, { faults, events, seed }) {
  const { start, dialect, transport } = SERVERS[name];
  const server = await start();
  if (server === undefined) {
    console.log(`skipped: ${name} (there is no Python here)`);
    return;
  }
  const decide = chance(seed);
  const proxy = await createProxy(server.port, decide);
  const files = await createServer({ static: root });
  const profile = mkdtempSync(join(tmpdir(), "oh-chaos-"));
  const browser = await BROWSERS[browserName](profile);
  try {
    const { page } = browser;
    await page.goto(`${files.url}/tests/e2e/pages/harness.html`);
    await page.waitForFunction(() => window.oh !== undefined);
    await page.evaluate(
      async ({ url, baseUrl, id, dialect, transport, key }) => {
        // The last that it said, for a round that fails.
        window.said = [];
        const say = (line) => window.said.splice(0, window.said.push(line) - 60);
        const now = () => (performance.now() / 1000).toFixed(1);
        const store = await window.oh.openEventStore({
          logLevel: "debug",
          onLog: (level, what, why) => say(`${now()} ${level}: ${what}: ${String(why)}`),
        });
        window.conversation = await store.conversation(id, { dialect });
        const connection = window.conversation.connect({
          transport,
          url,
          baseUrl,
          sessionApiKey: key,
        });
        connection.on("state", (state) => say(`${now()} ${JSON.stringify(state)}`));
        window.connection = connection;
      },
      {
        url: dialect === "v0" ? proxy.url : `${proxy.url}/sockets/events/${CONVERSATION}`,
        baseUrl: `${proxy.url}/api/conversations/${CONVERSATION}`,
        id: CONVERSATION,
        dialect,
        transport,
        key: KEY,
      },
    );

    const texts = eventsOf(dialect, events, decide);
    const told = new Map();
    for (let done = 0; done < faults; done++) {
      const [from, to] = [done, done + 1].map((part) => Math.floor((events * part) / faults));
      for (let first = from; first < to;) {
        const count = Math.min(1 + decide.below(10), to - first);
        await server.append(texts.slice(first, first + count));
        first += count;
        await pause(decide.below(40));
      }
      // What isn't connected can't be disturbed.
      for (let waited = 0; proxy.links.size === 0 && waited < PATIENCE_MS; waited += 50) {
        await pause(50);
        if (waited % NETWORK_BACK_MS === NETWORK_BACK_MS - 50) {
          await page.evaluate(() => void window.dispatchEvent(new Event("online")));
        }
      }
      if (proxy.links.size === 0) {
        throw new Failure(`nobody has connected within ${PATIENCE_MS / 1000} s`);
      }
      const kind = proxy.fault();
      told.set(kind, (told.get(kind) ?? 0) + 1);
      if (decide.below(4) === 0) await pause(decide.below(1500));
      if ((done + 1) % 20 === 0) say(`${name}: ${done + 1} of ${faults} faults, ${to} events`);
    }
    proxy.heal();

    const expected = await server.events();
    const deadline = Date.now() + HEALED_MS;
    let found;
    do {
      await pause(500);
      found = await page.evaluate(async () => ({
        count: await window.conversation.countEvents(),
        coverage: await window.conversation.coverage(),
        state: window.connection.state.status,
      }));
    } while (
      (found.count < expected.length || !found.coverage.complete || found.state !== "live") &&
      Date.now() < deadline
    );
    const state = await page.evaluate(() => window.connection.state);
    if (!found.coverage.complete || state.status !== "live") {
      throw new Failure(`after ${HEALED_MS / 1000} s it is ${JSON.stringify([found, state])}`);
    }
    const log = await page.evaluate(async () => window.conversation.searchEvents().toArray());
    compare(log, expected);
    const stored = await page.evaluate(async () => {
      const databases = await indexedDB.databases();
      return JSON.stringify(databases) + JSON.stringify({ ...localStorage });
    });
    if (stored.includes(KEY)) throw new Failure("the session key was stored");
    const faultsTold = [...told].map(([kind, count]) => `${count} ${kind}`).join(", ");
    const line = `${log.length} events, each once and in order, after ${faultsTold}`;
    console.log(`${name} in ${browserName}: ${line}`);
  } catch (why) {
    const said = await browser.page.evaluate(() => window.said).catch(() => []);
    console.log(said?.join("\n"));
    throw why;
  } finally {
    await browser.close();
    await proxy.close();
    await Promise.all([server.close(), files.close()]);
    rmSync(profile, { recursive: true, force: true });
  }
}

/** The log has to be the server's: the same events, in the same order, each once. */
function compare(log, expected) {
  const different = expected.findIndex(
    (event, index) => canonical(event) !== canonical(log[index]),
  );
  if (different >= 0) {
    const [want, have] = [expected[different], log[different]].map((event) => canonical(event));
    throw new Failure(`event ${different} is\n  ${have}\ninstead of\n  ${want}`);
  }
  if (log.length !== expected.length) {
    throw new Failure(`${log.length} events instead of ${expected.length}`);
  }
}

function canonical(value) {
  return JSON.stringify(value, (_, part) =>
    part && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

await main(import.meta.url, async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      server: { type: "string", default: "all" },
      browser: { type: "string", default: "chromium" },
      faults: { type: "string", default: "200" },
      events: { type: "string", default: "5000" },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
    },
  });
  const names = values.server === "all" ? Object.keys(SERVERS) : [values.server];
  if (!names.every((name) => name in SERVERS)) {
    throw new Failure(`--server is all or one of ${Object.keys(SERVERS).join(", ")}`);
  }
  if (!(values.browser in BROWSERS)) {
    throw new Failure(`--browser is one of ${Object.keys(BROWSERS).join(", ")}`);
  }
  const words = ["server", "browser"];
  const numbers = Object.entries(values).filter(([name]) => !words.includes(name));
  const options = Object.fromEntries(numbers.map(([name, text]) => [name, Number(text)]));
  if (!Object.values(options).every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw new Failure("--faults, --events and --seed are whole numbers");
  }
  if (values.browser === "firefox" && firefoxPath() === undefined) {
    console.log("skipped: there is no Firefox here");
    return;
  }
  await setup();
  await build();
  say(`seed ${options.seed}`);
  for (const name of names) await round(name, values.browser, options);
});
