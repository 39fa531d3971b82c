import { LocalConversation, notStored, type Hearing } from "./conversation.js";
import type { Message } from "./connection.js";
import type { Conversation, ServerOptions } from "./types.js";

/** What `attach` needs of a WebSocket. */
export type MessageSocket = Pick<WebSocket, "addEventListener" | "removeEventListener"> &
  Partial<Pick<WebSocket, "readyState">>;

/** What `attach` needs of a Socket.IO client's socket. */
export interface EventSocket {
  readonly connected: boolean;
  on(event: string, listener: (message: object) => void): unknown;
  off(event: string, listener: (message: object) => void): unknown;
}

/**
 * Feeds every message of the application's own socket into a conversation, in order; returns the
 * function that ends it. A message that can't be stored is logged; nothing is thrown.
 *
 * With the conversation's address over HTTP, what the socket missed or leaves out is fetched from
 * there, as by a connection; without it, that is a gap. The socket stays the application's.
 *
 * A Socket.IO client's socket is heard for `oh_event`. Such a client has parsed its events, and how
 * their numbers were written is gone: with the address, each is fetched once more.
 */
export function attach(
  socket: MessageSocket | EventSocket,
  conversation: Pick<Conversation, "feed">,
  server?: ServerOptions,
): () => void {
  if ("connected" in socket) {
    const { open, close, message, end } = hearing(conversation, server, true);
    if (socket.connected) open();
    socket.on("connect", open);
    socket.on("oh_event", message);
    socket.on("disconnect", close);
    return () => {
      socket.off("connect", open);
      socket.off("oh_event", message);
      socket.off("disconnect", close);
      end();
    };
  }
  const { open, close, message, end } = hearing(conversation, server, false);
  const hear = ({ data }: MessageEvent<string | ArrayBuffer | Blob>) => message(data);
  if (socket.readyState === 1) open();
  socket.addEventListener("open", open);
  socket.addEventListener("message", hear);
  socket.addEventListener("close", close);
  return () => {
    socket.removeEventListener("open", open);
    socket.removeEventListener("message", hear);
    socket.removeEventListener("close", close);
    end();
  };
}

function hearing(
  conversation: Pick<Conversation, "feed">,
  server: ServerOptions | undefined,
  parsed: boolean,
): Hearing {
  const local = conversation instanceof LocalConversation ? conversation : undefined;
  if (server && local) return local.hearing(server, parsed);
  const feed = (data: Message) => {
    if (local) local.take(data);
    else {
      conversation.feed(data).catch((error: unknown) => {
        console.error(notStored(error));
      });
    }
  };
  const nothing = () => {};
  return { open: nothing, close: nothing, message: feed, end: nothing };
}
