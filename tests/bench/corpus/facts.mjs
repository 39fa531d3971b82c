// What the pages are told of a corpus: needles, dates, and how many hits they have to find.
import { timestampOf } from "./events.mjs";
import { FREQUENT, RARE } from "./words.mjs";

const CHUNK = 5000;

function countMatching(corpus, matches) {
  const counts = matches.map(() => 0);
  for (let from = 0; from < corpus.count; from += CHUNK) {
    for (const text of corpus
      .lines(from, from + CHUNK)
      .toString()
      .split("\n")) {
      matches.forEach((match, index) => (counts[index] += Number(match(text))));
    }
  }
  return counts;
}

const containing = (needle) => (text) => text.toLowerCase().includes(needle);

/** Two words of eight letters or more that few events hold. */
function rareWords(corpus) {
  const texts = corpus.lines(0, corpus.count).toString().toLowerCase().split("\n");
  const tried = new Set();
  const found = [];
  for (const text of texts.slice(texts.length >> 1)) {
    for (const [word] of text.matchAll(/[a-z]{8,}/g)) {
      if (tried.has(word)) continue;
      tried.add(word);
      const hits = texts.filter((other) => other.includes(word)).length;
      if (hits === 3) found.push(word);
      if (found.length === 2) return found;
    }
  }
  throw new Error(`${corpus.name} has no rare words`);
}

export function factsOf(corpus) {
  const { name, count, bytes } = corpus;
  const lastId = JSON.parse(corpus.lines(count - 1, count).toString()).id;
  const rare = name === "real" ? rareWords(corpus) : RARE;
  const dates = { from: timestampOf(Math.floor(count * 0.4)), to: timestampOf(count * 0.6) };
  const inDates = (text) => {
    const { timestamp, source, action } = JSON.parse(text);
    const within = timestamp >= dates.from && timestamp <= dates.to;
    return within && source === "user" && action === "message";
  };
  const [rareHits, frequentHits, filterHits, nonAscii] = countMatching(corpus, [
    containing(rare[0]),
    containing(FREQUENT),
    inDates,
    (text) => /[^\0-\x7f]/.test(text),
  ]);
  const needles = { rare, rareHits, frequent: FREQUENT, frequentHits };
  return { name, count, bytes, lastId, dates, filterHits, nonAscii, ...needles };
}
