// A filter as the address holds it.
import type { EventFilter } from "oh-event-store";

export function filterOf(params: URLSearchParams): EventFilter {
  const types = params.getAll("type");
  const value = (key: string): string | undefined => params.get(key) || undefined;
  return {
    text: value("text"),
    query: value("query"),
    includeTypes: types.length > 0 ? types : undefined,
    source: value("source"),
    startDate: value("from"),
    endDate: value("to"),
    excludeHidden: params.get("hidden") === "no" || undefined,
  };
}

export function paramsOf(filter: EventFilter): URLSearchParams {
  const params = new URLSearchParams();
  const put = (key: string, value: string | undefined): void => {
    if (value) params.append(key, value);
  };
  put("text", filter.text);
  put("query", filter.query);
  filter.includeTypes?.forEach((type) => put("type", type));
  put("source", filter.source);
  put("from", filter.startDate);
  put("to", filter.endDate);
  put("hidden", filter.excludeHidden ? "no" : undefined);
  return params;
}

export function isEmpty(filter: EventFilter): boolean {
  return paramsOf(filter).size === 0;
}
