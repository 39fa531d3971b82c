// The demo's server: which conversations it has, and its controls.

export interface ServerConversation {
  readonly id: string;
  readonly status: string;
}

/** What the server says of a conversation after a control. */
export interface Playback {
  readonly id: string;
  /** Events that exist so far. */
  readonly events: number;
  /** Events that its recording still holds back. */
  readonly pending: number;
  readonly playing: boolean;
  readonly connections: number;
}

const PATIENCE = 5000;

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout(PATIENCE) });
  const type = response.headers.get("content-type") ?? "";
  if (!type.includes("json")) throw new Error(`The server answered ${response.status}`);
  const body = (await response.json()) as unknown;
  if (!response.ok) {
    const detail = (body as { detail?: unknown } | null)?.detail;
    throw new Error(typeof detail === "string" ? detail : `The server answered ${response.status}`);
  }
  return body as T;
}

export async function listConversations(): Promise<ServerConversation[]> {
  const { results } = await ask<{ results: { conversation_id: string; status: string }[] }>(
    "/api/conversations",
  );
  return results.map(({ conversation_id: id, status }) => ({ id, status }));
}

function control(name: string, id: string, extra: Record<string, string> = {}): Promise<Playback> {
  const query = new URLSearchParams({ conversation: id, ...extra });
  return ask(`/control/${name}?${query}`, { method: "POST" });
}

/** Plays what is held back; where nothing is, from the first event again. */
export async function play(id: string, speed: string): Promise<Playback> {
  const now = await control("pause", id);
  return control("play", id, { speed, ...(now.pending === 0 && { from: "0" }) });
}

export function pause(id: string): Promise<Playback> {
  return control("pause", id);
}

/** Cuts every connection of the conversation, as a bad network would. */
export function drop(id: string): Promise<Playback> {
  return control("drop", id);
}

/** A new conversation that begins empty and holds the whole recording back. */
export function create(id: string): Promise<Playback> {
  return ask("/control/conversations", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id, released: 0 }),
  });
}
