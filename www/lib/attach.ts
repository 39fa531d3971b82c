import { messageOf } from "./errors.js";
import { LocalConversation } from "./conversation.js";
import type { Conversation } from "./types.js";

/**
 * Feeds every message of the application's own socket into a conversation, in order; returns the
 * function that ends it. A message that can't be stored is logged; nothing is thrown.
 */
export function attach(
  socket: Pick<WebSocket, "addEventListener" | "removeEventListener">,
  conversation: Conversation,
): () => void {
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
