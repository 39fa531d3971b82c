// Search with the server's own filter. Results stream in; the filter is part of the address.
import type { Conversation } from "oh-event-store";
import { useEffect, useMemo, useState, type ReactElement } from "react";
import { EventList } from "../event/list";
import { Query } from "../event/highlight";
import { count } from "../format";
import { replaceRoute, routeTo } from "../route";
import { FilterForm } from "../search/filter-form";
import { filterOf, isEmpty, paramsOf } from "../search/filter";
import { useResults } from "../search/results";

interface Props {
  readonly conversation: Conversation;
  readonly params: URLSearchParams;
}

export function SearchView({ conversation, params }: Props): ReactElement {
  const address = params.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(address)), [address]);
  const results = useResults(conversation, filter);
  const [announced, setAnnounced] = useState("");
  const found = results.events.length;
  const said =
    results.error ??
    `${count(found)} ${found === 1 ? "match" : "matches"}${results.done ? "" : "…"}`;
  useEffect(() => {
    const timer = setTimeout(() => setAnnounced(said), 400);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div className="view is-search">
      <FilterForm
        conversation={conversation}
        filter={filter}
        onChange={(next) => replaceRoute(routeTo(conversation.id, "search", paramsOf(next)))}
      />
      <section className="results" aria-label="Results">
        <header className="results-head">
          <strong data-testid="search-count" data-count={found} data-done={results.done}>
            {results.error ? "Search failed" : said}
          </strong>
          {results.done && !results.error && (
            <span className="muted">{results.milliseconds.toFixed(0)} ms</span>
          )}
          {!results.done && <span className="spinner" aria-hidden="true" />}
          <span className="visually-hidden" role="status">
            {announced}
          </span>
          {!isEmpty(filter) && (
            <button
              type="button"
              className="button is-quiet"
              data-testid="clear-filter"
              onClick={() => replaceRoute(routeTo(conversation.id, "search"))}
            >
              Clear filter
            </button>
          )}
        </header>
        {results.error && (
          <p className="alert" role="alert">
            {results.error}
          </p>
        )}
        <Query value={filter.query ?? ""}>
          <EventList
            key={address}
            events={results.events}
            label="Search results"
            testId="search-results"
            grows
            busy={!results.done}
            empty={results.done ? <p>Nothing matches.</p> : <p>Searching…</p>}
          />
        </Query>
      </section>
    </div>
  );
}
