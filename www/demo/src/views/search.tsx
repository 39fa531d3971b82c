// Search in one conversation. Results stream in; the filter is part of the address.
import type { Conversation } from "oh-event-store";
import { useCallback, useMemo, type ReactElement } from "react";
import { replaceRoute, routeTo } from "../route";
import { FilterForm } from "../search/filter-form";
import { filterOf, isEmpty, paramsOf } from "../search/filter";
import { ofOne, useResults } from "../search/results";
import { ResultsList } from "../search/results-list";

interface Props {
  readonly conversation: Conversation;
  readonly params: URLSearchParams;
}

export function SearchView({ conversation, params }: Props): ReactElement {
  const address = params.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(address)), [address]);
  const search = useCallback(() => conversation.searchEvents({ filter }), [conversation, filter]);
  const results = useResults(search, ofOne);
  return (
    <div className="view is-search">
      <FilterForm
        conversation={conversation}
        filter={filter}
        onChange={(next) => replaceRoute(routeTo(conversation.id, "search", paramsOf(next)))}
      />
      <ResultsList
        results={results}
        query={filter.query ?? ""}
        name={address}
        empty={<p>Nothing matches.</p>}
      >
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
      </ResultsList>
    </div>
  );
}
