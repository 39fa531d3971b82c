import type { ImportOptions, ImportReport } from "./types.js";
import type { ExportCursor, Store } from "./wasm/oh.js";

/** Called with the bytes that are done and those there are in all. */
export type Progress = NonNullable<ImportOptions["onProgress"]>;

type Bytes = Uint8Array<ArrayBuffer>;

/** How many bytes of a file become a Blob, which the browser keeps outside of the heap. */
const PART = 1 << 20;

/** What is unpacked at once: where a packed file is damaged, this much before it is lost too. */
const SLICE = 1 << 12;

async function* piecesOf(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes, void> {
  const reader = stream.getReader();
  try {
    for (let read; !(read = await reader.read()).done;) yield read.value;
  } finally {
    void reader.cancel().catch(() => {});
  }
}

/** Unpacks as far as it goes; returns why it doesn't go on to the end. */
async function* unpacked(packed: ReadableStream<Bytes>): AsyncGenerator<Bytes, string | undefined> {
  const { readable, writable } = new DecompressionStream("gzip");
  const [reader, writer] = [readable.getReader(), writable.getWriter()];
  let next = reader.read();
  /** What has come out by the time that `work` is done. */
  async function* until(work: Promise<void>): AsyncGenerator<Bytes, void> {
    const done = work.then(() => undefined);
    for (let read; (read = await Promise.race([next, done])) && !read.done; next = reader.read()) {
      yield read.value;
    }
  }
  let why: string | undefined;
  const damaged = (error: unknown) => void (why ??= String(error));
  for await (const piece of piecesOf(packed)) {
    for (let at = 0; at < piece.length && why === undefined; at += SLICE) {
      try {
        yield* until(writer.write(piece.subarray(at, at + SLICE)));
      } catch (error) {
        damaged(error);
      }
    }
  }
  try {
    if (why === undefined) yield* until(writer.close());
  } catch (error) {
    damaged(error);
  }
  return why;
}

/** Hands a file to the store piece by piece; one that is packed with gzip is unpacked. */
export async function importFile(
  store: Store,
  file: Blob,
  options: { id?: string | undefined },
  progress: Progress,
): Promise<ImportReport> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const packed = first === 0x1f && second === 0x8b;
  const stream = file.stream();
  const pieces = packed ? unpacked(stream) : piecesOf(stream);
  const next = async () => (await pieces.next()).value;
  try {
    return await store.import(next, packed ? 0 : file.size, options, progress);
  } finally {
    void pieces.return(undefined);
  }
}

/** Writes an export to its end, or until the cursor is closed. */
export async function exportFile(
  cursor: ExportCursor,
  type: string,
  progress: Progress,
): Promise<Blob> {
  const written = new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const piece = await cursor.next();
        const [done, total] = cursor.progress();
        if (done !== undefined && total !== undefined) progress(done, total);
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const pack = type === "application/gzip";
  const parts: Blob[] = [];
  let held: Bytes[] = [];
  let size = 0;
  for await (const piece of piecesOf(
    pack ? written.pipeThrough(new CompressionStream("gzip")) : written,
  )) {
    held.push(piece);
    size += piece.length;
    if (size < PART) continue;
    parts.push(new Blob(held));
    held = [];
    size = 0;
  }
  return new Blob([...parts, ...held], { type });
}
