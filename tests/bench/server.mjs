// Serves the pages and the corpora, on one port for each contender: an origin of its own.
import { createServer } from "node:http";
import { staticFile } from "../../www/server/static_files.mjs";

const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

/**
 * @param {string} directory the files
 * @param {Map<string, import("./corpus/corpus.mjs").Corpus>} corpora by name, for `/frames`
 * @param {string[]} names who gets an origin
 * @returns {Promise<{ origins: Record<string, string>, close: () => void }>}
 */
export async function serve(directory, corpora, names) {
  const answer = async (url) => {
    if (url.pathname !== "/frames") return staticFile(directory, url.pathname);
    const { corpus, from, count } = Object.fromEntries(url.searchParams);
    const found = corpora.get(corpus);
    if (!found) return null;
    return {
      type: "application/x-ndjson; charset=utf-8",
      body: found.lines(Number(from), Number(from) + Number(count)),
    };
  };
  const servers = names.map(() =>
    createServer((request, response) => {
      answer(new URL(request.url, "http://localhost")).then(
        (found) => {
          const status = found ? 200 : 404;
          response.writeHead(status, { ...HEADERS, ...(found && { "Content-Type": found.type }) });
          response.end(found?.body);
        },
        (error) => {
          response.writeHead(500, HEADERS);
          response.end(String(error));
        },
      );
    }),
  );
  const origins = {};
  for (const [index, server] of servers.entries()) {
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    origins[names[index]] = `http://127.0.0.1:${server.address().port}`;
  }
  return {
    origins,
    close: () => servers.forEach((server) => (server.closeAllConnections(), server.close())),
  };
}
