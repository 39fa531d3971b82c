import type { Progress } from "./files.js";
import type {
  ErrorCode,
  ExportOptions,
  ImportReport,
  NestedEventStoreOptions,
  OpenOptions,
  Recovery,
} from "./types.js";
import type { Log, Nested, NoticeKind, Store } from "./wasm/oh.js";

/** What target 0 opens, by the name of the method: its options and the object. */
export interface Roots {
  readonly store: readonly [OpenOptions, HostedStore];
  readonly nested: readonly [NestedEventStoreOptions, Nested];
}

/**
 * A call of a method of an object that the host keeps under the number `target`. Numbers are
 * given by the caller, so a new object can be called before it has been made. Target 0 opens one of
 * the `Roots`.
 */
export interface Request {
  readonly id: number;
  readonly target: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Where the result is kept; without it the result itself is the answer. */
  readonly keep?: number | undefined;
  /** The method takes a callback after `args`. */
  readonly progress?: boolean;
}

/** The store as the page calls it. */
export type HostedStore = Omit<Store, "import"> & {
  import(
    file: Blob,
    options: { id?: string | undefined },
    progress: Progress,
  ): Promise<ImportReport>;
};

/** A log as the page calls it. */
export type HostedLog = Omit<Log, "export"> & {
  export(options: ExportOptions): { file(type: string, progress: Progress): Promise<Blob> };
};

/** An error that crosses the worker's border. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly recovery?: Recovery | undefined;
}

export type Message =
  | { readonly id: number; readonly value?: unknown; readonly error?: Failure }
  | { readonly id: number; readonly progress: readonly unknown[] }
  | { readonly kind: NoticeKind; readonly detail: Record<string, unknown> };

/** The name of the worker that the store starts. */
export type WorkerName = "oh-event-store";
