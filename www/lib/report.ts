import type { LogLevel, OpenOptions } from "./types.js";

export type Report = (level: LogLevel, message: string, detail?: unknown) => void;

const LEVELS = ["debug", "info", "warn", "error", "off"];

/** Where the package's own messages go: `onLog`, or else the console. */
export function reporter({ logLevel = "warn", onLog }: OpenOptions): Report {
  return (level, message, detail) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(logLevel)) return;
    if (onLog) onLog(level, message, detail);
    else console[level](`oh-event-store: ${message}`, detail ?? "");
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
