// What is looked for: words, as people read them, or the server's query.
import type { EventFilter } from "oh-event-store";
import { useId, useState, type ReactElement } from "react";
import { Icon } from "../parts/icon";
import { TextInput } from "../parts/text-input";

const WAYS = {
  text: {
    label: "Words",
    placeholder: "café, traceback, README…",
    hint: "What people read, in any case. Accents count.",
  },
  query: {
    label: "Server query",
    placeholder: 'pytest, "id": 12, exit_code…',
    hint: "As on the server: the event’s JSON, with keys and escapes.",
  },
} as const;

type Way = keyof typeof WAYS;

interface Props {
  readonly filter: EventFilter;
  readonly onChange: (filter: EventFilter) => void;
}

export function SearchBox({ filter, onChange }: Props): ReactElement {
  const [chosen, setChosen] = useState<Way>("text");
  const way = filter.query ? "query" : filter.text ? "text" : chosen;
  const value = filter[way] ?? "";
  const field = useId();
  const hint = useId();
  const look = (by: Way, wanted: string): void => {
    setChosen(by);
    onChange({ ...filter, text: undefined, query: undefined, [by]: wanted });
  };
  return (
    <div className="field filter-query">
      <div className="segmented" role="group" aria-label="What is searched">
        {(Object.keys(WAYS) as Way[]).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === way}
            data-testid={`by-${name}`}
            onClick={() => look(name, value)}
          >
            {WAYS[name].label}
          </button>
        ))}
      </div>
      <label className="visually-hidden" htmlFor={field}>
        {WAYS[way].label}
      </label>
      <div className="query">
        <Icon name="search" />
        <TextInput
          id={field}
          type="search"
          testId={`filter-${way}`}
          placeholder={WAYS[way].placeholder}
          value={value}
          describedBy={hint}
          onChange={(wanted) => look(way, wanted)}
        />
      </div>
      <p className="query-hint" id={hint}>
        {WAYS[way].hint}
      </p>
    </div>
  );
}
