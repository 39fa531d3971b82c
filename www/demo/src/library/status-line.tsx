import { useEffect, useState, type ReactElement } from "react";
import { bytes, count, plural } from "../format";
import { useLibrary } from "./library";

/** What is stored in all, and the store's own counters. */
export function StatusLine(): ReactElement {
  const { conversations = [], stats } = useLibrary();
  const [quota, setQuota] = useState<number>();
  useEffect(() => {
    // Absent in some browsers and on insecure pages; then nothing is said about it.
    navigator.storage?.estimate?.().then(
      ({ quota: most }) => setQuota(most),
      () => undefined,
    );
  }, []);
  const events = conversations.reduce((sum, info) => sum + info.events, 0);
  const size = conversations.reduce((sum, info) => sum + info.bytes, 0);
  const counters = Object.entries(stats ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] !== 0,
  );
  return (
    <footer className="status-line" data-testid="stats">
      <span>
        <b>{count(conversations.length)}</b> stored
      </span>
      <span>{plural(events, "event")}</span>
      <span>
        {bytes(size)}
        {quota !== undefined && ` of ${bytes(quota)}`}
      </span>
      {counters.map(([name, value]) => (
        <span key={name} className="status-counter">
          {words(name)}{" "}
          <b>{/bytes/i.test(name) ? bytes(value) : count(Math.round(value * 100) / 100)}</b>
        </span>
      ))}
    </footer>
  );
}

/** "pageFaults" as "page faults". */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
