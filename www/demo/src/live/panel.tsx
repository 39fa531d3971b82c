// The line to the server and the server's controls, with what came over it.
import type { Conversation } from "oh-event-store";
import { useEffect, useState, useSyncExternalStore, type ReactElement } from "react";
import { count, reason } from "../format";
import { Icon } from "../parts/icon";
import { useLibrary } from "../library/library";
import { Completeness } from "./completeness";
import { linkOf, type Link, type LinkState, type Transport } from "./link";
import * as server from "./server";

const STATUS_TEXT: Record<LinkState["status"], string> = {
  closed: "Not connected",
  connecting: "Connecting…",
  connected: "Connected",
  waiting: "Connection lost, trying again…",
};
const KEPT = "The browser keeps what is stored here even when space runs out.";
const NOT_KEPT = "When space runs out, the browser may delete what is stored here.";
const SPEEDS = ["1", "5", "20", "100", "instant"];

/** The line of a conversation, or why there is none. */
function useLink(id: string): Link | undefined {
  const { store } = useLibrary();
  const [link, setLink] = useState<Link>();
  useEffect(() => {
    let current = true;
    const open = async (): Promise<void> => {
      const found = await linkOf(store, id);
      if (current) setLink(found);
    };
    // The view that shows the conversation opens it too, and says why that fails.
    open().catch(() => undefined);
    return () => {
      current = false;
    };
  }, [store, id]);
  return link;
}

export function LivePanel({ conversation }: { conversation: Conversation }): ReactElement | null {
  const link = useLink(conversation.id);
  return link ? <Panel conversation={conversation} link={link} /> : null;
}

function Panel(props: { conversation: Conversation; link: Link }): ReactElement {
  const { conversation, link } = props;
  const { store } = useLibrary();
  const state = useSyncExternalStore(link.subscribe, link.getState);
  const [open, setOpen] = useState(false);
  const [transport, setTransport] = useState<Transport>(state.transport);
  const off = state.status === "closed";
  return (
    <aside className="panel" aria-label="Connection" data-testid="live-panel" data-open={open}>
      <section className="card">
        <h2>Connection</h2>
        <p
          className="link-status"
          data-status={state.status}
          data-testid="connection-state"
          role="status"
          aria-live="polite"
        >
          <span className="dot" />
          {STATUS_TEXT[state.status]}
          {state.attempts > 0 && ` (attempt ${state.attempts})`}
        </p>
        <div className="segmented" role="group" aria-label="Transport">
          {(["socket.io", "websocket"] as const).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={transport === name}
              data-testid={`transport-${name}`}
              disabled={!off}
              onClick={() => setTransport(name)}
            >
              {name === "socket.io" ? "Socket.IO" : "WebSocket"}
            </button>
          ))}
        </div>
        {off ? (
          <button
            type="button"
            className="button is-primary is-wide"
            data-testid="connect"
            onClick={() => {
              // Some browsers ask the user, who has just shown interest.
              store.persist().then(
                (kept) => link.notify("info", kept ? KEPT : NOT_KEPT),
                (error: unknown) => link.notify("error", `Not kept for good: ${reason(error)}`),
              );
              link.connect(transport);
            }}
          >
            <Icon name="live" /> Connect
          </button>
        ) : (
          <button
            type="button"
            className="button is-wide"
            data-testid="disconnect"
            onClick={() => link.disconnect()}
          >
            Disconnect
          </button>
        )}
        <button
          type="button"
          className="button is-icon more"
          aria-label="Server, counters and messages"
          aria-expanded={open}
          data-testid="panel-more"
          onClick={() => setOpen(!open)}
        >
          <Icon name="gear" />
        </button>
      </section>
      <ServerControls id={conversation.id} link={link} />
      {conversation.dialect === "v0" && <Completeness conversation={conversation} />}
      <section className="card">
        <h2>Received</h2>
        <dl className="counters">
          <Counter name="accepted" value={state.accepted} />
          <Counter name="doubles" value={state.doubles} />
          <Counter name="rejected" value={state.rejected} bad />
          <Counter name="status" value={state.statuses} />
        </dl>
      </section>
      <section className="card notices">
        <h2>Messages</h2>
        <div aria-live="polite" data-testid="status-messages" tabIndex={0} role="log">
          {state.notices.length === 0 && <p className="muted">Nothing yet.</p>}
          {state.notices.map((notice) => (
            <p key={notice.key} className="notice" data-tone={notice.tone}>
              <time>{notice.at.toTimeString().slice(0, 8)}</time> {notice.text}
            </p>
          ))}
        </div>
      </section>
    </aside>
  );
}

function Counter(props: { name: string; value: number; bad?: boolean }): ReactElement {
  const { name, value, bad = false } = props;
  return (
    <div data-bad={bad && value > 0}>
      <dt>{name}</dt>
      <dd data-testid={`count-${name}`}>{count(value)}</dd>
    </div>
  );
}

/** Playing the recording, which only the demo's server does. */
function ServerControls({ id, link }: { id: string; link: Link }): ReactElement {
  const [speed, setSpeed] = useState("20");
  const [known, setKnown] = useState<boolean>();
  useEffect(() => {
    let current = true;
    server.listConversations().then(
      (found) => current && setKnown(found.some((conversation) => conversation.id === id)),
      () => current && setKnown(false),
    );
    return () => {
      current = false;
    };
  }, [id]);
  const run = async (what: Promise<server.Playback>): Promise<void> => {
    try {
      const { events, pending, playing } = await what;
      setKnown(true);
      const state = playing ? "plays" : "rests";
      link.notify(
        "info",
        `The server ${state}: ${count(events)} events sent, ${count(pending)} to come`,
      );
    } catch (error) {
      link.notify("error", `Server: ${reason(error)}`);
    }
  };
  return (
    <section className="card">
      <h2>Server</h2>
      {known === false && (
        <p className="muted" data-testid="server-unknown">
          The server doesn’t have this conversation, or can’t be reached. What is stored here works
          all the same.
        </p>
      )}
      <div className="row">
        <label className="field is-inline">
          <span>Speed</span>
          <select
            value={speed}
            data-testid="server-speed"
            onChange={({ target }) => setSpeed(target.value)}
          >
            {SPEEDS.map((value) => (
              <option key={value} value={value}>
                {value === "instant" ? "at once" : `${value}×`}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="button"
          data-testid="server-play"
          onClick={() => void run(server.play(id, speed))}
        >
          <Icon name="play" size={14} /> Play
        </button>
        <button
          type="button"
          className="button is-icon"
          data-testid="server-pause"
          aria-label="Pause the server"
          onClick={() => void run(server.pause(id))}
        >
          <Icon name="pause" size={14} />
        </button>
      </div>
      <button
        type="button"
        className="button is-wide"
        data-testid="server-drop"
        onClick={() => void run(server.drop(id))}
      >
        <Icon name="cut" size={14} /> Drop the connection
      </button>
    </section>
  );
}
