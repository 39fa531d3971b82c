// Everything in memory, as the front end of today has it, and its texts once more in lower case.

export async function open(_, { frames, corpus }) {
  const texts = [];
  for (let from = 0; from < corpus.count; from += 5000) texts.push(...(await frames(from, 5000)));
  const events = texts.map((text) => JSON.parse(text));
  const lowered = texts.map((text) => text.toLowerCase());

  const find = (needle, limit) => {
    const found = [];
    for (let at = 0; at < lowered.length && found.length < limit; at++) {
      if (lowered[at].includes(needle)) found.push(events[at]);
    }
    return found;
  };

  return {
    find: async (needle, limit) => find(needle, limit),
    count: async (needle) => find(needle, Infinity).length,
    close: async () => {},
  };
}
