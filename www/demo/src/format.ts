// Numbers, sizes and times as people read them.

const UNITS = ["B", "KB", "MB", "GB"] as const;

export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

const NUMBER = new Intl.NumberFormat("en");
export function count(value: number): string {
  return NUMBER.format(value);
}

/** "1 event", "2 events". */
export function plural(value: number, word: string, words = `${word}s`): string {
  return `${count(value)} ${value === 1 ? word : words}`;
}

/** A recorded timestamp's time of day; events carry no zone, so none is assumed. */
export function timeOfDay(timestamp: string | undefined): string {
  return /T(\d\d:\d\d:\d\d)/.exec(timestamp ?? "")?.[1] ?? "";
}

export function day(timestamp: string | undefined): string {
  return /^\d{4}-\d\d-\d\d/.exec(timestamp ?? "")?.[0] ?? "";
}

/** "2025-08-31 15:23 – 19:02", with the second day only where it differs. */
export function span(first: string | undefined, last: string | undefined): string {
  const from = `${day(first)} ${timeOfDay(first).slice(0, 5)}`.trim();
  if (!from) return "no dates";
  const to = timeOfDay(last).slice(0, 5);
  return day(first) === day(last) ? `${from} – ${to}` : `${from} – ${day(last)} ${to}`;
}

/** Milliseconds as m:ss, or h:mm:ss from an hour on. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return seconds >= 3600 ? `${Math.floor(seconds / 3600)}:${rest}` : rest.replace(/^0(?=\d:)/, "");
}

/** What went wrong, in words. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Hands a file to the person at the screen. */
export function download(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 30_000);
}
