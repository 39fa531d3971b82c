import { readFile } from "node:fs/promises";
import type { Download, Locator, Page } from "@playwright/test";
import type { RunningServer } from "../../../www/server/server.mjs";
import { expect } from "./fixtures.js";

export type Transport = "socket.io" | "websocket";
export type View = "live" | "search" | "replay";

/** Opens the demo's first page, with its service worker in charge of it. */
export async function openHome(page: Page, server: RunningServer, hash = "#/"): Promise<void> {
  await page.goto(`${server.url}/${hash}`);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
}

export function openDemo(page: Page, server: RunningServer, id: string): Promise<void> {
  return openHome(page, server, `#/c/${id}`);
}

export async function connect(page: Page, transport: Transport): Promise<void> {
  await page.getByTestId(`transport-${transport}`).click();
  await page.getByTestId("connect").click();
  await expect(page.getByTestId("connection-state")).toHaveAttribute("data-status", "connected");
}

export async function openView(page: Page, view: View): Promise<void> {
  await page.getByTestId(`tab-${view}`).click();
  await expect(page.getByTestId(`tab-${view}`)).toHaveAttribute("aria-current", "page");
}

/**
 * Types a text over what a field has, and takes it with Enter. Playwright's `fill` sets the value in
 * Firefox behind React's back, which then knows of no change.
 */
export async function enter(field: Locator, text: string): Promise<void> {
  await field.press("ControlOrMeta+a");
  await field.press("Backspace");
  await field.pressSequentially(text);
  await field.press("Enter");
}

/** Waits until a list has so many events. */
export async function expectCount(page: Page, count: number, list = "event-list"): Promise<void> {
  if (count === 0) await expect(page.getByTestId(list)).toHaveCount(0);
  else await expect(page.getByTestId(list)).toHaveAttribute("data-count", String(count));
}

/**
 * The ids of a list from its first row to its last. Only the rows in view are in the page, so this
 * scrolls through it, as a person would.
 */
export async function listedIds(page: Page, list = "event-list"): Promise<number[]> {
  const rows = await page.getByTestId(list).evaluate(async (element) => {
    const feed = element.querySelector('[role="feed"]');
    if (!feed) throw new Error("the list has no feed");
    const painted = () =>
      new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const found = new Map<number, string>();
    const collect = () => {
      for (const row of feed.querySelectorAll<HTMLElement>("[data-index]")) {
        const id = row.querySelector<HTMLElement>("[data-event-id]")?.dataset["eventId"];
        if (id !== undefined) found.set(Number(row.dataset["index"]), id);
      }
    };
    feed.scrollTop = 0;
    for (let atEnd = 0; atEnd < 3;) {
      await painted();
      collect();
      const before = feed.scrollTop;
      feed.scrollTop += feed.clientHeight / 2;
      atEnd = feed.scrollTop === before ? atEnd + 1 : 0;
    }
    return [...found];
  });
  rows.sort(([one], [other]) => one - other);
  expect(rows.map(([index]) => index)).toEqual(rows.map((_, place) => place));
  return rows.map(([, id]) => Number(id));
}

/** The file that the demo's export gives. */
export async function exported(page: Page, id: string, format: string): Promise<Download> {
  const item = page.locator(`[data-testid="conversation"][data-conversation-id="${id}"]`);
  await item.getByTestId("export").click();
  const coming = page.waitForEvent("download");
  await item.getByTestId(`export-${format}`).click();
  return coming;
}

/** What the demo's export as JSON Lines holds: one text per event. */
export async function exportedTexts(page: Page, id: string): Promise<string[]> {
  const file = await (await exported(page, id, "jsonl")).path();
  return (await readFile(file, "utf8")).trimEnd().split("\n");
}
