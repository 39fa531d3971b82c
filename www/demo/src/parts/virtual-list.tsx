// A windowed list whose rows have heights of their own. What is at the top of the view stays there
// when rows are added before it, or measured anew; at the end, the list stays at the end.
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
  type Ref,
} from "react";

export interface VirtualListHandle {
  toEnd(): void;
  toIndex(index: number): void;
}

interface Props {
  readonly ref?: Ref<VirtualListHandle>;
  readonly length: number;
  /** The three functions are asked for an index; a change of one of them is a change of the list. */
  readonly keyAt: (index: number) => string;
  /** Pixels, before the row has been measured. */
  readonly heightAt: (index: number) => number;
  readonly render: (index: number) => ReactNode;
  readonly label: string;
  readonly follow: boolean;
  readonly busy: boolean;
  readonly onTop?: (() => void) | undefined;
  readonly onAtEnd?: (atEnd: boolean) => void;
  readonly before?: ReactNode;
}

interface Anchor {
  readonly key: string;
  readonly index: number;
  readonly offset: number;
}

/** Pixels rendered above and below the view. */
const OVERSCAN = 600;
const NEAR = 24;

export function VirtualList(props: Props): ReactElement {
  const { length, keyAt, heightAt, render, label, follow, busy, onTop, onAtEnd, before } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const heights = useRef(new Map<string, number>());
  const anchor = useRef<Anchor | undefined>(undefined);
  const atEnd = useRef(follow);
  const [measured, setMeasured] = useState(0);
  const [view, setView] = useState({ scroll: 0, height: 800 });

  const offsets = useMemo(() => {
    void measured;
    const sums = new Float64Array(length + 1);
    let sum = 0;
    for (let index = 0; index < length; index += 1) {
      sum += heights.current.get(keyAt(index)) ?? heightAt(index);
      sums[index + 1] = sum;
    }
    return sums;
  }, [length, keyAt, heightAt, measured]);

  const onScroll = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    const scroll = box.scrollTop - (top.current?.offsetHeight ?? 0);
    const end = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    if (end !== atEnd.current) onAtEnd?.(end);
    atEnd.current = end;
    const index = indexAt(offsets, scroll);
    anchor.current =
      index < length
        ? { key: keyAt(index), index, offset: scroll - (offsets[index] ?? 0) }
        : undefined;
    setView({ scroll, height: box.clientHeight });
    if (box.scrollTop < NEAR) onTop?.();
  }, [length, keyAt, offsets, onTop, onAtEnd]);

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    if (follow && atEnd.current) {
      box.scrollTop = box.scrollHeight;
    } else if (anchor.current) {
      const { key, index, offset } = anchor.current;
      const now = find(length, keyAt, key, index);
      if (now >= 0) {
        const wanted = (offsets[now] ?? 0) + offset + (top.current?.offsetHeight ?? 0);
        if (Math.abs(box.scrollTop - wanted) > 1) box.scrollTop = wanted;
      }
    }
  }, [length, keyAt, offsets, follow]);

  const rows = useMemo(
    () =>
      new ResizeObserver((entries) => {
        let changed = false;
        for (const { target, borderBoxSize } of entries) {
          const key = (target as HTMLElement).dataset["key"];
          const height = borderBoxSize[0]?.blockSize;
          if (key === undefined || !height || heights.current.get(key) === height) continue;
          heights.current.set(key, height);
          changed = true;
        }
        if (changed) setMeasured((version) => version + 1);
      }),
    [],
  );
  useEffect(() => () => rows.disconnect(), [rows]);
  const watch = useCallback(
    (row: HTMLDivElement | null) => {
      if (!row) return;
      rows.observe(row);
      return () => rows.unobserve(row);
    },
    [rows],
  );

  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const resize = new ResizeObserver(() => onScroll());
    resize.observe(box);
    return () => resize.disconnect();
  }, [onScroll]);

  useImperativeHandle(props.ref, () => ({
    toEnd() {
      atEnd.current = true;
      onAtEnd?.(true);
      scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
    },
    toIndex(index) {
      scroller.current?.scrollTo({ top: offsets[index] ?? 0 });
    },
  }));

  const first = indexAt(offsets, view.scroll - OVERSCAN);
  const last = Math.min(length - 1, indexAt(offsets, view.scroll + view.height + OVERSCAN));
  const total = offsets[length] ?? 0;
  const shown = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
  return (
    <div
      ref={scroller}
      className="virtual"
      role="feed"
      aria-label={label}
      aria-busy={busy}
      tabIndex={0}
      onScroll={onScroll}
    >
      <div ref={top}>{before}</div>
      <div style={{ height: offsets[first] ?? 0 }} />
      {shown.map((index) => {
        const key = keyAt(index);
        return (
          <div key={key} ref={watch} data-key={key}>
            {render(index)}
          </div>
        );
      })}
      <div style={{ height: Math.max(0, total - (offsets[last + 1] ?? 0)) }} />
    </div>
  );
}

/** The row that covers a place, by halving. */
function indexAt(offsets: Float64Array, place: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a key went: it is near its old place, or has moved by what was put before it. */
function find(length: number, keyAt: (index: number) => string, key: string, near: number): number {
  for (let step = 0; step < length; step += 1) {
    const below = near + step;
    const above = near - step;
    if (below < length && keyAt(below) === key) return below;
    if (above >= 0 && above < length && keyAt(above) === key) return above;
  }
  return -1;
}
