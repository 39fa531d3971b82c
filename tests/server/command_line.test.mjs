import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import test from "node:test";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../www/server/main.mjs", import.meta.url));

test("the command prints one address, serves the recording there and ends on SIGTERM", async (t) => {
  const child = spawn(process.execPath, [MAIN, "--key", "k"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const lines = createInterface(child.stdout);
  const [url] = await once(lines, "line");
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const headers = { "X-Session-API-Key": "k" };
  const response = await fetch(`${url}/api/conversations/bug-hunt/events?limit=1`, { headers });
  const page = await response.json();
  assert.deepEqual([page.events[0].id, page.has_more], [0, true]);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
});

test("a wrong option ends the command with a reason", async () => {
  for (const args of [
    ["--port", "x"],
    ["--port", "70000"],
    ["--speed", "fast"],
    ["--recording", "/nowhere.json"],
    ["--unknown"],
  ]) {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let reason = "";
    child.stderr.on("data", (chunk) => (reason += chunk));
    const [code] = await once(child, "close");
    assert.equal(code, 1, args.join(" "));
    assert.notEqual(reason.trim(), "");
    assert.doesNotMatch(reason, /\n\s+at /, "no stack trace");
  }
});
