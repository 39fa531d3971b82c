// Two tables that no page measures: what is on disk, and what the package weighs.
import { weights } from "../../scripts/size.mjs";

export const WEIGHED = {
  disk: {
    title: "Disk",
    about: "After all rounds: the files of the origin's stores, and what the browser says of them.",
    metrics: {
      bytes: { title: "on disk", unit: "bytes", plotted: true },
      usage: { title: "navigator.storage.estimate", unit: "bytes" },
    },
  },
  size: {
    title: "Size of the package, gzip",
    about: "As `npm run size` weighs it.",
    metrics: {
      wasm: { title: "the wasm module", unit: "bytes" },
      javascript: { title: "JavaScript, worker and glue included", unit: "bytes" },
    },
  },
};

/** The bytes of the built package, gzip. */
export function packageSize() {
  const { wasm, javascript } = weights();
  return { wasm: wasm.total.gzip, javascript: javascript.total.gzip };
}
