// Looking for damage and mending it.
import type { ServerOptions, SyncReport } from "./server.js";

export interface VerifyOptions {
  /** Ends it: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every few pages. */
  readonly onProgress?: ((report: VerifyReport) => void) | undefined;
}

/** With a `baseUrl` the gaps are filled from that server. */
export interface RepairOptions extends Partial<ServerOptions> {
  /** Ends it: it rejects with the signal's reason; what is put right stays so. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every few pages, and after each page of the server's. */
  readonly onProgress?: ((report: RepairReport) => void) | undefined;
}

/** A damaged record. */
export interface Damage {
  /** Where it lies: `conversations` has the conversation's own record. */
  readonly table: "conversations" | "tail" | "pages" | "summaries" | "signatures";
  /** Its number there: a position in the tail, the number of a page elsewhere. */
  readonly number: number;
  /** The positions that it is about, where they are known; both ends are included. */
  readonly range?: readonly [number, number];
  /**
   * `checksum`: its bytes have changed; `cut-off`: its end is missing; `missing`: it is not there;
   * `orphan`: nothing tells of it; `order`: it lies where others do; `mismatch`: it doesn't agree with
   * itself or others; `ahead`: it claims what lies beyond the last event.
   */
  readonly fault: "checksum" | "cut-off" | "missing" | "orphan" | "order" | "mismatch" | "ahead";
}

/** What a look at all records has found. */
export interface VerifyReport {
  /** Nothing is damaged. */
  readonly sound: boolean;
  /** Pages that were looked at. */
  readonly pages: number;
  readonly totalPages: number;
  /** Events that are sound; after a repair: that are there. */
  readonly events: number;
  /** The bytes of their texts, one more per event. */
  readonly bytes: number;
  /** What is not sound; after a repair: what was not. */
  readonly damages: readonly Damage[];
  /** Where events can't be read any more, as inclusive ranges; after a repair they are gaps. */
  readonly lost: readonly (readonly [number, number])[];
}

export interface RepairReport extends VerifyReport {
  /** What was fetched from the server, where one was given. */
  readonly sync?: SyncReport;
}
