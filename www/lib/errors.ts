import type { ErrorCode, Recovery } from "./types.js";

/** Every error of this package: `code` says what went wrong, `recovery` what can be done. */
export class EventStoreError extends Error {
  override name = "EventStoreError";
  constructor(
    message: string,
    readonly code: ErrorCode,
    readonly recovery: Recovery = "tell-user",
  ) {
    super(message);
  }
}

export class EventNotFoundError extends EventStoreError {
  override name = "EventNotFoundError";
}
/** An argument that can't mean anything, for example a limit out of range. */
export class InvalidArgumentError extends EventStoreError {
  override name = "InvalidArgumentError";
}
/** A text that is no event. */
export class InvalidEventError extends EventStoreError {
  override name = "InvalidEventError";
}
/** The browser has no room left; nothing of the refused write was stored. */
export class QuotaExceededError extends EventStoreError {
  override name = "QuotaExceededError";
}
/** Another tab keeps the database from being opened. */
export class BlockedError extends EventStoreError {
  override name = "BlockedError";
}
/** The store or the conversation was closed. */
export class ClosedError extends EventStoreError {
  override name = "ClosedError";
}
/** The database was written by a newer version of this package. */
export class VersionTooNewError extends EventStoreError {
  override name = "VersionTooNewError";
}
export class TimeoutError extends EventStoreError {
  override name = "TimeoutError";
}
/** Another tab wrote the same place first. */
export class ConflictError extends EventStoreError {
  override name = "ConflictError";
}
/** Stored bytes fail their checksum. */
export class CorruptError extends EventStoreError {
  override name = "CorruptError";
}
export class StorageError extends EventStoreError {
  override name = "StorageError";
}
/** The pair of subscriber and callback is taken. */
export class DuplicateSubscriptionError extends EventStoreError {
  override name = "DuplicateSubscriptionError";
}
export class TooManySubscribersError extends EventStoreError {
  override name = "TooManySubscribersError";
}
export class DuplicateEventError extends EventStoreError {
  override name = "DuplicateEventError";
}
export class NetworkError extends EventStoreError {
  override name = "NetworkError";
}
/** A defect of this package; `message` is its text. The data on disk is unharmed. */
export class PanicError extends EventStoreError {
  override name = "PanicError";
}
/** The worker can't be started. */
export class WorkerError extends EventStoreError {
  override name = "WorkerError";
}

const classes: Record<ErrorCode, typeof EventStoreError> = {
  "event-not-found": EventNotFoundError,
  "invalid-argument": InvalidArgumentError,
  "invalid-event": InvalidEventError,
  "quota-exceeded": QuotaExceededError,
  blocked: BlockedError,
  closed: ClosedError,
  "version-too-new": VersionTooNewError,
  timeout: TimeoutError,
  conflict: ConflictError,
  corrupt: CorruptError,
  storage: StorageError,
  "duplicate-subscription": DuplicateSubscriptionError,
  "too-many-subscribers": TooManySubscribersError,
  "duplicate-event": DuplicateEventError,
  network: NetworkError,
  panic: PanicError,
  worker: WorkerError,
};

/** An error of the class that belongs to its code. */
export function errorOf(code: ErrorCode, message: string, recovery?: Recovery): EventStoreError {
  return new (classes[code] ?? EventStoreError)(message, code, recovery);
}

/** What an unknown thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
