import { readFileSync } from "node:fs";
import { DEFAULT_RECORDING } from "../../../www/server/server.mjs";
import { elements } from "./json_text.js";

export interface RecordedEvent {
  readonly id: number;
  readonly timestamp: string;
  readonly source?: string;
  readonly action?: string;
  readonly observation?: string;
  readonly args?: { readonly hidden?: unknown };
  readonly extras?: { readonly hidden?: unknown };
}

/** The recorded bug hunt: every event's exact text, in the order of the ids. */
export const texts = elements(readFileSync(DEFAULT_RECORDING, "utf8"));
export const events = texts.map((text) => JSON.parse(text) as RecordedEvent);
export const ids = events.map(({ id }) => id);
