import { readFile } from "node:fs/promises";
import type { Locator, Page } from "@playwright/test";
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
    // A list that follows its end may go back there once, when its last rows have been measured.
    do {
      feed.scrollTop = 0;
      await painted();
    } while (feed.scrollTop > 0);
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

interface File {
  readonly name: string;
  readonly bytes: Buffer;
}

/** The file that the demo's export gives. */
export async function exported(page: Page, id: string, format: string): Promise<File> {
  const item = page.locator(`[data-testid="conversation"][data-conversation-id="${id}"]`);
  await item.getByTestId("export").click();
  const start = () => item.getByTestId(`export-${format}`).click();
  const browser = page.context().browser()?.browserType().name();
  return browser === "firefox" ? handedOver(page, start) : downloaded(page, start);
}

async function downloaded(page: Page, start: () => Promise<void>): Promise<File> {
  const coming = page.waitForEvent("download");
  await start();
  const download = await coming;
  return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
}

/** Firefox's driver tells of no download: what is asked of the browser is taken before it. */
async function handedOver(page: Page, start: () => Promise<void>): Promise<File> {
  const handle = await page.evaluateHandle(() => {
    const { createObjectURL } = URL;
    const { click } = HTMLAnchorElement.prototype;
    const handed = new Promise<{ name: string; base64: string }>((resolve, reject) => {
      URL.createObjectURL = (blob: Blob) => {
        HTMLAnchorElement.prototype.click = function () {
          HTMLAnchorElement.prototype.click = click;
          const { download: name } = this;
          const reader = new FileReader();
          reader.onerror = () => reject(new Error("the file can't be read"));
          reader.onload = () =>
            resolve({ name, base64: (reader.result as string).replace(/^.*,/, "") });
          reader.readAsDataURL(blob);
        };
        URL.createObjectURL = createObjectURL;
        return createObjectURL.call(URL, blob);
      };
    });
    return { handed };
  });
  await start();
  const { name, base64 } = await handle.evaluate(({ handed }) => handed);
  return { name, bytes: Buffer.from(base64, "base64") };
}

/** What the demo's export as JSON Lines holds: one text per event. */
export async function exportedTexts(page: Page, id: string): Promise<string[]> {
  const { bytes } = await exported(page, id, "jsonl");
  return bytes.toString("utf8").trimEnd().split("\n");
}
