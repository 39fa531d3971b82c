// The stored conversations.
import type { ConversationInfo } from "oh-event-store";
import type { ReactElement } from "react";
import { bytes, count, plural, span } from "../format";
import { isConnected } from "../live/link";
import { Icon } from "../parts/icon";
import { routeTo, type Route } from "../route";
import { ConversationActions } from "./actions";
import { ImportButton } from "./import";
import { useLibrary } from "./library";

export function Sidebar({ route }: { route: Route }): ReactElement {
  const { conversations, error } = useLibrary();
  return (
    <nav className="sidebar" aria-label="Stored conversations">
      <header className="sidebar-head">
        <h2>
          Conversations{" "}
          {conversations && <span className="badge">{count(conversations.length)}</span>}
        </h2>
        <a
          className="button is-quiet is-icon"
          href={routeTo(undefined, "search")}
          aria-label="Search all conversations"
          title="Search all conversations"
          aria-current={route.id === undefined && route.view === "search" ? "page" : undefined}
          data-testid="search-all"
        >
          <Icon name="search" />
        </a>
        <ImportButton />
      </header>
      {error && (
        <p className="alert" role="alert">
          {error}
        </p>
      )}
      {conversations?.length === 0 && (
        <p className="muted sidebar-empty">
          Nothing is stored yet. Drop a trajectory anywhere on this page, or take a conversation
          from the server.
        </p>
      )}
      <ul className="conversations" data-testid="conversations">
        {conversations?.map((info) => (
          <Item key={info.id} info={info} route={route} />
        ))}
      </ul>
    </nav>
  );
}

function Item({ info, route }: { info: ConversationInfo; route: Route }): ReactElement {
  const { id, events, gaps } = info;
  const current = route.id === id;
  return (
    <li
      className="conversation"
      data-testid="conversation"
      data-conversation-id={id}
      data-events={events}
      data-current={current}
    >
      <a
        href={routeTo(id, current ? route.view : "live")}
        aria-current={current ? "page" : undefined}
      >
        <span className="conversation-id">
          {isConnected(id) && <span className="dot is-live" role="img" aria-label="connected" />}
          <span>{id}</span>
        </span>
        <span className="conversation-meta">
          {plural(events, "event")} · {bytes(info.bytes)}
          {gaps > 0 && (
            <span
              className="badge is-warn"
              title="Ranges not known to be complete: a live socket leaves events out"
            >
              {plural(gaps, "gap")}
            </span>
          )}
        </span>
        <span className="conversation-meta">{span(info.firstTimestamp, info.lastTimestamp)}</span>
      </a>
      <ConversationActions id={id} events={events} />
    </li>
  );
}
