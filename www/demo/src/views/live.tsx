// What is stored of a conversation, and what comes while the server plays.
import type { Conversation } from "oh-event-store";
import { useEvents } from "oh-event-store/react";
import type { ReactElement } from "react";
import { EventList } from "../event/list";
import { LivePanel } from "../live/panel";

/** How many of the newest events are read at first, and how many older ones with each step. */
const WINDOW = 400;

export function LiveView({ conversation }: { conversation: Conversation }): ReactElement {
  const { events, loading, error, hasOlder, loadOlder } = useEvents(conversation, {
    window: WINDOW,
  });
  return (
    <div className="view is-live">
      <EventList
        events={events}
        label="Events"
        follow
        busy={loading}
        onTop={hasOlder ? loadOlder : undefined}
        before={
          hasOlder && (
            <button
              type="button"
              className="load-older"
              data-testid="load-older"
              onClick={() => loadOlder()}
            >
              Load older events
            </button>
          )
        }
        empty={
          error ? (
            <p role="alert">{error.message}</p>
          ) : loading ? (
            <p>Reading…</p>
          ) : (
            <>
              <h2>No events yet</h2>
              <p>Connect, then let the server play: events appear here once they are stored.</p>
            </>
          )
        }
      />
      <LivePanel conversation={conversation} />
    </div>
  );
}
