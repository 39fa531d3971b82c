/**
 * `npm run test:server [-- --searches N --seed N]`: compares the core with the OpenHands server's
 * own code, on events and searches that are new each time.
 *
 * The server's code and what it needs go into `target/server/` at the first run: about 260 MB and
 * two minutes. Where there is no Python, it says so and stops.
 */
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Failure, main, must, output, root, run, say, which } from "../lib/shell.mjs";
import { digest, forget, isDone, markDone } from "../lib/stamp.mjs";

const VERSION = "0.62.0";
const OLDEST_PYTHON = [3, 11];
const home = join(root, "target/server");
const venv = join(home, "venv");
const python = join(venv, "bin/python");
const code = join(home, `openhands_ai-${VERSION}`);

function isNewEnough(program) {
  const version = output(program, ["-c", "import sys; print(*sys.version_info[:2])"]);
  const [major, minor] = (version ?? "0 0").split(" ").map(Number);
  return major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1]);
}

async function setUp(program) {
  const requirements = "scripts/server/requirements.txt";
  const inputs = digest([requirements], [VERSION, program]);
  if (isDone("server", inputs, [])) return;
  say(`Setting up the server's code (openhands-ai ${VERSION}) in target/server`);
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await must(program, ["-m", "venv", venv]);
  const pip = (...args) => must(python, ["-m", "pip", "--quiet", ...args]);
  await pip("install", "--requirement", requirements);
  const source = ["--no-deps", "--no-binary", ":all:", "--ignore-requires-python"];
  await pip("download", ...source, "--dest", home, `openhands-ai==${VERSION}`);
  await must("tar", ["-xzf", `${code}.tar.gz`, "-C", home]);
  markDone("server", inputs, []);
}

await main(import.meta.url, async (options) => {
  const program = ["python3", "python"].find((name) => which(name) && isNewEnough(name));
  if (program === undefined) {
    const oldest = OLDEST_PYTHON.join(".");
    console.log(`No Python ${oldest} or newer here: nothing was compared with the server's code.`);
    return;
  }
  if (!existsSync(python)) forget("server");
  await setUp(program);
  await must("cargo", ["build", "--release", "--example", "answers"]);
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const answers = join(target, "release/examples/answers");
  const script = join(root, "scripts/server/compare.py");
  const { code: exitCode } = await run(python, [script, code, answers, ...options]);
  if (exitCode !== 0) throw new Failure("The comparison with the server's code failed.");
});
