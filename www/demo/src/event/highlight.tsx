// Marks where a query was found in the text shown.
import { createContext, use, type ReactElement, type ReactNode } from "react";

/** The query of the search shown, or "". */
export const Query = createContext("");

/** Text with every case-insensitive occurrence of the query marked. */
export function Marked({ children }: { children: string }): ReactElement {
  const query = use(Query).toLowerCase();
  if (!query) return <>{children}</>;
  const lower = children.toLowerCase();
  // Lower-casing can change a text's length (İ), and then places don't agree: nothing is marked.
  if (lower.length !== children.length) return <>{children}</>;
  const parts: ReactNode[] = [];
  let from = 0;
  let at = lower.indexOf(query);
  while (at >= 0 && parts.length < 400) {
    parts.push(children.slice(from, at));
    parts.push(<mark key={at}>{children.slice(at, at + query.length)}</mark>);
    from = at + query.length;
    at = lower.indexOf(query, from);
  }
  parts.push(children.slice(from));
  return <>{parts}</>;
}

/** A piece of the event's text around the query, for matches that no shown text holds. */
export function Excerpt({ source }: { source: string }): ReactElement | null {
  const query = use(Query).toLowerCase();
  const at = query ? source.toLowerCase().indexOf(query) : -1;
  if (at < 0) return null;
  const from = Math.max(0, at - 48);
  const to = Math.min(source.length, at + query.length + 72);
  const cut = `${from > 0 ? "…" : ""}${source.slice(from, to)}${to < source.length ? "…" : ""}`;
  return (
    <p className="excerpt">
      <span className="excerpt-label">in JSON</span>
      <code>
        <Marked>{cut}</Marked>
      </code>
    </p>
  );
}
