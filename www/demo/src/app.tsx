// The page: the store around everything, the header, the list of conversations, the place chosen.
import type { EventStore } from "oh-event-store";
import { EventStoreProvider, useConversation, useEventStore } from "oh-event-store/react";
import { useMemo, useState, type ReactElement } from "react";
import { useOnline, useTheme, type Theme } from "./environment";
import { LibraryProvider } from "./library/library";
import { Sidebar } from "./library/sidebar";
import { StatusLine } from "./library/status-line";
import { ImportArea } from "./library/import";
import { ConversationHeader } from "./library/conversation-header";
import { ErrorBoundary } from "./parts/error-boundary";
import { Icon, type IconName } from "./parts/icon";
import { routeTo, useRoute, type Route } from "./route";
import { HomeView } from "./views/home";
import { LiveView } from "./views/live";
import { ReplayView } from "./views/replay";
import { SearchView } from "./views/search";
import { SearchAllView } from "./views/search-all";

export function App(): ReactElement {
  const [degraded, setDegraded] = useState<string>();
  const [lost, setLost] = useState(false);
  const options = useMemo(
    () => ({
      onDegraded: (detail: { readonly reason?: string }) => setDegraded(detail.reason ?? "unknown"),
      onRestored: () => setDegraded(undefined),
      onDataLost: () => setLost(true),
    }),
    [],
  );
  return (
    <ErrorBoundary>
      <EventStoreProvider options={options}>
        {lost && (
          <div className="alert is-floating" role="alert" data-testid="data-lost">
            The browser found its database damaged and began an empty one. What was stored here has
            to be fetched from the server or imported again.{" "}
            <button type="button" className="button" onClick={() => setLost(false)}>
              Dismiss
            </button>
          </div>
        )}
        <Opened degraded={degraded} />
      </EventStoreProvider>
    </ErrorBoundary>
  );
}

function Opened({ degraded }: { degraded: string | undefined }): ReactElement {
  const store = useEventStore();
  return store ? (
    <LibraryProvider store={store}>
      <Page store={store} degraded={degraded} />
    </LibraryProvider>
  ) : (
    <div className="opening" role="status">
      Opening the store…
    </div>
  );
}

function Page(props: { store: EventStore; degraded: string | undefined }): ReactElement {
  const route = useRoute();
  return (
    <ImportArea>
      <div
        className="page"
        data-place={route.id === undefined && route.view === "live" ? "home" : "conversation"}
      >
        <a className="skip" href="#main" onClick={skip}>
          Skip to the content
        </a>
        <Header mode={props.store.mode} degraded={props.degraded} />
        <Sidebar route={route} />
        <main id="main" className="main" tabIndex={-1}>
          {route.id === undefined && route.view === "search" ? (
            <SearchAllView params={route.params} />
          ) : route.id === undefined ? (
            <HomeView />
          ) : (
            <ErrorBoundary key={route.id}>
              <ConversationPage key={route.id} id={route.id} route={route} />
            </ErrorBoundary>
          )}
        </main>
        <StatusLine />
      </div>
    </ImportArea>
  );
}

/** The hash is the address of a view, so the jump can't be one. */
function skip(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function ConversationPage({ id, route }: { id: string; route: Route }): ReactElement {
  const conversation = useConversation(id);
  return (
    <>
      <ConversationHeader id={id} view={route.view} />
      {!conversation && (
        <div className="empty" role="status">
          Opening…
        </div>
      )}
      {conversation && route.view === "live" && <LiveView conversation={conversation} />}
      {conversation && route.view === "search" && (
        <SearchView conversation={conversation} params={route.params} />
      )}
      {conversation && route.view === "replay" && <ReplayView conversation={conversation} />}
    </>
  );
}

const THEME_ICONS: Record<Theme, IconName> = { auto: "auto", light: "sun", dark: "moon" };

function Header(props: { mode: EventStore["mode"]; degraded: string | undefined }): ReactElement {
  const online = useOnline();
  const { theme, next } = useTheme();
  const memory = props.mode === "memory" || props.degraded !== undefined;
  return (
    <header className="top">
      <a className="brand" href={routeTo()} aria-label="oh-event-store, home">
        <img src="/icon.svg" alt="" width={22} height={22} />
        <span>oh-event-store</span>
      </a>
      <span className="top-space" />
      <span
        className="chip"
        data-testid="storage-mode"
        data-mode={memory ? "memory" : props.mode}
        data-warn={memory}
        title={
          memory ? `Nothing outlives this page. ${props.degraded ?? ""}` : "Kept on this device"
        }
      >
        <Icon name="database" size={14} />
        {memory ? "In memory only" : "IndexedDB"}
      </span>
      <span
        className="chip"
        data-testid="online"
        data-online={online}
        role="status"
        aria-live="polite"
      >
        <span className="dot" />
        {online ? "Online" : "Offline"}
      </span>
      <button
        type="button"
        className="button is-quiet is-icon"
        data-testid="theme"
        aria-label={`Theme: ${theme}. Change it`}
        title={`Theme: ${theme}`}
        onClick={next}
      >
        <Icon name={THEME_ICONS[theme]} />
      </button>
    </header>
  );
}
