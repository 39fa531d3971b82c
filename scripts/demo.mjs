// `npm run demo`: everything from a fresh clone to the running demo. Options go to the server
// (www/server/main.mjs), e.g. `npm run demo -- --port 8000 --speed 4`.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { build } from "./build.mjs";
import { environment, main, must, root, say } from "./lib/shell.mjs";
import { digest, forget, isDone, markDone } from "./lib/stamp.mjs";
import { setup } from "./setup.mjs";

const BUILT = "www/demo/dist";
const SOURCES = [
  "www/demo/index.html",
  "www/demo/public",
  "www/demo/src",
  "www/demo/vite.config.ts",
];

async function buildDemo() {
  const inputs = digest([...SOURCES, "dist", "package-lock.json"]);
  if (isDone("demo", inputs, [BUILT])) return;
  forget("demo");
  say("Building the demo");
  await must("vite", ["build", "www/demo"]);
  markDone("demo", inputs, [BUILT]);
}

/**
 * The usual port while it is free, else 0: any. The browser keeps what it stored by the port too,
 * so the same one is worth having.
 */
function port(usual) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve("0"));
    probe.listen(usual, "127.0.0.1", () => probe.close(() => resolve(String(usual))));
  });
}

/** Serves the demo and its conversation on one origin until it is interrupted. */
async function serve(options) {
  say("Starting the demo and its server: open this address in a browser, Ctrl+C ends it");
  const defaults = ["--static", BUILT, "--port", await port(8787), "--speed", "20"];
  const server = spawn("node", ["www/server/main.mjs", ...defaults, ...options], {
    cwd: root,
    env: environment,
    stdio: "inherit",
  });
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => server.kill(signal));
    server.on("close", (code, signal) => {
      process.exitCode = signal === null ? code : 0;
      resolve();
    });
  });
}

await main(import.meta.url, async (args) => {
  await setup();
  await build();
  await buildDemo();
  if (!args.includes("--build-only")) await serve(args);
});
