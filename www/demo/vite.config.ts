import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative, resolve, sep } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = import.meta.dirname;
const server = process.env["OH_SERVER"] ?? "http://127.0.0.1:8787";

/**
 * Writes the list of built files, and a version made of their contents, into the service worker:
 * another build has another worker, so the browser fetches it and the old cache goes.
 */
function precache(): Plugin {
  let outDir = "";
  return {
    name: "precache",
    apply: "build",
    configResolved(config) {
      outDir = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      const worker = join(outDir, "service-worker.js");
      if (!existsSync(worker)) return;
      const names = readdirSync(outDir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/service-worker\.js$|\.map$/.test(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort();
      const hash = createHash("sha256");
      for (const name of names) hash.update(readFileSync(name));
      const files = names.map((name) => `/${relative(outDir, name).split(sep).join("/")}`);
      const code = readFileSync(worker, "utf8")
        .replaceAll("__VERSION__", JSON.stringify(hash.digest("hex").slice(0, 16)))
        .replaceAll("__FILES__", JSON.stringify(files));
      writeFileSync(worker, code);
    },
  };
}

/** The built package, found by its own name as an application would find it. */
const { resolve: find } = createRequire(import.meta.url);

export default defineConfig({
  root: here,
  plugins: [react(), precache()],
  resolve: {
    alias: [
      { find: /^oh-event-store$/, replacement: find("oh-event-store") },
      { find: /^oh-event-store\/react$/, replacement: find("oh-event-store/react") },
    ],
  },
  worker: { format: "es" },
  build: {
    target: "es2022",
    outDir: "dist",
    emptyOutDir: true,
    rolldownOptions: {
      input: { index: join(here, "index.html"), worker: join(here, "src/service-worker.ts") },
      output: {
        entryFileNames: (chunk) =>
          chunk.name === "worker" ? "service-worker.js" : "assets/[name]-[hash].js",
      },
    },
  },
  server: {
    fs: { allow: [resolve(here, "../..")] },
    proxy: Object.fromEntries(
      ["/api", "/control", "/socket.io", "/sockets"].map((path) => [
        path,
        { target: server, ws: path.startsWith("/socket") },
      ]),
    ),
  },
});
