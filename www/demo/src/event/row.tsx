// One event of a list: its kind, what it says, and its JSON for those who want all of it.
import { memo, useContext, useId, useMemo, type ReactElement } from "react";
import { day, timeOfDay } from "../format";
import { Icon } from "../parts/icon";
import { Body } from "./body";
import { useOpened } from "./expanded";
import { dumped, field, text } from "./fields";
import { exitCode, headline } from "./headline";
import { Marked, Query, QueryExcerpt, WordExcerpt, withoutSigns, withSigns } from "./highlight";
import { kindOf } from "./kinds";
import { routeTo } from "../route";

/** The id that names an event within its conversation: a number (V0) or a string (V1). */
export function eventId(event: unknown): string {
  const id = field(event, "id");
  return typeof id === "number" || typeof id === "string" ? String(id) : "";
}

interface Props {
  readonly event: unknown;
  readonly index: number;
  readonly total: number;
  /** Said where a list shows events of several ones. */
  readonly conversation?: string | undefined;
}

export const EventRow = memo(function EventRow(props: Props): ReactElement {
  const { event, index, total, conversation } = props;
  const id = eventId(event);
  const kind = kindOf(event);
  const code = exitCode(event);
  const shown = useMemo(() => withSigns(event), [event]);
  const line = headline(shown);
  const timestamp = text(event, "timestamp");
  const query = useContext(Query);
  const key = conversation === undefined ? id : `${conversation} ${id}`;
  const [open, toggle] = useOpened(`${key}/json`);
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
      aria-label={`${kind.label}, event ${id}${conversation === undefined ? "" : ` of ${conversation}`}`}
    >
      <header className="event-head">
        <span className="event-sign">
          <Icon name={kind.icon} size={14} />
        </span>
        <span className="event-label">{kind.label}</span>
        {conversation !== undefined && (
          <a
            className="event-conversation"
            href={routeTo(conversation)}
            title={`Open ${conversation}`}
            data-testid="event-conversation"
          >
            {conversation}
          </a>
        )}
        {line && (
          <span className="event-line" title={withoutSigns(line)}>
            <Marked>{line}</Marked>
          </span>
        )}
        {code !== undefined && (
          <span className={code === 0 ? "exit" : "exit is-bad"}>exit {code}</span>
        )}
        <span className="event-meta">
          <span className="event-source">{text(event, "source")}</span>
          <time dateTime={timestamp} title={timestamp}>
            {conversation !== undefined && `${day(timestamp)} `}
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
      <Body event={shown} id={key} />
      {query !== "" && !open && <QueryExcerpt source={dumped(event)} />}
      {query === "" && <WordExcerpt event={event} />}
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
