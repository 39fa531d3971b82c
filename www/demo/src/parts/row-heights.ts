// The heights of a list's rows, measured or guessed, and where each row begins.

/** Remembers measured heights by key; the rows themselves may move and multiply. */
export class RowHeights {
  readonly #measured = new Map<string, number>();
  #heights = new Float64Array(0);
  #length = 0;
  #first = "";
  #last = "";

  /** The rows as they are now. Rows added at the end cost only themselves. */
  update(length: number, keyAt: (index: number) => string, guess: (index: number) => number): void {
    const first = length > 0 ? keyAt(0) : "";
    const grown =
      this.#length > 0 &&
      length >= this.#length &&
      first === this.#first &&
      keyAt(this.#length - 1) === this.#last;
    if (length > this.#heights.length) {
      const larger = new Float64Array(length * 2);
      larger.set(this.#heights);
      this.#heights = larger;
    }
    for (let index = grown ? this.#length : 0; index < length; index += 1) {
      this.#heights[index] = this.#measured.get(keyAt(index)) ?? guess(index);
    }
    this.#length = length;
    this.#first = first;
    this.#last = length > 0 ? keyAt(length - 1) : "";
  }

  /** Says whether this is news. */
  measure(index: number, key: string, height: number): boolean {
    if (this.#measured.get(key) === height) return false;
    this.#measured.set(key, height);
    if (index < this.#length) this.#heights[index] = height;
    return true;
  }

  /** Where each row begins, and where the last one ends. */
  offsets(): Float64Array {
    const sums = new Float64Array(this.#length + 1);
    let sum = 0;
    for (let index = 0; index < this.#length; index += 1) {
      sum += this.#heights[index] ?? 0;
      sums[index + 1] = sum;
    }
    return sums;
  }
}

/** The row that covers a place, by halving. */
export function rowAt(offsets: Float64Array, place: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a key went: it is near its old place, or has moved by what was put before it. */
export function findRow(
  length: number,
  keyAt: (index: number) => string,
  key: string,
  near: number,
): number {
  for (let step = 0; step < Math.max(length, near + 1); step += 1) {
    const below = near + step;
    const above = near - step;
    if (below < length && keyAt(below) === key) return below;
    if (above >= 0 && above < length && keyAt(above) === key) return above;
  }
  return -1;
}
