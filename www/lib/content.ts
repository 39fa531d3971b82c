import { errorOf, messageOf } from "./errors.js";

/** The text or the bytes of something that isn't parsed yet; undefined for any other object. */
export function contentOf(
  source: string | Blob | object,
): string | Uint8Array | Promise<Uint8Array> | undefined {
  if (typeof source === "string") return source;
  if (source instanceof Blob) return source.arrayBuffer().then((buffer) => new Uint8Array(buffer));
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (!ArrayBuffer.isView(source)) return undefined;
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** A file of what an application gave; undefined for an object that is none. */
export function blobOf(source: unknown): Blob | undefined {
  if (source instanceof Blob) return source;
  const isFile =
    typeof source === "string" || source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  return isFile ? new Blob([source as BlobPart]) : undefined;
}

/** The JSON text of a value that an application gave; a cycle, a bigint or a function has none. */
export function jsonOf(value: unknown): string {
  try {
    const text: string | undefined = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (error) {
    throw errorOf("invalid-argument", messageOf(error));
  }
  throw errorOf("invalid-argument", `a ${typeof value} has no JSON text`);
}

/** What the wasm module is told of an application's options: it has none of these callbacks. */
export function settingsOf<T extends object>(options: T, callbacks: readonly string[]): T {
  const settings = Object.entries(options).filter(
    ([key, value]) =>
      !callbacks.includes(key) || !(value === undefined || typeof value === "function"),
  );
  return Object.fromEntries(settings) as T;
}
