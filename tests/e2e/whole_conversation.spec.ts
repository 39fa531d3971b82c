// The demo receives a conversation while the server plays it, keeps it, and shows it offline.
import type { Page } from "@playwright/test";
import { eventsOnConnect, liveText } from "../../www/server/socket_rules.mjs";
import { readRecording } from "../../www/server/recording.mjs";
import { connect, expectCount, exportedTexts, listedIds, openDemo } from "./support/demo.js";
import { expect, test } from "./support/fixtures.js";
import { ids, texts } from "./support/recording.js";

/** As many events exist before the client comes; the others are played while it listens. */
const BEFORE = 60;
const SPEED = 200;

/** Reloads without a network and finds the same events in the same order. */
async function expectSameOffline(page: Page, shown: number[]): Promise<void> {
  await page.context().setOffline(true);
  await page.reload();
  await expectCount(page, shown.length);
  expect(await listedIds(page)).toEqual(shown);
  const reached = await page.evaluate(() =>
    fetch("/api/conversations").then(
      () => true,
      () => false,
    ),
  );
  expect(reached, "there is a network after all").toBe(false);
  await page.context().setOffline(false);
}

test("over WebSocket: every event, byte for byte, also offline", async ({ page, demo }) => {
  const conversation = await demo.hub.create("over-websocket", { released: BEFORE });
  await openDemo(page, demo, "over-websocket");
  await connect(page, "websocket");
  conversation.play(SPEED);

  await expectCount(page, texts.length);
  expect(await exportedTexts(page, "over-websocket")).toEqual(texts);
  const shown = await listedIds(page);
  expect(shown).toEqual(ids);
  await expectSameOffline(page, shown);
});

test("over Socket.IO: what the server's rules let through, also offline", async ({
  page,
  demo,
}) => {
  const recording = readRecording(`[${texts.join(",")}]`);
  const expected = new Map<number, string>();
  for (const { header, text } of eventsOnConnect(recording.slice(0, BEFORE), -1)) {
    expected.set(header.id, text);
  }
  for (const event of recording.slice(BEFORE)) {
    const text = liveText(event);
    if (text !== null) expected.set(event.header.id, text);
  }
  const wanted = [...expected].sort(([one], [other]) => one - other);
  expect(wanted.length).toBeGreaterThan(150);
  expect(wanted.length).toBeLessThan(texts.length);

  const conversation = await demo.hub.create("over-socket-io", { released: BEFORE });
  await openDemo(page, demo, "over-socket-io");
  await connect(page, "socket.io");
  conversation.play(SPEED);

  await expectCount(page, wanted.length);
  const kept = await exportedTexts(page, "over-socket-io");
  expect(kept.map((text) => JSON.parse(text) as unknown)).toEqual(
    wanted.map(([, text]) => JSON.parse(text) as unknown),
  );
  const shown = await listedIds(page);
  expect(shown).toEqual(wanted.map(([id]) => id));
  await expectSameOffline(page, shown);
});

test("over WebSocket: a connection that drops again and again loses nothing", async ({
  page,
  demo,
}) => {
  const conversation = await demo.hub.create("dropped", { released: 10 });
  await openDemo(page, demo, "dropped");
  await connect(page, "websocket");
  conversation.drop(25);
  conversation.play(SPEED);
  await expect.poll(() => conversation.pending).toBe(0);
  await expect(page.getByTestId("connection-state")).toHaveAttribute("data-status", "connected");
  await expectCount(page, texts.length);
  expect(await exportedTexts(page, "dropped")).toEqual(texts);

  conversation.drop();
  await expect(page.getByTestId("status-messages")).toContainText("Connection lost");
  await expect.poll(() => conversation.connections).toBe(1);
  await expect(page.getByTestId("connection-state")).toHaveAttribute("data-status", "connected");
  expect(await listedIds(page)).toEqual(ids);
});
