// Reading fields of an event whose shape isn't known beforehand: nothing here throws.

/** The field at a path, or undefined where there is none. */
export function field(value: unknown, ...path: (string | number)[]): unknown {
  let here: unknown = value;
  for (const key of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string, unknown>)[key];
  }
  return here;
}

/** The first path that holds a string with something in it; otherwise "". */
export function text(value: unknown, ...paths: string[]): string {
  for (const path of paths) {
    const found = field(value, ...path.split("."));
    if (typeof found === "string" && found !== "") return found;
  }
  return "";
}

export function number(value: unknown, path: string): number | undefined {
  const found = field(value, ...path.split("."));
  return typeof found === "number" ? found : undefined;
}

export function list(value: unknown, path: string): readonly unknown[] {
  const found = field(value, ...path.split("."));
  return Array.isArray(found) ? found : [];
}

const ESCAPES: Record<string, string> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/** The event's text as the server writes it, near enough to show where a query was found. */
export function dumped(value: unknown): string {
  if (typeof value === "string") {
    const escaped = value.replace(
      /["\\]|[^ -~]/g,
      (unit) => ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    return `"${escaped}"`;
  }
  if (Array.isArray(value)) return `[${value.map(dumped).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, item]) => `${dumped(key)}: ${dumped(item)}`);
    return `{${fields.join(", ")}}`;
  }
  return String(value);
}
