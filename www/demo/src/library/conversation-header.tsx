import type { ReactElement } from "react";
import { bytes, plural } from "../format";
import { Icon, type IconName } from "../parts/icon";
import { routeTo, VIEWS, type View } from "../route";
import { useLibrary } from "./library";

const TABS: Record<View, { label: string; icon: IconName }> = {
  live: { label: "Live", icon: "live" },
  search: { label: "Search", icon: "search" },
  replay: { label: "Replay", icon: "play" },
};

/** Which conversation is shown, and the ways to look at it. */
export function ConversationHeader({ id, view }: { id: string; view: View }): ReactElement {
  const { conversations } = useLibrary();
  const info = conversations?.find((known) => known.id === id);
  return (
    <header className="conversation-header">
      <a className="button is-quiet is-icon back" href={routeTo()} aria-label="All conversations">
        <Icon name="back" />
      </a>
      <h1 title={id}>{id}</h1>
      {info && (
        <span className="muted conversation-size">
          {plural(info.events, "event")} · {bytes(info.bytes)}
        </span>
      )}
      <nav className="tabs" aria-label="Views">
        {VIEWS.map((name) => (
          <a
            key={name}
            href={routeTo(id, name)}
            aria-current={name === view ? "page" : undefined}
            data-testid={`tab-${name}`}
          >
            <Icon name={TABS[name].icon} size={14} />
            {TABS[name].label}
          </a>
        ))}
      </nav>
    </header>
  );
}
