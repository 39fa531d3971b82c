import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp } from "node:net";
import test from "node:test";
import { io } from "socket.io-client";
import { WebSocket } from "ws";
import { eventTexts, Inbox, startServer } from "./helpers.mjs";

/** A Socket.IO client whose `oh_event`s arrive in `inbox`. */
function connect(t, server, query, options = {}) {
  const socket = io(server.url, { query, transports: ["websocket"], forceNew: true, ...options });
  t.after(() => socket.close());
  const inbox = new Inbox();
  socket.on("oh_event", (event) => inbox.put(event));
  const reached = new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return { socket, inbox, reached };
}

/** A plain WebSocket whose frames arrive as text in `inbox`. */
function open(t, server, path) {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}${path}`);
  t.after(() => socket.terminate());
  const inbox = new Inbox();
  socket.on("message", (data) => inbox.put(String(data)));
  const closed = once(socket, "close").then(([code]) => code);
  return { socket, inbox, closed };
}

const ids = (events) => events.map((event) => event.id);

test("socket.io: history on connect, then each live event in its turn", async (t) => {
  const server = await startServer(t);
  const conversation = await server.hub.create("c", { events: eventTexts(12), released: 6 });
  for (const transports of [["websocket"], ["polling"]]) {
    const query = { conversation_id: "c", latest_event_id: "0" };
    const { inbox } = connect(t, server, query, { transports });
    assert.deepEqual(ids(await inbox.until(3)), [1, 5, 2]);
  }
  const { inbox, reached } = connect(t, server, { conversation_id: "c", latest_event_id: "5" });
  await reached;
  conversation.play(0);
  await inbox.until(5);
  assert.deepEqual(ids(inbox.all), [6, 7, 8, 9, 11]);
  assert.deepEqual(
    inbox.all.map((event) => event.source),
    ["agent", "agent", "agent", "user", "agent"],
  );
});

test("socket.io frames carry floats as the server spells them", async (t) => {
  const server = await startServer(t);
  await server.hub.create("c", { events: eventTexts(1) });
  const { socket, inbox } = open(
    t,
    server,
    "/socket.io/?EIO=4&transport=websocket&conversation_id=c",
  );
  await inbox.until(1);
  socket.send("40");
  await inbox.until(3);
  assert.equal(inbox.all[2], `42["oh_event",${eventTexts(1)[0]}]`);
});

test("socket.io refuses a wrong key and an unknown or missing conversation", async (t) => {
  const server = await startServer(t, { key: "secret" });
  await server.hub.create("c", { events: eventTexts(1) });
  const cases = [
    [{ conversation_id: "c" }, /invalid_session_api_key/],
    [{ conversation_id: "c", session_api_key: "wrong" }, /invalid_session_api_key/],
    [{ conversation_id: "no", session_api_key: "secret" }, /not found/],
    [{ session_api_key: "secret" }, /No conversation_id/],
  ];
  for (const [query, message] of cases) {
    await assert.rejects(connect(t, server, query).reached, message);
  }
  await connect(t, server, { conversation_id: "c", session_api_key: "secret" }).reached;
});

test("socket.io: a user action is acknowledged and reaches every client", async (t) => {
  const server = await startServer(t);
  await server.hub.create("c", { events: eventTexts(1) });
  const sender = connect(t, server, { conversation_id: "c" });
  const other = connect(t, server, { conversation_id: "c" });
  await Promise.all([sender.inbox.until(1), other.inbox.until(1)]);
  const action = { action: "message", args: { content: "go on" } };
  await sender.socket.timeout(5000).emitWithAck("oh_user_action", action);
  for (const { inbox } of [sender, other]) {
    const event = (await inbox.until(2))[1];
    assert.deepEqual([event.id, event.source, event.args.content], [1, "user", "go on"]);
  }
  sender.socket.emit("oh_user_action", { nonsense: true });
  assert.equal((await sender.inbox.until(3))[2].error, true);
  assert.equal(other.inbox.all.length, 2);
});

test("a user action in mid-play loses no recorded event and breaks no cause", async (t) => {
  const server = await startServer(t);
  const conversation = await server.hub.create("c", { events: eventTexts(6), released: 3 });
  conversation.append({ action: "message", args: { content: "wait" } });
  conversation.play(0);
  assert.deepEqual(
    conversation.events.map(({ header }) => [header.id, header.cause]),
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, undefined],
      [4, 4],
      [5, 5],
      [6, 6],
    ],
  );
});

test("a dropped socket.io client misses events and gets them when it is back", async (t) => {
  const server = await startServer(t);
  const conversation = await server.hub.create("c", { events: eventTexts(12), released: 6 });
  const query = { conversation_id: "c", latest_event_id: "-1" };
  const { socket, inbox } = connect(t, server, query, { reconnectionDelay: 10 });
  await inbox.until(4);
  const lost = once(socket, "disconnect");
  await fetch(`${server.url}/control/drop?conversation=c&after=2`, { method: "POST" });
  conversation.play(0);
  const [reason] = await lost;
  assert.match(reason, /^transport/, "the client takes it for a lost connection");
  assert.deepEqual(ids(inbox.all), [0, 1, 5, 2, 6, 7]);
  socket.io.opts.query = { ...query, latest_event_id: "7" };
  assert.deepEqual(ids(await inbox.until(8)), [0, 1, 5, 2, 6, 7, 11, 8]);
});

test("ws: resend_mode chooses the history, with the events' exact text", async (t) => {
  const server = await startServer(t);
  const texts = eventTexts(8);
  const conversation = await server.hub.create("c", { events: texts, released: 6 });
  const since = "resend_mode=since&after_timestamp=2025-01-01T00:00:04.000000";
  const all = open(t, server, "/sockets/events/c?resend_mode=all");
  const some = open(t, server, `/sockets/events/c?${since}`);
  const none = open(t, server, "/sockets/events/c");
  await Promise.all([all.inbox.until(6), some.inbox.until(2), once(none.socket, "open")]);
  conversation.play(0);
  assert.deepEqual(await all.inbox.until(8), texts);
  assert.deepEqual(await some.inbox.until(4), texts.slice(4));
  assert.deepEqual(await none.inbox.until(2), texts.slice(6));
  assert.equal(await open(t, server, "/sockets/events/c?resend_mode=some").closed, 1008);
  assert.equal(await open(t, server, "/sockets/events/no").closed, 4004);
});

test("ws: a key comes in the query or in the first frame", async (t) => {
  const server = await startServer(t, { key: "secret" });
  await server.hub.create("c", { events: eventTexts(1) });
  const path = "/sockets/events/c?resend_mode=all";
  assert.equal(await open(t, server, `${path}&session_api_key=wrong`).closed, 4001);
  await open(t, server, `${path}&session_api_key=secret`).inbox.until(1);
  const frames = {
    '{"type": "auth", "session_api_key": "secret"}': true,
    '{"type": "auth", "session_api_key": "wrong"}': false,
    '{"session_api_key": "secret"}': false,
    null: false,
    "{": false,
  };
  for (const [frame, accepted] of Object.entries(frames)) {
    const { socket, inbox, closed } = open(t, server, path);
    await once(socket, "open");
    assert.equal(inbox.all.length, 0);
    socket.send(frame);
    if (accepted) await inbox.until(1);
    else assert.equal(await closed, 4001, frame);
  }
});

test("status, malformed frames and a drop reach the clients when told to", async (t) => {
  const server = await startServer(t);
  await server.hub.create("c", { events: eventTexts(1) });
  const plain = open(t, server, "/sockets/events/c");
  const sio = connect(t, server, { conversation_id: "c" });
  await Promise.all([once(plain.socket, "open"), sio.inbox.until(1)]);
  const post = (name, body) =>
    fetch(`${server.url}/control/${name}?conversation=c`, { method: "POST", body });
  await post("status");
  await post("malformed", "{nonsense");
  const frames = await plain.inbox.until(2);
  assert.equal(JSON.parse(frames[0]).status_update, true);
  assert.equal(frames[1], "{nonsense");
  assert.equal((await sio.inbox.until(2))[1].status_update, true);
  await post("drop");
  assert.equal(await plain.closed, 1006);
  assert.equal((await post("nothing")).status, 404);
  assert.equal((await fetch(`${server.url}/control/drop?conversation=c`)).status, 405);
});

test("an upgrade on any other path is refused, and the server goes on", async (t) => {
  const server = await startServer(t);
  const [error] = await once(new WebSocket(`${server.url}/elsewhere`), "error");
  assert.match(error.message, /404/);
  for (const path of ["//", "http://[", "/%", "*"]) {
    const client = connectTcp(server.port, "127.0.0.1");
    client.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    );
    const [answer] = await once(client, "data");
    assert.match(String(answer), /^HTTP\/1.1 40[04] /, path);
    client.destroy();
  }
  assert.equal((await fetch(`${server.url}/alive`)).status, 200);
});
