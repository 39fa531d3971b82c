// The profile's files: what they weigh, and whether the system has them in its cache.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { must } from "../../scripts/lib/shell.mjs";

/** Where Chromium keeps IndexedDB and the origin's private file system. */
const STORES = ["Default/IndexedDB", "Default/File System"];

function files(directory) {
  try {
    return readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}

/** Bytes on disk, in whole blocks, as du counts. */
export function storedBytes(profile) {
  return STORES.flatMap((store) => files(join(profile, store)))
    .map((file) => statSync(file).blocks * 512)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** dd asks for it by posix_fadvise; what isn't written yet is written first. */
export async function dropCaches(directory) {
  const drop = ["oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"];
  await must("find", [directory, "-type", "f", "-exec", "dd", "of={}", ...drop, ";"]);
}

export async function fillCaches(directory) {
  const stores = STORES.map((store) => join(directory, store));
  await must("sh", [
    "-c",
    'find "$@" -type f -exec cat {} + >/dev/null 2>&1 || true',
    "sh",
    ...stores,
  ]);
}
