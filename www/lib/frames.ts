import type { Request } from "./protocol.js";

/** A frame that is to be fed, and who waits for what became of it. */
export interface Frame {
  readonly target: number;
  readonly content: string | Uint8Array;
  readonly parsed: boolean;
  /** When it came, in milliseconds of `performance.now()`. */
  readonly start: number;
  resolve(fed: unknown): void;
  reject(error: unknown): void;
}

/** A call is not lengthened past so many characters or bytes: the host begins with what it has. */
export const FULL = 1 << 18;

/** UTF-8 takes at most so many bytes for a UTF-16 unit. */
const WIDEST = 3;

const encoder = new TextEncoder();
const desk = new Uint8Array(2 * WIDEST * FULL);

/** The frames from `start` on that one call can take: at least one. */
export function runOf(waiting: readonly (Request | Frame)[], start: number): Frame[] {
  const run: Frame[] = [];
  for (let at = start, size = 0; at < waiting.length && size < FULL; at++) {
    const next = waiting[at] as Request | Frame;
    const [first = next] = run;
    if ("id" in next || "id" in first) break;
    if (next.target !== first.target || next.parsed !== first.parsed) break;
    size += next.content.length;
    run.push(next);
  }
  return run;
}

/** The frames' UTF-8 back to back, and where each ends. */
export function pack(frames: readonly Frame[]): [bytes: Uint8Array, ends: Uint32Array] {
  const most = frames.reduce((sum, { content }) => sum + WIDEST * content.length, 0);
  const bytes = most > desk.length ? new Uint8Array(most) : desk;
  let end = 0;
  const ends = frames.map(({ content }) => {
    if (typeof content === "string")
      return (end += encoder.encodeInto(content, bytes.subarray(end)).written);
    bytes.set(content, end);
    return (end += content.length);
  });
  return [bytes.slice(0, end), Uint32Array.from(ends)];
}

/** The buffers of a call that can move to the host instead of being copied. */
export function buffersOf({ method, args }: Request): Transferable[] {
  return method === "feed" ? [(args[0] as Uint8Array<ArrayBuffer>).buffer] : [];
}
