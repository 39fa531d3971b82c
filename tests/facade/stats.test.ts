/** What a conversation has cost, and how long the store's calls took. */
import { openEventStore } from "oh-event-store";
import { expect, test } from "vitest";

const usage = (prompt: number, completion: number) => ({
  model: "m",
  prompt_tokens: prompt,
  completion_tokens: completion,
  cache_read_tokens: 1,
  cache_write_tokens: 2,
});

const action = (id: number, llm_metrics?: object) => ({
  id,
  timestamp: `2025-01-01T00:00:0${id}`,
  source: "agent",
  action: "think",
  args: { thought: 'it says \\"llm_metrics\\": { in a text: "llm_metrics": {' },
  ...(llm_metrics && { llm_metrics }),
});

const open = () => openEventStore({ name: `stats-${crypto.randomUUID()}` });

test("V0: the newest sums, and each event that tells them", async () => {
  await using store = await open();
  const conversation = await store.conversation("c");
  expect(await conversation.stats()).toEqual({
    cost: 0,
    promptTokens: 0,
    completionTokens: 0,
    overTime: [],
  });
  await conversation.feed(action(1));
  await conversation.feed(
    action(2, { accumulated_cost: 0.25, accumulated_token_usage: usage(100, 10) }),
  );
  await conversation.feed(
    action(3, {
      accumulated_cost: 1.5,
      accumulated_token_usage: usage(300, 30),
      response_latencies: [
        { model: "m", latency: 9.5, response_id: "a" },
        { model: "m", latency: 2.5, response_id: "b" },
      ],
    }),
  );
  const { overTime, ...sums } = await conversation.stats();
  expect(sums).toEqual({ cost: 1.5, promptTokens: 300, completionTokens: 30 });
  expect(overTime).toEqual([
    {
      id: 2,
      timestamp: "2025-01-01T00:00:02",
      cost: 0.25,
      promptTokens: 100,
      completionTokens: 10,
      cacheReadTokens: 1,
      cacheWriteTokens: 2,
    },
    {
      id: 3,
      timestamp: "2025-01-01T00:00:03",
      cost: 1.5,
      promptTokens: 300,
      completionTokens: 30,
      cacheReadTokens: 1,
      cacheWriteTokens: 2,
      latency: 2.5,
    },
  ]);
});

test("V1: the sums over all uses of models", async () => {
  await using store = await open();
  const conversation = await store.conversation("c", { dialect: "v1" });
  await conversation.feed({
    id: "a",
    kind: "ConversationStateUpdateEvent",
    timestamp: "2026-01-01T00:00:00",
    source: "environment",
    key: "stats",
    value: {
      usage_to_metrics: {
        default: { accumulated_cost: 1, accumulated_token_usage: usage(5, 7) },
        condenser: { accumulated_cost: 0.5, accumulated_token_usage: null },
      },
    },
  });
  expect(await conversation.stats()).toMatchObject({
    cost: 1.5,
    promptTokens: 5,
    completionTokens: 7,
  });
});

test("metrics of any shape are passed by or count as nothing", async () => {
  await using store = await open();
  const conversation = await store.conversation("c");
  const odd = [{ accumulated_cost: "1" }, { response_latencies: { latency: 1 } }];
  for (const [id, metrics] of odd.entries()) await conversation.feed(action(id, metrics));
  expect(await conversation.stats()).toMatchObject({ cost: 0, promptTokens: 0 });
});

test("the store tells how long its calls took", async () => {
  await using store = await open();
  const conversation = await store.conversation("c");
  await conversation.feed(action(1));
  await conversation.searchEvents().toArray();
  const { latencies } = await store.stats();
  expect(latencies["feed"]).toMatchObject({ count: 1 });
  expect(latencies["feed"]?.p50).toBeGreaterThan(0);
  expect(latencies["next"]?.count).toBeGreaterThan(0);
});
