import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { elements } from "../../www/server/python_json.mjs";
import { readEvent, readRecording } from "../../www/server/recording.mjs";
import { DEFAULT_RECORDING } from "../../www/server/server.mjs";

const KEYS = [
  "id timestamp source message cause action observation",
  "args timeout content extras success",
]
  .join(" ")
  .split(" ");

const file = await readFile(DEFAULT_RECORDING, "utf8");
const texts = elements(file);
const events = texts.map((text) => JSON.parse(text));

test("the recording has consecutive ids, ascending times and keys in the wire's order", () => {
  assert.ok(events.length >= 150);
  assert.equal(readRecording(file).length, events.length);
  let before = "";
  for (const [index, event] of events.entries()) {
    assert.equal(event.id, index);
    assert.match(event.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
    assert.ok(event.timestamp >= before, `event ${index} is not earlier than the one before`);
    before = event.timestamp;
    const keys = Object.keys(event);
    assert.deepEqual(
      keys,
      KEYS.filter((key) => keys.includes(key)),
    );
  }
});

test("every observation of a tool answers the action before it", () => {
  for (const event of events.filter(({ cause }) => cause !== undefined)) {
    const { action } = events[event.cause];
    assert.equal(event.cause, event.id - 1);
    const failed = event.observation === "error" || event.observation === "null";
    assert.ok(failed || event.observation === action, `${action} → ${event.observation}`);
  }
  for (const { id, action } of events) {
    if (["run", "read", "edit", "run_ipython", "write", "think", "recall"].includes(action)) {
      assert.equal(events[id + 1].cause, id, `action ${id} has its answer`);
    }
  }
});

test("the recording is varied and spelled as Python does", () => {
  const kinds = new Set(events.map(({ action, observation }) => `${action}/${observation}`));
  assert.ok(kinds.size >= 20, [...kinds].join(" "));
  assert.ok(
    texts.every((text) => /^[ -~]*$/.test(text)),
    "pure ASCII, one event a line",
  );
  assert.ok(texts.some((text) => text.includes('"timeout": 120.0')));
  assert.ok(
    texts.some((text) => /\\ud83[c-e]\\u/.test(text)),
    "something beyond the BMP",
  );
  assert.ok(events.some((event) => event.action === "run" && event.args.hidden));
  assert.ok(events.some((event) => event.content?.length > 10_000));
  assert.ok(events.some((event) => event.success === false));
});

test("an event keeps the text it was recorded with", () => {
  for (const text of texts) assert.equal(readEvent(text).text, text);
});
