// The packed package in a new Vite + React project outside this repository, as its users have it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const root = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const pinned = (...names) => names.map((name) => `${name}@${manifest.devDependencies[name]}`);

let project;
let packed;

/** The environment of a project that knows nothing of this one. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(npm_(?!config_)|INIT_CWD$)/.test(name)),
);

async function inProject(command, ...args) {
  const options = { cwd: project, env: environment, maxBuffer: 1 << 26 };
  try {
    return (await promisify(execFile)(command, args, options)).stdout;
  } catch (error) {
    throw new Error(`${command} ${args.join(" ")}\n${error.stdout}${error.stderr}`);
  }
}

before(async () => {
  project = await mkdtemp(join(tmpdir(), "oh-consumer-"));
  await cp(fileURLToPath(new URL("app", import.meta.url)), project, { recursive: true });
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", project];
  const { stdout } = await promisify(execFile)("npm", pack, { cwd: root });
  [packed] = Object.values(JSON.parse(stdout));
  const install = ["install", "--prefer-offline", "--no-audit", "--no-fund"];
  await inProject(
    "npm",
    ...install,
    join(project, packed.filename),
    ...pinned("react", "react-dom", "@types/react", "@types/react-dom"),
    ...pinned("vite", "@vitejs/plugin-react", "typescript"),
  );
});

after(async () => {
  if (project !== undefined) await rm(project, { recursive: true, force: true });
});

test("the tarball holds the built package and nothing else", () => {
  const paths = packed.files.map(({ path }) => path);
  const others = paths.filter((path) => !path.startsWith("dist/")).sort();
  assert.deepEqual(others, ["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  for (const path of ["index.js", "index.d.ts", "worker.js", "react/index.js", "wasm/oh_bg.wasm"]) {
    assert.ok(paths.includes(`dist/${path}`), path);
  }
});

test("publint has nothing to say", async () => {
  const { messages, pkg } = await publint({ pkgDir: root, pack: "npm", strict: true });
  assert.deepEqual(
    messages.map((message) => formatMessage(message, pkg, { color: false })),
    [],
  );
});

test("its types hold in a strict project that checks them too", async () => {
  await inProject("npx", "tsc");
  await inProject("npx", "tsc", "--module", "nodenext", "--moduleResolution", "nodenext");
});

test("built by Vite it stores, searches and finds again", async () => {
  await inProject("npx", "vite", "build");
  await withServer(["preview"], useApplication);
});

test("served by Vite for development it does the same", async () => {
  await withServer([], useApplication);
});

/** Runs Vite in the project on a free port for as long as `use` takes. */
async function withServer(command, use) {
  const bin = join(project, "node_modules/vite/bin/vite.js");
  const args = [bin, ...command, "--host", "127.0.0.1", "--port", "0"];
  const server = spawn(process.execPath, args, {
    cwd: project,
    env: { ...environment, NO_COLOR: "1", FORCE_COLOR: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => server.on("exit", resolve));
  try {
    let printed = "";
    const url = await new Promise((resolve, reject) => {
      server.stdout.setEncoding("utf8").on("data", (text) => {
        printed += text;
        const [address] = printed.match(/http:\/\/127\.0\.0\.1:\d+/) ?? [];
        if (address !== undefined) resolve(address);
      });
      void ended.then((code) => reject(new Error(`vite ended with ${code}: ${printed}`)));
    });
    await use(url);
  } finally {
    server.kill();
    await ended;
  }
}

async function useApplication(url) {
  const browser = await chromium.launch({
    executablePath: process.env.OH_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--disable-dev-shm-usage"],
  });
  try {
    for (const where of ["worker", "page"]) {
      const context = await browser.newContext();
      const page = await context.newPage();
      const complaints = [];
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) complaints.push(message.text());
      });
      await page.goto(`${url}/?${where}`);
      await expectStored(page, complaints);
      await page.reload();
      await expectStored(page, complaints);
      assert.deepEqual(complaints, [], where);
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

async function expectStored(page, complaints) {
  const expected = { filled: "3 event-not-found", events: "0 1 3", found: "0 3" };
  const shown = () =>
    page.evaluate(
      (ids) => Object.fromEntries(ids.map((id) => [id, document.getElementById(id)?.textContent])),
      Object.keys(expected),
    );
  const deadline = Date.now() + 30_000;
  let seen = await shown();
  while (JSON.stringify(seen) !== JSON.stringify(expected) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    seen = await shown();
  }
  assert.deepEqual(seen, expected, complaints.join("\n"));
}
