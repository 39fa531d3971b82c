// The order of a wasm module's functions. gzip finds a repetition only within 32 KB, so functions
// that resemble each other are put together.
import { Failure } from "./shell.mjs";

/** The bytes that two functions share are counted in runs of this many. */
const RUN = 6;
/** A run that so many functions have says nothing of what they are. */
const COMMON = 400;
/** What lies further back than this is forgotten: bytes. */
const WINDOW = 16000;
/** How much a function's own length counts against what it shares: 1 is all of it. */
const LENGTH = 0.8;

/** The kinds of a module's sections. */
const [CUSTOM, IMPORTS, CODE] = [0, 2, 10];

/** Reads what a wasm module has from `at` on. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++];
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  skip(bytes) {
    this.at += bytes;
  }
}

/** A number as wasm writes it. */
function bytesOf(number) {
  return number < 128 ? [number] : [(number & 127) | 128, ...bytesOf(number >>> 7)];
}

/** What is after a count: of its bytes, or of its items. */
function counted(bytes, count = bytes.length) {
  return Buffer.concat([Buffer.from(bytesOf(count)), bytes]);
}

/** Where the contents of a module's section of this kind begin; undefined where it has none. */
function section(module, kind) {
  const reader = new Reader(module, 8);
  while (reader.at < module.length) {
    const found = module[reader.at++];
    const size = reader.number();
    if (found === kind) return reader;
    reader.skip(size);
  }
  return undefined;
}

/** How many functions a module imports. */
function countImports(module) {
  const reader = section(module, IMPORTS);
  const count = reader.number();
  for (let index = 0; index < count; index++) {
    reader.skip(reader.number()); // the module's name
    reader.skip(reader.number()); // the function's
    if (module[reader.at++] !== 0) throw new Failure("the wasm imports what is no function");
    reader.number();
  }
  return count;
}

/** The functions that a module defines. */
function bodies(module) {
  const reader = section(module, CODE);
  return Array.from({ length: reader.number() }, () => {
    const start = reader.at;
    reader.skip(reader.number());
    return module.subarray(start, reader.at);
  });
}

/** For each function, the numbers of the runs in it that some others have, too. */
function sharedRuns(functions) {
  const texts = functions.map((body) => {
    const text = Buffer.from(body).toString("latin1");
    const runs = new Set();
    for (let at = 0; at + RUN <= text.length; at++) runs.add(text.slice(at, at + RUN));
    return runs;
  });
  const uses = new Map();
  for (const runs of texts) for (const run of runs) uses.set(run, (uses.get(run) ?? 0) + 1);
  const numbers = new Map();
  for (const [run, count] of uses) {
    if (count > 1 && count <= COMMON) numbers.set(run, numbers.size);
  }
  return texts.map((runs) => [...runs].map((run) => numbers.get(run)).filter((n) => n >= 0));
}

/** An order of these functions in which each resembles those before it. */
function similar(functions) {
  const runs = sharedRuns(functions);
  const having = [];
  runs.forEach((list, index) => list.forEach((run) => (having[run] ??= []).push(index)));
  const near = new Uint32Array(having.length);
  const score = new Float64Array(functions.length);
  const weight = functions.map((body) => body.length ** -LENGTH);
  const count = (index, step) => {
    for (const run of runs[index]) {
      if ((near[run] += step) !== (step > 0 ? 1 : 0)) continue;
      for (const other of having[run]) score[other] += step * weight[other];
    }
  };
  const left = new Set(functions.keys());
  const order = [];
  let bytes = 0;
  let oldest = 0;
  while (left.size > 0) {
    let next;
    for (const index of left) if (next === undefined || score[index] > score[next]) next = index;
    left.delete(next);
    order.push(next);
    count(next, 1);
    bytes += functions[next].length;
    while (bytes > WINDOW && oldest < order.length - 1) {
      const gone = order[oldest++];
      count(gone, -1);
      bytes -= functions[gone].length;
    }
  }
  return order;
}

/** The module with a name for each function that it defines: sorted by them they compress well. */
export function withNamesToSortBy(module) {
  const imports = countImports(module);
  const order = similar(bodies(module));
  const entries = [...order.keys()]
    .sort((a, b) => order[a] - order[b])
    .map((place) => counted(Buffer.from(String(place).padStart(6, "0"))))
    .map((name, index) => Buffer.concat([Buffer.from(bytesOf(imports + index)), name]));
  const names = counted(Buffer.concat(entries), entries.length);
  const functions = Buffer.concat([Buffer.from([1]), counted(names)]);
  const custom = Buffer.concat([counted(Buffer.from("name")), functions]);
  return Buffer.concat([module, Buffer.from([CUSTOM]), counted(custom)]);
}
