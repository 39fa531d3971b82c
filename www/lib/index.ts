/**
 * The browser's own copy of OpenHands conversations.
 *
 * ```ts
 * const store = await openEventStore();
 * const conversation = await store.conversation("abc");
 * attach(socket, conversation);
 * for await (const event of conversation.searchEvents({ filter: { query: "error" } })) {
 *   console.log(event.id);
 * }
 * ```
 *
 * @module
 */
export { attach } from "./attach.js";
export {
  ActionCancelledError,
  ActionRejectedError,
  BlockedError,
  ClosedError,
  ConflictError,
  CorruptError,
  DuplicateSubscriptionError,
  EventNotFoundError,
  EventStoreError,
  InvalidArgumentError,
  InvalidEventError,
  NetworkError,
  OutboxFullError,
  PanicError,
  QuotaExceededError,
  StorageError,
  TimeoutError,
  TooManySubscribersError,
  VersionTooNewError,
  WorkerError,
} from "./errors.js";
export { highlights } from "./events.js";
export { init } from "./init.js";
export { nestedEventStore } from "./nested.js";
export { openEventStore } from "./store.js";
export type * from "./types.js";
export { buildHttpBaseUrl, buildWebSocketUrl, extractBaseHost, extractPathPrefix } from "./urls.js";
