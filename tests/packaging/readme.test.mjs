// What the README says of the package is so: its examples compile against the built types, its
// tables name what there is and nothing else.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Within the package, so that its own name leads to what `exports` says, as it does for users. */
const directory = join(root, "target/readme");

function compile(files) {
  const { config } = ts.readConfigFile(join(root, "tests/packaging/app/tsconfig.json"), (file) =>
    readFileSync(file, "utf8"),
  );
  const { options, errors } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  assert.deepEqual(errors, []);
  return ts.createProgram(files, { ...options, skipLibCheck: true });
}

function write(name, text) {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
}

test("its examples hold in a strict project", () => {
  rmSync(directory, { recursive: true, force: true });
  const blocks = [...readme.matchAll(/^```(tsx?)\n(.*?)^```$/gms)];
  assert.ok(blocks.length >= 3, `${blocks.length} examples`);
  const files = blocks.map(([, end, text], index) =>
    write(`example-${index}.${end}`, `${text}\nexport {};\n`),
  );
  const diagnostics = ts.getPreEmitDiagnostics(compile(files));
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => directory,
    getNewLine: () => "\n",
  };
  assert.equal(ts.formatDiagnostics(diagnostics, host), "");
});

/** The first column of the table under a heading, as plain names. */
function tableUnder(heading) {
  const [, section] = readme.split(`\n### ${heading}\n`);
  assert.ok(section !== undefined, `there is no heading ${heading}`);
  const rows = section.split(/\n##/)[0].match(/^\| `[^`]+`/gm) ?? [];
  return rows.map((row) => row.match(/`([\w ]+)/)[1].trim()).sort();
}

test("its tables name what the package has, and nothing else", () => {
  const file = write(
    "names.ts",
    `import type * as library from "oh-event-store";
    import * as react from "oh-event-store/react";
    export declare const functions: typeof library;
    export declare const options: Required<library.OpenOptions>;
    export declare const store: library.EventStore;
    export declare const conversation: library.Conversation;
    export declare const connecting: Required<library.ConnectOptions>;
    export declare const connection: library.Connection;
    export declare const sync: Required<library.SyncOptions>;
    export declare const verify: Required<library.VerifyReport>;
    export declare const nested: library.NestedEventStore;
    export declare const search: library.Search<library.Event>;
    export declare const replay: library.Replay;
    export declare const hooks: typeof react;`,
  );
  const program = compile([file]);
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const things = checker.getExportsOfModule(module);
  const names = (thing, wanted) => {
    const symbol = things.find(({ name }) => name === thing);
    const members = checker.getPropertiesOfType(checker.getTypeOfSymbol(symbol));
    return members
      .map(({ name }) => name)
      .flatMap((name) => (name.startsWith("__@asyncIterator") ? "for await" : name))
      .filter((name) => !name.startsWith("__@") && wanted(name))
      .sort();
  };
  const all = () => true;
  const expected = [
    ["Functions", "functions", (name) => !name.endsWith("Error")],
    ["`OpenOptions`", "options", all],
    ["`EventStore`", "store", all],
    ["`Conversation`", "conversation", all],
    ["`ConnectOptions`", "connecting", all],
    ["`Connection`", "connection", all],
    ["`SyncOptions`", "sync", all],
    ["`VerifyReport`", "verify", all],
    ["`NestedEventStore`", "nested", all],
    ["`Search`", "search", all],
    ["`Replay`", "replay", all],
    ["`oh-event-store/react`", "hooks", all],
  ];
  for (const [heading, thing, wanted] of expected) {
    const found = names(thing, wanted);
    assert.ok(found.length > 0, heading);
    assert.deepEqual(tableUnder(heading), found, heading);
  }
});

test("the sizes it gives are the budgets", () => {
  const [, section] = readme.replace(/\s+/g, " ").split(" ## Size ");
  const sizes = [...section.split(" ## ")[0].matchAll(/([\d.]+) KiB/g)].map(([, size]) => +size);
  const { wasm, javascript, react } = manifest.budget;
  assert.deepEqual(
    sizes,
    [wasm, javascript, react].map((bytes) => bytes / 1024),
  );
});

test("its links and pictures lead to files, its commands are the package's", () => {
  const targets = [...readme.matchAll(/(?:\]\(|src="|srcset=")([^)"#]+)/g)].map(([, to]) => to);
  const missing = targets.filter((to) => !to.startsWith("http") && !existsSync(join(root, to)));
  assert.deepEqual(missing, []);
  const commands = [...readme.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name);
  assert.deepEqual(
    commands.filter((name) => !(name in manifest.scripts)),
    [],
  );
});
