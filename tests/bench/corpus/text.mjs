// Terminal output, source code and prose of about a wanted length, from a source of chance.
import { NON_ASCII, NOUNS, SMALL_WORDS, VERBS } from "./words.mjs";

const HEX = "0123456789abcdef";

/** Draws from lists by the chance that `next` gives. */
export class Chance {
  constructor(next) {
    this.next = next;
  }
  below(limit) {
    return Math.floor(this.next() * limit);
  }
  between(low, high) {
    return low + this.below(high - low + 1);
  }
  of(items) {
    return items[this.below(items.length)];
  }
  hex(length) {
    let text = "";
    while (text.length < length) text += HEX[this.below(16)];
    return text;
  }
  noun() {
    return this.of(NOUNS);
  }
  verb() {
    return this.of(VERBS);
  }
  nonAscii() {
    return this.of(NON_ASCII);
  }
  name() {
    return `${this.verb()}_${this.noun()}`;
  }
  path() {
    const end = this.of(["py", "py", "ts", "tsx", "rs", "md", "json", "yaml"]);
    return `src/${this.noun()}/${this.noun()}_${this.noun()}.${end}`;
  }
}

const capital = (word) => word[0].toUpperCase() + word.slice(1);

function sentence(chance) {
  const words = Array.from({ length: chance.between(6, 16) }, (_, at) =>
    at % 3 === 2 ? chance.noun() : at % 3 === 1 ? chance.of(SMALL_WORDS) : chance.verb(),
  );
  return `${capital(words.join(" "))}.`;
}

const TERMINAL = [
  (c) =>
    `${c.of(["INFO", "DEBUG", "WARN"])} [${c.noun()}.${c.noun()}] ${c.name()} took ${c.below(900)} ms`,
  (c) =>
    `-rw-r--r-- 1 dev dev ${String(c.below(90000)).padStart(6)} Mar ${c.between(1, 28)} ${c.path()}`,
  (c) => `tests/test_${c.noun()}.py::test_${c.name()} ${c.of(["PASSED", "PASSED", "FAILED"])}`,
  (c) => `  Compiling ${c.noun()}-${c.noun()} v${c.below(4)}.${c.below(30)}.${c.below(10)}`,
  (c) => `${c.hex(8)} ${capital(c.verb())} the ${c.noun()} of the ${c.noun()}`,
  (c) =>
    `${c.path()}:${c.below(800)}:${c.below(80)}: ${c.name()} expected ${c.noun()}, found ${c.noun()}`,
  (c) => `  File "/workspace/${c.path()}", line ${c.below(900)}, in ${c.name()}`,
  (c) =>
    `${c.below(100)}% |${"#".repeat(c.below(20))}| ${c.below(4000)}/4000 [00:${c.between(10, 59)}]`,
];

const SOURCE = [
  (c) =>
    `def ${c.name()}(${c.noun()}: ${capital(c.noun())}, *, ${c.noun()}: int = ${c.below(64)}):`,
  (c) => `    """${sentence(c)}"""`,
  (c) =>
    `    ${c.noun()} = self._${c.noun()}.${c.name()}(${c.noun()}, ${c.noun()}=${c.below(100)})`,
  (c) => `    if ${c.noun()} is None or len(${c.noun()}) > ${c.below(4096)}:`,
  (c) => `        raise ${capital(c.noun())}Error(f"no {${c.noun()}} for {${c.noun()}!r}")`,
  (c) => `    for ${c.noun()} in sorted(${c.noun()}, key=lambda it: it.${c.noun()}):`,
  (c) => `        yield ${c.noun()}, await ${c.name()}(${c.noun()})`,
  (c) => `    return {"${c.noun()}": ${c.noun()}, "${c.noun()}": ${c.noun()}.${c.name()}()}`,
  (c) => `# ${sentence(c)}`,
  () => "",
];

function lines(chance, kinds, length) {
  let text = "";
  while (text.length < length) text += `${chance.of(kinds)(chance)}\n`;
  return text;
}

export const terminal = (chance, length) => lines(chance, TERMINAL, length);
export const source = (chance, length) => lines(chance, SOURCE, length);

export function prose(chance, length) {
  let text = sentence(chance);
  while (text.length < length) text += ` ${sentence(chance)}`;
  return text;
}
