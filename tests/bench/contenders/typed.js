// What the other contenders index of an event.

/** Its type, as the search of all contenders calls it. */
export const typeOf = (event) => event.action ?? event.observation;

/** Calls `load(from, to)` for ranges of ids in order, the next one under way while one is used. */
export async function inOrder(end, size, load, use) {
  let next = load(0, size);
  for (let from = 0; from < end; from += size) {
    const values = await next;
    const start = from + size;
    if (start < end) next = load(start, start + size);
    await use(values);
  }
}

/** Reads in order until there are `limit` hits. */
export async function firstHits(end, size, load, hit, limit) {
  const found = [];
  for (let from = 0; from < end && found.length < limit; from += size) {
    for (const value of await load(from, from + size)) {
      if (hit(value)) found.push(value);
      if (found.length === limit) break;
    }
  }
  return found;
}
