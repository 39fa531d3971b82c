import { errorOf } from "./errors.js";
import type { LogLevel, OpenOptions } from "./types.js";

export type Report = (level: LogLevel, message: string, detail?: unknown) => void;

const LEVELS = ["debug", "info", "warn", "error", "off"];

const toConsole: Report = (level, message, detail) =>
  console[level](`oh-event-store: ${message}`, detail ?? "");

/** Where the package's own messages go: `onLog`, or else the console. Never throws. */
export function reporter({ logLevel = "warn", onLog }: OpenOptions): Report {
  return (level, message, detail) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(logLevel)) return;
    void guarded(toConsole, "onLog", () => (onLog ?? toConsole)(level, message, detail));
  };
}

/** Calls an application's function; what it throws is reported and goes no further. */
export async function guarded(report: Report, what: string, call: () => unknown): Promise<void> {
  try {
    await call();
  } catch (error) {
    report("error", `${what} failed`, error);
  }
}

export function isFunction(callback: unknown, what: string): void {
  if (typeof callback !== "function") throw errorOf("invalid-argument", `${what} is no function`);
}

/** Has `end` called when an application's signal says so, until what it returns is called. */
export function onAbort(signal: AbortSignal | undefined, end: () => void): () => void {
  if (!signal) return () => {};
  isFunction(signal.addEventListener, "signal.addEventListener");
  signal.addEventListener("abort", end);
  return () => signal.removeEventListener("abort", end);
}

/** An application's callbacks; one that fails disturbs no other. */
export class Listeners<T> {
  readonly #calls = new Set<(value: T) => unknown>();

  constructor(
    private readonly what: string,
    private readonly report: Report,
  ) {}

  /**
   * Adds a callback, which may be there already and is told `known` first; returns the function that
   * takes it away.
   */
  add(callback: (value: T) => unknown, known?: T): () => void {
    isFunction(callback, this.what);
    const call = (value: T) => callback(value);
    this.#calls.add(call);
    if (known) queueMicrotask(() => this.#calls.has(call) && this.#tell(call, known));
    return () => void this.#calls.delete(call);
  }

  tell(value: T): void {
    for (const call of this.#calls) this.#tell(call, value);
  }

  #tell(call: (value: T) => unknown, value: T): void {
    void guarded(this.report, this.what, () => call(value));
  }
}
