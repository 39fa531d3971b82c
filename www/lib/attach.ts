import { messageOf } from "./errors.js";
import { LocalConversation } from "./conversation.js";
import type { Conversation, ServerOptions } from "./types.js";

type Socket = Pick<WebSocket, "addEventListener" | "removeEventListener"> &
  Partial<Pick<WebSocket, "readyState">>;

/**
 * Feeds every message of the application's own socket into a conversation, in order; returns the
 * function that ends it. A message that can't be stored is logged; nothing is thrown.
 *
 * With the conversation's address over HTTP, what the socket missed or leaves out is fetched from
 * there, as by a connection; without it, that is a gap. The socket stays the application's.
 */
export function attach(
  socket: Socket,
  conversation: Conversation,
  server?: ServerOptions,
): () => void {
  if (server && conversation instanceof LocalConversation) {
    const connection = conversation.attached(server);
    const hear = ({ data }: MessageEvent) => connection.hear(data);
    const open = () => connection.hear(true);
    const close = () => connection.hear(false);
    if (socket.readyState === 1) open();
    socket.addEventListener("open", open);
    socket.addEventListener("message", hear);
    socket.addEventListener("close", close);
    return () => {
      socket.removeEventListener("open", open);
      socket.removeEventListener("message", hear);
      socket.removeEventListener("close", close);
      void connection.close();
    };
  }
  const failed = (error: unknown) => {
    const message = `a message of the socket was not stored: ${messageOf(error)}`;
    if (conversation instanceof LocalConversation) conversation.report("error", message, error);
    else console.error(message);
  };
  const feed = ({ data }: MessageEvent<string | ArrayBuffer | Blob>) => {
    conversation.feed(data).catch(failed);
  };
  socket.addEventListener("message", feed);
  return () => socket.removeEventListener("message", feed);
}
