// One event of a list: its kind, what it says, and its JSON for those who want all of it.
import { memo, useContext, useState, type ReactElement } from "react";
import { timeOfDay } from "../format";
import { Icon } from "../parts/icon";
import { Body } from "./body";
import { Expanded } from "./expanded";
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
  const source = text(event, "source");
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
          <span className="event-source">{source}</span>
          <time dateTime={timestamp} title={timestamp}>
            {timeOfDay(timestamp)}
          </time>
          <span className="event-id">#{id.length > 8 ? id.slice(0, 8) : id}</span>
        </span>
      </header>
      <Body event={event} id={id} />
      <Raw event={event} id={id} />
    </article>
  );
});

/** The whole event as JSON, written only while it is open. */
function Raw({ event, id }: { event: unknown; id: string }): ReactElement {
  const expanded = useContext(Expanded);
  const query = useContext(Query);
  const key = `${id}/json`;
  const [open, setOpen] = useState(() => expanded.has(key));
  return (
    <div className="event-foot">
      {query !== "" && !open && <Excerpt source={dumped(event)} />}
      <details
        className="raw"
        open={open}
        onToggle={({ currentTarget }) => {
          if (currentTarget.open) expanded.add(key);
          else expanded.delete(key);
          setOpen(currentTarget.open);
        }}
      >
        <summary aria-label={`JSON of event ${id}`}>JSON</summary>
        {open && (
          <pre className="json" tabIndex={0}>
            <Marked>{JSON.stringify(event, null, 2)}</Marked>
          </pre>
        )}
      </details>
    </div>
  );
}
