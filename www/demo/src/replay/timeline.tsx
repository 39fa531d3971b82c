// The recording as a strip of ticks that can be dragged along, one step per event.
import { memo, useMemo, type ReactElement } from "react";
import { TONES, type Tone } from "../event/kinds";
import { timeOfDay } from "../format";
import type { Mark } from "./outline";

interface Props {
  readonly marks: readonly Mark[];
  /** How many events are shown. */
  readonly index: number;
  readonly total: number;
  /** Shows that many events. */
  readonly onSeek: (index: number) => void;
}

export function Timeline({ marks, index, total, onSeek }: Props): ReactElement {
  const mark = marks[index - 1];
  const said = mark
    ? `Event ${index} of ${total}, ${mark.label}, ${timeOfDay(mark.timestamp)}`
    : `Before the first of ${total} events`;
  const part = total > 0 ? index / total : 0;
  return (
    <div className="timeline" style={{ "--part": part } as React.CSSProperties}>
      <Ticks marks={marks} />
      <div className="timeline-rest" />
      <div className="timeline-head" />
      <input
        type="range"
        min={0}
        max={total}
        step={1}
        value={index}
        disabled={total === 0}
        aria-label="Place in the recording"
        aria-valuetext={said}
        title={said}
        data-testid="timeline"
        onChange={({ target }) => onSeek(Number(target.value))}
      />
    </div>
  );
}

const WIDTH = 1200;
const HEIGHT = 40;
const HEIGHTS: Record<Tone, number> = {
  state: 10,
  think: 18,
  web: 22,
  file: 22,
  run: 22,
  agent: 30,
  done: 40,
  user: 40,
  error: 40,
};

/** One path per colour; where several events share a column, the rarest kind is seen. */
const Ticks = memo(function Ticks({ marks }: { marks: readonly Mark[] }): ReactElement {
  const paths = useMemo(() => {
    const columns = Math.max(1, Math.min(marks.length, WIDTH / 2));
    const strongest = new Int8Array(columns).fill(-1);
    marks.forEach(({ tone }, index) => {
      const column = Math.floor((index * columns) / marks.length);
      strongest[column] = Math.max(strongest[column] ?? -1, TONES.indexOf(tone));
    });
    const width = WIDTH / columns;
    const gap = Math.min(width * 0.25, 2);
    const drawn = new Map<Tone, string>();
    strongest.forEach((rank, column) => {
      const tone = TONES[rank];
      if (!tone) return;
      const x = (column * width + gap / 2).toFixed(1);
      const tick = `M${x} ${HEIGHT}v-${HEIGHTS[tone]}h${(width - gap).toFixed(1)}V${HEIGHT}z`;
      drawn.set(tone, (drawn.get(tone) ?? "") + tick);
    });
    return [...drawn];
  }, [marks]);
  return (
    <svg
      className="ticks"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
      data-testid="ticks"
    >
      {paths.map(([tone, path]) => (
        <path key={tone} d={path} data-tone={tone} />
      ))}
    </svg>
  );
});
