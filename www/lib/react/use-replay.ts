import { useEffect, useMemo } from "react";
import type { Conversation, ReplayOptions } from "../types.js";
import { replayController } from "./replay.js";
import type { ReplayControls, ReplayHookState } from "./replay.js";
import { useObservable } from "./use-observable.js";

/** What `useReplay` returns. */
export interface ReplayHook extends ReplayHookState, ReplayControls {}

/**
 * Time travel through a conversation, paused at first. Another speed goes on where it is, another
 * filter or `maxIdle` (compared by value) begins again.
 */
export function useReplay(
  conversation: Conversation | null | undefined,
  { speed = 1, maxIdle, filter }: ReplayOptions = {},
): ReplayHook {
  const key = JSON.stringify({ maxIdle, filter });
  const { observed, controls } = useMemo(
    () => replayController(conversation, JSON.parse(key) as ReplayOptions),
    [conversation, key],
  );
  useEffect(() => controls.setSpeed(speed), [controls, speed]);
  return { ...useObservable(observed), ...controls };
}
