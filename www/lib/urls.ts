import { errorOf } from "./errors.js";

type ConversationUrl = string | null | undefined;

/** The page's own address; a worker has no window. */
function here(): Location {
  return (globalThis.window ?? globalThis).location;
}

function absolute(conversationUrl: ConversationUrl): URL | undefined {
  if (!conversationUrl || conversationUrl.startsWith("/")) return undefined;
  try {
    return new URL(conversationUrl);
  } catch {
    return undefined;
  }
}

/** The whole of a server's address, for a worker's own is another one than the page's. */
export function absoluteUrl(given: string, name: "baseUrl" | "url" = "baseUrl"): string {
  try {
    // For `URL` a socket's address is one of pages; the wasm module makes it a socket's again.
    const address = name === "url" ? given.replace(/^ws/, "http") : given;
    const { href, protocol, username, password } = new URL(address, here().href);
    // `fetch` refuses names and passwords in it, and would say them aloud.
    if (address && protocol.startsWith("http") && !username && !password) return href;
  } catch {
    // Said below.
  }
  throw errorOf("invalid-argument", `${name} is no address that can be asked`);
}

/** The host and port of a conversation's URL; of the page where it is relative or invalid. */
export function extractBaseHost(conversationUrl: ConversationUrl): string {
  return absolute(conversationUrl)?.host ?? here().host;
}

/** The path before `/api/conversations`, which a proxy needs, without a slash at its end. */
export function extractPathPrefix(conversationUrl: ConversationUrl): string {
  const [prefix = ""] = absolute(conversationUrl)?.pathname.split("/api/conversations") ?? [];
  return prefix.replace(/\/$/, "");
}

/** The base of the agent server's REST routes, under the page's own protocol. */
export function buildHttpBaseUrl(conversationUrl: ConversationUrl): string {
  const protocol = here().protocol === "https:" ? "https:" : "http:";
  return `${protocol}//${extractBaseHost(conversationUrl)}${extractPathPrefix(conversationUrl)}`;
}

/** The URL of a V1 conversation's event socket, without a query; null without an id. */
export function buildWebSocketUrl(
  conversationId: string | undefined,
  conversationUrl: ConversationUrl,
): string | null {
  if (!conversationId) return null;
  const base = buildHttpBaseUrl(conversationUrl).replace(/^http/, "ws");
  return `${base}/sockets/events/${conversationId}`;
}
