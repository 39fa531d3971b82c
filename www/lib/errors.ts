import type { ErrorCode, Recovery } from "./types.js";

/** Every error of this package: `code` says what went wrong, `recovery` what can be done. */
export class EventStoreError extends Error {
  constructor(
    message: string,
    readonly code: ErrorCode,
    readonly recovery: Recovery = "tell-user",
  ) {
    super(message);
  }
}

const classes = new Map<ErrorCode, typeof EventStoreError>();

/** The class of one code; its name is the code's: `event-not-found` is `EventNotFoundError`. */
function define(code: ErrorCode, usual?: Recovery): typeof EventStoreError {
  const name = `-${code}Error`.replace(/-(.)/g, (_, first: string) => first.toUpperCase());
  const type = class extends EventStoreError {
    override name = name;
    constructor(message: string, code: ErrorCode, recovery = usual) {
      super(message, code, recovery);
    }
  };
  classes.set(code, type);
  return type;
}

export const EventNotFoundError = define("event-not-found");
export type EventNotFoundError = EventStoreError;
/** An argument that can't mean anything, for example a limit out of range. */
export const InvalidArgumentError = define("invalid-argument");
export type InvalidArgumentError = EventStoreError;
/** A text that is no event. */
export const InvalidEventError = define("invalid-event");
export type InvalidEventError = EventStoreError;
/** The browser has no room left; nothing of the refused write was stored. */
export const QuotaExceededError = define("quota-exceeded");
export type QuotaExceededError = EventStoreError;
/** Another tab keeps the database from being opened. */
export const BlockedError = define("blocked");
export type BlockedError = EventStoreError;
/** The store or the conversation was closed. */
export const ClosedError = define("closed", "reopen");
export type ClosedError = EventStoreError;
/** The database was written by a newer version of this package. */
export const VersionTooNewError = define("version-too-new");
export type VersionTooNewError = EventStoreError;
export const TimeoutError = define("timeout");
export type TimeoutError = EventStoreError;
/** Another tab wrote the same place first. */
export const ConflictError = define("conflict");
export type ConflictError = EventStoreError;
/** Stored bytes fail their checksum. */
export const CorruptError = define("corrupt");
export type CorruptError = EventStoreError;
export const StorageError = define("storage", "retry");
export type StorageError = EventStoreError;
/** The pair of subscriber and callback is taken. */
export const DuplicateSubscriptionError = define("duplicate-subscription");
export type DuplicateSubscriptionError = EventStoreError;
export const TooManySubscribersError = define("too-many-subscribers");
export type TooManySubscribersError = EventStoreError;
export const NetworkError = define("network", "retry");
export type NetworkError = EventStoreError;
/** The server doesn't want a user's action, or never said whether it has it; `message` says why. */
export const ActionRejectedError = define("action-rejected");
export type ActionRejectedError = EventStoreError;
/** A user's action was cancelled. */
export const ActionCancelledError = define("action-cancelled");
export type ActionCancelledError = EventStoreError;
/** So many actions, or so many bytes of them, wait for the server that there is no room for more. */
export const OutboxFullError = define("outbox-full");
export type OutboxFullError = EventStoreError;
/** A defect of this package; `message` is its text. The data on disk is unharmed. */
export const PanicError = define("panic", "reopen");
export type PanicError = EventStoreError;
/** The worker can't be started. */
export const WorkerError = define("worker");
export type WorkerError = EventStoreError;

/** An error of the class that belongs to its code. */
export function errorOf(code: ErrorCode, message: string, recovery?: Recovery): EventStoreError {
  return new (classes.get(code) ?? EventStoreError)(message, code, recovery);
}

/** What a thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
