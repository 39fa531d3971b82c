import assert from "node:assert/strict";
import test from "node:test";
import { startServer } from "./helpers.mjs";

const MESSAGE = "openhands.sdk.event.llm_convertible.message.MessageEvent";

/** V1 events: every third a message of the user, some sharing a timestamp. */
const TEXTS = Array.from({ length: 25 }, (_, index) => {
  const timestamp = `2026-01-01T00:00:${String(index >> 1).padStart(2, "0")}.000000`;
  const common = `{"id": "e-${index}", "timestamp": "${timestamp}", "n": 1.0`;
  return index % 3 === 0
    ? `${common}, "source": "user", "llm_message": {"role": "user", "content": [{"type": "text", ` +
        `"text": "Hello ${index}"}], "reasoning_content": "why"}, "extended_content": ` +
        `[{"type": "text", "text": "More"}], "kind": "MessageEvent"}`
    : `${common}, "source": "agent", "action": {"kind": "FinishAction"}, "kind": "ActionEvent"}`;
});

async function served(t) {
  const server = await startServer(t);
  const conversation = await server.hub.create("v1", { events: TEXTS });
  const base = `${server.url}/api/conversations/v1/events`;
  const search = async (query) => (await fetch(`${base}/search?${query}`)).json();
  return { server, conversation, base, search };
}

const numbers = (page) => page.items.map(({ id }) => Number(id.slice(2)));

test("pages follow next_page_id through the whole log, either way", async (t) => {
  const { search } = await served(t);
  const all = [...TEXTS.keys()];
  for (const [order, expected] of [
    ["TIMESTAMP", all],
    ["TIMESTAMP_DESC", all.toReversed()],
  ]) {
    const seen = [];
    let next = "";
    do {
      const page = await search(`limit=7&sort_order=${order}${next && `&page_id=${next}`}`);
      seen.push(...numbers(page));
      next = page.next_page_id;
    } while (next !== null);
    assert.deepEqual(seen, expected);
  }
  assert.deepEqual(numbers(await search("limit=2&page_id=unknown")), [0, 1]);
});

test("filters are the agent-server's", async (t) => {
  const { search, base } = await served(t);
  const cases = {
    "source=user&limit=2": [0, 3],
    [`kind=${MESSAGE}&limit=2`]: [0, 3],
    "kind=MessageEvent": [],
    "timestamp__gte=2026-01-01T00:00:11.000000": [22, 23, 24],
    "timestamp__lt=2026-01-01T00:00:01.000000": [0, 1],
    "body=hello%2021": [21],
    "body=more%20WHY&limit=1": [0],
    "body=FinishAction": [],
  };
  for (const [query, expected] of Object.entries(cases)) {
    assert.deepEqual(numbers(await search(query)), expected, query);
  }
  assert.equal(await (await fetch(`${base}/count?source=user`)).json(), 9);
});

test("one event comes with its exact text, an unknown one is 404", async (t) => {
  const { base } = await served(t);
  assert.equal(await (await fetch(`${base}/e-4`)).text(), TEXTS[4]);
  assert.equal((await fetch(`${base}/e-99`)).status, 404);
  for (const query of ["limit=0", "limit=101", "limit=x", "sort_order=up"]) {
    assert.equal((await fetch(`${base}/search?${query}`)).status, 422, query);
  }
});

test("a V1 recording plays, takes no V0 action and is not mixed with V0", async (t) => {
  const { server } = await served(t);
  const options = { events: TEXTS, released: 5 };
  const conversation = await server.hub.create("play", options);
  conversation.play(0);
  assert.deepEqual(
    conversation.events.map(({ text }) => text),
    TEXTS,
  );
  assert.throws(() => conversation.append({ action: "message" }), /user messages/);
  const mixed = [TEXTS[0], '{"id": 1, "action": "null"}'];
  await assert.rejects(server.hub.create("mixed", { events: mixed }), /V0 and V1/);
});
