/** A value that React can follow with `useSyncExternalStore`, and anybody else without React. */
export interface Observable<S> {
  subscribe(listener: () => void): () => void;
  getSnapshot(): S;
}

/** What the work behind an observable may do with it. */
export interface Cell<S> extends Observable<S> {
  /** Changes some fields; tells the listeners only if one of them is really another. */
  set(patch: Partial<S>): void;
}

/**
 * An observable over immutable snapshots. `run` starts with the first listener; its signal aborts
 * when the last one has gone, and the next first listener starts it afresh from `initial`.
 */
export function observable<S extends object>(
  initial: S,
  run?: (cell: Cell<S>, signal: AbortSignal) => Promise<void> | void,
): Cell<S> {
  let snapshot = initial;
  let control = new AbortController();
  const listeners = new Set<() => void>();
  const cell = (signal?: AbortSignal): Cell<S> => ({
    getSnapshot: () => snapshot,
    set(patch) {
      const next = { ...snapshot, ...patch };
      const keys = Object.keys(patch) as (keyof S)[];
      if (signal?.aborted || keys.every((key) => Object.is(next[key], snapshot[key]))) return;
      snapshot = next;
      listeners.forEach((listener) => listener());
    },
    subscribe(listener) {
      // Its own function for each subscription, so that one listener may subscribe twice.
      const entry = () => listener();
      listeners.add(entry);
      if (run && listeners.size === 1) {
        control = new AbortController();
        const inside = cell(control.signal);
        inside.set(initial);
        void run(inside, control.signal);
      }
      return () => {
        if (listeners.delete(entry) && !listeners.size) control.abort();
      };
    },
  });
  return cell();
}
