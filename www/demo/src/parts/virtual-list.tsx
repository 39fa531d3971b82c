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
import { findRow, RowHeights, rowAt } from "./row-heights";

export interface VirtualListHandle {
  toEnd(): void;
}

interface Props {
  readonly ref?: Ref<VirtualListHandle>;
  readonly length: number;
  /** The three functions take an index; a change of one of them is a change of the list. */
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
  /** Where the row began when it was last seen. */
  readonly top: number;
}

/** Pixels rendered above and below the view. */
const OVERSCAN = 600;
const NEAR = 24;

export function VirtualList(props: Props): ReactElement {
  const { length, keyAt, heightAt, render, label, follow, busy, onTop, onAtEnd, before } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLDivElement>(null);
  const [heights] = useState(() => new RowHeights());
  const anchor = useRef<Anchor | undefined>(undefined);
  const atEnd = useRef(follow);
  const lastTop = useRef(0);
  const [measured, setMeasured] = useState(0);
  const [view, setView] = useState({ scroll: 0, height: 800 });

  const offsets = useMemo(() => {
    void measured;
    heights.update(length, keyAt, heightAt);
    return heights.offsets();
  }, [heights, length, keyAt, heightAt, measured]);

  const onScroll = useCallback(() => {
    const box = scroller.current;
    if (!box) return;
    const head = top.current?.offsetHeight ?? 0;
    const scroll = box.scrollTop - head;
    const end = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    // Rows that grow push the end away; only a way upwards is a wish to leave it.
    const stays = end || (atEnd.current && box.scrollTop >= lastTop.current);
    if (stays !== atEnd.current) onAtEnd?.(stays);
    atEnd.current = stays;
    lastTop.current = box.scrollTop;
    const index = rowAt(offsets, scroll);
    anchor.current =
      index < length ? { key: keyAt(index), index, top: head + (offsets[index] ?? 0) } : undefined;
    setView({ scroll, height: box.clientHeight });
    if (box.scrollTop < NEAR) onTop?.();
  }, [length, keyAt, offsets, onTop, onAtEnd]);

  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    if (follow && atEnd.current) {
      box.scrollTop = box.scrollHeight;
    } else if (anchor.current) {
      const { key, ...before } = anchor.current;
      const index = findRow(length, keyAt, key, before.index);
      if (index < 0) return;
      const now = (top.current?.offsetHeight ?? 0) + (offsets[index] ?? 0);
      // By the difference: scrolling that goes on meanwhile isn't taken back.
      if (Math.abs(now - before.top) >= 1) box.scrollTop += now - before.top;
      anchor.current = { key, index, top: now };
    }
    lastTop.current = box.scrollTop;
    // The rows of the new place are there before anything is painted.
    const scroll = box.scrollTop - (top.current?.offsetHeight ?? 0);
    setView((shown) =>
      shown.scroll === scroll && shown.height === box.clientHeight
        ? shown
        : { scroll, height: box.clientHeight },
    );
  }, [length, keyAt, offsets, follow]);

  const rows = useMemo(
    () =>
      new ResizeObserver((entries) => {
        let changed = false;
        for (const { target, borderBoxSize } of entries) {
          const { key, index } = (target as HTMLElement).dataset;
          const height = borderBoxSize[0]?.blockSize;
          if (key === undefined || !height) continue;
          changed = heights.measure(Number(index), key, height) || changed;
        }
        if (changed) setMeasured((version) => version + 1);
      }),
    [heights],
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
  }));

  const first = rowAt(offsets, view.scroll - OVERSCAN);
  const last = Math.min(length - 1, rowAt(offsets, view.scroll + view.height + OVERSCAN));
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
          <div key={key} ref={watch} data-key={key} data-index={index}>
            {render(index)}
          </div>
        );
      })}
      <div style={{ height: Math.max(0, total - (offsets[last + 1] ?? 0)) }} />
    </div>
  );
}
