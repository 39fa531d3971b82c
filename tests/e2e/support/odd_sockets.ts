// Servers that live connections should not meet: the first part of a path names its manner, which
// is that of the socket and of the pages beside it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer, type WebSocket } from "ws";
import { frame } from "./frames.js";

export type Dialect = "v0" | "v1";

/** What is said on a socket, in the dialect that it speaks. */
export interface Speaker {
  readonly dialect: Dialect;
  /** Which connection of this manner it is, from 1 on. */
  readonly attempt: number;
  /** Up to where a server has taken part, its pings by default rare. */
  open(ping?: { pingInterval: number; pingTimeout: number }): void;
  join(): void;
  event(text: string): void;
  raw(data: string | Buffer): void;
  /** The server has no more use for this key, and says which. */
  refuse(key: string): void;
  close(code: number, reason?: string): void;
}

interface Manner {
  /** The answer to the request for a socket, where it is no socket. */
  upgrade?: { status: number; body: string };
  socket?: (speaker: Speaker, key: string) => void | Promise<void>;
  /** What the pages are; `attempt`: how many sockets there were. */
  pages?: (response: ServerResponse, dialect: Dialect, attempt: number) => void;
}

export interface OddSockets {
  readonly url: string;
  /** How many sockets a manner was asked for in a dialect. */
  tries(manner: string, dialect: Dialect): number;
  /** How many of them are open. */
  open(manner: string): number;
  close(): Promise<void>;
}

/** An event of either dialect; the second history has other times. */
export function event(dialect: Dialect, id: number, content = `line ${id}`, history = 1): string {
  if (dialect === "v0") return frame(id, content).replace('"2025-', `"${2024 + history}-`);
  const time = `${2024 + history}-01-01T00:00:${String(id).padStart(2, "0")}.000000`;
  return (
    `{"id": "e-${history}-${id}", "timestamp": "${time}", "source": "agent", ` +
    `"action": {"kind": "FinishAction", "message": ${JSON.stringify(content)}}, ` +
    `"kind": "ActionEvent"}`
  );
}

export function events(dialect: Dialect, count: number, history = 1): string[] {
  return Array.from({ length: count }, (_, id) => event(dialect, id, undefined, history));
}

/** What every server has at first, and what it tells of then. */
export const BEFORE = 3;
const NEXT = 4;

const HTML = "<!doctype html><title>Log in</title><p>Please log in.";

const page = (response: ServerResponse, dialect: Dialect, url: URL, texts: string[]): void => {
  const asked = url.searchParams;
  response.setHeader("content-type", "application/json");
  if (dialect === "v0") {
    const from = Number(asked.get("start_id") ?? 0);
    const some = texts.filter((text) => (JSON.parse(text) as { id: number }).id >= from);
    response.end(`{"events": [${some.join(", ")}], "has_more": false}`);
  } else {
    const id = asked.get("page_id");
    const at = texts.findIndex((text) => (JSON.parse(text) as { id: string }).id === id);
    response.end(`{"items": [${texts.slice(Math.max(at, 0)).join(", ")}], "next_page_id": null}`);
  }
};

const status =
  (code: number, body: string): NonNullable<Manner["pages"]> =>
  (response) =>
    void response.writeHead(code, { "content-type": "text/html" }).end(body);

/** A server that takes part and then says something. */
const saying =
  (say: (speaker: Speaker) => void): NonNullable<Manner["socket"]> =>
  (speaker) => {
    speaker.open();
    speaker.join();
    say(speaker);
    speaker.event(event(speaker.dialect, BEFORE));
  };

const RUBBISH = [
  "",
  "\u0000",
  "4",
  "9",
  "42",
  "42{",
  "42[]",
  '42["oh_event",{"id":',
  '42["oh_event",[[[[',
  "43nothing",
  "4x",
  "0{}",
  "<html>",
  "null",
  "{}",
  "[1, 2",
  '{"id": 1e999}',
  '{"id": 99999999999999999999, "observation": "run"}',
  `42["oh_event",{"id":99999999999999999999,"observation":"run"}]`,
  "[".repeat(100_000),
  `42["oh_event",${"[".repeat(100_000)}`,
];

