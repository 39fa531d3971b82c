// Search in all conversations by time. What is looked for is part of the address.
import { useCallback, useMemo, type ReactElement } from "react";
import { useLibrary } from "../library/library";
import { Icon } from "../parts/icon";
import { replaceRoute, routeTo } from "../route";
import { filterOf, isEmpty, paramsOf } from "../search/filter";
import { ofAll, useResults } from "../search/results";
import { ResultsList } from "../search/results-list";
import { SearchBox } from "../search/search-box";

export function SearchAllView({ params }: { params: URLSearchParams }): ReactElement {
  const { store } = useLibrary();
  const address = params.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(address)), [address]);
  const oldest = params.get("order") === "oldest";
  const search = useCallback(
    () => store.searchAll(filter, { reverse: !oldest }),
    [store, filter, oldest],
  );
  const nothing = isEmpty(filter);
  const results = useResults(nothing ? undefined : search, ofAll);
  const show = (next: URLSearchParams, oldestFirst: boolean): void => {
    if (oldestFirst) next.set("order", "oldest");
    replaceRoute(routeTo(undefined, "search", next));
  };
  return (
    <div className="search-all">
      <header className="conversation-header">
        <a className="button is-quiet is-icon back" href={routeTo()} aria-label="All conversations">
          <Icon name="back" />
        </a>
        <h1>Search all conversations</h1>
      </header>
      <form
        className="search-all-form"
        role="search"
        aria-label="All conversations"
        onSubmit={(event) => event.preventDefault()}
      >
        <SearchBox filter={filter} onChange={(next) => show(paramsOf(next), oldest)} />
      </form>
      <ResultsList
        results={nothing ? undefined : results}
        query={filter.query ?? ""}
        name={address}
        empty={
          <p>
            {nothing ? "Every conversation that is stored here is searched." : "Nothing matches."}
          </p>
        }
      >
        <div className="segmented results-order" role="group" aria-label="Order">
          {[false, true].map((oldestFirst) => (
            <button
              key={String(oldestFirst)}
              type="button"
              aria-pressed={oldest === oldestFirst}
              data-testid={oldestFirst ? "oldest-first" : "newest-first"}
              onClick={() => show(paramsOf(filter), oldestFirst)}
            >
              {oldestFirst ? "Oldest first" : "Newest first"}
            </button>
          ))}
        </div>
      </ResultsList>
    </div>
  );
}
