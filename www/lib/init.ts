import { errorOf, messageOf } from "./errors.js";
import type { InitInput } from "./types.js";

let module: Promise<WebAssembly.Module> | undefined;

/**
 * Loads and compiles the WebAssembly module. `openEventStore` does it too; call it to begin
 * earlier or to say where the module lies. Only the first call's `input` counts.
 */
export async function init(input?: InitInput): Promise<void> {
  await wasmModule(input);
}

/** The compiled module, which a worker takes over without compiling it again. */
export function wasmModule(input?: InitInput): Promise<WebAssembly.Module> {
  return (module ??= load(input).catch((error: unknown) => {
    module = undefined;
    throw errorOf("network", `the WebAssembly module could not be loaded: ${messageOf(error)}`);
  }));
}

async function load(
  input: InitInput = new URL("./wasm/oh_bg.wasm", import.meta.url),
): Promise<WebAssembly.Module> {
  if (input instanceof WebAssembly.Module) return input;
  const source = typeof input === "string" || input instanceof URL ? await fetch(input) : input;
  if (!(source instanceof Response)) return WebAssembly.compile(source);
  if (!source.ok) throw new Error(`${source.url} answered ${source.status}`);
  // Streaming is refused under another type, which plain servers give.
  return source.headers.get("content-type")?.startsWith("application/wasm")
    ? WebAssembly.compileStreaming(source)
    : WebAssembly.compile(await source.arrayBuffer());
}
