import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { startServer } from "./helpers.mjs";

/** The status and body for a path sent exactly as it is: `fetch` would tidy it up. */
function raw(port, path) {
  return new Promise((resolve, reject) => {
    const call = request({ port, path, host: "127.0.0.1" }, async (response) => {
      let body = "";
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    call.on("error", reject);
    call.end();
  });
}

async function site(t) {
  const root = await mkdtemp(join(tmpdir(), "oh-static-"));
  t.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, "public", "assets"), { recursive: true });
  await mkdir(join(root, "public-not"));
  await writeFile(join(root, "secret.txt"), "secret");
  await writeFile(join(root, "public-not", "secret.txt"), "secret");
  await writeFile(join(root, "public", "index.html"), "<p>home");
  await writeFile(join(root, "public", "assets", "a b.js"), "1");
  await writeFile(join(root, "public", "core.wasm"), "\0asm");
  await symlink(join(root, "secret.txt"), join(root, "public", "link.txt"));
  return startServer(t, { static: join(root, "public") });
}

test("files come with their type, and client-side routes get the page", async (t) => {
  const { port } = await site(t);
  const cases = {
    "/": ["text/html; charset=utf-8", "<p>home"],
    "/some/route?x=1": ["text/html; charset=utf-8", "<p>home"],
    "/assets/a%20b.js": ["text/javascript; charset=utf-8", "1"],
    "/core.wasm": ["application/wasm", "\0asm"],
  };
  for (const [path, [type, body]] of Object.entries(cases)) {
    const answer = await raw(port, path);
    assert.deepEqual(
      [answer.status, answer.headers["content-type"], answer.body],
      [200, type, body],
    );
    assert.equal(answer.headers["cache-control"], "no-cache");
  }
  assert.equal((await raw(port, "/missing.js")).status, 404);
});

test("nothing outside the directory is served", async (t) => {
  const { port } = await site(t);
  for (const path of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/assets/..%2f..%2fsecret.txt",
    "/..%2fpublic-not/secret.txt",
    "/..%5csecret.txt",
    "//etc/passwd",
    "/link.txt",
    "/a%00.txt",
    "/%",
    "/%ff.txt",
  ]) {
    const answer = await raw(port, path);
    assert.notEqual(answer.body, "secret", path);
    assert.ok(answer.status === 404 || answer.body === "<p>home", `${path}: ${answer.status}`);
  }
});
