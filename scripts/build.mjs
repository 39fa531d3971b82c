// Makes dist/, the npm package: the wasm module with its glue, the JavaScript and the types.
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { Failure, main, must, output, root, say } from "./lib/shell.mjs";
import { digest, filesUnder, forget, isDone, markDone } from "./lib/stamp.mjs";
import { setup } from "./setup.mjs";

const LIBRARY = "www/lib";
const ENTRIES = ["index", "worker", "react/index"];
const WASM_FILES = ["oh.js", "oh.d.ts", "oh_bg.wasm"].map((name) => `dist/wasm/${name}`);

const SCRIPTS = ["scripts/build.mjs", "package-lock.json"];
const RUST_SOURCES = ["src", "Cargo.toml", "Cargo.lock", ".cargo", "scripts/tools/Cargo.lock"];

async function minifyGlue(from) {
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(root, from)],
    outfile: join(root, "dist/wasm/oh.js"),
    format: "esm",
    target: "es2022",
    minify: true,
    sourcemap: true,
    logLevel: "warning",
  });
}

/** Rust → dist/wasm. */
async function buildWasm() {
  const inputs = digest(
    [...RUST_SOURCES, ...SCRIPTS],
    [output("rustc", ["--version", "--verbose"])],
  );
  if (isDone("wasm", inputs, WASM_FILES)) return;
  forget("wasm");
  say("Building the wasm module");
  const made = "target/wasm-pack";
  const options = ["--target", "web", "--release", "--mode", "no-install", "--no-pack"];
  await must("wasm-pack", ["build", ".", ...options, "--out-name", "oh", "--out-dir", made]);
  mkdirSync(join(root, "dist/wasm"), { recursive: true });
  for (const name of ["oh.d.ts", "oh_bg.wasm"]) {
    copyFileSync(join(root, made, name), join(root, "dist/wasm", name));
  }
  await minifyGlue(`${made}/oh.js`);
  markDone("wasm", inputs, WASM_FILES);
}

/** Where an import of the glue has to point, seen from an emitted file: it is not bundled. */
const GLUE = /\/wasm\/oh\.js$/;

/**
 * TypeScript → dist. Modules that several entries need become chunks beside index.js, so that
 * `new URL("./worker.js", import.meta.url)` means the same in each of them.
 */
async function bundle() {
  const { build } = await import("esbuild");
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ENTRIES.map((entry) => {
      const source = [".ts", ".tsx"]
        .map((end) => `${LIBRARY}/${entry}${end}`)
        .find((file) => existsSync(join(root, file)));
      if (source === undefined) throw new Failure(`${LIBRARY}/${entry}.ts is missing`);
      return source;
    }),
    outbase: LIBRARY,
    outdir: "dist",
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    jsx: "automatic",
    minify: true,
    sourcemap: true,
    metafile: true,
    logLevel: "warning",
    external: ["react", "react/*", "react-dom"],
    plugins: [
      {
        name: "glue stays a file of its own",
        setup({ onResolve }) {
          onResolve({ filter: GLUE }, () => ({ path: "./wasm/oh.js", external: true }));
        },
      },
    ],
  });
  for (const [file, { imports }] of Object.entries(metafile.outputs)) {
    const nested = dirname(relative("dist", file)) !== ".";
    if (nested && imports.some(({ path }) => path === "./wasm/oh.js")) {
      throw new Failure(`${file} imports the glue itself: import it from a module of ${LIBRARY}`);
    }
  }
}

/** The files that earlier builds left in dist, apart from the wasm module. */
function clearJavaScript() {
  const dist = join(root, "dist");
  for (const name of existsSync(dist) ? readdirSync(dist) : []) {
    if (name !== "wasm") rmSync(join(dist, name), { recursive: true });
  }
}

async function buildJavaScript() {
  const inputs = digest([LIBRARY, "tsconfig.json", ...SCRIPTS]);
  if (isDone("javascript", inputs, ["dist"])) return;
  forget("javascript");
  say("Building the JavaScript and its types");
  clearJavaScript();
  await bundle();
  await must("tsc", ["-p", "tsconfig.json", "--emitDeclarationOnly"]);
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
