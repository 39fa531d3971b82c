/** A value that React can follow with `useSyncExternalStore`, and anybody else without React. */
export interface Observable<S> {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getSnapshot: () => S;
}

/** An observable that can be changed. */
export interface Cell<S> extends Observable<S> {
  /** Changes some fields; tells the listeners only if one of them is really another. */
  readonly set: (patch: Partial<S>) => void;
}

/**
 * An observable over immutable snapshots. `run` starts with the first listener; its signal aborts
 * when the last one has gone, and the next first listener starts it afresh from `initial`. A
 * listener that goes at once, as in StrictMode's trial mount, starts nothing. What `run` throws
 * becomes `error`.
 */
export function observable<S extends { error: Error | null }>(
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
      // One function may subscribe twice.
      const entry = () => listener();
      listeners.add(entry);
      if (run && listeners.size === 1) {
        control = new AbortController();
        const { signal } = control;
        const running = cell(signal);
        running.set(initial);
        Promise.resolve()
          .then(() => (signal.aborted ? undefined : run(running, signal)))
          .catch((error: unknown) => {
            running.set({ loading: false, error: asError(error) } as unknown as Partial<S>);
          });
      }
      return () => {
        if (listeners.delete(entry) && !listeners.size) control.abort();
      };
    },
  });
  return cell();
}

let names = 0;

/** A name that nothing else here has. `crypto.randomUUID` is only there with HTTPS. */
export const nameOf = (what: string) => `${what} ${names++}`;

export const asError = (error: unknown) =>
  error instanceof Error ? error : new Error(String(error));

/** Does `work` when the signal aborts, at once if it has already; what goes wrong then is over. */
export function onAbort(signal: AbortSignal, work: () => unknown): void {
  const end = () => {
    new Promise((resolve) => resolve(work())).catch(() => {});
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end);
}

/** An iterator that is left when the signal aborts. */
export function iterate<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncIterator<T> {
  const iterator = source[Symbol.asyncIterator]();
  onAbort(signal, () => iterator.return?.());
  return iterator;
}

/** A function that asks for `work`, which is then done once, in the next animation frame. */
export function perFrame(work: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      work();
    });
  };
}
