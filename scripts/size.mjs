// What the package weighs, and whether that is within the budget of package.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { Failure, main, root } from "./lib/shell.mjs";
import { filesUnder } from "./lib/stamp.mjs";

function weigh(file) {
  const bytes = readFileSync(join(root, file));
  return {
    file,
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }).length,
  };
}

function sum(file, rows) {
  const total = (key) => rows.reduce((bytes, row) => bytes + row[key], 0);
  return { file, raw: total("raw"), gzip: total("gzip"), brotli: total("brotli") };
}

/** Prints every shipped file's bytes and throws when a sum is above its budget. */
export function size() {
  const { budget } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const files = filesUnder(["dist"]);
  const wasm = files.filter((file) => file.endsWith(".wasm")).map(weigh);
  const scripts = files.filter((file) => file.endsWith(".js")).map(weigh);
  if (wasm.length === 0 || scripts.length === 0) {
    throw new Failure("dist/ is not built: run `npm run build` first");
  }
  const javascript = sum("JavaScript in all", scripts);
  const line = ({ file, raw, gzip, brotli }) =>
    file.padEnd(34) + [raw, gzip, brotli].map((bytes) => String(bytes).padStart(10)).join("");
  console.log(
    "bytes".padEnd(34) + ["raw", "gzip -9", "brotli 11"].map((h) => h.padStart(10)).join(""),
  );
  for (const row of [...wasm, ...scripts, javascript]) console.log(line(row));

  const checks = [
    ["wasm", sum("wasm", wasm).gzip, budget.wasm],
    ["JavaScript", javascript.gzip, budget.javascript],
  ];
  console.log();
  for (const [name, bytes, limit] of checks) {
    const share = ((100 * bytes) / limit).toFixed(1);
    console.log(`${name}: ${bytes} of ${limit} bytes gzip, ${share} % of the budget`);
  }
  const over = checks.filter(([, bytes, limit]) => bytes > limit).map(([name]) => name);
  if (over.length > 0) throw new Failure(`above the budget: ${over.join(", ")}`);
}

await main(import.meta.url, size);
