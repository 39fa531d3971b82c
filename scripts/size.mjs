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

/** What has a budget: the package's core needs no React, whose entry is loaded only with it. */
const GROUPS = {
  wasm: (file) => file.endsWith(".wasm"),
  javascript: (file) => file.endsWith(".js") && !file.startsWith("dist/react/"),
  react: (file) => file.endsWith(".js") && file.startsWith("dist/react/"),
};

function print(file, ...columns) {
  console.log(file.padEnd(34) + columns.map((text) => String(text).padStart(10)).join(""));
}

/** Every shipped file's bytes and their sum, for each group. */
export function weights() {
  const files = filesUnder(["dist"]);
  const groups = Object.entries(GROUPS).map(([group, belongs]) => {
    const rows = files.filter(belongs).map(weigh);
    if (rows.length === 0) {
      throw new Failure(`dist/ has no ${group}: run \`npm run build\` first`);
    }
    return [group, { rows, total: sum(group, rows) }];
  });
  return Object.fromEntries(groups);
}

/** Prints every shipped file's bytes and throws when a sum is above its budget. */
export function size() {
  const { budget } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const sums = Object.values(weights());
  print("bytes", "raw", "gzip -9", "brotli 11");
  for (const { file, raw, gzip, brotli } of sums.flatMap(({ rows, total }) => [...rows, total])) {
    print(file, raw, gzip, brotli);
  }
  console.log();
  const over = [];
  for (const { total } of sums) {
    const limit = budget[total.file];
    const share = ((100 * total.gzip) / limit).toFixed(1);
    console.log(`${total.file}: ${total.gzip} of ${limit} bytes gzip, ${share} % of the budget`);
    if (!(total.gzip <= limit)) over.push(total.file);
  }
  if (over.length > 0) throw new Failure(`above the budget: ${over.join(", ")}`);
}

await main(import.meta.url, size);
