// What can be done with a stored conversation: taking it out as a file, and deleting it.
import { useRef, useState, type ReactElement } from "react";
import { download, plural, reason } from "../format";
import { hangUp } from "../live/link";
import { Icon } from "../parts/icon";
import { go, parseRoute, routeTo } from "../route";
import { useLibrary } from "./library";

const FORMATS = [
  { format: "trajectory", label: "Trajectory", ending: ".json" },
  { format: "jsonl", label: "JSON Lines", ending: ".jsonl" },
  { format: "markdown", label: "Transcript", ending: ".md" },
  { format: "archive", label: "Archive", ending: ".archive.gz" },
] as const;

type Format = (typeof FORMATS)[number];

export function ConversationActions(props: { id: string; events: number }): ReactElement {
  const { id, events } = props;
  const { store, refresh } = useLibrary();
  const menu = useRef<HTMLDetailsElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  const [error, setError] = useState<string>();

  const save = async ({ format, ending }: Format): Promise<void> => {
    if (menu.current) menu.current.open = false;
    try {
      const conversation = await store.conversation(id);
      try {
        const blob = await conversation.export({ format });
        download(`${id}${ending}`, blob);
      } finally {
        await conversation.close();
      }
    } catch (failure) {
      setError(`It could not be exported: ${reason(failure)}`);
      dialog.current?.showModal();
    }
  };

  const remove = async (): Promise<void> => {
    try {
      if (parseRoute(window.location.hash).id === id) go(routeTo());
      await hangUp(id);
      await store.deleteConversation(id);
      dialog.current?.close();
      refresh();
    } catch (failure) {
      setError(`It could not be deleted: ${reason(failure)}`);
    }
  };

  return (
    <div className="actions">
      <details
        ref={menu}
        className="menu"
        onBlur={({ currentTarget, relatedTarget }) => {
          if (!currentTarget.contains(relatedTarget)) currentTarget.open = false;
        }}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Escape") currentTarget.open = false;
        }}
      >
        <summary
          className="button is-quiet is-icon"
          aria-label={`Export ${id}`}
          title="Export"
          data-testid="export"
        >
          <Icon name="download" size={14} />
        </summary>
        <div className="menu-items">
          {FORMATS.map((choice) => (
            <button
              key={choice.format}
              type="button"
              data-testid={`export-${choice.format}`}
              onClick={() => void save(choice)}
            >
              {choice.label} <small>{choice.ending}</small>
            </button>
          ))}
        </div>
      </details>
      <button
        type="button"
        className="button is-quiet is-icon"
        aria-label={`Delete ${id}`}
        title="Delete"
        data-testid="delete"
        onClick={() => {
          setError(undefined);
          dialog.current?.showModal();
        }}
      >
        <Icon name="trash" size={14} />
      </button>
      <dialog ref={dialog} className="dialog" aria-label={`Delete ${id}`}>
        <h2>{error ? "That didn’t work" : "Delete this conversation?"}</h2>
        <p>
          {error ?? (
            <>
              <code>{id}</code> and its {plural(events, "event")} go from this browser. What the
              server has is not touched.
            </>
          )}
        </p>
        <div className="row is-end">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            {error ? "Close" : "Keep"}
          </button>
          {!error && (
            <button
              type="button"
              className="button is-danger"
              data-testid="confirm-delete"
              onClick={() => void remove()}
            >
              Delete
            </button>
          )}
        </div>
      </dialog>
    </div>
  );
}
