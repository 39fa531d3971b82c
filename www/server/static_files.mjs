/**
 * Files of one directory over HTTP, for an application with client-side routes: a path without a
 * file name gets `index.html`.
 */
import { readFile, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";

/** @type {Record<string, string>} */
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/**
 * @param {string} directory
 * @param {string} pathname of the URL, still percent-encoded
 * @returns {Promise<{ type: string, body: Buffer } | null>} null = no such file
 */
export async function staticFile(directory, pathname) {
  let path;
  try {
    path = decodeURIComponent(pathname);
  } catch {
    return null;
  }
  if (path.includes("\0")) return null;
  const found = await fileWithin(directory, path.endsWith("/") ? `${path}index.html` : path);
  if (found || extname(path) !== "") return found;
  return fileWithin(directory, "/index.html");
}

/**
 * @param {string} directory
 * @param {string} path
 */
async function fileWithin(directory, path) {
  try {
    const root = await realpath(directory);
    const file = await realpath(join(root, path));
    if (!file.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
    return { type: TYPES[extname(file)] ?? "application/octet-stream", body: await readFile(file) };
  } catch (error) {
    const code = /** @type {NodeJS.ErrnoException} */ (error).code;
    if (code && ["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG", "ELOOP"].includes(code))
      return null;
    throw error;
  }
}
