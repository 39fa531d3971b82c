import { createContext, createElement, useContext, useMemo, useState } from "react";
import type { ReactElement, ReactNode } from "react";
import { openEventStore } from "../index.js";
import type { Conversation, ConversationOptions, EventStore, OpenOptions } from "../types.js";
import { observable, onAbort } from "./observable.js";
import { useObservable } from "./use-observable.js";

export interface EventStoreProviderProps {
  /** Read when the provider is mounted; for others, give it another `key`. */
  readonly options?: OpenOptions | undefined;
  /** A store that is open already; it isn't closed by the provider. */
  readonly store?: EventStore | undefined;
  readonly children?: ReactNode;
}

/** When all hooks of what is unmounted have ended what they do with it. */
const afterwards = (work: () => Promise<void>) => Promise.resolve().then(work);

const StoreContext = createContext<EventStore | null | undefined>(undefined);

/** Opens the store, closes it when unmounted, and gives it to the hooks below. */
export function EventStoreProvider(props: EventStoreProviderProps): ReactElement {
  const { children, options, store: given } = props;
  const [controller] = useState(() =>
    observable<{ store: EventStore | null; error: Error | null }>(
      { store: null, error: null },
      async ({ set }, signal) => {
        if (given) return;
        const store = await openEventStore(options);
        onAbort(signal, () => afterwards(() => store.close()));
        set({ store });
      },
    ),
  );
  const { store, error } = useObservable(controller);
  if (error) throw error;
  return createElement(StoreContext.Provider, { value: given ?? store }, children);
}

/**
 * The provider's store; null while it is being opened. A failure to open it is thrown where the
 * provider stands, for an error boundary around it.
 */
export function useEventStore(): EventStore | null {
  const store = useContext(StoreContext);
  if (store === undefined) throw new Error("There is no EventStoreProvider above");
  return store;
}

/**
 * A conversation of the provider's store, open for as long as the component is mounted; null while
 * it is being opened, and without an id. The options are compared by value. A failure to open it
 * is thrown, for an error boundary.
 */
export function useConversation(
  id: string | null | undefined,
  options?: ConversationOptions,
): Conversation | null {
  const store = useEventStore();
  const key = JSON.stringify(options ?? {});
  const controller = useMemo(
    () =>
      observable<{ conversation: Conversation | null; error: Error | null }>(
        { conversation: null, error: null },
        async ({ set }, signal) => {
          if (!store || !id) return;
          const conversation = await store.conversation(id, JSON.parse(key) as ConversationOptions);
          onAbort(signal, () => afterwards(() => conversation.close()));
          set({ conversation });
        },
      ),
    [store, id, key],
  );
  const { conversation, error } = useObservable(controller);
  if (error) throw error;
  return conversation;
}
