import assert from "node:assert/strict";
import test from "node:test";
import { eventTexts, startServer } from "./helpers.mjs";

/** @param {import("node:test").TestContext} t */
async function served(t, count = 45, options = {}) {
  const server = await startServer(t, options);
  const texts = eventTexts(count);
  await server.hub.create("c", { events: texts });
  return { server, texts, base: `${server.url}/api/conversations/c/events` };
}

test("pages walk the whole log once, in order, with the events' exact text", async (t) => {
  const { texts, base } = await served(t);
  const seen = [];
  let more = true;
  while (more) {
    const body = await (await fetch(`${base}?start_id=${seen.length}`)).text();
    const page = JSON.parse(body);
    more = page.has_more;
    const from = seen.length;
    for (const event of page.events) seen.push(event.id);
    assert.equal(
      body,
      `{"events": [${texts.slice(from, seen.length).join(", ")}], "has_more": ${more}}`,
    );
  }
  assert.deepEqual(seen, [...texts.keys()]);
});

test("both ends are inclusive and reverse keeps start_id as the low bound", async (t) => {
  const { base } = await served(t);
  const cases = {
    "?start_id=3&end_id=5": [[3, 4, 5], false],
    "?start_id=3&end_id=5&reverse=True": [[5, 4, 3], false],
    "?start_id=40&reverse=true&limit=2": [[44, 43], true],
    "?start_id=5&end_id=3": [[], false],
    "?start_id=-7&limit=1": [[0], true],
    "?start_id=44": [[44], false],
    "?start_id=45": [[], false],
    "?end_id=-1": [[], false],
    "?limit=0": [[], true],
    "?limit=0&start_id=45": [[], false],
    "?limit=3&limit=1": [[0], true],
    "?limit=45": [[...Array(45).keys()], false],
  };
  for (const [query, [ids, more]] of Object.entries(cases)) {
    const page = await (await fetch(base + query)).json();
    assert.deepEqual([page.events.map((event) => event.id), page.has_more], [ids, more], query);
  }
});

test("holes in the ids are skipped silently", async (t) => {
  const server = await startServer(t);
  const texts = eventTexts(10).filter((_, id) => id % 3 === 0);
  await server.hub.create("holes", { events: texts });
  const url = `${server.url}/api/conversations/holes/events?start_id=1&end_id=8`;
  const page = await (await fetch(url)).json();
  assert.deepEqual(
    page.events.map((event) => event.id),
    [3, 6],
  );
});

test("bad parameters answer as FastAPI does", async (t) => {
  const { base } = await served(t);
  for (const query of ["?limit=101", "?limit=-1"]) {
    const response = await fetch(base + query);
    assert.equal(response.status, 400, query);
    assert.deepEqual(await response.json(), { detail: "Invalid limit" });
  }
  for (const query of ["?limit=x", "?start_id=", "?end_id=1.5", "?reverse=maybe"]) {
    const response = await fetch(base + query);
    assert.equal(response.status, 422, query);
    const { detail } = await response.json();
    assert.deepEqual(detail[0].loc, ["query", query.slice(1).split("=")[0]]);
  }
});

test("an unknown conversation is 404 on every route", async (t) => {
  const { server } = await served(t);
  for (const path of ["/api/conversations/no", "/api/conversations/no/events", "/api/other"]) {
    const response = await fetch(server.url + path);
    assert.equal(response.status, 404, path);
    assert.equal(typeof (await response.json()).detail, "string");
  }
});

test("with a key set, the API opens to that key only", async (t) => {
  const { server, base } = await served(t, 3, { key: "secret" });
  for (const headers of [{}, { "X-Session-API-Key": "wrong" }]) {
    assert.equal((await fetch(base, { headers })).status, 401);
  }
  const headers = { "X-Session-API-Key": "secret" };
  assert.equal((await (await fetch(base, { headers })).json()).events.length, 3);
  const list = await (await fetch(`${server.url}/api/conversations`, { headers })).json();
  assert.deepEqual(
    list.results.map((conversation) => conversation.conversation_id),
    ["c"],
  );
  assert.equal((await fetch(`${server.url}/alive`)).status, 200);
});

test("a browser of another origin may read and send the key", async (t) => {
  const { base } = await served(t, 1);
  const preflight = await fetch(base, { method: "OPTIONS" });
  assert.equal(preflight.status, 204);
  assert.match(preflight.headers.get("access-control-allow-headers") ?? "", /x-session-api-key/);
  assert.equal((await fetch(base)).headers.get("access-control-allow-origin"), "*");
});

test("a posted action becomes the user's next event", async (t) => {
  const { base } = await served(t, 2);
  const send = (body) => fetch(base, { method: "POST", body });
  const action = { action: "message", args: { content: "hé" } };
  assert.deepEqual(await (await send(JSON.stringify(action))).json(), { success: true });
  const { events } = await (await fetch(`${base}?start_id=2`)).json();
  assert.equal(events.length, 1);
  assert.equal(events[0].id, 2);
  assert.equal(events[0].source, "user");
  assert.equal(events[0].message, "hé");
  for (const [body, status] of [
    ["", 400],
    ["[]", 400],
    ["{", 400],
    ["{}", 422],
    ['{"action": "message", "args": 1}', 422],
  ]) {
    assert.equal((await send(body)).status, status, body);
  }
});
