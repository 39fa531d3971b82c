import type { ConversationStats, Event, MetricsPoint } from "./types.js";

/** Events that tell what the models have cost: V0's `llm_metrics`, V1's conversation statistics. */
export const METRICS = {
  v0: { query: '"llm_metrics": {' },
  v1: { query: '"usage_to_metrics": {' },
} as const;

const partOf = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const numberOf = (value: unknown, key: string): number => {
  const found = partOf(value, key);
  return typeof found === "number" ? found : 0;
};

/** Each model's metrics in an event: V0 has one, V1 one per usage. */
function metricsOf(event: Event): unknown[] {
  const one = partOf(event, "llm_metrics");
  if (one) return [one];
  return Object.values(partOf(partOf(event, "value"), "usage_to_metrics") ?? {});
}

function pointOf(event: Event): MetricsPoint | undefined {
  const all = metricsOf(event);
  if (all.length === 0) return undefined;
  const sum = (read: (metrics: unknown) => number) =>
    all.reduce((total: number, metrics) => total + read(metrics), 0);
  const tokens = (key: string) =>
    sum((one) => numberOf(partOf(one, "accumulated_token_usage"), key));
  const latencies = all.map((one) => partOf(one, "response_latencies")).find(Array.isArray) ?? [];
  return {
    id: event.id,
    timestamp: event.timestamp ?? undefined,
    cost: sum((one) => numberOf(one, "accumulated_cost")),
    promptTokens: tokens("prompt_tokens"),
    completionTokens: tokens("completion_tokens"),
    cacheReadTokens: tokens("cache_read_tokens"),
    cacheWriteTokens: tokens("cache_write_tokens"),
    latency: numberOf(latencies.at(-1), "latency") || undefined,
  };
}

/** What a conversation has cost, from its events that tell it. */
export async function statsOf(events: AsyncIterable<Event>): Promise<ConversationStats> {
  const overTime: MetricsPoint[] = [];
  for await (const event of events) {
    const point = pointOf(event);
    if (point) overTime.push(point);
  }
  const { cost = 0, promptTokens = 0, completionTokens = 0 } = overTime.at(-1) ?? {};
  return { cost, promptTokens, completionTokens, overTime };
}