const MANNERS: Record<string, Manner> = {
  "wrong-key": {
    socket: (speaker, key) => {
      speaker.open();
      speaker.refuse(key);
    },
    pages: status(401, '{"detail": "Unauthorized"}'),
  },
  "refused-upgrade": {
    upgrade: { status: 401, body: '{"detail": "Unauthorized"}' },
    pages: status(401, '{"detail": "Unauthorized"}'),
  },
  expired: {
    socket: async (speaker, key) => {
      speaker.open();
      if (speaker.attempt > 1) return speaker.refuse(key);
      speaker.join();
      speaker.event(event(speaker.dialect, BEFORE));
      await new Promise((resolve) => setTimeout(resolve, 1500));
      speaker.close(1001);
    },
    pages: (response, dialect, attempt) => {
      if (attempt > 1) return void response.writeHead(401).end('{"detail": "Unauthorized"}');
      page(response, dialect, new URL(response.req.url ?? "", "http://x"), events(dialect, BEFORE));
    },
  },
  "404": { upgrade: { status: 404, body: HTML }, pages: status(404, '{"detail": "Not Found"}') },
  "500": { upgrade: { status: 500, body: HTML }, pages: status(500, HTML) },
  html: { upgrade: { status: 200, body: HTML }, pages: status(200, HTML) },
  "html-pages": { socket: saying(() => {}), pages: status(200, HTML) },
  giant: {
    socket: saying((speaker) => {
      speaker.event(event(speaker.dialect, 50, "x".repeat(200 << 20)));
    }),
  },
  large: {
    socket: saying((speaker) => {
      speaker.event(event(speaker.dialect, NEXT, "y".repeat(60 << 20)));
    }),
  },
  fewer: {
    socket: (speaker) => {
      speaker.open();
      speaker.join();
      if (speaker.attempt === 1) setTimeout(() => speaker.close(1012), 1500);
    },
    pages: (response, dialect, attempt) => {
      const all = attempt > 1 ? events(dialect, 2, 2) : events(dialect, BEFORE);
      page(response, dialect, new URL(response.req.url ?? "", "http://x"), all);
    },
  },
  "closes-first": { socket: (speaker) => speaker.close(1011) },
  "closes-then": {
    socket: (speaker) => {
      speaker.open();
      speaker.join();
      speaker.close(1011);
    },
  },
  resets: { upgrade: { status: 0, body: "" } },
  "no-ping": {
    socket: (speaker) => {
      speaker.open({ pingInterval: 300, pingTimeout: 300 });
      speaker.join();
    },
  },
  binary: {
    socket: saying((speaker) => {
      if (speaker.dialect === "v0") {
        speaker.raw('451-["oh_event",{"_placeholder":true,"num":0}]');
      }
      speaker.raw(Buffer.from(event(speaker.dialect, 60)));
      speaker.raw(Buffer.alloc(1000, 255));
    }),
  },
  "connect-error": {
    socket: (speaker) => {
      speaker.open();
      if (speaker.dialect === "v0") speaker.raw('44{"message":"No conversation_id"}');
      else speaker.close(1008, "No conversation_id");
    },
  },
  "gone-conversation": {
    socket: (speaker) => {
      speaker.open();
      if (speaker.dialect === "v0") speaker.raw('44{"message":"no such conversation"}');
      else speaker.close(4004, "no such conversation");
    },
  },
  namespace: {
    socket: (speaker) => {
      speaker.open();
      if (speaker.dialect === "v0") {
        speaker.raw('40/admin,{"sid":"a"}');
        speaker.raw('44/admin,{"message":"Invalid namespace"}');
        speaker.raw("41/admin,");
      }
      speaker.join();
      if (speaker.dialect === "v0") {
        speaker.raw(`42/admin,["oh_event",${event("v0", 70)}]`);
        speaker.raw(`42["another_event",${event("v0", 71)}]`);
      }
      speaker.event(event(speaker.dialect, BEFORE));
    },
  },
  rubbish: { socket: saying((speaker) => RUBBISH.forEach((text) => speaker.raw(text))) },
  busy: { socket: (speaker) => speaker.close(1013, "too many connections") },
};

export async function oddSockets(): Promise<OddSockets> {
  const tries = new Map<string, number>();
  const mannerOf = (request: IncomingMessage): string => (request.url ?? "/").split("/")[1] ?? "";
  const triesOf = (manner: string, dialect: Dialect): number =>
    tries.get(`${manner} ${dialect}`) ?? 0;

  const server = createServer((request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "x-session-api-key");
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    const name = mannerOf(request);
    const url = new URL(request.url ?? "", "http://x");
    const dialect = url.pathname.endsWith("/search") ? "v1" : "v0";
    const { pages } = MANNERS[name] ?? {};
    if (pages) return pages(response, dialect, triesOf(name, dialect));
    page(response, dialect, url, events(dialect, BEFORE));
  });

  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 });
  const names = new WeakMap<WebSocket, string>();
  server.on("upgrade", (request, socket, head) => {
    const name = mannerOf(request);
    const url = new URL(request.url ?? "", "http://x");
    const dialect = url.pathname.endsWith("/socket.io/") ? "v0" : "v1";
    const attempt = triesOf(name, dialect) + 1;
    tries.set(`${name} ${dialect}`, attempt);
    socket.on("error", () => {});
    const { upgrade, socket: speak } = MANNERS[name] ?? {};
    if (upgrade) {
      const { status, body } = upgrade;
      const length = Buffer.byteLength(body);
      if (status === 0) return void socket.destroy();
      socket.end(
        `HTTP/1.1 ${status} Odd\r\ncontent-type: text/html\r\n` +
          `content-length: ${length}\r\nconnection: close\r\n\r\n${body}`,
      );
      return;
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      names.set(ws, name);
      let key = url.searchParams.get("session_api_key") ?? "";
      const v0 = dialect === "v0";
      const speaker: Speaker = {
        dialect,
        attempt,
        open(ping = { pingInterval: 25_000, pingTimeout: 20_000 }) {
          if (v0) ws.send(`0${JSON.stringify({ sid: "s", upgrades: [], ...ping })}`);
        },
        join: () => ws.send(v0 ? '40{"sid":"s"}' : '{"kind": "hello"}'),
        event: (text) => ws.send(v0 ? `42["oh_event",${text}]` : text),
        raw: (data) => ws.send(data),
        refuse(key) {
          if (v0) ws.send(`44${JSON.stringify({ message: `Invalid session_api_key ${key}` })}`);
          else ws.close(4001, `invalid key ${key}`);
        },
        close: (code, reason) => ws.close(code, reason),
      };
      ws.on("error", () => {});
      const begin = (): unknown => speak?.(speaker, key);
      if (v0) return void begin();
      // The first message holds the key.
      ws.once("message", (data: Buffer) => {
        const said = JSON.parse(data.toString()) as { session_api_key?: string };
        key = said.session_api_key ?? "";
        begin();
      });
    });
  });

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tries: triesOf,
    open: (manner) =>
      [...sockets.clients].filter((ws) => names.get(ws) === manner && ws.readyState === 1).length,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
