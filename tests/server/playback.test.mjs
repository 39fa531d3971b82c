import assert from "node:assert/strict";
import test from "node:test";
import { delay, parseSpeed } from "../../www/server/pace.mjs";
import { readEvent } from "../../www/server/recording.mjs";
import { eventTexts, Inbox, startServer } from "./helpers.mjs";

const at = (seconds) =>
  readEvent(
    JSON.stringify({
      id: seconds,
      timestamp: new Date(seconds * 1000).toISOString().replace("Z", "000"),
      action: "null",
    }),
  );

test("a pause is the recorded one, shortened to two seconds, then divided by the speed", () => {
  assert.equal(delay(at(10), at(11), 1), 1000);
  assert.equal(delay(at(10), at(11), 4), 250);
  assert.equal(delay(at(10), at(70), 1), 2000);
  assert.equal(delay(at(10), at(70), 4), 500);
  assert.equal(delay(at(10), at(70), 0), 0);
  assert.equal(delay(undefined, at(70), 1), 0);
  assert.equal(delay(at(70), at(10), 1), 0);
  assert.equal(delay(readEvent('{"id": 1, "action": "null"}'), at(10), 1), 0);
});

test("a speed is a number from 0 or instant", () => {
  assert.deepEqual(["2", "0.5", "0", "instant"].map(parseSpeed), [2, 0.5, 0, 0]);
  assert.deepEqual(["", "-1", "fast", "Infinity"].map(parseSpeed), [null, null, null, null]);
});

/** Listens to a conversation in-process. */
function listen(conversation) {
  const inbox = new Inbox();
  conversation.listen({
    event: (event) => inbox.put(event.header.id),
    status() {},
    drop() {},
    raw() {},
  });
  return inbox;
}

test("playing releases every event once, in order, and can be paused", async (t) => {
  const server = await startServer(t);
  const conversation = await server.hub.create("c", { events: eventTexts(10), released: 0 });
  const inbox = listen(conversation);
  const post = (path) => fetch(server.url + path, { method: "POST" });
  assert.equal((await post("/api/conversations/c/play?speed=1000")).status, 200);
  await inbox.until(3);
  await post("/control/pause?conversation=c");
  assert.equal(conversation.playing, false);
  assert.equal(conversation.events.length + conversation.pending, 10);
  await post("/control/play?conversation=c&speed=instant");
  assert.deepEqual(inbox.all, [...Array(10).keys()]);
});

test("playing from an event takes the conversation back to before it", async (t) => {
  const server = await startServer(t);
  const conversation = await server.hub.create("c", { events: eventTexts(10) });
  const inbox = listen(conversation);
  const url = `${server.url}/api/conversations/c/play?speed=0&from=7`;
  await fetch(url, { method: "POST" });
  assert.deepEqual(inbox.all, [7, 8, 9]);
  assert.equal(conversation.events.length, 10);
});

test("with a start speed, the first client starts the playback", async (t) => {
  const server = await startServer(t);
  const options = { events: eventTexts(5), released: 0, startSpeed: 1000 };
  const conversation = await server.hub.create("c", options);
  assert.equal(conversation.playing, false);
  assert.deepEqual(await listen(conversation).until(5), [0, 1, 2, 3, 4]);
});

test("a bad speed, a bad conversation and a bad recording are told", async (t) => {
  const server = await startServer(t);
  await server.hub.create("c", { events: eventTexts(1) });
  const post = (path, body) => fetch(server.url + path, { method: "POST", body });
  const create = (options) => post("/control/conversations", JSON.stringify(options));
  assert.equal((await post("/api/conversations/c/play?speed=fast")).status, 400);
  assert.equal((await post("/control/play?conversation=no")).status, 404);
  assert.equal((await post("/control/conversations", "{")).status, 400);
  for (const options of [
    {},
    { id: "" },
    { id: "a/b" },
    { id: "a", recording: "../main" },
    { id: "a", recording: "missing" },
    { id: "a", released: -1 },
  ]) {
    assert.equal((await create(options)).status, 400, JSON.stringify(options));
  }
});

test("a recording with a double, or an event without an id, is refused", async (t) => {
  const server = await startServer(t);
  const text = eventTexts(1)[0];
  for (const events of [[text, text], ['{"action": "run"}'], ['{"id": 1}'], ["1"], ["{"]]) {
    await assert.rejects(server.hub.create("c", { events }), events[0]);
  }
  assert.equal(server.hub.find("c"), undefined);
});
