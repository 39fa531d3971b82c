// A corpus on disk: JSON Lines and where each line ends, made once for a seed and a size.
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync } from "node:fs";
import { renameSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { eventText } from "./events.mjs";

/** Made anew when what the generator makes has changed. */
const GENERATION = 1;

export class Corpus {
  /** @param {string} name as it is called in results @param {string} file JSON Lines */
  constructor(name, file) {
    this.name = name;
    this.file = file;
    const ends = readFileSync(`${file}.ends`);
    this.ends = new Float64Array(ends.buffer, ends.byteOffset, ends.byteLength / 8);
    this.count = this.ends.length;
    this.bytes = this.ends[this.count - 1] ?? 0;
  }

  /** The lines `from` to below `to`, without the last line's end. */
  lines(from, to) {
    const start = from ? this.ends[from - 1] : 0;
    const end = this.ends[Math.min(to, this.count) - 1] ?? start;
    const bytes = Buffer.alloc(Math.max(0, end - start - 1));
    const handle = openSync(this.file, "r");
    readSync(handle, bytes, 0, bytes.length, start);
    closeSync(handle);
    return bytes;
  }
}

/** Writes lines that `lineAt` gives; a file that stands is whole. */
export function writeCorpus(name, file, count, lineAt, onProgress = () => {}) {
  mkdirSync(dirname(file), { recursive: true });
  const handle = openSync(`${file}.new`, "w");
  const ends = new Float64Array(count);
  let bytes = 0;
  for (let from = 0; from < count; from += 1000) {
    let text = "";
    for (let id = from; id < Math.min(from + 1000, count); id++) {
      const line = `${lineAt(id)}\n`;
      bytes += Buffer.byteLength(line);
      ends[id] = bytes;
      text += line;
    }
    writeSync(handle, text);
    onProgress(from / count);
  }
  closeSync(handle);
  writeFileSync(`${file}.ends`, new Uint8Array(ends.buffer));
  renameSync(`${file}.new`, file);
  return new Corpus(name, file);
}

/** The made-up conversation of `count` events that `seed` decides. */
export function madeUp(directory, seed, count, onProgress) {
  const name = `${count / 1000}k`;
  const file = join(directory, `${name}-seed${seed}-v${GENERATION}.jsonl`);
  if (existsSync(file)) return new Corpus(name, file);
  return writeCorpus(name, file, count, (id) => eventText(seed, id, count), onProgress);
}
