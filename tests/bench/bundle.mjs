// What the pages load: one file for each contender, each list and the operations.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import binaryen from "binaryen";
import { root } from "../../scripts/lib/shell.mjs";

const HERE = "tests/bench";

/** Contenders are imported when they are opened, so that loading their code is measured. */
const ENTRIES = [
  ...[
    "ours",
    "ours-page",
    "dexie",
    "idb",
    "sqlite",
    "sqlite-fts",
    "sqlite.worker",
    "rxdb",
    "memory",
    "floor",
  ].map((name) => `contenders/${name}.js`),
  ...["ours", "push", "today"].map((name) => `lists/${name}.jsx`),
];

/** The package as it is published. The store stays a file of its own, which finds its worker. */
const published = (dist) => ({
  name: "published",
  setup({ onResolve }) {
    const store = () => ({ path: "/dist/index.js", external: true });
    onResolve({ filter: /^\/dist\/index\.js$/ }, store);
    onResolve({ filter: /^oh-event-store$/ }, store);
    onResolve({ filter: /^\.\.\/index\.js$/ }, ({ importer }) =>
      importer.endsWith("/react/index.js") ? store() : undefined,
    );
    onResolve({ filter: /^oh-event-store\/react$/ }, () => ({
      path: join(resolve(root, dist), "react/index.js"),
    }));
  },
});

/** The search of page/scan.wat as a wasm module. */
export function scanModule() {
  const module = binaryen.parseText(readFileSync(join(root, HERE, "page/scan.wat"), "utf8"));
  module.setFeatures(binaryen.Features.SIMD128);
  module.optimize();
  return module.emitBinary();
}

/** Writes everything that a page may ask for into `directory`; the package is in `dist`. */
export async function bundle(directory, dist = "dist") {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [...ENTRIES, "page/main.js"].map((entry) => `${HERE}/${entry}`),
    outbase: HERE,
    outdir: directory,
    bundle: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    minify: true,
    define: { "process.env.NODE_ENV": '"production"' },
    plugins: [published(dist)],
    // One React, wherever the package lies.
    alias: { react: join(root, "node_modules/react") },
    logLevel: "warning",
  });
  cpSync(resolve(root, dist), join(directory, "dist"), { recursive: true });
  cpSync(join(root, HERE, "page/index.html"), join(directory, "index.html"));
  const sqlite = join(root, "node_modules/@sqlite.org/sqlite-wasm/dist/sqlite3.wasm");
  cpSync(sqlite, join(directory, "contenders/sqlite3.wasm"));
  writeFileSync(join(directory, "scan.wasm"), scanModule());
}
