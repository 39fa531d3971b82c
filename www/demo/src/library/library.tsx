// The stored conversations as the page knows them, read again when something may have changed.
import type { ConversationInfo, EventStore, Stats } from "oh-event-store";
import {
  createContext,
  use,
  useCallback,
  useEffect,
  useMemo,
  useState,
  type ReactElement,
  type ReactNode,
} from "react";
import { reason } from "../format";

interface Library {
  readonly store: EventStore;
  /** Undefined until they have been read. */
  readonly conversations: readonly ConversationInfo[] | undefined;
  readonly stats: Stats | undefined;
  /** Why they could not be read. */
  readonly error: string | undefined;
  refresh(): void;
}

const Context = createContext<Library | undefined>(undefined);

/** How often the list is read while the page is visible; other tabs write to it as well. */
const PERIOD = 1500;

export function LibraryProvider(props: { store: EventStore; children: ReactNode }): ReactElement {
  const { store, children } = props;
  const [conversations, setConversations] = useState<readonly ConversationInfo[]>();
  const [stats, setStats] = useState<Stats>();
  const [error, setError] = useState<string>();

  const read = useCallback(async () => {
    try {
      const [found, counted] = await Promise.all([store.conversations(), store.stats()]);
      setConversations(found.toSorted((one, other) => other.lastAccess - one.lastAccess));
      setStats(counted);
      setError(undefined);
    } catch (failure) {
      setError(reason(failure));
    }
  }, [store]);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    const turn = async (): Promise<void> => {
      if (document.visibilityState === "visible") await read();
      if (!stopped) timer = setTimeout(() => void turn(), PERIOD);
    };
    void turn();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [read]);

  const library = useMemo(
    () => ({ store, conversations, stats, error, refresh: () => void read() }),
    [store, conversations, stats, error, read],
  );
  return <Context value={library}>{children}</Context>;
}

export function useLibrary(): Library {
  const library = use(Context);
  if (!library) throw new Error("useLibrary is used outside a LibraryProvider");
  return library;
}
