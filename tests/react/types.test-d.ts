/** Programs that must type-check, and wrong ones that must not: checked by tsc, never run. */
import type { ReactElement } from "react";
import { expectTypeOf } from "vitest";
import {
  EventStoreProvider,
  useConversation,
  useEvent,
  useEvents,
  useEventStore,
  useReplay,
  useSearch,
  useWebSocket,
} from "../../www/lib/react/index.js";
import type { WebSocketHookOptions } from "../../www/lib/react/index.js";
import type { Conversation, Event, EventStore } from "../../www/lib/types.js";

export function right(conversation: Conversation): void {
  const socket = useWebSocket("ws://localhost", {
    queryParams: { resend_all: true, session_api_key: "key" },
    reconnect: { enabled: true, maxAttempts: 3, delay: 100 },
    conversation,
  });
  expectTypeOf(socket.messages).toEqualTypeOf<string[]>();
  expectTypeOf(socket.lastMessage).toEqualTypeOf<string | null>();
  expectTypeOf(socket.socket).toEqualTypeOf<WebSocket | null>();
  const binary = useWebSocket<ArrayBuffer>("ws://localhost", { conversation: null });
  expectTypeOf(binary.messages).toEqualTypeOf<ArrayBuffer[]>();
  const options: WebSocketHookOptions = { onClose: (event) => event.code.toFixed() };
  useWebSocket("", options);

  expectTypeOf(useEventStore()).toEqualTypeOf<EventStore | null>();
  const found = useConversation("abc", { dialect: "v1", secrets: { token: "t" } });
  expectTypeOf(found).toEqualTypeOf<Conversation | null>();
  const { events } = useEvents(found, { filter: { excludeHidden: true }, window: 50 });
  expectTypeOf(events).toEqualTypeOf<readonly Event[]>();
  expectTypeOf(useEvent(found, 1).event).toEqualTypeOf<Event | undefined>();
  useSearch(found, null);
  useSearch(found, { query: "a" }, { reverse: true, limit: 10 }).events.map(({ id }) => id);
  const { seek, state } = useReplay(found, { speed: 2, maxIdle: 500 });
  seek(new Date());
  seek(state?.total ?? 0);
  expectTypeOf(EventStoreProvider({})).toEqualTypeOf<ReactElement>();
}

export function wrong(conversation: Conversation): void {
  // @ts-expect-error the URL may be empty, but not absent
  useWebSocket();
  // @ts-expect-error a query parameter is a string or a boolean
  useWebSocket("", { queryParams: { limit: 1 } });
  // @ts-expect-error an unknown option
  useWebSocket("", { onmessage: () => {} });
  // @ts-expect-error a conversation is an object, not an id
  useWebSocket("", { conversation: "abc" });
  // @ts-expect-error messages are of the type that was asked for
  expectTypeOf(useWebSocket<ArrayBuffer>("").lastMessage).toEqualTypeOf<string | null>();
  // @ts-expect-error an unknown dialect
  useConversation("abc", { dialect: "v2" });
  // @ts-expect-error the filter's names are the server's in camelCase
  useEvents(conversation, { filter: { exclude_hidden: true } });
  // @ts-expect-error the events aren't the application's to change
  useEvents(conversation).events.length = 0;
  // @ts-expect-error an id is wanted
  useEvent(conversation);
  // @ts-expect-error a query is part of a filter
  useSearch(conversation, "query");
  // @ts-expect-error a replay doesn't go to a date's text
  useReplay(conversation).seek("2026-01-01");
  // @ts-expect-error an unknown option of the store
  EventStoreProvider({ options: { databaseName: "x" } });
}
