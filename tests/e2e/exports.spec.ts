// The demo gives a conversation as a file in four forms, and takes it back.
import { connect, expectCount, exported, exportedTexts, openDemo } from "./support/demo.js";
import { expect, test } from "./support/fixtures.js";
import { texts } from "./support/recording.js";

test("each format is offered; an archive brings a deleted conversation back", async ({
  page,
  demo,
}) => {
  await demo.hub.create("taken-out", { released: texts.length });
  await openDemo(page, demo, "taken-out");
  await connect(page, "websocket");
  await expectCount(page, texts.length);

  const trajectory = await exported(page, "taken-out", "trajectory");
  expect(trajectory.name).toBe("taken-out.json");
  const array: unknown = JSON.parse(trajectory.bytes.toString("utf8"));
  expect(array).toHaveLength(texts.length);

  const transcript = await exported(page, "taken-out", "markdown");
  expect(transcript.name).toBe("taken-out.md");
  const markdown = transcript.bytes.toString("utf8");
  expect(markdown).toContain(`# Conversation taken-out\n\n${texts.length} events, from `);

  const archive = await exported(page, "taken-out", "archive");
  expect(archive.name).toBe("taken-out.archive.gz");
  const item = page.locator('[data-testid="conversation"][data-conversation-id="taken-out"]');
  await item.getByTestId("delete").click();
  await item.getByTestId("confirm-delete").click();
  await expect(item).toHaveCount(0);

  const file = {
    name: "taken-out.archive (1).gz",
    mimeType: "application/gzip",
    buffer: archive.bytes,
  };
  await page.getByTestId("import-file").first().setInputFiles(file);
  const report = page.getByTestId("import-report");
  await expect(report).toHaveAttribute("data-accepted", String(texts.length));
  await expect(report).toHaveAttribute("data-rejected", "0");
  expect(await exportedTexts(page, "taken-out")).toEqual(texts);
});
