// A real conversation, as a file from somewhere else, through the demo's own ways in.
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Page } from "@playwright/test";
import {
  enter,
  expectCount,
  exportedTexts,
  listedIds,
  openDemo,
  openHome,
  openView,
} from "./support/demo.js";
import { expect, root, test } from "./support/fixtures.js";
import { elements } from "./support/json_text.js";

const FILE = resolve(root, "../shared/data/v0/issue_10730.json");
const ID = "issue_10730";

const absent = !existsSync(FILE);
const why = `${FILE} is not on this machine`;
// scripts/test.mjs accepts a test that is left out only when a line says so.
if (absent && process.env["TEST_WORKER_INDEX"] === undefined) {
  console.log(`left out: real_import.spec.ts (2 tests): ${why}`);
}

test.skip(absent, why);

interface Recorded {
  readonly id: number;
  readonly timestamp: string;
  readonly source: string;
  readonly action?: string;
}

function recorded(): Recorded[] {
  return elements(readFileSync(FILE, "utf8")).map((text) => JSON.parse(text) as Recorded);
}

async function expectImported(page: Page, wanted: Recorded[]): Promise<void> {
  const report = page.getByTestId("import-report");
  await expect(report).toHaveAttribute("data-accepted", String(wanted.length));
  await expect(report).toHaveAttribute("data-rejected", "0");
  await expectCount(page, wanted.length);
  expect(await listedIds(page)).toEqual(wanted.map(({ id }) => id));
}

test("picked, searched, and replayed with no network", async ({ page, context, demo }) => {
  test.slow();
  const wanted = recorded();
  await openHome(page, demo);
  const choosing = page.waitForEvent("filechooser");
  await page.getByTestId("home-import").click();
  await (await choosing).setFiles(FILE);
  await expectImported(page, wanted);
  await page.getByTestId("import-close").click();

  await context.setOffline(true);
  await page.reload();
  await expectCount(page, wanted.length);

  // The kept text is the server's own dump, so a naive search in the export is the oracle.
  const texts = await exportedTexts(page, ID);
  expect(texts).toHaveLength(wanted.length);
  await openView(page, "search");
  await page.getByTestId("by-query").click();
  for (const query of ["git", "Error", '"action": "run"']) {
    const naive = texts.flatMap((text, index) =>
      text.toLowerCase().includes(query.toLowerCase()) ? [wanted[index]?.id] : [],
    );
    expect(naive.length, query).toBeGreaterThan(0);
    await enter(page.getByTestId("filter-query"), query);
    await expectCount(page, naive.length, "search-results");
    expect(await listedIds(page, "search-results")).toEqual(naive);
  }
  await page.getByTestId("clear-filter").click();
  const user = wanted.filter(({ source }) => source === "user").map(({ id }) => id);
  await page.getByTestId("filter-source").selectOption("user");
  await expectCount(page, user.length, "search-results");
  expect(await listedIds(page, "search-results")).toEqual(user);

  await openView(page, "replay");
  const replay = page.getByTestId("replay");
  await expect(replay).toHaveAttribute("data-total", String(wanted.length));
  await page.getByTestId("replay-speed").selectOption("100");
  await page.getByTestId("timeline").fill(String(wanted.length - 40));
  await expect(replay).toHaveAttribute("data-index", String(wanted.length - 40));
  await page.getByTestId("replay-play").click();
  await expect(replay).toHaveAttribute("data-status", "ended");
  await expectCount(page, wanted.length, "replay-events");
  expect(await listedIds(page, "replay-events")).toEqual(wanted.map(({ id }) => id));
});

test("dropped on the page, and once more: nothing is there twice", async ({ page, demo }) => {
  const wanted = recorded();
  await openHome(page, demo);
  const drop = () =>
    page.evaluate(
      ({ name, text }) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], name, { type: "application/json" }));
        for (const type of ["dragover", "drop"]) {
          document.body.dispatchEvent(
            new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
          );
        }
      },
      { name: `${ID}.json`, text: readFileSync(FILE, "utf8") },
    );
  await drop();
  await expectImported(page, wanted);
  await page.getByTestId("import-close").click();
  await drop();
  const report = page.getByTestId("import-report");
  await expect(report).toHaveAttribute("data-accepted", "0");
  await expect(report).toContainText(`${wanted.length} known before`);
  await openDemo(page, demo, ID);
  await expectCount(page, wanted.length);
});
