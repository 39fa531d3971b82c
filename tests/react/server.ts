import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    port: number;
  }
}

/** What the server has seen of one path; GET on the path answers with it. */
export interface Seen {
  urls: string[];
  received: string[];
  closed: number[];
  /** The texts of the events that it has. */
  kept: string[];
}

/**
 * A WebSocket server that does as it is told. In the URL: `hello` is sent on connecting, `refuse`
 * answers 403. In a message: `{"say": [...]}` sends each text, `{"close": [code, reason]}` closes,
 * `{"drop": true}` cuts the line, `{"keep": [...]}` are V1 events that GET on the path with
 * `/events/search` answers with, or with 401 where it has `/refused` before that; anything else is only noted.
 */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  const paths = new Map<string, Seen>();
  const seen = (url: string) => {
    const { pathname } = new URL(url, "ws://localhost");
    const entry = paths.get(pathname) ?? { urls: [], received: [], closed: [], kept: [] };
    paths.set(pathname, entry);
    return entry;
  };
  const http = createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    const { pathname, searchParams } = new URL(request.url ?? "/", "ws://localhost");
    if (pathname.endsWith("/events/search")) {
      if (pathname.includes("/refused/")) {
        response.statusCode = 401;
        return void response.end();
      }
      const { kept } = seen(pathname.slice(0, -"/events/search".length));
      const id = searchParams.get("page_id");
      const first = kept.findIndex((text) => (JSON.parse(text) as { id: string }).id === id);
      const items = kept.slice(Math.max(first, 0)).join(", ");
      return void response.end(`{"items": [${items}], "next_page_id": null}`);
    }
    response.end(JSON.stringify(seen(request.url ?? "/")));
  });
  const server = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    const url = request.url ?? "/";
    seen(url).urls.push(url);
    if (new URL(url, "ws://localhost").searchParams.has("refuse")) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    server.handleUpgrade(request, socket, head, (client) => {
      client.on("message", (data) => {
        const text = (data as Buffer).toString();
        seen(url).received.push(text);
        if (!text.startsWith("{")) return;
        const order = JSON.parse(text) as {
          say?: string[];
          close?: [number, string];
          drop?: boolean;
          keep?: string[];
        };
        seen(url).kept.push(...(order.keep ?? []));
        order.say?.forEach((line) => client.send(line));
        if (order.close) client.close(...order.close);
        if (order.drop) client.terminate();
      });
      client.on("close", (code) => seen(url).closed.push(code));
      const hello = new URL(url, "ws://localhost").searchParams.get("hello");
      if (hello) client.send(hello);
    });
  });
  return new Promise((resolve) => {
    http.listen(0, "127.0.0.1", () => {
      project.provide("port", (http.address() as AddressInfo).port);
      resolve(
        () =>
          new Promise((done) => {
            server.clients.forEach((client) => client.terminate());
            http.close(() => done());
            http.closeAllConnections();
          }),
      );
    });
  });
}
