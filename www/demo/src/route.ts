// The place one is at, kept in the hash so that a reload returns to it.
import { useSyncExternalStore } from "react";

export type View = "live" | "search" | "replay";
export const VIEWS: readonly View[] = ["live", "search", "replay"];

export interface Route {
  /** The conversation shown, if one is; else all of them are searched, or nothing is shown. */
  readonly id: string | undefined;
  readonly view: View;
  /** What the view keeps in the address: search's filter. */
  readonly params: URLSearchParams;
}

/** Reads `#/c/{id}`, `#/c/{id}/search?text=…`, `#/c/{id}/replay`, `#/search?text=…`. */
export function parseRoute(hash: string): Route {
  const [path = "", ...query] = hash.replace(/^#/, "").split("?");
  const [, place, id, view] = path.split("/");
  const params = new URLSearchParams(query.join("?"));
  if (place === "search") return { id: undefined, view: "search", params };
  if (place !== "c" || !id) return { id: undefined, view: "live", params };
  return { id: decode(id), view: VIEWS.find((known) => known === view) ?? "live", params };
}

export function routeTo(id?: string, view: View = "live", params?: URLSearchParams): string {
  const query = params?.toString();
  const place = id === undefined ? "#" : `#/c/${encodeURIComponent(id)}`;
  const path = `${place}${view === "live" ? (id === undefined ? "/" : "") : `/${view}`}`;
  return query ? `${path}?${query}` : path;
}

export function go(hash: string): void {
  window.location.hash = hash;
}

/** Changes the address without a new entry in the history. */
export function replaceRoute(hash: string): void {
  if (window.location.hash === hash) return;
  window.history.replaceState(null, "", hash);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(listen, () => window.location.hash);
  return parseRoute(hash);
}

function listen(changed: () => void): () => void {
  window.addEventListener("hashchange", changed);
  return () => window.removeEventListener("hashchange", changed);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
