// The whole recording in outline: for every event its position and what it is.
import type { Conversation } from "oh-event-store";
import { useEffect, useState } from "react";
import { kindOf, type Tone } from "../event/kinds";
import { text } from "../event/fields";
import { reason } from "../format";

export interface Mark {
  /** Where the event stands in the log: what a replay seeks to. */
  readonly position: number;
  readonly tone: Tone;
  readonly label: string;
  readonly timestamp: string;
}

export interface Outline {
  readonly marks: readonly Mark[];
  readonly error: string | undefined;
}

const BATCH = 500;
const NONE: Outline = { marks: [], error: undefined };

/** Read once; the timeline fills as the batches come. */
export function useOutline(conversation: Conversation): Outline {
  const [outline, setOutline] = useState(NONE);
  useEffect(() => {
    let current = true;
    const run = async (): Promise<void> => {
      const marks: Mark[] = [];
      try {
        for await (const batch of conversation.searchEvents().batches(BATCH)) {
          if (!current) return;
          for (const event of batch) {
            const { tone, label } = kindOf(event);
            // An agent server's ids are strings; its events stand in the order of the log.
            const position = typeof event.id === "number" ? event.id : marks.length;
            marks.push({ position, tone, label, timestamp: text(event, "timestamp") });
          }
          setOutline({ marks: [...marks], error: undefined });
        }
      } catch (error) {
        if (current) setOutline({ marks, error: reason(error) });
      }
    };
    setOutline(NONE);
    void run();
    return () => {
      current = false;
    };
  }, [conversation]);
  return outline;
}
