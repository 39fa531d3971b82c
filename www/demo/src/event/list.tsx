// A list of events of any length: only the rows in view are in the page.
import { useCallback, useRef, useState, type ReactElement, type ReactNode } from "react";
import { Icon } from "../parts/icon";
import { VirtualList, type VirtualListHandle } from "../parts/virtual-list";
import { Expanded } from "./expanded";
import { EventRow, eventId } from "./row";

/** Events by index, parsed when looked at: an array, or batches of a search. */
export interface Events {
  readonly length: number;
  at(index: number): unknown;
  /** The conversation of an event, where there are several. */
  conversationAt?(index: number): string | undefined;
}

interface Props {
  readonly events: Events;
  readonly label: string;
  /** Rows are added only at the end, so an index names a row and no event is parsed for its key. */
  readonly grows?: boolean;
  /** Stay at the newest event while one is there. */
  readonly follow?: boolean;
  readonly busy?: boolean;
  /** Called when the top comes into view, where there is more before it. */
  readonly onTop?: (() => void) | undefined;
  /** Shown above the first event. */
  readonly before?: ReactNode;
  readonly empty: ReactNode;
  readonly testId?: string;
}

export function EventList(props: Props): ReactElement {
  const { events, label, grows = false, follow = false, busy = false } = props;
  const [expanded] = useState(() => new Set<string>());
  const [atEnd, setAtEnd] = useState(true);
  const list = useRef<VirtualListHandle>(null);
  const total = events.length;
  const render = useCallback(
    (index: number) => (
      <EventRow
        event={events.at(index)}
        index={index}
        total={total}
        conversation={events.conversationAt?.(index)}
      />
    ),
    [events, total],
  );
  const keyAt = useCallback(
    (index: number) => (grows ? String(index) : eventId(events.at(index))),
    [events, grows],
  );
  if (total === 0) return <div className="empty">{props.empty}</div>;
  return (
    <Expanded value={expanded}>
      <div className="event-list" data-testid={props.testId ?? "event-list"} data-count={total}>
        <VirtualList
          ref={list}
          length={total}
          keyAt={keyAt}
          heightAt={estimate}
          render={render}
          label={label}
          follow={follow}
          busy={busy}
          onTop={props.onTop}
          onAtEnd={setAtEnd}
          before={props.before}
        />
        {follow && !atEnd && (
          <button
            type="button"
            className="jump"
            data-testid="jump-to-latest"
            onClick={() => list.current?.toEnd()}
          >
            <Icon name="down" size={14} /> Latest
          </button>
        )}
      </div>
    </Expanded>
  );
}

/** A row's height before it has been measured: about that of a usual event. */
const estimate = (): number => 96;
