// The demo by keyboard alone, without a complaint in the console, in the light and in the dark.
import type { Page } from "@playwright/test";
import { connect, expectCount, listedIds, openDemo, openHome } from "./support/demo.js";
import { expect, needsChromium, test } from "./support/fixtures.js";
import { ids, texts } from "./support/recording.js";

/** Presses Tab until an element with this test id has the focus, as someone without a mouse does. */
async function tabTo(page: Page, testId: string): Promise<void> {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    // While the browser's own controls have the focus, the page says who had it last.
    const focused = await page.evaluate(() =>
      document.hasFocus()
        ? document.activeElement?.closest("[data-testid]")?.getAttribute("data-testid")
        : undefined,
    );
    if (focused === testId) return;
  }
  throw new Error(`no way to ${testId} by the Tab key`);
}

function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  return complaints;
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`by keyboard from the list to a replay, ${colorScheme}`, async ({
    browserName,
    page,
    demo,
  }) => {
    needsChromium(browserName, "in Firefox the Tab key at times leaves the page for good");
    const complaints = complaintsOf(page);
    await page.emulateMedia({ colorScheme });
    await demo.hub.create("by-keyboard");
    await openDemo(page, demo, "by-keyboard");
    await connect(page, "websocket");
    await expectCount(page, texts.length);
    await openHome(page, demo);
    await page.reload();

    await tabTo(page, "conversation");
    await page.keyboard.press("Enter");
    await expectCount(page, texts.length);

    await tabTo(page, "tab-search");
    await page.keyboard.press("Enter");
    await tabTo(page, "by-query");
    await page.keyboard.press("Enter");
    await tabTo(page, "filter-query");
    await page.keyboard.type("unittest");
    await page.keyboard.press("Enter");
    const naive = ids.filter((_, index) => texts[index]?.toLowerCase().includes("unittest"));
    expect(naive.length).toBeGreaterThan(0);
    await expectCount(page, naive.length, "search-results");
    expect(await listedIds(page, "search-results")).toEqual(naive);

    await page.reload();
    await tabTo(page, "tab-replay");
    await page.keyboard.press("Enter");
    const replay = page.getByTestId("replay");
    await expect(replay).toHaveAttribute("data-total", String(texts.length));
    await page.keyboard.press("ArrowRight");
    await expect(replay).toHaveAttribute("data-index", "1");
    await page.keyboard.press("PageDown");
    await expect(replay).toHaveAttribute("data-index", "11");
    await page.keyboard.press("ArrowLeft");
    await expect(replay).toHaveAttribute("data-index", "10");
    await tabTo(page, "replay-play");
    await page.keyboard.press("Space");
    await expect(replay).toHaveAttribute("data-status", "playing");
    await page.keyboard.press("Space");
    await expect(replay).toHaveAttribute("data-status", "paused");
    await tabTo(page, "replay-step");
    await page.keyboard.press("End");
    await expect(replay).toHaveAttribute("data-index", String(texts.length));
    expect(complaints).toEqual([]);
  });
}

test("every control has a name, and the page has its landmarks", async ({ page, demo }) => {
  const complaints = complaintsOf(page);
  await demo.hub.create("named");
  await openHome(page, demo);
  await expect(page.getByRole("main")).toHaveCount(1);
  await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
  await openDemo(page, demo, "named");
  await connect(page, "websocket");
  await expectCount(page, texts.length);
  for (const view of ["live", "search", "replay"]) {
    await page.getByTestId(`tab-${view}`).click();
    await expect(page.getByRole("feed").or(page.getByTestId("replay"))).not.toHaveCount(0);
    const unnamed = await page.getByRole("main").evaluate((main) => {
      const controls = main.querySelectorAll<HTMLElement>("button, a[href], input, select");
      return [...controls]
        .filter((control) => control.checkVisibility())
        .filter((control) => {
          const labels = "labels" in control ? [...(control.labels as NodeListOf<Element>)] : [];
          const words = [
            control.ariaLabel,
            control.textContent,
            ...labels.map((l) => l.textContent),
          ];
          return !words.some((text) => text?.trim());
        })
        .map((control) => control.outerHTML);
    });
    expect(unnamed, view).toEqual([]);
  }
  expect(complaints).toEqual([]);
});

test("a conversation is deleted by keyboard, and can be kept", async ({ page, demo }) => {
  await demo.hub.create("deleted");
  await openDemo(page, demo, "deleted");
  await connect(page, "websocket");
  await expectCount(page, texts.length);
  await page.getByTestId("disconnect").click();
  const item = page.locator('[data-conversation-id="deleted"]');
  await item.getByTestId("delete").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(item).toHaveAttribute("data-events", String(texts.length));
  await item.getByTestId("delete").focus();
  await page.keyboard.press("Enter");
  await tabTo(page, "confirm-delete");
  await page.keyboard.press("Enter");
  await expect(item).toHaveCount(0);
  await page.reload();
  await expect(page.getByTestId("conversations")).toBeAttached();
  await expect(item).toHaveCount(0);
});
