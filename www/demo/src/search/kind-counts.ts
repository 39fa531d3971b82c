// How often each kind occurs: one count per kind, answered from the pages' headers.
import type { Conversation } from "oh-event-store";
import { useEffect, useState } from "react";
import { ACTIONS, OBSERVATIONS } from "../event/kinds";

const NAMES = [...ACTIONS, ...OBSERVATIONS].map(({ name }) => name);

export function useKindCounts(conversation: Conversation): ReadonlyMap<string, number> {
  const [counts, setCounts] = useState<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    let current = true;
    const run = async (): Promise<void> => {
      const pairs = await Promise.all(
        NAMES.map(async (name) => {
          return [name, await conversation.countEvents({ includeTypes: [name] })] as const;
        }),
      );
      if (current) setCounts(new Map(pairs));
    };
    // Counts are an aid; a search that fails says why by itself.
    run().catch(() => undefined);
    return () => {
      current = false;
    };
  }, [conversation]);
  return counts;
}
