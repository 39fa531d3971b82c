import { createContext, createElement, useContext, useEffect, useMemo, useState } from "react";
import type { ReactElement, ReactNode } from "react";
import { useEventStore } from "./provider.js";
import {
  subscriptionsController,
  type ConversationSubscription,
  type ConversationSubscriptionsState,
} from "./subscriptions.js";
import { useObservable } from "./use-observable.js";

/** What `useConversationSubscriptions` returns. */
export interface ConversationSubscriptions extends Pick<
  ConversationSubscriptionsState,
  "connections"
> {
  activeConversationIds: readonly string[];
  isSubscribedToConversation: (conversationId: string) => boolean;
  /** Connects a conversation; one that is connected stays as it is. */
  subscribeToConversation: (options: ConversationSubscription) => void;
  unsubscribeFromConversation: (conversationId: string) => void;
}

type Controller = ReturnType<typeof subscriptionsController>;

const Subscriptions = createContext<Controller | null>(null);

/** Holds connections to any number of conversations, below an `EventStoreProvider`. */
export function ConversationSubscriptionsProvider(props: { children?: ReactNode }): ReactElement {
  const store = useEventStore();
  const [controller] = useState(subscriptionsController);
  useEffect(() => controller.use(store), [controller, store]);
  return createElement(Subscriptions.Provider, { value: controller }, props.children);
}

/** The provider's connections: what is connected, where each stands, and how to change that. */
export function useConversationSubscriptions(): ConversationSubscriptions {
  const controller = useContext(Subscriptions);
  if (!controller) throw new Error("There is no ConversationSubscriptionsProvider above");
  const { connections } = useObservable(controller.observed);
  return useMemo(() => {
    const activeConversationIds = Object.keys(connections);
    return {
      connections,
      activeConversationIds,
      isSubscribedToConversation: (id) => activeConversationIds.includes(id),
      subscribeToConversation: (options) => controller.subscribeToConversation(options),
      unsubscribeFromConversation: (id) => controller.unsubscribeFromConversation(id),
    };
  }, [controller, connections]);
}
