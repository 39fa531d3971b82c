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

/** The machinery of `useConnection`, without React: `look` begins to follow `pending`. */
function connectionController(
  conversation: Pick<Conversation, "connect"> | null | undefined,
  given: ConnectOptions | null,
) {
  let looked = false;
  let follow = () => {};
  const observed = observable<ConnectionHook>(NONE, ({ set }, signal) => {
    if (!conversation || !given) return;
    const connection = conversation.connect(given);
    onAbort(signal, () => connection.close());
    connection.on("state", (state) => set({ state }));
    follow = () => void connection.on("pending", (pending) => set({ pending }));
    if (looked) follow();
    set({ connection, state: connection.state });
  });
  const look = () => {
    if (!looked) follow();
    looked = true;
  };
  return { observed, look };
}

/**
 * A connection for as long as the component is mounted. The options are compared by value; others
 * connect anew, and without any there is no connection. The outbox is read from when on somebody
 * looks at `pending`.
 */
export function useConnection(
  conversation: Pick<Conversation, "connect"> | null | undefined,
  options: ConnectOptions | null | undefined,
): ConnectionHook {
  const key = JSON.stringify(options ?? null);
  const { observed, look } = useMemo(
    () => connectionController(conversation, JSON.parse(key) as ConnectOptions | null),
    [conversation, key],
  );
  const seen = useObservable(observed);
  return useMemo(
    () => ({
      ...seen,
      get pending() {
        look();
        return seen.pending;
      },
    }),
    [seen, look],
  );
}
