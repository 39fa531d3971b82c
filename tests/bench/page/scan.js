// The SIMD loop of scan.wat over bytes that are copied into its memory.

const PAGE = 65_536;
const NEEDLE = 0;
const TEXT = 1024;

export async function scanner() {
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/scan.wasm"));
  const { memory, count } = instance.exports;
  const load = (parts) => {
    const loaded = parts.reduce((bytes, part) => bytes + part.length, 0);
    const pages = Math.ceil((TEXT + loaded + 2048) / PAGE);
    if (pages * PAGE > memory.buffer.byteLength) {
      memory.grow(pages - memory.buffer.byteLength / PAGE);
    }
    const bytes = new Uint8Array(memory.buffer);
    let at = TEXT;
    for (const part of parts) {
      bytes.set(part, at);
      at += part.length;
    }
    bytes.fill(0, at, at + 64);
  };
  return {
    /** Puts bytes where they are searched, in place of those before. */
    load,
    prepare(needle) {
      const place = new Uint8Array(memory.buffer, NEEDLE, TEXT);
      const { written } = new TextEncoder().encodeInto(needle, place);
      /** How often it is in the bytes from one place to another. */
      return (from, to) => count(TEXT + from, to - from, NEEDLE, written);
    },
  };
}
