import { useSyncExternalStore } from "react";
import type { Observable } from "./observable.js";

/** The observable's present value; the component renders again when it is another. */
export function useObservable<S>({ getSnapshot, subscribe }: Observable<S>): S {
  return useSyncExternalStore(subscribe, getSnapshot, getSnapshot);
}
