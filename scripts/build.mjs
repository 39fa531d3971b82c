// Makes dist/, the npm package: the wasm module with its glue, the JavaScript and the types.
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure, main, must, output, root, say } from "./lib/shell.mjs";
import { digest, filesUnder, forget, isDone, markDone } from "./lib/stamp.mjs";
import { setup } from "./setup.mjs";

const LIBRARY = "www/lib";
const ENTRIES = ["index", "worker", "react/index"];
const WASM = "dist/wasm/oh_bg.wasm";
/** Bundled into worker.js; declared in www/lib/wasm/oh.d.ts. */
const GLUE = "target/glue/oh.js";

const TARGET = "wasm32-unknown-unknown";
/** As a cdylib alone: beside an rlib, whatever is public there would stay in the module. */
const RUSTC = ["rustc", "--locked", "--release", "--lib", "--crate-type", "cdylib"];
/** What wasm-opt inlines on top of LLVM only makes the compressed module larger. */
const WASM_OPT = [
  "--no-inline=*",
  "--low-memory-unused",
  "--zero-filled-memory",
  "--converge",
  "-O3",
  "--skip-pass=local-cse",
  "--reorder-functions",
];

const SCRIPTS = [
  "scripts/build.mjs",
  "scripts/lib/order-functions.mjs",
  "scripts/lib/short-names.mjs",
  "package-lock.json",
];
const RUST_SOURCES = ["src", "Cargo.toml", "Cargo.lock", ".cargo", "scripts/tools/Cargo.lock"];

/** Rust → the wasm module and its glue. */
async function buildWasm() {
  const made = [WASM, GLUE];
  const inputs = digest(
    [...RUST_SOURCES, ...SCRIPTS],
    [output("rustc", ["--version", "--verbose"])],
  );
  if (isDone("wasm", inputs, made)) return;
  forget("wasm");
  say("Building the wasm module");
  const long = "target/wasm-bindgen";
  const [bound, optimised] = [`${long}/oh_bg.wasm`, `${long}/oh_opt.wasm`];
  await must("cargo", [...RUSTC, "--target", TARGET, "--target-dir", "target"]);
  const compiled = `target/${TARGET}/release/oh_event_store.wasm`;
  await must("wasm-bindgen", [compiled, "--target", "web", "--out-name", "oh", "--out-dir", long]);
  await must("wasm-opt", [...WASM_OPT, bound, "-o", optimised]);
  for (const file of made) mkdirSync(join(root, dirname(file)), { recursive: true });
  const { shortenNames } = await import("./lib/short-names.mjs");
  shortenNames({ wasm: optimised, glue: `${long}/oh.js` }, { wasm: WASM, glue: GLUE });
  markDone("wasm", inputs, made);
}

function sourceOf(entry) {
  const files = [".ts", ".tsx"].map((end) => `${LIBRARY}/${entry}${end}`);
  const source = files.find((file) => existsSync(join(root, file)));
  if (source === undefined) throw new Failure(`${LIBRARY}/${entry}.ts is missing`);
  return source;
}

/** TypeScript → dist: one file for each entry, in which imports of other entries stay imports. */
async function bundle() {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map(sourceOf),
    outbase: LIBRARY,
    outdir: "dist",
    bundle: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    minify: true,
    sourcemap: true,
    metafile: true,
    logLevel: "warning",
    external: ["react", "react/*", "react-dom", "./worker.js", "../index.js"],
    plugins: [
      {
        name: "glue",
        setup({ onResolve }) {
          onResolve({ filter: /\/wasm\/oh\.js$/ }, () => ({ path: join(root, GLUE) }));
        },
      },
    ],
  });
  const homes = new Map();
  for (const [file, { inputs }] of Object.entries(metafile.outputs)) {
    for (const input of Object.keys(inputs)) {
      if (homes.has(input)) throw new Failure(`${input} is in ${homes.get(input)} and ${file}`);
      homes.set(input, file);
    }
  }
}

/** The files that earlier builds left in dist, apart from the wasm module. */
function clearJavaScript() {
  for (const file of filesUnder(["dist"])) if (file !== WASM) rmSync(join(root, file));
}

async function buildJavaScript() {
  const inputs = digest([LIBRARY, GLUE, "tsconfig.json", ...SCRIPTS]);
  if (isDone("javascript", inputs, ["dist"])) return;
  forget("javascript");
  say("Building the JavaScript and its types");
  clearJavaScript();
  await bundle();
  await must("tsc", ["-p", "tsconfig.json", "--emitDeclarationOnly"]);
  copyFileSync(join(root, LIBRARY, "wasm/oh.d.ts"), join(root, "dist/wasm/oh.d.ts"));
  markDone("javascript", inputs, ["dist"]);
}

/** Makes dist/ what it should be; does nothing where its sources are unchanged. */
export async function build() {
  await buildWasm();
  await buildJavaScript();
  say(`dist/ stands: ${filesUnder(["dist"]).length} files, version ${version()}`);
}

function version() {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
}

await main(import.meta.url, async () => {
  await setup();
  await build();
});
