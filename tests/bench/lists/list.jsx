import { memo } from "react";

const textOf = (event) => String(event.message || event.content || event.id).slice(0, 200);

const Row = memo(function Row({ event }) {
  return <li data-id={event.id}>{textOf(event)}</li>;
});

/** The last rows of a list of events. */
export const List = ({ events, rows }) => (
  <ul>
    {events.slice(-rows).map((event) => (
      <Row key={event.id} event={event} />
    ))}
  </ul>
);
