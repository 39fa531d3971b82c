// What was made from what: a step is done again only when one of its inputs has other content.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./shell.mjs";

/** Every file at or under the given paths, relative to the root, sorted. */
export function filesUnder(paths) {
  const files = [];
  const visit = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (!statSync(full).isDirectory()) {
      files.push(path);
      return;
    }
    for (const name of readdirSync(full)) {
      if (name !== "node_modules" && name !== "target") visit(join(path, name));
    }
  };
  paths.forEach(visit);
  return files.sort();
}

/** A digest of the names and contents of files and of further facts, a compiler's version say. */
export function digest(paths, facts = []) {
  const hash = createHash("sha256");
  for (const fact of facts) hash.update(`${fact}\0`);
  for (const file of filesUnder(paths)) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update("\0");
  }
  return hash.digest("hex");
}

const stampFile = (name) => join(root, "target/stamps", name);

/**
 * Whether the step `name` was last done from these inputs and its outputs are unchanged since.
 */
export function isDone(name, inputs, outputs) {
  const file = stampFile(name);
  if (!existsSync(file) || outputs.some((path) => !existsSync(join(root, path)))) return false;
  return readFileSync(file, "utf8") === `${inputs} ${digest(outputs)}`;
}

export function markDone(name, inputs, outputs) {
  const file = stampFile(name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${inputs} ${digest(outputs)}`);
}

export function forget(name) {
  rmSync(stampFile(name), { force: true });
}
