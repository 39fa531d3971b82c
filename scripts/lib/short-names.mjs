// Short names at the border between the wasm module and its glue: wasm-bindgen's are long, and no
// minifier can change them, since both sides have to. The functions are put in order, too.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { withNamesToSortBy } from "./order-functions.mjs";
import { Failure, environment, root } from "./shell.mjs";

/** wasm-opt reads these from a module only before its first run, which drops the list. */
const FEATURES = [
  "bulk-memory",
  "bulk-memory-opt",
  "multivalue",
  "mutable-globals",
  "nontrapping-float-to-int",
  "reference-types",
  "sign-ext",
  "simd",
];

/** The one module name that wasm-opt puts in place of all others. */
const MODULE = "a";

/**
 * The module that the wasm's imports come from, and the short names of its imports and exports by
 * their long ones.
 */
function renamed(map) {
  const { imports, exports } = JSON.parse(map);
  const modules = new Set(imports.map(([module]) => module));
  if (modules.size !== 1) {
    throw new Failure(`the wasm imports from ${modules.size} modules: ${[...modules].join(", ")}`);
  }
  return {
    module: [...modules][0],
    imports: new Map(imports.map(([, name, short]) => [name, short])),
    exports: new Map(exports),
  };
}

/** The property names of the object literal to which `name` is set. */
function* keysOf(name, node) {
  if (ts.isVariableDeclaration(node) && node.name.text === name) {
    for (const property of node.initializer.properties) yield property.name;
  }
}

/** The glue with the short names. Throws for every name that only one of the two sides knows. */
function rewrite(glue, { module, imports, exports }) {
  const edits = [];
  const replace = (node, text) => edits.push({ start: node.getStart(), end: node.getEnd(), text });
  const missing = new Set([module, ...imports.keys()]);
  const visit = (node) => {
    if (ts.isPropertyAccessExpression(node) && node.expression.getText() === "wasm") {
      const short = exports.get(node.name.text);
      if (short === undefined) throw new Failure(`the wasm doesn't export ${node.name.text}`);
      replace(node.name, short);
    }
    for (const key of keysOf("import0", node)) {
      if (imports.has(key.text)) replace(key, JSON.stringify(imports.get(key.text)));
      missing.delete(key.text);
    }
    if (ts.isPropertyAssignment(node) && node.name.text === module) {
      replace(node.name, JSON.stringify(MODULE));
      missing.delete(module);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("oh.js", glue, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS));
  if (missing.size > 0) throw new Failure(`the glue doesn't have ${[...missing].join(", ")}`);
  let text = "";
  let end = 0;
  for (const edit of edits.sort((a, b) => a.start - b.start)) {
    text += glue.slice(end, edit.start) + edit.text;
    end = edit.end;
  }
  return text + glue.slice(end);
}

/** Reads a wasm module and its glue, and writes both again with short names between them. */
export function shortenNames(from, to) {
  const options = FEATURES.map((feature) => `--enable-${feature}`);
  const passes = [
    "--reorder-functions-by-name",
    "--minify-imports-and-exports-and-modules",
    "--strip-producers",
    "--strip-target-features",
  ];
  const named = `${from.wasm}.named`;
  writeFileSync(join(root, named), withNamesToSortBy(readFileSync(join(root, from.wasm))));
  const { status, stdout } = spawnSync("wasm-opt", [...options, ...passes, named, "-o", to.wasm], {
    cwd: root,
    env: environment,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Failure(`wasm-opt failed to shorten the names of ${from.wasm}`);
  const glue = readFileSync(join(root, from.glue), "utf8");
  writeFileSync(join(root, to.glue), rewrite(glue, renamed(stdout)));
}
