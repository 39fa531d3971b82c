// What to search for. Every change searches; typing waits a moment.
import type { Conversation, EventFilter } from "oh-event-store";
import { useId, useState, type ReactElement, type ReactNode } from "react";
import { ACTIONS, OBSERVATIONS, type Kind } from "../event/kinds";
import { count } from "../format";
import { Icon } from "../parts/icon";
import { TextInput } from "../parts/text-input";
import { useKindCounts } from "./kind-counts";
import { SearchBox } from "./search-box";

interface Props {
  readonly conversation: Conversation;
  readonly filter: EventFilter;
  readonly onChange: (filter: EventFilter) => void;
}

const DATE_ONLY = /^\d{4}-\d\d-\d\d$/;
const SOURCES = ["agent", "user", "environment"];

export function FilterForm({ conversation, filter, onChange }: Props): ReactElement {
  const counts = useKindCounts(conversation);
  const [open, setOpen] = useState(false);
  const chosen = filter.includeTypes ?? [];
  const toggle = (name: string): void => {
    const next = chosen.includes(name) ? chosen.filter((type) => type !== name) : [...chosen, name];
    onChange({ ...filter, includeTypes: next });
  };
  return (
    <form
      className="filter"
      role="search"
      aria-label="Events"
      data-testid="filter-form"
      data-open={open}
      onSubmit={(event) => event.preventDefault()}
    >
      <SearchBox filter={filter} onChange={onChange} />
      <button
        type="button"
        className="button more"
        aria-expanded={open}
        data-testid="filter-more"
        onClick={() => setOpen(!open)}
      >
        {open ? "Fewer filters" : "Source, dates, kinds"}
      </button>
      <Field label="Source">
        {(id) => (
          <select
            id={id}
            value={filter.source ?? ""}
            data-testid="filter-source"
            onChange={({ target }) => onChange({ ...filter, source: target.value })}
          >
            <option value="">Any</option>
            {SOURCES.map((source) => (
              <option key={source}>{source}</option>
            ))}
          </select>
        )}
      </Field>
      <div className="dates">
        <Field label="From">
          {(id) => (
            <TextInput
              id={id}
              testId="filter-start"
              placeholder="2025-08-31"
              value={filter.startDate ?? ""}
              onChange={(startDate) => onChange({ ...filter, startDate })}
            />
          )}
        </Field>
        <Field label="To">
          {(id) => (
            <TextInput
              id={id}
              testId="filter-end"
              placeholder="2025-09-01"
              value={filter.endDate ?? ""}
              onChange={(endDate) => onChange({ ...filter, endDate })}
            />
          )}
        </Field>
      </div>
      {DATE_ONLY.test(filter.endDate ?? "") && (
        <p className="hint">Dates are compared as text: this leaves that whole day out.</p>
      )}
      <label className="check">
        <input
          type="checkbox"
          checked={filter.excludeHidden ?? false}
          data-testid="filter-hidden"
          onChange={({ target }) => onChange({ ...filter, excludeHidden: target.checked })}
        />
        Leave out hidden commands
      </label>
      <details className="kinds" open>
        <summary>
          Kinds {chosen.length > 0 && <span className="badge">{chosen.length}</span>}
        </summary>
        <Kinds legend="Actions" kinds={ACTIONS} {...{ counts, chosen, toggle }} />
        <Kinds legend="Observations" kinds={OBSERVATIONS} {...{ counts, chosen, toggle }} />
      </details>
    </form>
  );
}

interface KindsProps {
  readonly legend: string;
  readonly kinds: readonly Kind[];
  readonly counts: ReadonlyMap<string, number>;
  readonly chosen: readonly string[];
  readonly toggle: (name: string) => void;
}

/** The kinds that occur, the most frequent first; the others behind a button. */
function Kinds({ legend, kinds, counts, chosen, toggle }: KindsProps): ReactElement {
  const [all, setAll] = useState(false);
  const occurring = kinds
    .filter(({ name }) => (counts.get(name) ?? 0) > 0 || chosen.includes(name))
    .toSorted((one, other) => (counts.get(other.name) ?? 0) - (counts.get(one.name) ?? 0));
  const shown = all
    ? [...occurring, ...kinds.filter((kind) => !occurring.includes(kind))]
    : occurring;
  const more = kinds.length - occurring.length;
  return (
    <fieldset>
      <legend>{legend}</legend>
      {shown.map(({ name, label, tone, icon }) => (
        <label key={name} className="kind" data-tone={tone} title={name}>
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            data-testid={`filter-type-${name}`}
            onChange={() => toggle(name)}
          />
          <span className="kind-sign">
            <Icon name={icon} size={13} />
          </span>
          <span className="kind-label">{label}</span>
          <span className="kind-count">{count(counts.get(name) ?? 0)}</span>
        </label>
      ))}
      {more > 0 && (
        <button
          type="button"
          className="link"
          aria-expanded={all}
          data-testid={`filter-more-${legend.toLowerCase()}`}
          onClick={() => setAll(!all)}
        >
          {all ? "Only those that occur" : `${more} more kinds`}
        </button>
      )}
    </fieldset>
  );
}

interface FieldProps {
  readonly label: string;
  readonly className?: string;
  readonly children: (id: string) => ReactNode;
}

function Field(props: FieldProps): ReactElement {
  const id = useId();
  return (
    <div className={`field ${props.className ?? ""}`}>
      <label htmlFor={id}>{props.label}</label>
      {props.children(id)}
    </div>
  );
}
