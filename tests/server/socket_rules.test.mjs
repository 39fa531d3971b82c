import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { dumps, elements, loads } from "../../www/server/python_json.mjs";
import { readEvent } from "../../www/server/recording.mjs";
import { eventsOnConnect, liveText, parseLatestEventId } from "../../www/server/socket_rules.mjs";

const VECTORS = new URL("../data/vectors/connect/connect.json", import.meta.url);

/** @param {Record<string, unknown>} members */
const event = (members) => readEvent(dumps({ id: 0, ...members }));

test("connecting and live sending agree with the real server's answers", async () => {
  const rows = elements(await readFile(VECTORS, "utf8")).map((row) => loads(row));
  const conversations = new Map();
  let live = 0;
  for (const row of rows) {
    if (row.events) conversations.set(row.seed, row.events.map(dumps).map(readEvent));
    const events = conversations.get(row.seed);
    const latest = parseLatestEventId(row.latest_event_id);
    assert.equal(row.error, null);
    assert.deepEqual(
      eventsOnConnect(events, latest).map(({ header }) => header.id),
      row.emitted_ids,
      `seed ${row.seed}, latest_event_id ${JSON.stringify(row.latest_event_id)}`,
    );
    for (const [index, expected] of (row.live ?? []).entries()) {
      const text = liveText(events[index]);
      const sent = text === null ? null : readEvent(text).header;
      assert.deepEqual(sent && [sent.id, sent.source], expected, `seed ${row.seed}, ${index}`);
      live += 1;
    }
  }
  assert.ok(rows.length >= 90 && live >= 300, "the file holds as many answers as it should");
});

test("of several agent states only the last is sent, and last of all", () => {
  const events = [
    event({ id: 1, observation: "agent_state_changed" }),
    event({ id: 2, observation: "agent_state_changed" }),
    event({ id: 3, observation: "run" }),
  ];
  assert.deepEqual(
    eventsOnConnect(events, -1).map(({ header }) => header.id),
    [3, 2],
  );
});

test("a live event from the environment says agent and is otherwise unchanged", () => {
  const text =
    '{"id": 5, "source": "environment", "observation": "run", "content": "source", ' +
    '"extras": {"source": "environment", "t": 120.0}}';
  assert.equal(liveText(readEvent(text)), text.replace('"environment"', '"agent"'));
});

test("latest_event_id is read as Python's int reads it", () => {
  const cases = { 7: 7, " 7 ": 7, "-3": -3, "1_000": 1000, 1.5: -1, "": -1, abc: -1 };
  for (const [text, id] of Object.entries(cases)) assert.equal(parseLatestEventId(text), id, text);
  assert.equal(parseLatestEventId(undefined), -1);
});
