export { useConnection } from "./use-connection.js";
export type { ConnectionHook } from "./use-connection.js";
export {
  ConversationSubscriptionsProvider,
  useConversationSubscriptions,
} from "./use-conversation-subscriptions.js";
export type { ConversationSubscriptions } from "./use-conversation-subscriptions.js";
export type { ConversationSubscription } from "./subscriptions.js";
export { EventStoreProvider, useConversation, useEventStore } from "./provider.js";
export type { EventStoreProviderProps } from "./provider.js";
export { useEvent, useEvents, useSearch } from "./use-events.js";
export type { UseEventsOptions, UseSearchOptions } from "./use-events.js";
export type { EventsState } from "./events.js";
export type { EventState, SearchState } from "./search.js";
export { useReplay } from "./use-replay.js";
export type { ReplayHook } from "./use-replay.js";
export type { ReplayControls, ReplayHookState } from "./replay.js";
export { useWebSocket } from "./use-web-socket.js";
export type { WebSocketHook } from "./use-web-socket.js";
export type { WebSocketHookOptions, WebSocketState } from "./web-socket.js";
