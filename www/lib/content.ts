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
