// Marks where something was found in the text shown.
import { highlights, type Event, type Highlight } from "oh-event-store";
import { createContext, use, type ReactElement, type ReactNode } from "react";
import { field } from "./fields";

/** The server query of the search shown, or "". */
export const Query = createContext("");

/** Around what words were found: noncharacters, so they are in no text, and survive its cutting. */
const BEGIN = "\ufdd0";
const END = "\ufdd1";
const SIGNS = /[\ufdd0\ufdd1]/;

/** The event with signs around every word that was found in it, for `Marked`. */
export function withSigns(event: unknown): unknown {
  const found = highlights(event as Event);
  if (found.length === 0) return event;
  const copy: unknown = structuredClone(event);
  for (const { path, ranges } of found) {
    const holder = field(copy, ...path.slice(0, -1)) as Record<string, unknown>;
    const key = path.at(-1) ?? "";
    holder[key] = signed(String(holder[key]), ranges);
  }
  return copy;
}

function signed(text: string, ranges: Highlight["ranges"]): string {
  let from = 0;
  const parts = ranges.map(([start, end]) => {
    const part = `${text.slice(from, start)}${BEGIN}${text.slice(start, end)}${END}`;
    from = end;
    return part;
  });
  return parts.join("") + text.slice(from);
}

export function withoutSigns(text: string): string {
  return text.replaceAll(BEGIN, "").replaceAll(END, "");
}

/** Text with every word that was found, or every case-insensitive occurrence of the query, marked. */
export function Marked({ children }: { children: string }): ReactElement {
  const query = use(Query).toLowerCase();
  if (SIGNS.test(children)) return <>{bySigns(children)}</>;
  return <>{query ? byQuery(children, query) : children}</>;
}

/** A piece may have been cut within a hit. */
function bySigns(text: string): ReactNode[] {
  let inside = text.search(SIGNS) === text.indexOf(END);
  return text.split(SIGNS).map((part, index) => {
    const shown = inside && part !== "" ? <mark key={index}>{part}</mark> : part;
    inside = !inside;
    return shown;
  });
}

function byQuery(text: string, query: string): ReactNode {
  const lower = text.toLowerCase();
  // Lower-casing can change a text's length (İ), and then places don't agree: nothing is marked.
  if (lower.length !== text.length) return text;
  const parts: ReactNode[] = [];
  let from = 0;
  let at = lower.indexOf(query);
  while (at >= 0 && parts.length < 400) {
    parts.push(text.slice(from, at));
    parts.push(<mark key={at}>{text.slice(at, at + query.length)}</mark>);
    from = at + query.length;
    at = lower.indexOf(query, from);
  }
  parts.push(text.slice(from));
  return parts;
}

/** A piece of the event around a hit, for those that no shown text holds. */
export function Excerpt({ label, children }: { label: string; children: string }): ReactElement {
  return (
    <p className="excerpt">
      <span className="excerpt-label">in {label}</span>
      <code>
        <Marked>{children}</Marked>
      </code>
    </p>
  );
}

/** Where words were found; rather not in the sentence that the server made of the other fields. */
export function WordExcerpt({ event }: { event: unknown }): ReactElement | null {
  const found = highlights(event as Event);
  const shown = found.find(({ path }) => path[0] !== "message") ?? found[0];
  const range = shown?.ranges[0];
  if (!shown || !range) return null;
  const source = String(field(event, ...shown.path));
  const [from, to] = around(source, ...range);
  const near = shown.ranges
    .filter(([start, end]) => start >= from && end <= to)
    .map(([start, end]) => [start - from, end - from] as const);
  const cut = signed(source.slice(from, to), near);
  return (
    <Excerpt label={shown.path.join(".")}>{ellipses(cut, from > 0, to < source.length)}</Excerpt>
  );
}

/** Where the query was found in the event's JSON. */
export function QueryExcerpt({ source }: { source: string }): ReactElement | null {
  const query = use(Query).toLowerCase();
  const at = query ? source.toLowerCase().indexOf(query) : -1;
  if (at < 0) return null;
  const [from, to] = around(source, at, at + query.length);
  const cut = source.slice(from, to);
  return <Excerpt label="JSON">{ellipses(cut, from > 0, to < source.length)}</Excerpt>;
}

function around(source: string, start: number, end: number): [from: number, to: number] {
  return [Math.max(0, start - 48), Math.min(source.length, end + 72)];
}

function ellipses(cut: string, before: boolean, after: boolean): string {
  return `${before ? "…" : ""}${cut}${after ? "…" : ""}`;
}
