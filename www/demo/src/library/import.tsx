// Import by drop or by picker, with progress and an honest report.
import type { ImportReport } from "oh-event-store";
import {
  createContext,
  use,
  useCallback,
  useEffect,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
} from "react";
import { bytes, count, plural, reason } from "../format";
import { Icon } from "../parts/icon";
import { go, routeTo } from "../route";
import { useLibrary } from "./library";

interface Job {
  readonly key: number;
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly report?: ImportReport;
  readonly error?: string;
}

let jobCount = 0;

const Import = createContext<(files: Iterable<File>) => void>(() => undefined);

/** Takes files dropped anywhere inside it, and shows what becomes of them. */
export function ImportArea({ children }: { children: ReactNode }): ReactElement {
  const { store, refresh } = useLibrary();
  const [jobs, setJobs] = useState<readonly Job[]>([]);
  const [over, setOver] = useState(false);

  const take = useCallback(
    async (files: Iterable<File>) => {
      for (const file of files) {
        jobCount += 1;
        const key = jobCount;
        const show = (patch: Partial<Job>): void =>
          setJobs((known) => known.map((job) => (job.key === key ? { ...job, ...patch } : job)));
        setJobs((known) => [...known, { key, name: file.name, done: 0, total: file.size }]);
        try {
          const report = await store.import(file, {
            ...(!ARCHIVE.test(file.name) && { id: conversationName(file.name) }),
            onProgress: (done, total) => show({ done, total }),
          });
          show({ report, done: file.size });
          if (report.accepted + report.doubles > 0) go(routeTo(report.conversationId));
        } catch (error) {
          show({ error: reason(error) });
        }
        refresh();
      }
    },
    [store, refresh],
  );
  const start = useCallback((files: Iterable<File>) => void take(files), [take]);

  useEffect(() => {
    const hold = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(false);
      start([...event.dataTransfer.files]);
    };
    window.addEventListener("dragover", hold);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragover", hold);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, [start]);

  return (
    <Import value={start}>
      {children}
      {over && (
        <div className="drop-overlay" aria-hidden="true">
          <div>
            <Icon name="upload" size={28} />
            Drop to import
          </div>
        </div>
      )}
      {jobs.length > 0 && (
        <section className="jobs" aria-label="Imports" aria-live="polite">
          {jobs.map((job) => (
            <JobCard
              key={job.key}
              job={job}
              onClose={() => setJobs((known) => known.filter(({ key }) => key !== job.key))}
            />
          ))}
        </section>
      )}
    </Import>
  );
}

/** An archive knows its conversation. */
const ARCHIVE = /\.archive.*\.gz$/;

/** A conversation is named after its file. */
function conversationName(file: string): string {
  return file.replace(/\.(json|jsonl|ndjson|txt)(\.gz)?$/i, "").replaceAll("/", "_") || "imported";
}

function JobCard({ job, onClose }: { job: Job; onClose: () => void }): ReactElement {
  const { name, done, total, report, error } = job;
  const finished = report !== undefined || error !== undefined;
  return (
    <article className="job" data-testid="import-job" data-finished={finished}>
      <header>
        <strong>{name}</strong>
        {finished && (
          <button
            type="button"
            className="button is-quiet is-icon"
            aria-label={`Close the report on ${name}`}
            data-testid="import-close"
            onClick={onClose}
          >
            <Icon name="cross" size={14} />
          </button>
        )}
      </header>
      {!finished && (
        <>
          <progress
            max={Math.max(total, 1)}
            value={done}
            aria-label={`Importing ${name}`}
            data-testid="import-progress"
          />
          <small className="muted">
            {bytes(done)} of {bytes(total)}
          </small>
        </>
      )}
      {error && (
        <p className="is-bad" data-testid="import-error" role="alert">
          {error}
        </p>
      )}
      {report && <Report report={report} />}
    </article>
  );
}

function Report({ report }: { report: ImportReport }): ReactElement {
  const { accepted, doubles, rejected, errors } = report;
  return (
    <div data-testid="import-report" data-accepted={accepted} data-rejected={rejected}>
      <p>
        {plural(accepted, "event")} imported
        {doubles > 0 && `, ${count(doubles)} known before`}
        {rejected > 0 && <span className="is-bad">, {count(rejected)} rejected</span>}
      </p>
      {errors.length > 0 && (
        <details>
          <summary>What was rejected</summary>
          <ul>
            {errors.map(({ line, reason: why }, index) => (
              <li key={index}>
                <b>{line}</b> {why}
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

interface ButtonProps {
  readonly label?: string;
  readonly testId?: string;
}

export function ImportButton({ label = "Import", testId = "import" }: ButtonProps): ReactElement {
  const start = use(Import);
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className="button"
        data-testid={testId}
        onClick={() => input.current?.click()}
      >
        <Icon name="upload" size={14} /> {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept=".json,.jsonl,.ndjson,.gz,application/json"
        aria-label="A trajectory file"
        data-testid={`${testId}-file`}
        onChange={({ target }) => {
          start([...(target.files ?? [])]);
          target.value = "";
        }}
      />
    </>
  );
}
