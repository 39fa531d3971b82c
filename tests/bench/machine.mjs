// Where and with what it was measured.
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { output, root } from "../../scripts/lib/shell.mjs";
import { chromiumPath } from "../../scripts/setup.mjs";

const packageOf = (path) => JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"));

export function machine() {
  return {
    processor: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `Linux ${release()}`,
    load: loadavg().map((value) => Number(value.toFixed(2))),
  };
}

export function versions(packages) {
  const browser = output(chromiumPath(), ["--version"])?.match(/Chromium [\d.]+/)?.[0];
  const commit = output("git", ["rev-parse", "--short", "HEAD"]);
  const changed = output("git", ["status", "--porcelain", "src", "www/lib"]) ? ", changed" : "";
  return {
    "oh-event-store": `${packageOf(".").version} (${commit}${changed})`,
    browser,
    node: process.version,
    ...Object.fromEntries(
      packages.map((name) => [name, packageOf(`node_modules/${name}`).version]),
    ),
  };
}
