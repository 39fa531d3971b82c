// The conversation as it went, under a clock of one's own.
import type { Conversation } from "oh-event-store";
import { useReplay } from "oh-event-store/react";
import { useCallback, useEffect, useRef, useState, type ReactElement } from "react";
import { EventList } from "../event/list";
import { duration, timeOfDay, day } from "../format";
import { Icon } from "../parts/icon";
import { useOutline } from "../replay/outline";
import { Timeline } from "../replay/timeline";

const SPEEDS = [0.5, 1, 2, 5, 10, 25, 50, 100];
/** Longer pauses are played as this many milliseconds. */
const IDLE = 2000;

export function ReplayView({ conversation }: { conversation: Conversation }): ReactElement {
  const [speed, setSpeed] = useState(10);
  const [shorten, setShorten] = useState(true);
  const replay = useReplay(conversation, { speed, maxIdle: shorten ? IDLE : undefined });
  const { marks, error } = useOutline(conversation);
  const { state, events, play, pause, step, seek } = replay;
  const index = state?.index ?? 0;
  const total = state?.total ?? 0;
  const playing = state?.status === "playing";

  const show = useCallback(
    (wanted: number) => {
      const mark = marks[Math.min(wanted, marks.length) - 1];
      const first = marks[0];
      if (mark) seek(mark.position);
      else if (first) seek(first.position - 1);
    },
    [marks, seek],
  );
  const toggle = useCallback(() => {
    if (playing) {
      pause();
      return;
    }
    if (state?.status === "ended") show(0);
    play();
  }, [playing, state?.status, play, pause, show]);
  const faster = useCallback((by: number) => {
    setSpeed((now) => SPEEDS[SPEEDS.indexOf(now) + by] ?? now);
  }, []);

  useShortcuts({
    " ": toggle,
    ArrowRight: () => step(1),
    ArrowLeft: () => show(index - 1),
    PageDown: () => show(Math.min(total, index + 10)),
    PageUp: () => show(Math.max(0, index - 10)),
    Home: () => show(0),
    End: () => show(total),
    "+": () => faster(1),
    "-": () => faster(-1),
  });

  const failure = replay.error?.message ?? error;
  return (
    <div
      className="view is-replay"
      data-testid="replay"
      data-status={state?.status}
      data-index={index}
      data-total={total}
    >
      <EventList
        events={events}
        label="Events so far"
        testId="replay-events"
        grows
        follow
        empty={
          failure ? (
            <p role="alert">{failure}</p>
          ) : (
            <>
              <h2>{total === 0 && state ? "Nothing is stored to replay" : "Ready"}</h2>
              <p>
                Press <kbd>Space</kbd> to play.
              </p>
            </>
          )
        }
      />
      <section className="player" aria-label="Player">
        <Timeline marks={marks} index={index} total={total} onSeek={show} />
        <div className="player-row">
          <div className="row player-buttons">
            <PlayerButton name="start" label="To the start" onClick={() => show(0)} />
            <button
              type="button"
              className="button is-primary is-icon is-round"
              aria-label={playing ? "Pause" : "Play"}
              data-testid="replay-play"
              aria-pressed={playing}
              onClick={toggle}
            >
              <Icon name={playing ? "pause" : "play"} />
            </button>
            <PlayerButton name="step" label="One event on" onClick={() => step(1)} />
          </div>
          <div className="player-time">
            <span data-testid="replay-position">
              <b>{index}</b> / {total}
            </span>
            <span className="muted" data-testid="replay-time">
              {duration(state?.time ?? 0)} / {duration(state?.duration ?? 0)}
            </span>
            <span className="muted player-date">
              {day(state?.date)} {timeOfDay(state?.date)}
            </span>
          </div>
          <label className="check" title={`No pause is longer than ${IDLE / 1000} s`}>
            <input
              type="checkbox"
              checked={shorten}
              data-testid="replay-idle"
              onChange={({ target }) => setShorten(target.checked)}
            />
            Shorten idle time
          </label>
          <label className="field is-inline">
            <span>Speed</span>
            <select
              value={speed}
              data-testid="replay-speed"
              onChange={({ target }) => setSpeed(Number(target.value))}
            >
              {SPEEDS.map((value) => (
                <option key={value} value={value}>
                  {value}×
                </option>
              ))}
            </select>
          </label>
        </div>
        <p className="keys" data-testid="shortcuts">
          <kbd>Space</kbd> play, pause <kbd>←</kbd> <kbd>→</kbd> one event <kbd>PgUp</kbd>{" "}
          <kbd>PgDn</kbd> ten <kbd>Home</kbd> <kbd>End</kbd> the ends <kbd>+</kbd> <kbd>−</kbd>{" "}
          speed
        </p>
      </section>
    </div>
  );
}

interface PlayerButtonProps {
  readonly name: "start" | "step";
  readonly label: string;
  readonly onClick: () => void;
}

function PlayerButton({ name, label, onClick }: PlayerButtonProps): ReactElement {
  return (
    <button
      type="button"
      className="button is-quiet is-icon"
      aria-label={label}
      title={label}
      data-testid={`replay-${name}`}
      onClick={onClick}
    >
      <Icon name={name} />
    </button>
  );
}

/** Keys of the whole page, except where the focused control uses the key itself. */
function useShortcuts(keys: Readonly<Record<string, () => void>>): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const run = current.current[event.key];
      if (!run || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && ownKey(event.target, event.key)) return;
      event.preventDefault();
      run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

function ownKey(target: Element, key: string): boolean {
  if (target.closest("dialog")) return true;
  if (target.matches("input[type=range]")) return key !== " " && key !== "+" && key !== "-";
  if (target.matches("select, textarea, input:not([type=checkbox])")) return true;
  // A focused list scrolls by its keys.
  if (target.matches("[role=feed], pre"))
    return ["PageUp", "PageDown", "Home", "End"].includes(key);
  return key === " " && target.matches("button, summary, input");
}
