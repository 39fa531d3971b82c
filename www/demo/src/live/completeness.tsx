// What is known to be there of the conversation, and the rest fetched from the server.
import type {
  Conversation,
  Coverage,
  RepairReport,
  SyncReport,
  VerifyReport,
} from "oh-event-store";
import { useEffect, useRef, useState, type ReactElement } from "react";
import { bytes, count, plural, reason } from "../format";
import { useLibrary } from "../library/library";
import { Icon } from "../parts/icon";

/** How many gaps are spelled out. */
const LISTED = 3;

interface Outcome {
  readonly tone: "info" | "error";
  readonly text: string;
}

export function Completeness({ conversation }: { conversation: Conversation }): ReactElement {
  const { refresh } = useLibrary();
  const coverage = useCoverage(conversation);
  const [outcome, setOutcome] = useState<Outcome>();
  const [damaged, setDamaged] = useState(false);
  const [running, setRunning] = useState<AbortController>();
  const latest = useRef<AbortController>(undefined);
  useEffect(() => () => latest.current?.abort(), []);

  const run = async (begin: string, work: (signal: AbortSignal) => Promise<Outcome>) => {
    const abort = new AbortController();
    latest.current = abort;
    setRunning(abort);
    tell(begin);
    try {
      setOutcome(await work(abort.signal));
    } catch (error) {
      const stopped = { tone: "info", text: "Stopped. What was done is kept." } as const;
      setOutcome(abort.signal.aborted ? stopped : { tone: "error", text: reason(error) });
    }
    setRunning(undefined);
    refresh();
  };
  const tell = (text: string): void => setOutcome({ tone: "info", text });
  const baseUrl = `/api/conversations/${encodeURIComponent(conversation.id)}`;

  const complete = async (signal: AbortSignal): Promise<Outcome> => {
    const report = await conversation.sync({
      baseUrl,
      signal,
      onProgress: ({ events, bytes: size }) =>
        tell(`${plural(events, "event")}, ${bytes(size)} so far`),
    });
    return { tone: "info", text: told(report) };
  };

  const onProgress = ({ pages, totalPages, sync }: RepairReport): void =>
    tell(sync ? `${plural(sync.events, "event")} so far` : `${pages} of ${totalPages} pages`);

  const verify = async (signal: AbortSignal): Promise<Outcome> => {
    const found = await conversation.verify({ signal, onProgress });
    setDamaged(!found.sound);
    return { tone: found.sound ? "info" : "error", text: verified(found) };
  };

  const repair = async (signal: AbortSignal): Promise<Outcome> => {
    const { sync } = await conversation.repair({ baseUrl, signal, onProgress });
    setDamaged(false);
    return { tone: "info", text: `Repaired. ${sync ? told(sync) : ""}` };
  };

  return (
    <section className="card">
      <h2>Completeness</h2>
      {coverage && (
        <p className="muted" data-testid="coverage">
          {known(coverage)}
        </p>
      )}
      <button
        type="button"
        className="button is-wide"
        data-testid="sync"
        onClick={() => (running ? running.abort() : void run("Asking the server…", complete))}
      >
        <Icon name={running ? "cross" : "download"} size={14} />
        {running ? "Stop" : "Complete from server"}
      </button>
      <button
        type="button"
        className="button is-wide"
        data-testid={damaged ? "repair" : "verify"}
        disabled={running !== undefined}
        onClick={() => void run("Looking at every record…", damaged ? repair : verify)}
      >
        {damaged ? "Repair from server" : "Verify what is stored"}
      </button>
      <p className="notice" data-tone={outcome?.tone} data-testid="sync-outcome" role="status">
        {outcome?.text}
      </p>
    </section>
  );
}

/** Read again whenever more is stored. */
function useCoverage(conversation: Conversation): Coverage | undefined {
  const { conversations } = useLibrary();
  const info = conversations?.find(({ id }) => id === conversation.id);
  const [coverage, setCoverage] = useState<Coverage>();
  useEffect(() => {
    let current = true;
    conversation.coverage().then(
      (found) => current && setCoverage(found),
      // The view that shows the conversation says why it can't be read.
      () => undefined,
    );
    return () => {
      current = false;
    };
  }, [conversation, info?.events, info?.gaps]);
  return coverage;
}

function known({ known: ranges, gaps }: Coverage): string {
  if (gaps.length > 0) {
    const listed = gaps
      .slice(0, LISTED)
      .map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
    const more = gaps.length - listed.length;
    if (more > 0) listed.push(`${count(more)} more`);
    return `Not known to be complete: ${listed.join(", ")}`;
  }
  const last = ranges.at(-1)?.[1];
  return last === undefined ? "Nothing is stored yet." : `Nothing is missing up to event ${last}.`;
}

function told({ events, bytes: size, accepted, replaced, complete }: SyncReport): string {
  const came = `${plural(events, "event")} in ${bytes(size)}: ${count(accepted)} were missing`;
  const better = replaced > 0 ? `, ${count(replaced)} replaced` : "";
  return `${came}${better}. ${complete ? "The log is whole." : "Something is still missing."}`;
}

function verified({ sound, events, bytes: size, damages, lost }: VerifyReport): string {
  if (sound) return `${plural(events, "event")} in ${bytes(size)}: all of them are sound.`;
  const ranges = lost.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
  const where = ranges.length > 0 ? ` Not readable: ${ranges.slice(0, LISTED).join(", ")}.` : "";
  return `${plural(damages.length, "damaged record")}.${where}`;
}
