// What an edit changed, line by line.

export type DiffLine = readonly [sign: " " | "+" | "-" | "@", text: string];

/** Lines shown around a change. */
const AROUND = 3;
/** Most cells of the table of common lines; beyond it a change is shown as a whole. */
const MOST_CELLS = 1_000_000;

/** The lines that went, came and stayed between two texts, with some context around them. */
export function replaced(before: string, after: string): DiffLine[] {
  const old = before.split("\n");
  const next = after.split("\n");
  let head = 0;
  while (head < old.length && head < next.length && old[head] === next[head]) head += 1;
  let tail = 0;
  const most = Math.min(old.length, next.length) - head;
  while (tail < most && old[old.length - 1 - tail] === next[next.length - 1 - tail]) tail += 1;
  const same = (line: string): DiffLine => [" ", line];
  return [
    ...old.slice(Math.max(0, head - AROUND), head).map(same),
    ...changed(old.slice(head, old.length - tail), next.slice(head, next.length - tail)),
    ...old.slice(old.length - tail, old.length - tail + AROUND).map(same),
  ];
}

/** By the longest common subsequence of lines. */
function changed(old: readonly string[], next: readonly string[]): DiffLine[] {
  const width = next.length + 1;
  if ((old.length + 1) * width > MOST_CELLS) return whole(old, next);
  const common = new Uint32Array((old.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = old.length - 1; row >= 0; row -= 1) {
    for (let column = next.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        old[row] === next[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: DiffLine[] = [];
  let row = 0;
  let column = 0;
  while (row < old.length || column < next.length) {
    const gone = old[row];
    const come = next[column];
    if (gone !== undefined && gone === come) {
      lines.push([" ", gone]);
      row += 1;
      column += 1;
    } else if (
      gone !== undefined &&
      (come === undefined || at(row + 1, column) >= at(row, column + 1))
    ) {
      lines.push(["-", gone]);
      row += 1;
    } else if (come !== undefined) {
      lines.push(["+", come]);
      column += 1;
    }
  }
  return lines;
}

function whole(old: readonly string[], next: readonly string[]): DiffLine[] {
  return [
    ...old.map((line): DiffLine => ["-", line]),
    ...next.map((line): DiffLine => ["+", line]),
  ];
}

/** The lines of a unified diff. */
export function unified(diff: string): DiffLine[] {
  return diff
    .trimEnd()
    .split("\n")
    .filter((line) => !/^(---|\+\+\+) /.test(line))
    .map((line): DiffLine => {
      if (line.startsWith("+")) return ["+", line.slice(1)];
      if (line.startsWith("-")) return ["-", line.slice(1)];
      if (line.startsWith("@@")) return ["@", line];
      return [" ", line.replace(/^ /, "")];
    });
}

/** A text that is new as a whole. */
export function added(content: string): DiffLine[] {
  return content ? whole([], content.split("\n")) : [];
}
