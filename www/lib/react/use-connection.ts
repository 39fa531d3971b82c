import { useMemo } from "react";
import type {
  Connection,
  ConnectionState,
  ConnectOptions,
  Conversation,
  PendingAction,
} from "../types.js";
import { observable, onAbort } from "./observable.js";
import { useObservable } from "./use-observable.js";

/** What `useConnection` returns. */
export interface ConnectionHook {
  state: ConnectionState;
  /** Null while there is none. */
  connection: Connection | null;
  /** The actions that the server doesn't have yet, and those that it has rejected. */
  pending: readonly PendingAction[];
  /** Why there is none: options that can't be right. */
  error: Error | null;
}

const NONE: ConnectionHook = {
  state: { status: "idle" },
  connection: null,
  pending: [],
  error: null,
};

/**
 * A connection for as long as the component is mounted. The options are compared by value; others
 * connect anew, and without any there is no connection.
 */
export function useConnection(
  conversation: Pick<Conversation, "connect"> | null | undefined,
  options: ConnectOptions | null | undefined,
): ConnectionHook {
  const key = JSON.stringify(options ?? null);
  const controller = useMemo(
    () =>
      observable<ConnectionHook>(NONE, ({ set }, signal) => {
        const given = JSON.parse(key) as ConnectOptions | null;
        if (!conversation || !given) return;
        const connection = conversation.connect(given);
        onAbort(signal, () => connection.close());
        connection.on("state", (state) => set({ state }));
        connection.on("pending", (pending) => set({ pending }));
        set({ connection, state: connection.state });
      }),
    [conversation, key],
  );
  return useObservable(controller);
}
