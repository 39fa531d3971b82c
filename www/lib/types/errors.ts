// What goes wrong, and what to do about it.

/** What an application can do about an error. */
export type Recovery = "retry" | "reopen" | "refetch" | "tell-user";

/** The `code` of every error of this package. */
export type ErrorCode =
  | "event-not-found"
  | "invalid-argument"
  | "invalid-event"
  | "quota-exceeded"
  | "blocked"
  | "closed"
  | "version-too-new"
  | "timeout"
  | "conflict"
  | "corrupt"
  | "storage"
  | "duplicate-subscription"
  | "too-many-subscribers"
  | "network"
  | "action-rejected"
  | "action-cancelled"
  | "outbox-full"
  | "panic"
  | "worker";
