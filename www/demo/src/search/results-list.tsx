// What a search has found: how much, and the events.
import { useEffect, useState, type ReactElement, type ReactNode } from "react";
import { Query } from "../event/highlight";
import { EventList } from "../event/list";
import { plural } from "../format";
import { NOTHING, type Results } from "./results";

interface Props {
  /** Undefined where nothing is looked for. */
  readonly results: Results | undefined;
  /** The server query whose occurrences are marked. */
  readonly query: string;
  /** Names the search: another one begins at the top. */
  readonly name: string;
  /** Shown where nothing was found. */
  readonly empty: ReactNode;
  /** Beside the count. */
  readonly children?: ReactNode;
}

export function ResultsList(props: Props): ReactElement {
  const { results, query, name, empty, children } = props;
  const [announced, setAnnounced] = useState("");
  const { events, done, milliseconds, error } = results ?? NOTHING;
  const said =
    error ?? (results ? `${plural(events.length, "match", "matches")}${done ? "" : "…"}` : "");
  useEffect(() => {
    const timer = setTimeout(() => setAnnounced(said), 400);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <section className="results" aria-label="Results">
      <header className="results-head">
        <strong data-testid="search-count" data-count={events.length} data-done={done}>
          {error ? "Search failed" : said}
        </strong>
        {results && done && !error && <span className="muted">{milliseconds.toFixed(0)} ms</span>}
        {!done && <span className="spinner" aria-hidden="true" />}
        <span className="visually-hidden" role="status">
          {announced}
        </span>
        {children}
      </header>
      {error && (
        <p className="alert" role="alert">
          {error}
        </p>
      )}
      <Query value={query}>
        <EventList
          key={name}
          events={events}
          label="Search results"
          testId="search-results"
          grows
          busy={!done}
          empty={done ? empty : <p>Searching…</p>}
        />
      </Query>
    </section>
  );
}
