// One event of a list: its kind, what it says, and its JSON for those who want all of it.
import { memo, useContext, useId, type ReactElement } from "react";
import { timeOfDay } from "../format";
import { Icon } from "../parts/icon";
import { Body } from "./body";
import { useOpened } from "./expanded";
import { dumped, field, text } from "./fields";
import { exitCode, headline } from "./headline";
import { Excerpt, Marked, Query } from "./highlight";
import { kindOf } from "./kinds";

/** The id that names an event within its conversation: a number (V0) or a string (V1). */
export function eventId(event: unknown): string {
  const id = field(event, "id");
  return typeof id === "number" || typeof id === "string" ? String(id) : "";
}

interface Props {
  readonly event: unknown;
  readonly index: number;
  readonly total: number;
}

export const EventRow = memo(function EventRow({ event, index, total }: Props): ReactElement {
  const id = eventId(event);
  const kind = kindOf(event);
  const code = exitCode(event);
  const line = headline(event);
  const timestamp = text(event, "timestamp");
  const query = useContext(Query);
  const [open, toggle] = useOpened(`${id}/json`);
  const json = useId();
  return (
    <article
      className="event"
      data-event-id={id}
      data-kind={kind.name}
      data-tone={kind.tone}
      data-testid="event"
      aria-posinset={index + 1}
      aria-setsize={total}
      aria-label={`${kind.label}, event ${id}`}
    >
      <header className="event-head">
        <span className="event-sign">
          <Icon name={kind.icon} size={14} />
        </span>
        <span className="event-label">{kind.label}</span>
        {line && (
          <span className="event-line" title={line}>
            <Marked>{line}</Marked>
          </span>
        )}
        {code !== undefined && (
          <span className={code === 0 ? "exit" : "exit is-bad"}>exit {code}</span>
        )}
        <span className="event-meta">
          <span className="event-source">{text(event, "source")}</span>
          <time dateTime={timestamp} title={timestamp}>
            {timeOfDay(timestamp)}
          </time>
          <span className="event-id">#{id.length > 8 ? id.slice(0, 8) : id}</span>
          <button
            type="button"
            className="json-toggle"
            aria-label={`JSON of event ${id}`}
            aria-expanded={open}
            aria-controls={json}
            title="JSON"
            data-testid="event-json"
            onClick={toggle}
          >
            {"{}"}
          </button>
        </span>
      </header>
      <Body event={event} id={id} />
      {query !== "" && !open && <Excerpt source={dumped(event)} />}
      <div id={json} hidden={!open}>
        {open && (
          <pre className="json" tabIndex={0} data-testid="event-json-text">
            <Marked>{JSON.stringify(event, null, 2)}</Marked>
          </pre>
        )}
      </div>
    </article>
  );
});
