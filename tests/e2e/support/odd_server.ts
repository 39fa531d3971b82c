// A server that does what servers should not: each path has a manner of its own.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { frame } from "./frames.js";

export interface OddServer {
  readonly url: string;
  /** What was asked of a path, `aborted` once the browser has hung up. */
  asked(path: string): { url: string; key: string | undefined; aborted: boolean }[];
  close(): Promise<void>;
}

type Manner = (response: ServerResponse, attempt: number) => void;

const page = (ids: number[], hasMore: boolean): string =>
  `{"events": [${ids.map((id) => frame(id)).join(", ")}], "has_more": ${hasMore}}`;

const json = (response: ServerResponse, body: string): void => {
  response.setHeader("content-type", "application/json").end(body);
};

const busy =
  (status: number, retryAfter: (() => string) | undefined, times: number): Manner =>
  (response, attempt) => {
    if (attempt > times) return json(response, page([0], false));
    if (retryAfter) response.setHeader("retry-after", retryAfter());
    response.writeHead(status).end("<html>busy</html>");
  };

const MANNERS: Record<string, Manner> = {
  repeats: (response) => json(response, page([0, 1, 2], true)),
  foreign: (response) => json(response, page([7, 3], false)),
  endless: (response) => json(response, page([], true)),
  html: (response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>Log in</title>");
  },
  shapeless: (response) => json(response, '{"results": []}'),
  truncated: (response) => json(response, page([0, 1], false).slice(0, -20)),
  cut: (response) => {
    const body = page([0, 1], false);
    response.writeHead(200, { "content-length": body.length });
    response.write(body.slice(0, 50), () => response.destroy());
  },
  chunked: (response) => {
    response.write(page([0], false).slice(0, 50), () => response.destroy());
  },
  giant: (response) => {
    const chunk = " ".repeat(1 << 20);
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once("drain", write);
    };
    write();
  },
  hangs: () => {},
  stalls: (response) => void response.write('{"events": ['),
  redirects: (response) => response.writeHead(302, { location: "/one/events" }).end(),
  one: (response) => json(response, page([0], false)),
  seconds: busy(429, () => "1", 1),
  date: busy(503, () => new Date(Date.now() + 2000).toUTCString(), 1),
  busy: busy(503, undefined, Infinity),
};

export async function oddServer(): Promise<OddServer> {
  const seen = new Map<string, { url: string; key: string | undefined; aborted: boolean }[]>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "x-session-api-key");
    response.setHeader("access-control-expose-headers", "retry-after");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const url = request.url ?? "/";
    const path = url.split("/")[1] ?? "";
    const key = request.headers["x-session-api-key"]?.toString();
    const entry = { url, key, aborted: false };
    response.once("close", () => (entry.aborted = !response.writableFinished));
    const before = seen.get(path) ?? [];
    seen.set(path, [...before, entry]);
    const status = Number(path);
    if (status > 0) return void response.writeHead(status).end('{"detail": "no"}');
    MANNERS[path]?.(response, before.length + 1);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: (path) => seen.get(path) ?? [],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
