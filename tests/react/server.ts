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
}

/**
 * A WebSocket server that does as it is told. In the URL: `hello` is sent on connecting, `refuse`
 * answers 403. In a message: `{"say": [...]}` sends each text, `{"close": [code, reason]}` closes,
 * `{"drop": true}` cuts the line; anything else is only noted.
 */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  const paths = new Map<string, Seen>();
  const seen = (url: string) => {
    const { pathname } = new URL(url, "ws://localhost");
    const entry = paths.get(pathname) ?? { urls: [], received: [], closed: [] };
    paths.set(pathname, entry);
    return entry;
  };
  const http = createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
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
        };
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
