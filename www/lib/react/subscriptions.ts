import type {
  ConnectionState,
  ConnectOptions,
  ConversationOptions,
  Event,
  EventStore,
} from "../types.js";
import { asError, nameOf, observable, onAbort } from "./observable.js";

/** What to connect, and who hears of it. */
export interface ConversationSubscription
  extends ConnectOptions, Pick<ConversationOptions, "dialect" | "secrets"> {
  /** The conversation, here and on the server. */
  readonly conversationId: string;
  /** Called for every event that comes from now on, once it is durable. */
  readonly onEvent?: ((event: Event, conversationId: string) => void) | undefined;
}

/** The connections under way. */
export interface ConversationSubscriptionsState {
  /** Where each of them stands, by the conversation's id: another object at each change. */
  readonly connections: Readonly<Record<string, ConnectionState>>;
  readonly error: null;
}

const CONNECTING: ConnectionState = { status: "connecting" };

/** The machinery of `ConversationSubscriptionsProvider`, without React. */
export function subscriptionsController() {
  const observed = observable<ConversationSubscriptionsState>({ connections: {}, error: null });
  const wanted = new Map<string, ConversationSubscription>();
  const running = new Map<string, AbortController>();
  let store: EventStore | null = null;

  const show = (id: string, state: ConnectionState | undefined) => {
    const connections = { ...observed.getSnapshot().connections };
    if (state) connections[id] = state;
    else delete connections[id];
    observed.set({ connections });
  };

  const run = async (given: ConversationSubscription, from: EventStore, signal: AbortSignal) => {
    const { conversationId: id, dialect, secrets, onEvent, ...options } = given;
    const tell = (state: ConnectionState) => {
      if (!signal.aborted) show(id, state);
    };
    try {
      const conversation = await from.conversation(id, { dialect, secrets });
      onAbort(signal, () => conversation.close());
      if (signal.aborted) return;
      if (onEvent) {
        const name = nameOf(id);
        const hear = (event: Event) => void (signal.aborted || onEvent(event, id));
        await conversation.subscribe("conversation-subscriptions", hear, name);
        onAbort(signal, () => conversation.unsubscribe("conversation-subscriptions", name));
      }
      if (signal.aborted) return;
      const connection = conversation.connect({ ...options, conversationId: id });
      onAbort(signal, () => connection.close());
      connection.on("state", tell);
    } catch (error) {
      tell({ status: "failed", error: asError(error) });
    }
  };

  const start = (given: ConversationSubscription) => {
    if (!store || running.has(given.conversationId)) return;
    const control = new AbortController();
    running.set(given.conversationId, control);
    void run(given, store, control.signal);
  };

  const stop = (id: string) => {
    running.get(id)?.abort();
    running.delete(id);
  };

  return {
    observed,

    /** Connects what is wanted in this store; the function that it returns ends all of that. */
    use(next: EventStore | null): () => void {
      store = next;
      wanted.forEach(start);
      return () => {
        store = null;
        [...running.keys()].forEach(stop);
      };
    },

    /** Connects a conversation; one that is connected stays as it is. */
    subscribeToConversation(given: ConversationSubscription): void {
      if (wanted.has(given.conversationId)) return;
      wanted.set(given.conversationId, given);
      show(given.conversationId, CONNECTING);
      start(given);
    },

    /** Ends its connection. */
    unsubscribeFromConversation(id: string): void {
      wanted.delete(id);
      stop(id);
      show(id, undefined);
    },
  };
}
