// The first page: what this is, what the server has, how to bring something in.
import { useEffect, useState, type ReactElement } from "react";
import { ImportButton } from "../library/import";
import { useLibrary } from "../library/library";
import { create, listConversations, type ServerConversation } from "../live/server";
import { reason } from "../format";
import { Icon } from "../parts/icon";
import { go, routeTo } from "../route";

export function HomeView(): ReactElement {
  return (
    <div className="home">
      <h1>Conversations that stay with you</h1>
      <p className="lead">
        Every event of an OpenHands conversation, kept whole in this browser: live from the server,
        searched by words or with the server’s own rules, replayed with no network at all.
      </p>
      <div className="home-cards">
        <ServerCard />
        <section className="card">
          <h2>Bring a file</h2>
          <p className="muted">
            A trajectory, JSON Lines, or an export of this page. Drop it anywhere, or pick it.
          </p>
          <ImportButton label="Choose a file" testId="home-import" />
        </section>
      </div>
    </div>
  );
}

function ServerCard(): ReactElement {
  const { conversations } = useLibrary();
  const [found, setFound] = useState<readonly ServerConversation[]>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let current = true;
    listConversations().then(
      (list) => current && setFound(list),
      () =>
        current && setError("The server can’t be reached. What is stored here works as before."),
    );
    return () => {
      current = false;
    };
  }, []);
  const begin = async (): Promise<void> => {
    const taken = new Set([...(conversations ?? []), ...(found ?? [])].map(({ id }) => id));
    let number = 1;
    while (taken.has(`session-${number}`)) number += 1;
    try {
      const { id } = await create(`session-${number}`);
      go(routeTo(id));
    } catch (failure) {
      setError(reason(failure));
    }
  };
  return (
    <section className="card" aria-busy={!found && !error}>
      <h2>On the server</h2>
      {error && (
        <p className="muted" role="status">
          {error}
        </p>
      )}
      <ul className="server-list" data-testid="server-conversations">
        {found?.map(({ id }) => (
          <li key={id}>
            <a href={routeTo(id)} data-testid="server-conversation">
              <Icon name="message" size={14} />
              <span>{id}</span>
              <Icon name="chevron" size={14} />
            </a>
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="button"
        data-testid="new-conversation"
        disabled={!found}
        onClick={() => void begin()}
      >
        <Icon name="live" size={14} /> Start a new one
      </button>
    </section>
  );
}
