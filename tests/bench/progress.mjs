// Lines that say how far it is.

const SECOND = 1000;

function span(ms) {
  const seconds = Math.round(ms / SECOND);
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const keyOf = ({ corpus, operation, contender }) => `${corpus.name} ${operation} ${contender}`;

/** What a step may take before it has been run once. */
function guess({ operation, contender, corpus }) {
  if (operation !== "ingest") return 2 * SECOND;
  return SECOND + (corpus.count * (contender === "sqlite-fts" ? 500 : 120)) / SECOND;
}

export class Progress {
  #known = new Map();
  #steps;
  #start = performance.now();

  constructor(steps) {
    this.#steps = [...steps];
  }

  #left() {
    return this.#steps.reduce(
      (sum, step) => sum + (this.#known.get(keyOf(step)) ?? guess(step)),
      0,
    );
  }

  /** Says what comes now. */
  begin(step) {
    const left = this.#left();
    const spent = performance.now() - this.#start;
    const percent = Math.floor((100 * spent) / (spent + left));
    const { corpus, operation, contender, round } = step;
    const what = `${corpus.name}  ${operation}: ${contender}, round ${round + 1}`;
    console.log(`${String(percent).padStart(3)} %  ${what}  (${span(left)} left)`);
  }

  /** The step has taken `ms`. */
  end(step, ms) {
    this.#steps.shift();
    this.#known.set(keyOf(step), ms);
  }

  /** The step is left out. */
  skip() {
    this.#steps.shift();
  }

  get spent() {
    return performance.now() - this.#start;
  }
}
